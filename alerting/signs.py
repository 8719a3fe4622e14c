"""Signs of life: what a report proves about somebody being up and about.

Motion, a moving presence and a press are signs by themselves. A bed that is got into or out of is
one when its word changes. What only a hand opens (a cupboard, a fridge, a drawer, an inner door)
is one when it changes and the sign before it came from elsewhere: one contact that chatters in
the wind, however long, counts once. The front door is no sign at all: it tells away from down.
What is said again, a test, or a value nobody can believe proves nothing.
"""

from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo

from alerting.home import HomeState
from sensors.reading import Flag, Kind, Reading, Replay, Report

MOVES = frozenset({Kind.MOTION, Kind.PRESENCE, Kind.HELP_CALL})
"""Readings that somebody made by moving."""

CHANGES = frozenset({Kind.BED, Kind.CONTACT})
"""Readings that are a sign only where they say something else than the last time."""

FRONT_DOOR, CUPBOARD = "front_door", "cupboard"
WATCHING = frozenset({"pir", "bed", CUPBOARD})
"""Classes of devices that can see somebody live."""

_DOUBTFUL = frozenset({Flag.TEST, Flag.INVALID})
_STILL = (None, False, "none", "still")


class Worth(Enum):
    """What a report is worth."""

    NOTHING = "nothing"
    SIGN = "sign"
    DOOR = "door"


def is_sign_of_life(report: Report) -> bool:
    """Say whether somebody moved just now, by this report alone."""
    return report.source.replay is Replay.LIVE and any(
        reading.kind in MOVES and _is_so(reading) for reading in report.readings
    )


def judge(home: HomeState, report: Report) -> Worth:
    """Say what a report is worth in this home, which has not noted it yet."""
    if report.source.replay is not Replay.LIVE:
        return Worth.NOTHING
    worth = Worth.NOTHING
    for reading in report.readings:
        if reading.kind in MOVES and _is_so(reading):
            return Worth.SIGN
        if reading.kind in CHANGES and worth is Worth.NOTHING:
            worth = _change(home, report.device_id, reading)
    return worth


def take(home: HomeState, report: Report, at: datetime, zone: ZoneInfo) -> bool:
    """Note what a new report proves; True where the home's deadline may have come nearer."""
    worth = judge(home, report)
    routine = home.routine
    if report.source.replay is Replay.LIVE:
        for reading in report.readings:
            if reading.kind in CHANGES and not _DOUBTFUL & set(reading.flags):
                _note(home, report.device_id, reading)
    if worth is Worth.NOTHING:
        return False
    if worth is Worth.DOOR:
        return routine.take_door(at, zone)
    home.alive_at = max(home.alive_at or at, at)
    home.alive_link = report.source.link
    is_whole = not home.gaps or not home.lost_time(home.alive_link, routine.seen_at or at)
    return routine.take_sign(at, report.device_id, zone, is_whole=is_whole)


def _is_so(reading: Reading) -> bool:
    if reading.value in _STILL:
        return False
    return not reading.flags or not _DOUBTFUL & set(reading.flags)


def _class_of(home: HomeState, device_id: str) -> str:
    return next((d.type for d in home.record.devices if d.id == device_id), "")


def _change(home: HomeState, device_id: str, reading: Reading) -> Worth:
    """Judge a bed or a contact by what it said before."""
    before = home.routine.words.get(device_id)
    if _DOUBTFUL & set(reading.flags) or before is None or before == _word(reading):
        return Worth.NOTHING
    if reading.kind is Kind.BED:
        return Worth.SIGN
    device_class = _class_of(home, device_id)
    if device_class == FRONT_DOOR:
        return Worth.DOOR
    if device_class == CUPBOARD and home.routine.seen_by != device_id:
        return Worth.SIGN
    return Worth.NOTHING


def _note(home: HomeState, device_id: str, reading: Reading) -> None:
    """Keep the word of a bed, a cupboard or a front door of this home."""
    is_kept = reading.kind is Kind.BED or _class_of(home, device_id) in {FRONT_DOOR, CUPBOARD}
    if is_kept and home.routine.words.get(device_id) != _word(reading):
        home.routine.words[device_id] = _word(reading)


def _word(reading: Reading) -> str:
    if reading.kind is Kind.CONTACT:
        return "open" if reading.value is True else "shut"
    return "in" if reading.value == "in" else "out"
