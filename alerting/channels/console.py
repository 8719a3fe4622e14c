"""Lines on the gateway's own terminal and on the desk's list: no provider, so it never fails.

What was shown is kept in a ring for whoever looks later. A line is delivered when it has been
shown; whether anybody read it is for the ladder to find out.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from pydantic import Field

from alerting.channels import ChannelKind, ChannelSettings, Ports
from alerting.channels.contract import Health, Order, Progress, Submitted
from alerting.effect import Medium
from alerting.event import Outcome
from alerting.numbers import EmergencyNumberError, admit


class ConsoleSettings(ChannelSettings):
    """How many lines are kept."""

    lines: int = Field(default=200, ge=1, le=10_000)


class ConsoleLine(NamedTuple):
    """One line as it was shown."""

    at: datetime
    attempt_id: str
    to: str
    text: str


class ConsoleChannel:
    """Shows texts and keeps the last of them."""

    name = "console"
    media = frozenset({Medium.CONSOLE})
    needs_internet = False
    has_foreign_ids = True

    def __init__(self, settings: ConsoleSettings, ports: Ports) -> None:
        self._clock, self._say = ports.clock, ports.say
        self._lines: deque[ConsoleLine] = deque(maxlen=settings.lines)

    def lines(self) -> tuple[ConsoleLine, ...]:
        """What was shown, oldest first."""
        return tuple(self._lines)

    async def run(self, report: Callable[[Progress], None]) -> None:
        """Nothing comes later: wait for the end."""
        del report
        await asyncio.get_running_loop().create_future()

    async def submit(self, order: Order) -> Submitted:
        """Show the text, once an attempt."""
        try:
            admit(order)
        except EmergencyNumberError as error:
            return Submitted(Outcome.RECIPIENT_FAULT, detail=str(error))
        now = self._clock.now()
        if now >= order.expires_at:
            return Submitted(Outcome.EXPIRED)
        if not self._has_shown(order):
            self._lines.append(ConsoleLine(now, order.attempt_id, order.to, order.text))
            self._say(f"{order.to}  {order.text}")
        return Submitted(Outcome.DELIVERED, order.attempt_id)

    async def resolve(self, order: Order) -> Submitted:
        """Say whether the text was shown since the start."""
        if self._has_shown(order):
            return Submitted(Outcome.DELIVERED, order.attempt_id)
        return Submitted(Outcome.NOT_FOUND)

    async def cancel(self, order: Order) -> Submitted:
        """What was shown stays shown."""
        return await self.resolve(order)

    def track(self, order: Order) -> None:
        """Nothing comes later."""

    def exclude(self, provider_ids: Iterable[str]) -> None:
        """Lines are told apart by their attempts."""

    def health(self) -> Health:
        """Always up."""
        return Health(is_up=True)

    def _has_shown(self, order: Order) -> bool:
        return any(line.attempt_id == order.attempt_id for line in self._lines)


CHANNEL = ChannelKind("console", ConsoleSettings, ConsoleChannel)
