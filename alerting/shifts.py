"""Who is on duty: weekly shifts and dates of absence, in local time.

A person has a line of each, as a spreadsheet cell holds them. `duty` is shifts, `1-5 08:00-18:00`
with Monday as 1, several of them with commas between; one that ends at or before its own beginning
ends the next day and belongs to the day on which it begins. `absent` is dates, `2027-02-05` or
`2027-02-05/2027-02-20` with both ends included. Nothing written is always there. The hours are
full or half ones of the clock on the wall; a night in which it is changed is shorter or longer.
"""

import re
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

_SHIFT = re.compile(r"([1-7](?:-[1-7])?) (\d\d:[03]0)-(\d\d:[03]0)")
_DAY = timedelta(days=1)


class Shift(NamedTuple):
    """One shift on one day of the week (Monday is 1)."""

    weekday: int
    since: time
    until: time


class Absence(NamedTuple):
    """Days on which somebody is not there, both included."""

    first: date
    last: date


@lru_cache(maxsize=4096)
def shifts_of(duty: str) -> tuple[Shift, ...]:
    """Read shifts; raises ValueError where one cannot be read."""
    found: list[Shift] = []
    for part in filter(None, (part.strip() for part in duty.split(","))):
        match = _SHIFT.fullmatch(part)
        if match is None:
            raise ValueError(part)
        first, _, last = match[1].partition("-")
        since, until = time.fromisoformat(match[2]), time.fromisoformat(match[3])
        days = range(int(first), int(last or first) + 1)
        if not days:
            raise ValueError(part)
        found += [Shift(day, since, until) for day in days]
    return tuple(found)


@lru_cache(maxsize=4096)
def absences_of(absent: str) -> tuple[Absence, ...]:
    """Read dates of absence; raises ValueError where one cannot be read."""
    found = []
    for part in filter(None, (part.strip() for part in absent.split(","))):
        first, _, last = part.partition("/")
        absence = Absence(date.fromisoformat(first), date.fromisoformat(last or first))
        if absence.last < absence.first:
            raise ValueError(part)
        found.append(absence)
    return tuple(found)


def is_absent(absent: str, local: datetime) -> bool:
    """Say whether a local instant is on a day of absence; what cannot be read is none."""
    with suppress(ValueError):
        return any(one.first <= local.date() <= one.last for one in absences_of(absent))
    return False


def is_on_duty(duty: str, absent: str, local: datetime) -> bool:
    """Say whether somebody with these lines is there at a local instant.

    A line that cannot be read never keeps anybody from being rung.
    """
    if is_absent(absent, local):
        return False
    with suppress(ValueError):
        shifts = shifts_of(duty)
        return not shifts or any(_is_within(shift, local) for shift in shifts)
    return True


def _is_within(shift: Shift, local: datetime) -> bool:
    at, today = local.time(), local.isoweekday()
    if shift.since < shift.until:
        return shift.weekday == today and shift.since <= at < shift.until
    yesterday = (local - _DAY).isoweekday()
    begun_today = shift.weekday == today and at >= shift.since
    return begun_today or (shift.weekday == yesterday and at < shift.until)
