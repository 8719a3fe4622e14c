"""The only module of the gateway that asks the operating system for the time.

`now` is aware UTC and never goes backward: it is an anchor taken once from the wall clock plus
what the steady clock has counted since, so that a stepped wall clock moves no deadline. The
anchor survives a restart (see `Anchor`): within one boot of the machine the steady clock runs
on, and a wall clock stepped while the gateway was down moves nothing either.
"""

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import msgspec

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Anchor(msgspec.Struct, frozen=True):
    """A pair of instants: on the gateway's clock and on the machine's steady clock."""

    boot: str
    steady_ns: int
    now: datetime


class Clock(Protocol):
    """Time as the shell sees it; a virtual one stands in for simulations."""

    def now(self) -> datetime:
        """Aware UTC, never going backward."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """Raise TimeoutError from the block when it takes longer."""


def boot_id() -> str:
    """Name this boot of the machine, or nothing where the system does not tell."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _steady_ns() -> int:
    """Nanoseconds since boot, sleep included where the system counts it."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SystemClock:
    """The machine's clock, anchored."""

    def __init__(self) -> None:
        """Start from the wall clock."""
        self._boot = boot_id()
        self._anchor = Anchor(self._boot, _steady_ns(), datetime.now(UTC))

    def resume(self, last: Anchor | None, not_before: datetime | None) -> None:
        """Continue from an earlier start's anchor, in the same boot, and never `not_before`."""
        now, steady = self.now(), _steady_ns()
        if last is not None and last.boot and last.boot == self._boot:
            now = last.now + timedelta(microseconds=(steady - last.steady_ns) // 1000)
        if not_before is not None and now < not_before:
            now = not_before
        self._anchor = Anchor(self._boot, steady, now)

    def now(self) -> datetime:
        """Aware UTC, never going backward."""
        elapsed = (_steady_ns() - self._anchor.steady_ns) // 1000
        return self._anchor.now + timedelta(microseconds=elapsed)

    def anchor(self) -> Anchor:
        """Take the pair to store for the next start."""
        return Anchor(self._boot, _steady_ns(), self.now())

    def wall_offset(self) -> timedelta:
        """How far the wall clock has been stepped away from this clock."""
        return datetime.now(UTC) - self.now()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """Raise TimeoutError from the block when it takes longer."""
        return asyncio.timeout(seconds)
