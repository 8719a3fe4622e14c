"""A resident's days as their sensors see them, and the emergencies that break into them.

Theory of operation. Each day is drawn from its own random stream (seed, home, date): first a list
of stays, room after room from midnight to midnight, then the movements within each stay and the
door at each outing. Beside the person, every device reports at its own interval. `life` merges
the two for ever, lays the emergency over them and drops what it silences. It is a generator of
plain tuples: no clock, no I/O, and the same arguments always give the same life.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from heapq import merge
from itertools import count
from random import Random
from typing import NamedTuple

from simulators.devices.own import Value
from simulators.village import BATHROOM, BEDROOM, KITCHEN, LIVING, Entry, Household

CHINA = timezone(timedelta(hours=8))
OUT = "外出"
STAYS = (  # room, usual hours, usual minutes between two movements there
    (BEDROOM, 2.3, 45),
    (BATHROOM, 0.1, 2),
    (BEDROOM, 3.4, 45),
    (BATHROOM, 0.3, 3),
    (KITCHEN, 0.9, 4),
    (OUT, 1.7, 0),
    (LIVING, 1.6, 8),
    (KITCHEN, 1.2, 4),
    (BEDROOM, 1.6, 35),
    (LIVING, 1.8, 8),
    (OUT, 1.2, 0),
    (KITCHEN, 1.1, 4),
    (LIVING, 3.4, 10),
    (BATHROOM, 0.4, 3),
    (BEDROOM, 24.0, 45),
)
STAYS_IN = 0.25
DOOR_STANDS_OPEN = timedelta(seconds=12)
USUAL_INTERVAL = ("heartbeat", timedelta(minutes=55))
INTERVALS = {  # what a class says by itself and how often, where it is not the usual
    "smoke": ("heartbeat", timedelta(hours=8)),
    "help_button": ("heartbeat", timedelta(minutes=20)),
    "wristband": ("heart_rate", timedelta(minutes=15)),
    "temperature": ("temperature", timedelta(minutes=30)),
}
PERSONAL = frozenset({"motion", "contact"})
FIRE_TEMPERATURES = (34.5, 47.0, 58.5, 71.0)
FIRE_STEP = timedelta(seconds=20)
LIES = timedelta(minutes=30)
"""Who has fallen does not move for so long."""

RACES = 75
"""Beats a minute more than usual, of a heart that races."""

CHARGES_AT, CHARGES = time(20), timedelta(minutes=40)
"""When the band lies on its charger, and measures a pulse of 0."""


class Observation(NamedTuple):
    """Something a device of the home notices; orders by instant."""

    at: datetime
    device: str
    kind: str
    value: Value


@dataclass(frozen=True, slots=True)
class Emergency:
    """What goes wrong, and from which instant; nothing by default."""

    silent_from: datetime | None = None
    help_at: datetime | None = None
    fire_at: datetime | None = None
    gas_at: datetime | None = None
    co_at: datetime | None = None
    leak_at: datetime | None = None
    fall_at: datetime | None = None
    fall_word: str = "suspected"
    races_from: datetime | None = None
    dead_from: Mapping[str, datetime] = field(default_factory=dict)

    def silences(self, seen: Observation) -> bool:
        """Tell whether the emergency keeps this observation from being made."""
        dead = self.dead_from.get(seen.device)
        if dead is not None and seen.at >= dead:
            return True
        if seen.kind not in PERSONAL:
            return False
        lies = self.fall_at is not None and self.fall_at <= seen.at < self.fall_at + LIES
        return lies or (self.silent_from is not None and seen.at >= self.silent_from)

    def changed(self, seen: Observation) -> Observation:
        """Give the observation as the emergency changes it."""
        is_late = self.races_from is not None and seen.at >= self.races_from
        if not is_late or seen.kind != "heart_rate" or not isinstance(seen.value, int):
            return seen
        return seen._replace(value=seen.value + RACES if seen.value else 0)


def life(
    home: Household, *, seed: int, start: datetime, emergency: Emergency | None = None
) -> Iterator[Observation]:
    """Give the home's observations from `start` on, in order of time, without end."""
    emergency = emergency or Emergency()
    usual = (
        seen
        for number in count()
        for seen in _day(home, seed, start.astimezone(CHINA).date() + timedelta(days=number))
        if seen.at >= start
    )
    for seen in merge(usual, sorted(_unusual(home, emergency))):
        if not emergency.silences(seen):
            yield emergency.changed(seen)


