"""Parts that fail are started again, and not too fast."""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from gateway.supervisor import SETTLED, Backoff, Crash, supervise
from tests.links.rig import CLOCK


class Patience:
    """A clock on which waiting takes no time; `slept` is how long it was asked to wait."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._now = datetime(2026, 3, 2, tzinfo=UTC)

    def now(self) -> datetime:
        """Give the instant it has come to."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.slept.append(seconds)
        self._now += timedelta(seconds=seconds)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """Not asked for here."""
        raise NotImplementedError(seconds)


class Part:
    """Something that fails so many times, each after so long, and then ends well."""

    def __init__(self, clock: Patience, failures: int, after: timedelta = timedelta(0)) -> None:
        self.left = failures
        self._clock = clock
        self._after = after

    async def run(self) -> None:
        """Fail, or end."""
        await self._clock.sleep(self._after.total_seconds())
        self.left -= 1
        if self.left >= 0:
            raise AssertionError(self.left)


async def crashes_of(failures: int, after: timedelta = timedelta(0)) -> list[Crash]:
    """Supervise a part to its end, and give what was reported."""
    clock = Patience()
    told: list[Crash] = []
    part = Part(clock, failures, after)
    await supervise("part", part.run, clock=clock, rng=Random(1), report=told.append)
    return told


async def test_a_part_that_ends_is_left_alone() -> None:
    """Nothing is reported."""
    assert [] == await crashes_of(0)


async def test_a_part_that_fails_is_reported_and_started_again() -> None:
    """Each time, with its name and its error."""
    told = await crashes_of(3)
    assert [("part", "2"), ("part", "1"), ("part", "0")] == [(c.part, str(c.error)) for c in told]


async def test_the_delay_doubles() -> None:
    """Within its jitter, up to the longest."""
    delays = [crash.restart_in_seconds for crash in await crashes_of(12)]
    full = [min(30.0, 0.2 * 2**power) for power in range(12)]
    assert [True] * 12 == [
        most / 2 <= delay <= most for delay, most in zip(delays, full, strict=True)
    ]


async def test_a_part_that_ran_well_begins_with_the_first_delay() -> None:
    """Its failure is not a failure to start."""
    delays = [crash.restart_in_seconds for crash in await crashes_of(12, after=SETTLED)]
    assert max(delays) <= 0.2


async def test_cancelling_is_no_failure() -> None:
    """The part ends with its supervisor, unreported."""
    told: list[Crash] = []
    forever = asyncio.Event()

    async def run() -> None:
        await forever.wait()

    task = asyncio.create_task(
        supervise("part", run, clock=CLOCK, rng=Random(1), report=told.append)
    )
    await CLOCK.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [] == told


def test_two_that_fail_together_do_not_come_back_together() -> None:
    """Each has dice of its own."""
    assert Backoff(Random(1)).next_seconds() != Backoff(Random(2)).next_seconds()


def test_reset_starts_from_the_first_delay() -> None:
    """As if nothing had failed."""
    backoff = Backoff(Random(1), first_seconds=1, longest_seconds=100)
    for _ in range(5):
        backoff.next_seconds()
    backoff.reset()
    assert backoff.next_seconds() <= 1
