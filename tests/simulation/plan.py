"""What will go wrong in a village: drawn from the seed before anything begins.

Emergencies come in clusters, because two alarms at once are harder than one, and most faults stand
beside an emergency, because that is when they matter. The rest of both is spread over the run. The
last part of a run is quiet, so that what was begun can be seen to come to its end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import NamedTuple

from simulators.carrier.faults import KINDS, Fault
from simulators.village import Household

HOUR = 3600.0
QUIET_END = 0.75 * HOUR
HEALING = 0.2 * HOUR
"""How far faults may reach into the quiet end."""

FEW_HOMES = 3
"""In so few not everything happens: some must be left for what is sudden."""

REST_OF_A_HOME = 12 * HOUR
LONGEST_SILENCE, LONGEST_ABSENCE, LONGEST_RACE = 18 * HOUR, 8 * HOUR, 6 * HOUR
"""A silent home, a silent button and a racing heart are alarms by then, outages included."""


SUDDEN = {
    "smoke": ("smoke",),
    "gas": ("gas",),
    "co": ("co",),
    "help_call": ("help_button", "wristband"),
    "fall": ("wristband",),
    "fall_suspected": ("wristband",),
    "water_leak": ("leak",),
    "tamper": ("pir",),
}
"""What a device tells of once, and which classes do."""

LIFE = frozenset({"smoke", "gas", "co", "help_call", "fall"})
SOFT = frozenset({"no_motion", "fall_suspected", "water_leak", "heart_rate"})
"""Where the resident is asked first, and does not answer."""

TROUBLES = frozenset({"device_lost", "tamper"})


class Harm(StrEnum):
    """What a fault is done to; each can be left out."""

    CRASH = "crash"
    CARRIER = "carrier"
    BROKER = "broker"
    DISK = "disk"


class How(StrEnum):
    """What does not work."""

    LINK = "link"  # a bad cable: the connection breaks, and can be made again
    BROKER = "broker"  # down, with everything on its disk
    SESSION = "session"  # down, and it forgets
    FULL = "full"  # no write succeeds
    SLOW = "slow"  # a write takes seconds


class Emergency(NamedTuple):
    """Something happens in a home, `at` seconds after the start."""

    at: float
    home_id: str
    kind: str  # what the alarm will be called
    device: str = ""


class Crash(NamedTuple):
    """The gateway ends, so many steps after an instant; a stop is a crash that was asked for."""

    at: float
    steps: int
    down_seconds: float
    is_stop: bool = False


class Outage(NamedTuple):
    """Something does not work for a while, so many steps after an instant."""

    at: float
    seconds: float
    how: How
    steps: int = 0


class CarrierFault(NamedTuple):
    """A fault of the carrier's, switched on at an instant."""

    at: float
    fault: Fault


@dataclass(slots=True)
class Plan:
    """All of it; each list is in the order of time."""

    hours: float
    emergencies: list[Emergency] = field(default_factory=list)
    crashes: list[Crash] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    carrier: list[CarrierFault] = field(default_factory=list)


def draw(
    seed: int, hours: float, homes: Sequence[Household], harms: frozenset[Harm] = frozenset(Harm)
) -> Plan:
    """Draw the plan of a seed. What a harm does is the same whichever others are left out."""
    plan = Plan(hours)
    plan.emergencies = sorted(_emergencies(Random(f"{seed}/emergencies"), hours, homes))
    moments = [one.at for one in plan.emergencies if one.kind in LIFE]
    end = hours * HOUR - QUIET_END
    if Harm.CRASH in harms:
        plan.crashes = sorted(_crashes(Random(f"{seed}/crashes"), moments, end))
    if Harm.BROKER in harms:
        plan.outages += _broker(Random(f"{seed}/broker"), moments, end)
    if Harm.DISK in harms:
        plan.outages += _disk(Random(f"{seed}/disk"), moments, end)
    healed = end + HEALING
    plan.crashes = [
        c._replace(down_seconds=min(c.down_seconds, healed - c.at)) for c in plan.crashes
    ]
    plan.outages = sorted(o._replace(seconds=min(o.seconds, healed - o.at)) for o in plan.outages)
    if Harm.CARRIER in harms:
        faults = _carrier(Random(f"{seed}/carrier"), moments, end)
        plan.carrier = sorted(faults, key=lambda one: one.at)
    return plan


# --- emergencies -----------------------------------------------------------------------------


def _emergencies(dice: Random, hours: float, homes: Sequence[Household]) -> Iterator[Emergency]:
    """Two clusters at least; a home has rest after what it went through."""
    seconds = hours * HOUR
    slow = list(_slow(dice, seconds, homes))
    yield from slow
    spared = {one.home_id for one in slow}
    last = {home.id: -REST_OF_A_HOME for home in homes if home.id not in spared}
    clusters = max(2, round(hours * len(homes) / 25))
    for at in sorted(dice.uniform(0.1, 1) * (seconds - QUIET_END) for _ in range(clusters)):
        for _ in range(dice.choice((1, 1, 2, 3))):
            free = [home for home in homes if at - last.get(home.id, at) >= REST_OF_A_HOME]
            if not free:
                break
            home = dice.choice(free)
            last[home.id] = at
            kind = dice.choice([name for name in SUDDEN if home.of_class(*SUDDEN[name])])
            yield Emergency(at, home.id, kind, _sensor(home, kind))
            at += dice.choice((0.0, dice.uniform(0, 1), dice.uniform(0, 60)))  # noqa: PLW2901


