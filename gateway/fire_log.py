"""Recorded fires: what a thermometer under each ceiling would have said, and when heat is found.

A file is a CSV of the NIST home smoke alarm tests: `TIME` in seconds and thermocouples `TC…` in °C,
of which `_1` is the highest of its tree; a tree is a room. The thermometer lags behind the air by
a first order of 20 s and speaks every so many seconds; its first word may fall anywhere in
that time, so each phase is tried and the worst is told beside the best. The readings go through
the real engine, and the first room's alarm is the fire's.
"""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import exp, isfinite
from pathlib import Path
from typing import NamedTuple

import msgspec

from alerting.effect import Log
from alerting.engine import Engine
from alerting.event import HomeChanged, ReportReceived
from alerting.record import DeviceRecord, HomeRecord, ResidentRecord
from alerting.settings import Settings
from gateway.mistake import Mistake, MistakesError, Words
from gateway.motion_log import HOME
from sensors.reading import Kind, Reading, Report, Source

LAG_SECONDS = 20.0
CALM_SECONDS = 300.0
"""So long before the fire, at least, the thermometer has told the room as it was."""

PHASES = 10
MOST_BYTES = 64 * 1024 * 1024

_START = datetime(2026, 1, 1, tzinfo=UTC)


Point = tuple[float, float]
Air = list[Point]


class Room(NamedTuple):
    """One room's air: (seconds, °C), in order."""

    name: str
    air: Air


class Verdict(msgspec.Struct):
    """When heat was found in a room, in seconds from the log's first line; None for never."""

    file: str
    room: str
    hottest_celsius: float
    report_seconds: float
    alarm_seconds_best: float | None
    alarm_seconds_worst: float | None


def read(path: Path) -> list[Room]:
    """Read the rooms of a fire, the hottest first; raises MistakesError."""
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES).decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise _mistake(path, f"读不出来（{error.strerror}）", f"cannot be read: {error}") from None
    lines = csv.DictReader(io.StringIO(text, newline=""))
    names = [name for name in lines.fieldnames or () if _is_ceiling(name)]
    if "TIME" not in (lines.fieldnames or ()) or not names:
        raise _mistake(path, "没有这些列", "it has not these columns")
    air: dict[str, Air] = {name: [] for name in names}
    for line in lines:
        for name in names:
            at, value = _number(line["TIME"]), _number(line[name])
            if at is not None and value is not None:
                air[name].append((at, value))
    rooms = [Room(name, sorted(points)) for name, points in air.items() if len(points) > 1]
    if not rooms:
        raise _mistake(path, "没有能读的行", "it has no lines that can be read")
    return sorted(rooms, key=_hottest, reverse=True)


def _is_ceiling(name: str) -> bool:
    return name.startswith("TC") and name.endswith("_1")


def _hottest(room: Room) -> float:
    return max(value for _, value in room.air)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if isfinite(number) else None


def said(air: Air, every: float, phase: float) -> Iterator[tuple[float, float]]:
    """Give what a lagging thermometer says of this air: (seconds, °C), from the calm before on."""
    begin, end = air[0][0], air[-1][0]
    at, value = begin, air[0][1]
    segments = iter(pairwise(air))
    segment = next(segments)
    spoken = begin - max(CALM_SECONDS, 2 * every) + phase
    while spoken <= end:
        while at < spoken:
            upto = min(spoken, segment[1][0])
            value = _lagged(value, segment, at, upto)
            at = upto
            if at >= segment[1][0] and at < end:
                segment = next(segments)
        yield spoken, round(value, 1)
        spoken += every


def _lagged(value: float, segment: tuple[Point, Point], at: float, upto: float) -> float:
    """Follow air that changes evenly over a segment, from one instant in it to another."""
    (begin, first), (end, last) = segment
    slope = (last - first) / (end - begin) if end > begin else 0.0
    here = first + slope * (at - begin)
    settled = here - slope * LAG_SECONDS  # where the lag would stand, had it risen so for ever
    return settled + slope * (upto - at) + (value - settled) * exp(-(upto - at) / LAG_SECONDS)


def alarm_at(air: Air, every: float, phase: float, settings: Settings) -> float | None:
    """Give the second at which heat is found in a room, None for never."""
    engine = Engine(settings)
    device = DeviceRecord("own-thermometer", "temperature", "room")
    record = HomeRecord(HOME, (ResidentRecord("resident"),), (device,))
    engine.handle(HomeChanged(record), _START - timedelta(days=1))
    for n, (seconds, value) in enumerate(said(air, every, phase)):
        now = _START + timedelta(seconds=seconds - air[0][0])
        reading = Reading(Kind.TEMPERATURE, value, "°C")
        report = Report(device.id, now, (reading,), Source("mqtt", "own", "mqtt"), n)
        for effect in engine.handle(ReportReceived(HOME, report), now).effects:
            if isinstance(effect, Log) and effect.kind == "heat" and effect.verb == "raised":
                return seconds - air[0][0]
    return None


def judge(name: str, room: Room, every: float, settings: Settings) -> Verdict:
    """Try every phase of a room's thermometer; a phase without an alarm is the worst."""
    found = [alarm_at(room.air, every, every * n / PHASES, settings) for n in range(PHASES)]
    heard = [seconds for seconds in found if seconds is not None]
    return Verdict(
        file=name,
        room=room.name,
        hottest_celsius=round(_hottest(room), 1),
        report_seconds=every,
        alarm_seconds_best=round(min(heard), 1) if heard else None,
        alarm_seconds_worst=round(max(heard), 1) if len(heard) == len(found) else None,
    )


def _mistake(path: Path, zh: str, en: str) -> MistakesError:
    mend = Words("要 CSV，列有 TIME 和 TC…_1", "give a CSV with the columns TIME and TC…_1")
    return MistakesError([Mistake(str(path), "", Words(zh, en), mend)])
