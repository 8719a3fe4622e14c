"""What is learned of how often a device speaks."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.home import DeviceState
from alerting.intervals import hear, usual

BEGUN = datetime(2026, 3, 2, tzinfo=UTC)


def heard(*minutes: float) -> DeviceState:
    """A device that was claimed at midnight and heard so many minutes later."""
    device = DeviceState(BEGUN)
    for minute in minutes:
        hear(device, BEGUN + timedelta(minutes=minute))
    return device


@pytest.mark.parametrize(
    ("minutes", "longest"),
    [
        ((), None),
        ((0, 100), None),  # one pause is no habit
        ((0, 20, 40), None),  # nor is less than an hour
        ((0, 20, 61), 41),
        ((0, 60, 61, 62), 60),
        ((0, 60, 30, 61), 60),  # what comes late is no pause
    ],
)
def test_the_longest_pause_is_the_habit(minutes: tuple[float, ...], longest: float | None) -> None:
    """Twice at least, and an hour at least."""
    expected = None if longest is None else timedelta(minutes=longest)
    assert expected == usual(heard(*minutes))


def test_a_habit_is_that_of_today_and_yesterday() -> None:
    """A device that was set to speak more often is known by it on the third day."""
    hours = [*range(0, 24, 6), *range(24, 97)]
    device = DeviceState(BEGUN)
    nearer = [hour for hour in hours if hear(device, BEGUN + timedelta(hours=hour))]
    assert timedelta(hours=1) == usual(device)
    assert [12, 72] == nearer
