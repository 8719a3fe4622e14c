"""The only place in the simulators that asks the operating system for the time or waits.

There are two kinds of waiting. What people and phones do (reading, walking, ringing) is simulated
and shrinks with `speed`; what stands on the wire between two programs (latency, a fault of ten
seconds, a time limit) is real, because the program at the other end runs on real time.
"""

import asyncio
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

Answer = TypeVar("Answer")


class Clock:
    """Wall clock, simulated waits and real waits.

    Args:
        speed: how many simulated seconds pass in a real one; more than zero.

    Raises:
        ValueError: a speed that is not more than zero.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be more than zero, not {speed}")
        self.speed = speed
        self._started = time.monotonic()

    def now(self) -> datetime:
        """The real instant, aware UTC: it stands in logs and on the wire."""
        return datetime.now(UTC)

    def elapsed(self) -> timedelta:
        """Simulated time since this clock was made; never goes backward."""
        return timedelta(seconds=(time.monotonic() - self._started) * self.speed)

    async def sleep(self, simulated: timedelta, *, at_least: timedelta = timedelta(0)) -> None:
        """Wait `simulated` divided by the speed, but never less than `at_least` of real time."""
        shrunk = simulated.total_seconds() / self.speed
        await asyncio.sleep(max(shrunk, at_least.total_seconds(), 0.0))

    async def wait(self, real: timedelta) -> None:
        """Wait real time, whatever the speed."""
        await asyncio.sleep(max(real.total_seconds(), 0.0))

    async def within(self, limit: timedelta, act: Awaitable[Answer]) -> Answer:
        """Await `act` for at most `limit` of real time.

        Raises:
            TimeoutError: it took longer; `act` is cancelled.
        """
        return await asyncio.wait_for(act, limit.total_seconds())