def _slow(dice: Random, seconds: float, homes: Sequence[Household]) -> Iterator[Emergency]:
    """Silences that there is time to notice."""
    silent, lost = dice.sample(homes, 2)
    if seconds > LONGEST_SILENCE + 2 * HOUR:
        yield Emergency(dice.uniform(0, seconds - LONGEST_SILENCE), silent.id, "no_motion")
    if seconds > LONGEST_ABSENCE + HOUR:
        at = dice.uniform(0, seconds - LONGEST_ABSENCE)
        yield Emergency(at, lost.id, "device_lost", _sensor(lost, "help_call"))
    wearers = [one for one in homes if one.of_class("wristband") and one not in {silent, lost}]
    if seconds > LONGEST_RACE + HOUR and wearers and len(homes) > FEW_HOMES:
        at = dice.uniform(0, seconds - LONGEST_RACE)
        yield Emergency(at, dice.choice(wearers).id, "heart_rate")


def _sensor(home: Household, kind: str) -> str:
    """Name the device that tells of an emergency."""
    return home.of_class(*SUDDEN[kind])[0].id


# --- faults ------------------------------------------------------------------------------------


def _beside(dice: Random, moments: list[float], odds: float, before: float) -> Iterator[float]:
    """Instants shortly before or after some of the moments."""
    for moment in moments:
        if dice.random() < odds:
            yield max(0.0, moment + dice.uniform(-before, 30.0))


def _anywhen(dice: Random, end: float, an_hour: float) -> Iterator[float]:
    """Instants spread over the run, so many an hour."""
    at = dice.expovariate(an_hour / HOUR)
    while at < end:
        yield at
        at += dice.expovariate(an_hour / HOUR)


def _crashes(dice: Random, moments: list[float], end: float) -> Iterator[Crash]:
    for moment in moments:
        at = moment
        while dice.random() < 0.6:
            down = dice.choice((0.1, dice.uniform(0.1, 5), dice.uniform(1, 120)))
            steps = int(dice.choice((1, 10, 100, 1000)) * dice.random())
            yield Crash(at, steps, down, is_stop=dice.random() < 0.3)
            at += down + dice.choice((0.0, 0.1, 1.0, 60.0)) * dice.random()
    for at in _anywhen(dice, end, 0.7):
        longest = dice.choice((2.0, 60.0, 600.0, min(7200.0, end / 3)))
        steps = dice.randrange(200)
        yield Crash(at, steps, dice.uniform(0, longest), is_stop=dice.random() < 0.3)


def _broker(dice: Random, moments: list[float], end: float) -> Iterator[Outage]:
    for at in [*_beside(dice, moments, 0.5, 60.0), *_anywhen(dice, end, 1.5)]:
        how = dice.choices((How.LINK, How.BROKER, How.SESSION), (6, 2, 1))[0]
        longest = dice.choice((0.5, 5.0, 60.0, min(3600.0, end / 4)))
        yield Outage(at, dice.uniform(0, longest), how, dice.randrange(200))


def _disk(dice: Random, moments: list[float], end: float) -> Iterator[Outage]:
    """A disk that is full, or slow; often with a bad cable meanwhile."""
    for at in [*_beside(dice, moments, 0.3, 10.0), *_anywhen(dice, end, 0.3)]:
        seconds = dice.choice((0.01, 1.0, 20.0)) * dice.random()
        yield Outage(at, seconds, How.FULL, dice.randrange(50))
        if dice.random() < 0.5:
            before = min(at, dice.uniform(0, 5))
            yield Outage(at - before, before + seconds * dice.random(), How.BROKER)
    for at in [*_beside(dice, moments, 0.6, 10.0), *_anywhen(dice, end, 0.5)]:
        seconds = dice.uniform(1, 60)
        yield Outage(at, seconds, How.SLOW)
        for _ in range(dice.choice((0, 4, 16))):
            yield Outage(at + dice.uniform(0, seconds), 0.0, How.LINK, dice.randrange(50))


def _carrier(dice: Random, moments: list[float], end: float) -> Iterator[CarrierFault]:
    """Small faults all the time, and periods in which one kind is the rule."""
    yield CarrierFault(0.0, Fault("callbacks_duplicated", chance=0.05))
    yield CarrierFault(0.0, Fault("callbacks_reordered", chance=0.05))
    yield CarrierFault(0.0, Fault("callbacks_dropped", chance=0.03))
    for kind in ("http_503", "http_429", "hang", "close_after_accept", "undelivered", "busy"):
        yield CarrierFault(0.0, Fault(kind, chance=0.01, is_processed=dice.random() < 0.5))
    kinds = sorted(KINDS - {"slow"})
    for at in [*_beside(dice, moments, 0.5, 120.0), *_anywhen(dice, end, 0.3)]:
        fault = Fault(
            dice.choice(kinds),
            seconds=dice.uniform(0, dice.choice((10.0, 60.0, min(900.0, end / 4)))),
            chance=dice.choice((0.3, 0.8, 1.0)),
            only=dice.choice(("", "", "sms", "call")),
            is_processed=dice.random() < 0.5,
            retry_after_seconds=dice.choice((1, 2, 5)),
        )
        yield CarrierFault(at, fault)
