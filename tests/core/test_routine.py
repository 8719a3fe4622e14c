"""What a home teaches, and when its silence has become too surprising."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.routine import (
    MOST_DAYS,
    SLOTS,
    Routine,
    lively_share,
    slot_of,
    slots,
    surprised_at,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 2, tzinfo=SHANGHAI).astimezone(UTC)
HALF_HOUR = timedelta(minutes=30)
DAY = timedelta(days=1)


def taught(days: int, hours: tuple[int, ...]) -> Routine:
    """A home in which each of these hours had a sign at every quarter, for so many days."""
    routine = Routine()
    for day in range(days):
        for hour in hours:
            for minute in (0, 15, 30, 45):
                at = MONDAY + day * DAY + timedelta(hours=hour, minutes=minute)
                routine.take_sign(at, "pir", SHANGHAI, is_whole=True)
    return routine


def hours_until_surprised(routine: Routine, since: datetime, surprise: float = 7.0) -> float:
    """How long silence may last."""
    end = surprised_at(routine, since, surprise, timedelta(hours=72), SHANGHAI)
    return (end - since) / timedelta(hours=1)


def test_a_half_hour_knows_its_day_and_its_end() -> None:
    """Workdays and weekends are apart, and the zone is the home's."""
    saturday = MONDAY + 5 * DAY + timedelta(hours=9, minutes=40)
    assert (SLOTS + 19, saturday + timedelta(minutes=20)) == slot_of(saturday, SHANGHAI)
    assert 19 == slot_of(MONDAY + timedelta(hours=9, minutes=30), SHANGHAI)[0]


def test_a_new_home_is_judged_by_what_is_usual() -> None:
    """On its first day: sooner by day than in the night, and never at once."""
    new = Routine()
    by_day = hours_until_surprised(new, MONDAY + timedelta(hours=9))
    by_night = hours_until_surprised(new, MONDAY + timedelta(hours=23))
    assert 3 < by_day < 6 < by_night < 12


def test_habits_count_more_with_every_day() -> None:
    """An hour that is always lively makes silence in it surprising sooner, week by week."""
    lively = tuple(range(8, 20))
    ends = [
        hours_until_surprised(taught(days, lively), MONDAY + 28 * DAY + timedelta(hours=9))
        for days in (0, 2, 7, 20)
    ]
    assert sorted(ends, reverse=True) == ends
    assert ends[-1] < 2.5


def test_a_quiet_hour_becomes_unsurprising() -> None:
    """Who is never seen in the afternoon is not missed then."""
    routine = taught(14, (7, 8, 9, 10, 11, 18, 19, 20))
    noon = MONDAY + 14 * DAY + timedelta(hours=12)
    assert hours_until_surprised(routine, noon) > 7
    assert lively_share(routine, noon, noon + timedelta(hours=5), SHANGHAI) < 0.2


def test_an_outing_teaches_nothing() -> None:
    """Hours behind the front door are not quiet hours, but those before it are counted."""
    routine = taught(1, (8, 9))
    before = bytes(routine.watched)
    door = MONDAY + timedelta(hours=10, minutes=5)
    routine.take_door(door, SHANGHAI)
    routine.take_door(door + timedelta(hours=6), SHANGHAI)
    assert routine.is_back
    assert before == bytes(routine.watched)
    back = door + timedelta(hours=6, minutes=1)
    assert routine.take_sign(back, "pir", SHANGHAI, is_whole=True)
    slot, _ = slot_of(back, SHANGHAI)
    changed = [n for n in range(2 * SLOTS) if before[n] != routine.watched[n]]
    assert [slot] == changed
    assert (None, False) == (routine.door_at, routine.is_back)


def test_lost_time_teaches_nothing() -> None:
    """Where readings could be lost nothing is known of the hours between."""
    routine = taught(1, (8,))
    watched = sum(routine.watched)
    routine.take_sign(MONDAY + timedelta(hours=14), "pir", SHANGHAI, is_whole=False)
    assert watched + 1 == sum(routine.watched)


def test_a_long_absence_is_learned_from_for_a_day_at_most() -> None:
    """A month in hospital does not erase a year's habits."""
    routine = taught(1, (8,))
    watched = sum(routine.watched)
    routine.take_sign(MONDAY + 30 * DAY, "pir", SHANGHAI, is_whole=True)
    assert watched + SLOTS + 1 == sum(routine.watched)


def test_old_habits_are_forgotten() -> None:
    """Counts stay small and bounded, so a change of life is learned in weeks."""
    routine = taught(300, (8,))
    assert max(routine.watched) <= MOST_DAYS
    for day in range(300, 340):
        routine.take_sign(MONDAY + day * DAY + timedelta(hours=12), "x", SHANGHAI, is_whole=True)
    assert routine.share(16) < 0.6


def test_what_is_learned_fits_the_state() -> None:
    """A year's routine is well under a kibibyte, and the same after the journal."""
    routine = taught(365, tuple(range(7, 23)))
    body = msgspec.json.encode(routine)
    assert len(body) < 600
    assert routine == msgspec.json.decode(body, type=Routine)


@given(st.integers(0, 366 * 24 * 60), st.sampled_from(["Asia/Shanghai", "Europe/Berlin"]))
def test_half_hours_follow_each_other(minute: int, name: str) -> None:
    """Also over the nights in which the clocks change: each ends after it begins."""
    begin = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    ends = [end for _, (_, end) in zip(range(60), slots(begin, ZoneInfo(name)), strict=False)]
    assert begin < ends[0] <= begin + HALF_HOUR
    assert {HALF_HOUR} == {later - end for end, later in itertools.pairwise(ends)}


@given(
    st.integers(0, 7 * 24 * 60),
    st.integers(1, 600),
    st.floats(0.1, 30),
    st.sampled_from([(), (7, 8, 9, 12, 18, 19), tuple(range(24))]),
)
def test_a_later_sign_never_brings_the_end_forward(
    minute: int, later: int, surprise: float, hours: tuple[int, ...]
) -> None:
    """Whatever the home has taught; and the end is after the beginning, within the longest."""
    routine = taught(9, hours)
    since = MONDAY + 9 * DAY + timedelta(minutes=minute)
    longest = timedelta(hours=12)
    end = surprised_at(routine, since, surprise, longest, SHANGHAI)
    assert since < end <= since + longest
    after = surprised_at(routine, since + timedelta(minutes=later), surprise, longest, SHANGHAI)
    assert end <= after + timedelta(milliseconds=1)


@pytest.mark.parametrize("hour", [0, 8, 15, 22])
def test_more_surprise_takes_longer(hour: int) -> None:
    """The one number that makes a whole installation calmer."""
    since = MONDAY + timedelta(hours=hour)
    ends = [hours_until_surprised(Routine(), since, surprise) for surprise in (3, 5, 7, 9, 13)]
    assert sorted(ends) == ends