def _day(home: Household, seed: int, day: date) -> list[Observation]:
    rng = Random(f"{seed}/{home.id}/{day}")
    midnight = datetime.combine(day, time(), CHINA)
    seen = [*_person(home, rng, midnight), *_intervals(home, rng, midnight)]
    # The sort is by instant alone: values of different types do not compare.
    return sorted(seen, key=lambda observation: observation.at)


def _person(home: Household, rng: Random, midnight: datetime) -> Iterator[Observation]:
    end = midnight + timedelta(days=1)
    begin = midnight
    for room, hours, gap_minutes in STAYS:
        until = min(end, begin + timedelta(hours=hours * rng.uniform(0.75, 1.25)))
        if room != OUT:
            yield from _movements(home, rng, room, begin, until, gap_minutes)
        elif rng.random() < STAYS_IN:
            yield from _movements(home, rng, LIVING, begin, until, 8)
        else:
            yield from _door(home, begin)
            yield from _door(home, until - DOOR_STANDS_OPEN)
        begin = until


def _movements(
    home: Household, rng: Random, room: str, begin: datetime, until: datetime, gap_minutes: float
) -> Iterator[Observation]:
    sensors = home.of_class("pir")
    if not sensors:
        return
    # A room without a sensor is seen through the living room's, which comes first.
    sensor = next((entry for entry in sensors if entry.room == room), sensors[0])
    at = begin
    while (at := at + timedelta(minutes=rng.expovariate(1 / gap_minutes))) < until:
        yield Observation(at, sensor.id, "motion", value=True)


def _door(home: Household, at: datetime) -> Iterator[Observation]:
    for entry in home.of_class("contact"):
        yield Observation(at, entry.id, "contact", value=True)
        yield Observation(at + DOOR_STANDS_OPEN, entry.id, "contact", value=False)


def _intervals(home: Household, rng: Random, midnight: datetime) -> Iterator[Observation]:
    for entry in home.devices:
        kind, interval = INTERVALS.get(entry.device_class, USUAL_INTERVAL)
        at = midnight + interval * rng.random()
        while at < midnight + timedelta(days=1):
            value = _sample(rng, kind)
            is_charging = timedelta() <= at - _charging(midnight) < CHARGES
            if kind == "heart_rate" and is_charging:
                value = 0
            yield Observation(at, entry.id, kind, value)
            at += interval


def _charging(midnight: datetime) -> datetime:
    """Give when the band goes on its charger that day."""
    return datetime.combine(midnight.date(), CHARGES_AT, midnight.tzinfo)


def _sample(rng: Random, kind: str) -> Value:
    if kind == "heart_rate":
        return rng.randint(58, 84)
    if kind == "temperature":
        return round(rng.uniform(18.0, 26.0), 1)
    return True


def _unusual(home: Household, emergency: Emergency) -> Iterator[Observation]:
    if emergency.help_at is not None:
        button = home.of_class("help_button", "wristband")[0]
        word = "wearable" if button.device_class == "wristband" else "press"
        yield Observation(emergency.help_at, button.id, "help_call", word)
    yield from _strikes(home, emergency)
    if emergency.fire_at is not None:
        head: Entry = home.of_class("smoke")[0]
        yield Observation(emergency.fire_at, head.id, "smoke", value=True)
        for step, celsius in enumerate(FIRE_TEMPERATURES, start=1):
            at = emergency.fire_at + step * FIRE_STEP
            yield Observation(at, head.id, "temperature", celsius)


def _strikes(home: Household, emergency: Emergency) -> Iterator[Observation]:
    """What one device says once, where the home has such a device."""
    strikes: tuple[tuple[datetime | None, str, str, Value], ...] = (
        (emergency.gas_at, "gas", "gas", True),
        (emergency.co_at, "co", "co", True),
        (emergency.leak_at, "leak", "water_leak", True),
        (emergency.fall_at, "wristband", "fall", emergency.fall_word),
    )
    for at, device_class, kind, value in strikes:
        for entry in home.of_class(device_class)[:1]:
            if at is not None:
                yield Observation(at, entry.id, kind, value)
