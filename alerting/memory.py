"""What the core remembers of what devices said, beyond when: samples, wear, and states that stand.

Rules keep nothing of their own; they read it here. Samples are kept by the minute, the lowest and
the highest of each: the same samples in any order within a minute leave the same, a device that
samples every second costs no more than one that does every hour, and the last 16 minutes in which
there were samples are enough for every rule. A band that says heart rate 0 is not worn, unless it
says beside it, or said last, that it is: then it is a pulse that cannot be found.
"""

from datetime import datetime, timedelta

from alerting.home import DeviceState, Samples
from sensors.reading import Flag, Kind, Reading, Replay, Report

MINUTES_KEPT = 16
SAMPLED = {Kind.HEART_RATE: MINUTES_KEPT, Kind.SPO2: MINUTES_KEPT, Kind.TEMPERATURE: 4}
"""How many of the minutes that had samples are kept of a kind."""

COLD_BELOW, HOT_FROM = 12.0, 32.0
"""A room of so many °C is too cold, or too hot, for an old person to stay in for hours."""

LONGEST_PAUSE = timedelta(hours=2)
"""What a room was between two samples so far apart, nobody knows."""

STANDING = frozenset({Kind.TAMPER, Kind.FAULT, Kind.WATER_LEAK})
"""States that a device says again and again for as long as they are so."""


def note(device: DeviceState, report: Report, at: datetime) -> bool:
    """Remember a new report heard `at`; says whether a deadline may have come nearer."""
    if report.source.replay is not Replay.LIVE:
        return False
    was_off = device.off_since
    for reading in sorted(report.readings, key=_wear_first):
        if reading.kind is Kind.WORN and isinstance(reading.value, bool):
            device.is_worn = reading.value
            device.off_since = None if reading.value else device.off_since or at
        elif reading.kind is Kind.HEART_RATE:
            _note_pulse(device, reading, at)
        if reading.kind in STANDING and not set(reading.flags) & {Flag.INVALID, Flag.TEST}:
            standing = tuple(kind for kind in device.standing if kind != reading.kind)
            device.standing = (*standing, reading.kind.value) if reading.value else standing
        if (value := sample(device, reading)) is not None:
            samples, most = device.samples or {}, SAMPLED[reading.kind]
            before = samples.get(reading.kind, [])
            kept = with_sample(before, at, value, most)
            device.samples = {**samples, reading.kind: kept}
            if reading.kind is Kind.TEMPERATURE and Flag.SUSPECT not in reading.flags:
                _note_climate(device, value, at, before)
    return device.off_since is not None and was_off is None


def _note_climate(device: DeviceState, celsius: float, at: datetime, before: list[Samples]) -> None:
    """Keep since when a room is too cold or too hot, by samples without a long pause."""
    if not before or at - before[-1].at > LONGEST_PAUSE:
        device.cold_since = device.hot_since = None
    device.cold_since = (device.cold_since or at) if celsius < COLD_BELOW else None
    device.hot_since = (device.hot_since or at) if celsius >= HOT_FROM else None


def _wear_first(reading: Reading) -> bool:
    return reading.kind is not Kind.WORN


def _note_pulse(device: DeviceState, reading: Reading, at: datetime) -> None:
    """A pulse proves that the band is worn; none, unless it says otherwise, that it is not."""
    if reading.value == 0 and not device.is_worn:
        device.off_since = device.off_since or at
    elif reading.value != 0 and Flag.INVALID not in reading.flags:
        device.off_since = None


def sample(device: DeviceState, reading: Reading) -> float | None:
    """Give the value a reading adds to its kind's samples, None where it says nothing.

    No pulse on a band that is worn is a sample of 0.
    """
    if reading.kind not in SAMPLED or isinstance(reading.value, bool):
        return None
    if not isinstance(reading.value, int | float) or Flag.TEST in reading.flags:
        return None
    if reading.kind is Kind.HEART_RATE and reading.value == 0:
        return 0.0 if device.is_worn else None
    return None if Flag.INVALID in reading.flags else float(reading.value)


def with_sample(
    kept: list[Samples], at: datetime, value: float, most: int = MINUTES_KEPT
) -> list[Samples]:
    """Add a sample to the minutes of its kind; those furthest back are forgotten."""
    minute = at - timedelta(seconds=at.second, microseconds=at.microsecond)
    same = next((one for one in kept if one.at == minute), None)
    if same is None:
        added = Samples(minute, value, value, 1)
    else:
        added = Samples(minute, min(same.low, value), max(same.high, value), same.count + 1)
    others = [one for one in kept if one.at != minute]
    return sorted([*others, added], key=_minute)[-most:]


def _minute(one: Samples) -> datetime:
    return one.at
