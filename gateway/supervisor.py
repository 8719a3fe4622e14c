"""Keeps the parts of the daemon running, and is the one place that may catch anything.

Theory of operation. Operating failures are typed and dealt with where they happen; what arrives
here is a programmer's error. The part that made it is reported and started again from nothing (the
journal has what it knew), after a delay that doubles while it keeps failing and is jittered, so
that parts which fail together do not come back together. A part that has run for a while before it
failed is not "failing again".
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple, TypeVar

from gateway.clock import Clock

T = TypeVar("T")

SETTLED = timedelta(seconds=60)
"""A part that ran this long had started well: its next failure is a first one."""


class Backoff:
    """Delays that double from `first_seconds` to `longest_seconds`, each cut by up to a half."""

    def __init__(
        self, rng: Random, first_seconds: float = 0.2, longest_seconds: float = 30.0
    ) -> None:
        self._rng = rng
        self._first = first_seconds
        self._longest = longest_seconds
        self._next = first_seconds

    def next_seconds(self) -> float:
        """Give the delay before the next try; the one after it will be twice as long."""
        delay = self._next * self._rng.uniform(0.5, 1.0)
        self._next = min(self._longest, self._next * 2)
        return delay

    def reset(self) -> None:
        """Start again from the first delay: the last try went well."""
        self._next = self._first


class Crash(NamedTuple):
    """A part failed by a programmer's error and will be started again after the delay."""

    part: str
    at: datetime
    error: Exception
    restart_in_seconds: float


def contain(act: Callable[[], T], report: Callable[[Exception], None]) -> T | None:
    """Do something whose failure must stay its own: one broken home never stops the village.

    Gives None where it raised; `report` hears why.
    """
    try:
        return act()
    except Exception as error:  # noqa: BLE001 -- the other half of the one place
        report(error)
        return None


async def supervise(
    part: str,
    run: Callable[[], Awaitable[None]],
    *,
    clock: Clock,
    rng: Random,
    report: Callable[[Crash], None],
) -> None:
    """Run `run()` until it returns by itself or is cancelled; restart it whenever it raises."""
    backoff = Backoff(rng)
    while True:
        started_at = clock.now()
        try:
            await run()
        except Exception as error:  # noqa: BLE001 -- the one place: whatever it was, it is reported
            if clock.now() - started_at >= SETTLED:
                backoff.reset()
            delay = backoff.next_seconds()
            report(Crash(part, clock.now(), error, delay))
        else:
            return
        await clock.sleep(delay)
