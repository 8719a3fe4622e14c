"""A wrong clock is questioned and mended, and no deadline fires or is lost by it."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.effect import Medium, Template
from alerting.engine import Engine
from alerting.event import Elapsed, GapRecorded
from gateway.clock import FLOOR, Anchor, Machine, SystemClock
from gateway.clock_watch import GRACE_LOOKS, ClockWatch
from gateway.inbox import Inbox
from gateway.job import Job
from gateway.pump import TURN
from gateway.troubles import Troubles
from tests.stories.world import World, patient

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
UNSET = datetime(1970, 1, 1, 0, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Box(Machine):
    """An operating system whose clocks the test turns."""

    def __init__(self, wall: datetime, *, is_kept: bool = False) -> None:
        self.clock = wall
        self.is_kept = is_kept
        self.steady = 0

    def boot_id(self) -> str:
        """One boot for ever."""
        return "boot"

    def steady_ns(self) -> int:
        """What the test let pass."""
        return self.steady

    def wall(self) -> datetime:
        """What the test has set."""
        return self.clock

    def is_synchronised(self) -> bool:
        """As the test says."""
        return self.is_kept

    def run(self, span: timedelta) -> None:
        """Let time pass for both clocks."""
        self.steady += int(span.total_seconds() * 1e9)
        self.clock += span


class Rig:
    """A clock, its watch, and what the watch tells."""

    def __init__(self, box: Box, world: World | None = None) -> None:
        self.box, self.clock = box, SystemClock(box)
        self.clock.resume(None, None)
        self.inbox, self.kept = Inbox(self.clock), list[Anchor]()
        self.troubles = Troubles(self.clock)
        engine = Engine() if world is None else world.engine
        self.watch = ClockWatch(
            self.clock,
            self.troubles,
            inbox=self.inbox,
            engine=lambda: engine,
            links=["mqtt", "serial0"],
            keep=self._keep,
        )

    async def _keep(self, anchor: Anchor) -> None:
        self.kept.append(anchor)

    async def gaps(self) -> list[GapRecorded]:
        """What the inbox was given."""
        items = await self.inbox.take(TURN, 0.01)
        events = [event for item in items if isinstance(item, Job) for event in item.events]
        return [event for event in events if isinstance(event, GapRecorded)]


def test_a_clock_that_was_never_set_begins_at_the_floor() -> None:
    """1970 is no time to journal anything at."""
    assert FLOOR == Rig(Box(UNSET)).clock.now()


async def test_a_clock_wrong_at_the_first_start_leaps_when_ntp_answers() -> None:
    """And every link is noted to have lost that time, in the same breath."""
    rig = Rig(Box(UNSET))
    rig.box.run(timedelta(minutes=3))
    before = rig.clock.now()
    assert not rig.watch.look()
    rig.box.clock, rig.box.is_kept = NOON, True
    assert rig.watch.look()
    assert NOON == rig.clock.now()
    assert [GapRecorded(link, before, NOON) for link in ("mqtt", "serial0")] == await rig.gaps()
    assert not rig.watch.look()
    assert [] == rig.troubles.figures()


def test_a_step_nobody_vouches_for_moves_nothing() -> None:
    """Neither forward nor backward."""
    rig = Rig(Box(NOON))
    for wall in (NOON + 24 * HOUR, NOON - 24 * HOUR):
        rig.box.clock = wall
        assert not rig.watch.look()
        assert NOON == rig.clock.now()


@pytest.mark.parametrize("offset", [timedelta(seconds=30), timedelta(seconds=-90)])
def test_a_small_difference_is_mended_by_running_faster_or_slower(offset: timedelta) -> None:
    """Never backward, and right in ten times the difference."""
    rig = Rig(Box(NOON, is_kept=True))
    rig.box.clock += offset
    last = rig.clock.now()
    for _ in range(abs(offset) // timedelta(seconds=1)):
        rig.watch.look()
        rig.box.run(timedelta(seconds=10))
        passed, last = rig.clock.now() - last, rig.clock.now()
        assert timedelta(seconds=9) <= passed <= timedelta(seconds=11)
    assert timedelta(seconds=2) >= abs(rig.clock.wall_offset())
    assert not rig.watch.look()


async def test_a_leap_waits_until_nobody_is_called() -> None:
    """A ladder that runs would have all its steps and leases due at once."""
    world = World(settings=patient())
    world.smoke()
    rig = Rig(Box(NOON, is_kept=True), world)
    rig.box.clock += HOUR
    assert rig.watch.look()
    assert NOON == rig.clock.now()
    assert ["clock_wrong"] == [trouble["code"] for trouble in rig.troubles.figures()]
    assert [] == await rig.gaps()


def test_a_leap_waits_until_one_turn_takes_in_what_waits() -> None:
    """Else a turn could ask what is due before it has seen the gap."""
    rig = Rig(Box(NOON, is_kept=True))
    for _ in range(TURN):
        rig.inbox.put(Job())
    rig.box.clock += HOUR
    rig.watch.look()
    assert NOON == rig.clock.now()


def test_the_homes_have_the_time_of_a_leap_given_back() -> None:
    """Half a year is no silence: the resident is asked when she has been still for eight hours."""
    world = World(settings=patient())
    world.move()
    world.wait(4 * 3600)
    leap = timedelta(days=180)
    before = world.now
    world.now += leap
    world.do(GapRecorded("mqtt", before, world.now))
    for home_id in world.engine.due_homes(world.now):
        world.do(Elapsed(home_id))
    world.wait(4 * 3600 - 1)
    world.quiet()
    world.wait(1)
    world.sent("r-h0001", Medium.VOICE, Template.RESIDENT_CHECK)


def test_a_clock_nobody_keeps_right_is_told_after_ten_minutes() -> None:
    """Not before: NTP needs a while after a boot."""
    rig = Rig(Box(NOON))
    for _ in range(GRACE_LOOKS):
        rig.watch.look()
    assert [] == rig.troubles.figures()
    rig.watch.look()
    assert ["clock_unsynchronised"] == [t["code"] for t in rig.troubles.figures()]
    rig.box.is_kept = True
    rig.watch.look()
    assert [] == rig.troubles.figures()


def test_a_restart_goes_on_from_the_mended_clock() -> None:
    """Time that passes while the gateway is down is counted from there."""
    rig = Rig(Box(UNSET))
    rig.box.clock, rig.box.is_kept = NOON, True
    rig.watch.look()
    kept = rig.clock.anchor()
    rig.box.run(HOUR)
    again = SystemClock(rig.box)
    again.resume(kept, NOON)
    assert NOON + HOUR == again.now()


def test_the_machine_says_whether_it_is_synchronised() -> None:
    """Whatever it says; where it cannot be asked it says no."""
    assert Machine().is_synchronised() in {True, False}
