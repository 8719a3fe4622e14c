"""The link to one source that pushes over HTTP: a request is answered when it is committed.

Theory of operation. A request is a delivery of receipts. Each receipt goes into the inbox with a
number of its own, and the request waits until the pump has handed all of them back. What could not
be kept (the inbox had no room, a commit failed, it took too long) fails the whole delivery, and the
source sends it again; what of it was kept already is then a duplicate, which the core knows by the
devices' own counters.

The source keeps what we have not taken: time in which nobody could push is no gap.
"""

import asyncio
from collections import Counter
from itertools import count

from gateway.clock import Clock
from gateway.inbox import Inbox
from gateway.link import LinkUp, Receipt, Token


class _Delivery:
    """One request: how many receipts it still waits for."""

    def __init__(self, receipts: int) -> None:
        self.left = receipts
        self.kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def end(self, *, is_kept: bool) -> None:
        """Say how it ended, once."""
        if not self.kept.done():
            self.kept.set_result(is_kept)


class PushLink:
    """One source. `counts` says what became of its requests, by word."""

    def __init__(
        self, name: str, secret: str, *, inbox: Inbox, clock: Clock, connection: int = 1
    ) -> None:
        self.name = name
        self.key = secret.encode()
        self.is_up = False
        self.connection = connection
        self.counts: Counter[str] = Counter()
        self._inbox = inbox
        inbox.tell_drops(name, self._dropped)
        self._clock = clock
        self._numbers = count(1)
        self._waiting: dict[int, _Delivery] = {}

    @property
    def unacknowledged(self) -> int:
        """How many receipts wait for the journal."""
        return len(self._waiting)

    async def run(self) -> None:
        """Be open until cancelled."""
        self.is_up = True
        self._inbox.put(LinkUp(self.name, self._clock.now(), self.connection, None))
        try:
            await asyncio.Event().wait()
        finally:
            self.is_up = False
            self.drop()

    async def deliver(self, payloads: list[bytes], timeout_seconds: float) -> bool:
        """Take payloads in; True once all of them are committed, False to have them again."""
        delivery = _Delivery(len(payloads))
        numbers = []
        try:
            for payload in payloads:
                number = next(self._numbers)
                numbers.append(number)
                self._waiting[number] = delivery
                if not self._inbox.put(self._receipt(payload, number)):
                    return False
            async with self._clock.timeout(timeout_seconds):
                return await delivery.kept
        except TimeoutError:
            return False
        finally:
            for number in numbers:
                self._waiting.pop(number, None)

    def acknowledge(self, tokens: list[Token]) -> None:
        """Count down the requests these belong to."""
        for token in tokens:
            delivery = self._waiting.pop(token.mid, None)
            if delivery is not None:
                delivery.left -= 1
                if delivery.left == 0:
                    delivery.end(is_kept=True)

    def drop(self) -> None:
        """Fail what is not committed: its source sends it again."""
        for delivery in self._waiting.values():
            delivery.end(is_kept=False)

    def _dropped(self, receipt: Receipt) -> None:
        """Fail the request of what overflow dropped."""
        delivery = self._waiting.get(receipt.token.mid)
        if delivery is not None:
            delivery.end(is_kept=False)

    def _receipt(self, payload: bytes, number: int) -> Receipt:
        return Receipt(
            received_at=self._clock.now(),
            family="own",
            address="",
            payload=payload,
            is_retained=False,
            is_dup=False,
            token=Token(self.name, self.connection, number, qos=1),
            transport="http",
        )
