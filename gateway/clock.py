"""The only module of the gateway that asks the operating system for the time.

`now` is aware UTC and never goes backward: it is an anchor taken once from the wall clock plus
what the steady clock has counted since, so that a stepped wall clock moves no deadline. The
anchor survives a restart (see `Anchor`): within one boot of the machine the steady clock runs
on, and a wall clock stepped while the gateway was down moves nothing either.

That first wall clock may have been wrong. So the wall clock goes on being compared, and is believed
where the kernel says that something keeps it right (NTP). What differs little, or is ahead, is
mended by running a tenth slower or faster; what is far behind is mended by a leap forward, for
which the caller must give every home the time back (`clock_watch`). docs/adr/0003 says why.
"""

import asyncio
import ctypes
import time
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

FLOOR = datetime(2026, 1, 1, tzinfo=UTC)
"""No gateway of this version has run before then: a clock that says so was never set."""

SLEWED_MOST = timedelta(seconds=60)
"""What the clock is behind is mended by running faster up to here, and beyond by a leap."""

_SLEW = 10
"""A tenth faster or slower: a minute is mended in ten, and a window of two takes 12 s more."""

_SAME = timedelta(milliseconds=500)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TIMEX_BYTES = 1024  # struct timex has 208 on 64 bits; the first field, 0, only asks
_UNSYNCHRONISED = 5


class Anchor(msgspec.Struct, frozen=True):
    """A pair of instants: on the gateway's clock and on the machine's steady clock."""

    boot: str
    steady_ns: int
    now: datetime


class Leap(NamedTuple):
    """The gateway's clock was set forward, from one instant to another."""

    since: datetime
    until: datetime


class Clock(Protocol):
    """Time as the shell sees it; a virtual one stands in for simulations."""

    def now(self) -> datetime:
        """Aware UTC, never going backward."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """Raise TimeoutError from the block when it takes longer."""


class Machine:
    """What the operating system knows of time."""

    def boot_id(self) -> str:
        """Name this boot of the machine, or nothing where the system does not tell."""
        try:
            return _BOOT_ID.read_text(encoding="ascii").strip()
        except OSError:
            return ""

    def steady_ns(self) -> int:
        """Nanoseconds since boot, sleep included where the system counts it."""
        return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))

    def wall(self) -> datetime:
        """What the wall clock says, right or not."""
        return datetime.now(UTC)

    def is_synchronised(self) -> bool:
        """Whether the kernel says that the wall clock is kept right; False where it does not."""
        try:
            state = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
        except (OSError, AttributeError):
            return False
        return 0 <= state < _UNSYNCHRONISED


class SystemClock:
    """The machine's clock, anchored."""

    def __init__(self, machine: Machine | None = None) -> None:
        """Start from the wall clock."""
        self._machine = machine or Machine()
        self._boot = self._machine.boot_id()
        self._slew = timedelta()
        self._anchor = Anchor(self._boot, self._machine.steady_ns(), self._machine.wall())

    def resume(self, last: Anchor | None, not_before: datetime | None) -> None:
        """Continue from an earlier start's anchor, in the same boot, and never `not_before`.

        Nor before `FLOOR`.
        """
        now, steady = self.now(), self._machine.steady_ns()
        if last is not None and last.boot and last.boot == self._boot:
            now = last.now + timedelta(microseconds=(steady - last.steady_ns) // 1000)
        self._slew = timedelta()
        self._anchor = Anchor(self._boot, steady, max(now, not_before or FLOOR, FLOOR))

    def now(self) -> datetime:
        """Aware UTC, never going backward."""
        elapsed_us = (self._machine.steady_ns() - self._anchor.steady_ns) // 1000
        most = timedelta(microseconds=elapsed_us // _SLEW)
        mended = max(-most, min(most, self._slew))
        return self._anchor.now + timedelta(microseconds=elapsed_us) + mended

    def anchor(self) -> Anchor:
        """Take the pair to store for the next start."""
        return Anchor(self._boot, self._machine.steady_ns(), self.now())

    def wall_offset(self) -> timedelta:
        """How far the wall clock has been stepped away from this clock."""
        return self._machine.wall() - self.now()

    def is_vouched_for(self) -> bool:
        """Whether the wall clock is one to believe."""
        return self._machine.is_synchronised() and self._machine.wall() >= FLOOR

    def mend(self, *, may_leap: bool) -> Leap | None:
        """Bring this clock toward a wall clock that is vouched for; gives a leap, if it made one.

        Only with `may_leap` is a clock that is far behind set forward; until then it stays.
        """
        if not self.is_vouched_for():
            return None
        anchor, offset = self.anchor(), self.wall_offset()
        if offset > SLEWED_MOST:
            if not may_leap:
                return None
            self._anchor = Anchor(self._boot, anchor.steady_ns, anchor.now + offset)
            self._slew = timedelta()
            return Leap(anchor.now, self._anchor.now)
        self._anchor = anchor
        self._slew = offset if abs(offset) > _SAME else timedelta()
        return None

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """Raise TimeoutError from the block when it takes longer."""
        return asyncio.timeout(seconds)
