"""The gateway's link to the simulated broker: the port `Link` with the promises of the real one.

Receipts carry a token with the number of their connection; a token of an older connection is
ignored, for on this one its packet id is another message's.
"""

import asyncio
from datetime import UTC, datetime
from random import Random

from gateway.clock import Clock
from gateway.inbox import Inbox
from gateway.link import Drained, LinkDown, LinkUp, Receipt, Token
from gateway.supervisor import Backoff
from tests.simulation.broker import Broker, Published

NAME = "mqtt"
UNKNOWN_SINCE = datetime.min.replace(tzinfo=UTC)


class BrokerLink:
    """One link; `first_connection` is above all connections of earlier starts."""

    name = NAME

    def __init__(
        self,
        broker: Broker,
        *,
        inbox: Inbox,
        clock: Clock,
        dice: Random,
        first_connection: int,
        is_first_start: bool,
    ) -> None:
        self.connection = first_connection - 1
        self._broker, self._inbox, self._clock = broker, inbox, clock
        self._backoff = Backoff(dice, first_seconds=0.1, longest_seconds=5.0)
        self._lost_since = None if is_first_start else UNKNOWN_SINCE
        self._wire = 0
        self._is_loss_told = False
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Keep the link up until cancelled."""
        while True:
            self._ended.clear()
            reached = await self._broker.connect(self)
            if reached is not None:
                self._wire, had_session = reached
                self.connection += 1
                lost_since = None if had_session else self._lost_since
                self._lost_since, self._is_loss_told = None, False
                self._inbox.put(LinkUp(NAME, self._clock.now(), self.connection, lost_since))
                self._backoff.reset()
                await self._ended.wait()
            if not self._is_loss_told:
                self._is_loss_told = True
                self._inbox.put(LinkDown(NAME, self._clock.now(), "lost"))
            await self._clock.sleep(self._backoff.next_seconds())

    def acknowledge(self, tokens: list[Token]) -> None:
        """Acknowledge to the broker; ignore tokens of older connections."""
        for token in tokens:
            if token.connection == self.connection and self._wire:
                self._broker.acknowledge(self._wire, token.mid)

    def drop(self) -> None:
        """Break the connection."""
        self._broker.disconnect(self._wire)

    # --- what the broker says --------------------------------------------------------------

    def heard(self, connection: int, mid: int, message: Published, *, is_dup: bool) -> None:
        """Take a packet in."""
        del connection
        token = Token(NAME, self.connection, mid, 1)
        now = self._clock.now()
        receipt = Receipt(now, "own", message.topic, message.payload, False, is_dup, token)  # noqa: FBT003 -- by position, as the field stands
        if not self._inbox.put(receipt):
            self.drop()

    def drained(self, connection: int) -> None:
        """What was queued before this connection is in the inbox."""
        del connection
        self._inbox.put(Drained(NAME, self._clock.now(), self.connection))

    def broken(self, connection: int) -> None:
        """The connection is over."""
        if connection == self._wire:
            self._wire = 0
            self._lost_since = self._clock.now()
            self._ended.set()
