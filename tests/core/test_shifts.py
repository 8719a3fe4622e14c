"""Shifts and absences by the clock on the wall."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from alerting.shifts import absences_of, is_on_duty, shifts_of

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def there(duty: str, at: str, absent: str = "", zone: ZoneInfo = SHANGHAI) -> bool:
    """Whether somebody is there at an instant; one without an offset is local."""
    instant = datetime.fromisoformat(at)
    local = instant.replace(tzinfo=zone) if instant.tzinfo is None else instant.astimezone(zone)
    return is_on_duty(duty, absent, local)


def test_a_line_nobody_can_read_keeps_nobody_from_being_rung() -> None:
    """It was stored by another version: the ladder goes on as if nothing were written."""
    assert there("weekdays", "2027-01-09T03:00", absent="soon")


def test_nothing_written_is_always_there() -> None:
    """Who has written nothing is asked as before."""
    assert there("", "2027-01-04T03:00")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2027-01-04T07:59", False),  # a Monday
        ("2027-01-04T08:00", True),
        ("2027-01-08T17:59", True),
        ("2027-01-08T18:00", False),
        ("2027-01-09T12:00", False),  # Saturday
    ],
)
def test_a_shift_has_its_first_minute_and_not_its_last(at: str, *, expected: bool) -> None:
    """From eight to six, on weekdays."""
    assert expected is there("1-5 08:00-18:00", at)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2027-01-09T19:59", False),
        ("2027-01-09T20:00", True),
        ("2027-01-10T00:00", True),
        ("2027-01-10T07:59", True),
        ("2027-01-10T08:00", False),
        ("2027-01-10T21:00", False),
    ],
)
def test_a_shift_over_midnight_belongs_to_its_evening(at: str, *, expected: bool) -> None:
    """Saturday's night ends on Sunday morning; Sunday has none."""
    assert expected is there("6 20:00-08:00", at)


def test_sundays_night_ends_on_monday() -> None:
    """The week goes round."""
    assert there("7 20:00-08:00", "2027-01-11T07:00")


def test_a_whole_day_begins_and_ends_at_the_same_hour() -> None:
    """A round of 24 hours is one shift."""
    assert (True, True, False) == tuple(
        there("1 08:00-08:00", f"2027-01-{day}") for day in ("04T08:00", "05T07:30", "05T08:00")
    )


def test_the_clock_put_forward_moves_no_shift() -> None:
    """On 2027-03-28 in Berlin 01:59 is followed by 03:00, at 01:00 UTC."""
    assert there("7 03:00-06:00", "2027-03-28T01:00+00:00", zone=BERLIN)
    assert not there("7 03:00-06:00", "2027-03-28T00:59+00:00", zone=BERLIN)


def test_the_hour_that_comes_twice_is_on_duty_twice() -> None:
    """On 2027-10-31 in Berlin 02:30 comes at 00:30 and again at 01:30 UTC."""
    for at in ("2027-10-31T00:30+00:00", "2027-10-31T01:30+00:00"):
        assert there("7 02:00-03:00", at, zone=BERLIN)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2027-02-04T23:59", True),
        ("2027-02-05T00:00", False),
        ("2027-02-20T23:59", False),
        ("2027-02-21T00:00", True),
    ],
)
def test_an_absence_has_both_its_days(at: str, *, expected: bool) -> None:
    """Spring festival: whoever is away is away, also on a day of duty."""
    assert expected is there("1-7 00:00-00:00", at, "2027-02-05/2027-02-20")


@pytest.mark.parametrize(
    "line", ["8 08:00-18:00", "1-5 8:00-18:00", "5-1 08:00-18:00", "1 08:15-18:00", "1 24:00-08:00"]
)
def test_shifts_that_cannot_be_read_are_refused(line: str) -> None:
    """None is guessed."""
    with pytest.raises(ValueError, match=r".+"):
        shifts_of(line)


@pytest.mark.parametrize("line", ["2027-02-30", "2027-02-20/2027-02-05", "春节"])
def test_absences_that_cannot_be_read_are_refused(line: str) -> None:
    """None is guessed."""
    with pytest.raises(ValueError, match=r".+"):
        absences_of(line)
