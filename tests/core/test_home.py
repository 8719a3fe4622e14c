"""Lost time, and how long silence may last."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alerting.home import Gap, HomeState
from alerting.rules.no_motion import NoMotionParams, is_day, limit_end
from tests.stories.world import MORNING, home

Span = tuple[str, float, float]


def lost(*gaps: Span, link: str = "mqtt", since: float = 0.0) -> float:
    """Hours lost since an hour, over these gaps (link, from hour, to hour)."""
    state = HomeState(record=home(), armed_at=MORNING)
    for name, begin, end in gaps:
        state.add_gap(Gap(name, hour(begin), hour(end)))
    return state.lost_time(link, hour(since)).total_seconds() / 3600


def hour(hours: float) -> datetime:
    """So many hours after the first."""
    return MORNING + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([], 0.0),
        ([("mqtt", 1, 3)], 2.0),
        ([("mqtt", -5, 3)], 3.0),
        ([("mqtt", -5, -1)], 0.0),
        ([("serial", 1, 3)], 0.0),
        ([("mqtt", 1, 3), ("mqtt", 5, 6)], 3.0),
        ([("mqtt", 1, 3), ("mqtt", 2, 4)], 3.0),
        ([("mqtt", 1, 8), ("mqtt", 2, 4)], 7.0),
        ([("mqtt", 5, 6), ("mqtt", 1, 3)], 3.0),
        ([("mqtt", 3, 1)], 0.0),
        ([("mqtt", 3, 1), ("mqtt", 2, 4)], 2.0),
    ],
)
def test_lost_time(gaps: list[Span], expected: float) -> None:
    """Each hour after the beginning counts once, whatever the order and the overlap."""
    assert expected == lost(*gaps)


def test_any_link_where_none_is_known() -> None:
    """A device never heard may have spoken over any of them."""
    assert 4.0 == lost(("mqtt", 1, 3), ("serial", 2, 5), link="")


@given(st.lists(st.tuples(st.just("mqtt"), st.integers(-9, 20), st.integers(-9, 20)), max_size=8))
def test_no_more_is_lost_than_has_passed(gaps: list[Span]) -> None:
    """Whatever is reported, in whatever order."""
    last = max((end for _, _, end in gaps), default=0)
    assert 0.0 <= lost(*gaps) <= max(last, 0)


@pytest.mark.parametrize("pause", [0.0, 0.01, 1.0, 30.0])
def test_a_link_that_flaps_loses_what_it_loses(pause: float) -> None:
    """A hundred gaps take the room of eight; no lost hour is forgotten, and none is added."""
    each = 1.0 + pause
    assert 100.0 == pytest.approx(lost(*(("mqtt", n * each, n * each + 1) for n in range(100))))


def test_eight_gaps_are_remembered() -> None:
    """A link that flaps for a month takes no more room than one that flaps for an hour."""
    state = HomeState(record=home(), armed_at=MORNING)
    for n in range(100):
        state.add_gap(Gap("mqtt", hour(2 * n), hour(2 * n + 1)))
        state.add_gap(Gap("serial", hour(2 * n), hour(2 * n + 1)))
    assert 8 == len(state.gaps)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=40),
    st.integers(0, 200),
)
def test_joining_never_lengthens_a_silence(steps: list[tuple[int, int]], since: int) -> None:
    """From any instant on no more counts as lost than was lost after it."""
    gaps, at = [], 0
    for pause, length in steps:
        gaps.append(("mqtt", at + pause, at + pause + length))
        at += pause + length
    truly = sum(max(0, end - max(begin, since)) for _, begin, end in gaps)
    assert lost(*gaps, since=since) <= truly
    assert lost(*gaps) == sum(length for _, length in steps)


SHANGHAI = ZoneInfo("Asia/Shanghai")
PARAMS = NoMotionParams.model_validate({})


def clock(text: str) -> datetime:
    """A time of day on the second of March in Shanghai; 31:30 is half past seven a day later."""
    hours, minutes = text.split(":")
    midnight = datetime(2026, 3, 2, tzinfo=SHANGHAI)
    return (midnight + timedelta(hours=int(hours), minutes=int(minutes))).astimezone(UTC)


@pytest.mark.parametrize(
    ("since", "end"),
    [
        ("07:00", "15:00"),
        ("13:59", "21:59"),
        ("14:00", "26:00"),
        ("15:00", "27:00"),
        ("18:59", "30:59"),
        ("19:00", "31:00"),
        ("20:00", "31:00"),
        ("22:59", "31:00"),
        ("23:00", "31:00"),
        ("23:30", "31:30"),
        ("00:00", "08:00"),
        ("03:00", "11:00"),
    ],
)
def test_limits_by_day_and_by_night(since: str, end: str) -> None:
    """Eight hours by day; what ends at night may last twelve, but not past seven."""
    assert clock(end) == limit_end(clock(since), PARAMS, SHANGHAI)


@given(st.integers(0, 365 * 24 * 60), st.sampled_from(["Europe/Berlin", "Asia/Shanghai"]))
def test_a_later_sign_of_life_never_brings_the_end_forward(minute: int, name: str) -> None:
    """Any minute of a year: the end is later, or the same, and at least eight hours away."""
    zone = ZoneInfo(name)
    since = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    end = limit_end(since, PARAMS, zone)
    assert timedelta(hours=7) <= end - since <= timedelta(hours=12)
    assert end <= limit_end(since + timedelta(minutes=1), PARAMS, zone)


@given(
    st.builds(
        NoMotionParams,
        day_hours=st.floats(0.01, 72),
        night_hours=st.floats(0.01, 72),
        day_from_hour=st.floats(0, 24, exclude_max=True),
        day_to_hour=st.floats(0, 24),
    ),
    st.integers(0, 2**31),
)
@example(NoMotionParams(day_hours=8, night_hours=12, day_from_hour=23.999, day_to_hour=24), 0)
def test_any_limits_can_be_set(params: NoMotionParams, second: int) -> None:
    """Whatever the configuration lets through has an end after its beginning."""
    since = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    assert since < limit_end(since, params, SHANGHAI)


def test_day_and_night() -> None:
    """From seven, up to and without ten in the evening."""
    hours = ["06:59", "07:00", "21:59", "22:00"]
    assert [False, True, True, False] == [is_day(clock(h), PARAMS, SHANGHAI) for h in hours]
