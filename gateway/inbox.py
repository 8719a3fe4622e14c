"""Where everything waits for the pump: bounded, in order, and never losing a possible alarm.

Theory of operation. Links put what they hear and are never made to wait; the pump takes what is
there. A receipt is looked at only as far as it takes to say how much its loss would matter: by the
last level of our own topic or by the `"kind"` of a serial line. Whatever is not known to be
harmless is kept. When `limit` receipts wait and another comes, the oldest motion is dropped, or
else the oldest sample; each drop is counted and told to the link it came from, so that its source
stops offering it. When nothing may be dropped, up to twice the limit wait, and then `put` refuses:
the source keeps the receipt, or counts it as lost.

Readings that can wait gather for some milliseconds, so that one commit serves several; whatever may
be about a life, or is awaited by somebody, is handed out at once with all that has gathered.

What is not a receipt (a link's changes of state, jobs of the gateway itself) always gets in: there
is little of it, and each is awaited by somebody.
"""

import asyncio
import re
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from datetime import datetime
from enum import StrEnum
from itertools import count

from gateway.clock import Clock
from gateway.link import Receipt

LOOK_BYTES = 4096
"""A serial line is shorter; a longer payload is kept without being looked at."""

_MOTION = {b"motion", b"presence"}
_SAMPLES = {
    *(b"battery", b"blood_pressure", b"body_temperature", b"heart_rate", b"heartbeat"),
    *(b"humidity", b"location", b"respiration", b"spo2", b"steps", b"temperature", b"voltage"),
}
_STATES = {
    *(b"availability", b"battery_low", b"bed", b"contact", b"fault", b"tamper", b"worn"),
}
_KIND = re.compile(rb'"kind"\s*:\s*"(\w+)"')


MOST_GATHERED = 256
"""Items that wait no longer for company."""


class Worth(StrEnum):
    """How much the loss of a receipt would matter."""

    MOTION = "motion"  # the next one says the same
    SAMPLE = "sample"  # one value of many
    STATE = "state"  # not said again soon, but no life hangs on it
    KEPT = "kept"  # may be about a life, or is not known to be harmless


def worth(receipt: Receipt) -> Worth:
    """Look at a receipt from outside; a wrong guess may only be on the side of keeping it."""
    if receipt.family != "own":
        return Worth.KEPT
    kind = _kind_of(receipt)
    if kind in _MOTION:
        return Worth.MOTION
    if kind in _SAMPLES:
        return Worth.SAMPLE
    return Worth.STATE if kind in _STATES else Worth.KEPT


def _kind_of(receipt: Receipt) -> bytes:
    if receipt.address:
        return receipt.address.rpartition("/")[2].encode()
    if len(receipt.payload) > LOOK_BYTES or b"\\" in receipt.payload:
        return b""  # an escape may spell anything
    kinds = _KIND.findall(receipt.payload)
    return kinds[0] if len(kinds) == 1 else b""


class Inbox:
    """Many put, one takes. Lives on one event loop.

    `gather_seconds` is how long at most what can wait is left for more to join it.
    """

    def __init__(self, clock: Clock, *, limit: int = 16_384, gather_seconds: float = 0.0) -> None:
        self.drops: Counter[Worth] = Counter()
        """Receipts dropped since the start, by worth."""
        self._clock = clock
        self._limit = limit
        self._tell: dict[str, Callable[[Receipt], None]] = {}
        self._items: OrderedDict[int, object] = OrderedDict()
        self._numbers = count()
        self._waiting: dict[Worth, deque[int]] = {kind: deque() for kind in Worth}
        self._gather_seconds = gather_seconds
        self._filled, self._pressing = asyncio.Event(), asyncio.Event()

    def __len__(self) -> int:
        return len(self._items)

    def oldest_at(self) -> datetime | None:
        """Give when the oldest receipt that waits was heard; None where none waits."""
        firsts = [queue[0] for queue in self._waiting.values() if queue]
        oldest = self._items[min(firsts)] if firsts else None
        return oldest.received_at if isinstance(oldest, Receipt) else None

    def tell_drops(self, link: str, tell: Callable[[Receipt], None]) -> None:
        """Call `tell` with each receipt of this link that is dropped, while it is."""
        self._tell[link] = tell

    def put(self, item: object) -> bool:
        """Take in, without waiting; False where a receipt was refused and its source must keep it.

        A receipt that overflow dropped, this one or an older one, is settled: True.
        """
        if isinstance(item, Receipt):
            kind = worth(item)
            if self._receipts() >= self._limit and not self._make_room(item, kind):
                return kind in {Worth.MOTION, Worth.SAMPLE}
            number = next(self._numbers)
            self._waiting[kind].append(number)
            is_pressing = kind is Worth.KEPT or len(self._items) >= MOST_GATHERED
        else:
            number, is_pressing = next(self._numbers), True
        self._items[number] = item
        self._filled.set()
        if is_pressing:
            self._pressing.set()
        return True

    async def take(self, limit: int, timeout_seconds: float | None = None) -> list[object]:
        """Give up to `limit` items in the order they came, as soon as any is there (or gathered).

        Waits for the first one otherwise; empty only when `timeout_seconds` passed without it.
        """
        try:
            async with self._patience(timeout_seconds):
                await self._filled.wait()
        except TimeoutError:
            return []
        if self._gather_seconds and not self._pressing.is_set():
            with suppress(TimeoutError):
                async with self._clock.timeout(self._gather_seconds):
                    await self._pressing.wait()
        taken = [self._take_one() for _ in range(min(limit, len(self._items)))]
        if not self._items:  # what is left of a full turn waits for nothing
            self._filled.clear()
            self._pressing.clear()
        return taken

    def _patience(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        return nullcontext() if seconds is None else self._clock.timeout(seconds)

    def _take_one(self) -> object:
        number, item = self._items.popitem(last=False)
        if isinstance(item, Receipt):
            # The oldest item is also the oldest of its worth.
            mine = next(queue for queue in self._waiting.values() if queue and queue[0] == number)
            mine.popleft()
        return item

    def _receipts(self) -> int:
        return sum(map(len, self._waiting.values()))

    def _make_room(self, newest: Receipt, kind: Worth) -> bool:
        """Drop the least loss there is; False when it is the newest itself that cannot stay."""
        for droppable in (Worth.MOTION, Worth.SAMPLE):
            if self._waiting[droppable]:
                oldest = self._items.pop(self._waiting[droppable].popleft())
                assert isinstance(oldest, Receipt)
                self._drop(oldest, droppable)
                return True
            if kind is droppable:
                self._drop(newest, kind)
                return False
        return self._receipts() < 2 * self._limit

    def _drop(self, receipt: Receipt, kind: Worth) -> None:
        self.drops[kind] += 1
        if (tell := self._tell.get(receipt.token.link)) is not None:
            tell(receipt)
