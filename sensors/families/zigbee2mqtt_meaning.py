"""What a property of a Zigbee device means: from its exposed description to a kind of reading.

The bridge describes each property by a name, a type (binary, numeric, enum, text), its unit and,
for a binary, the two values it takes. The *name* says what it is about; the names are those that
Zigbee2MQTT uses for every maker's devices (its "generic exposes"), never those of a model. The
*description* says how it is spelled: `value_on` is what means smoke, or open, and what is neither
`value_on` nor `value_off` is read by the words people use (`"ON"`, `"DETECTED"`, `"clear"`).
A device with several of a thing numbers it (`occupancy_1`, `temperature_l2`, `gas_alarm_1`).
"""

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, NamedTuple

import msgspec

from sensors.kinds import LEVEL_UNITS
from sensors.reading import Kind

LONGEST = 200
"""Characters of a word that are looked at."""

SETTABLE = 2
"""The bit of `access` that says: this can be written."""


class Exposed(msgspec.Struct, frozen=True, omit_defaults=True):
    """One exposed property as the bridge describes it; what has `features` is made of others."""

    type: str
    name: str | None = None
    property: str | None = None
    access: int = 1
    endpoint: str | None = None
    unit: str | None = None
    value_on: Any = None
    value_off: Any = None
    values: tuple[Any, ...] = ()
    features: tuple["Exposed", ...] = ()


class Role(Enum):
    """How a property's value becomes a reading, or part of one."""

    STATE = "state"  # on or off
    SAMPLE = "sample"  # a number
    LEVEL = "level"  # the number behind a detector's state
    PRESENCE = "presence"  # none, still, moving
    FALL = "fall"  # how sure a fall is
    ACTION = "action"  # something was pressed
    TEST = "test"  # qualifies the rest: a drill
    SILENCED = "silenced"  # (the same): the siren is muted


class Meaning(NamedTuple):
    """What a property means. `part` tells properties of one kind apart, empty for the usual one.

    `path` is where in the payload its value is. `unit` is the described one.
    """

    path: tuple[str, ...]
    role: Role
    kind: Kind | None = None
    part: str = ""
    unit: str | None = None
    value_on: Any = None
    value_off: Any = None
    is_word: bool = False


_STATES = {
    "smoke": Kind.SMOKE,
    "smoke_alarm": Kind.SMOKE,
    "gas": Kind.GAS,
    "gas_leak": Kind.GAS,
    "gas_alarm": Kind.GAS,
    "carbon_monoxide": Kind.CO,
    "co": Kind.CO,
    "co_alarm": Kind.CO,
    "heat": Kind.HEAT,
    "heat_alarm": Kind.HEAT,
    "water_leak": Kind.WATER_LEAK,
    "water_alarm": Kind.WATER_LEAK,
    "leak": Kind.WATER_LEAK,
    "occupancy": Kind.MOTION,
    "motion": Kind.MOTION,
    "presence": Kind.PRESENCE,
    "contact": Kind.CONTACT,
    "tamper": Kind.TAMPER,
    "battery_low": Kind.BATTERY_LOW,
    "sos": Kind.HELP_CALL,
    "panic": Kind.HELP_CALL,
    "emergency": Kind.HELP_CALL,
    "fault": Kind.FAULT,
    "trouble": Kind.FAULT,
    "fault_alarm": Kind.FAULT,
}
_WORDED = {
    "smoke_state": Kind.SMOKE,
    "smoke_sensor_state": Kind.SMOKE,
    "gas_state": Kind.GAS,
    "gas_sensor_state": Kind.GAS,
    "co_state": Kind.CO,
    "co_sensor_state": Kind.CO,
    "water_warning": Kind.WATER_LEAK,
    "battery_state": Kind.BATTERY_LOW,
    "fault": Kind.FAULT,
}
_SAMPLES = {
    "temperature": Kind.TEMPERATURE,
    "local_temperature": Kind.TEMPERATURE,
    "humidity": Kind.HUMIDITY,
    "battery": Kind.BATTERY,
    "voltage": Kind.VOLTAGE,
    "heart_rate": Kind.HEART_RATE,
    "heartrate": Kind.HEART_RATE,
    "respiration": Kind.RESPIRATION,
    "respiratory_rate": Kind.RESPIRATION,
    "respiration_rate": Kind.RESPIRATION,
    "breathing_rate": Kind.RESPIRATION,
    "breath_rate": Kind.RESPIRATION,
    "spo2": Kind.SPO2,
    "steps": Kind.STEPS,
}
_LEVELS = {
    "smoke_density": Kind.SMOKE,
    "smoke_density_dbm": Kind.SMOKE,
    "smoke_concentration": Kind.SMOKE,
    "smoke_value": Kind.SMOKE,
    "gas": Kind.GAS,
    "gas_value": Kind.GAS,
    "gas_density": Kind.GAS,
    "gas_concentration": Kind.GAS,
    "co": Kind.CO,
    "co_value": Kind.CO,
    "carbon_monoxide": Kind.CO,
}
_PRESENCE = {"presence", "presence_state", "motion_state", "human_motion_state"}
_FALLS = {"fall", "fall_status", "fall_state", "fall_down_status"}
_MUTES = {"silence", "mute", "muted", "temporary_mute", "buzzer_mute", "buzzer_manual_mute"}
_CRIES = frozenset({"sos", "emergency", "panic", "help"})
_NO_PRESS = frozenset({"none", "release", "released", "stop", "identify", "unknown"})
_LONG = frozenset({"hold", "long"})
_WORDS = re.compile(r"[a-z0-9]+")
_NUMBERED = re.compile(r"(.+?)(?:_alarm)?_\d{1,2}")
_BY_HABIT = {"contact": (False, True)}
VAGUE = frozenset({"alarm", "alarm_1", "alarm_2"})
"""Alarms of a device that do not say what they are about."""


def cry(action: str) -> str | None:
    """Find a call for help in an action's name, in small letters: `emergency`, `sos_hold`."""
    words = set(_WORDS.findall(action))
    if not words & _CRIES:
        return None
    return "long" if words & _LONG else "press"


def press(action: str) -> str:
    """Say how a button was pressed, in small letters: press or long; empty where it was not."""
    words = set(_WORDS.findall(action))
    if not words or words & _NO_PRESS:
        return ""
    return "long" if words & _LONG else "press"


def leaves(exposes: tuple[Exposed, ...], path: tuple[str, ...] = ()) -> Iterator[Meaning]:
    """Give the meaning of every exposed property that has one."""
    for exposed in exposes:
        if exposed.features:
            inside = (exposed.property,) if exposed.type == "composite" else ()
            yield from leaves(exposed.features, (*path, *filter(None, inside)))
        else:
            found = meaning(exposed)
            if found is not None:
                yield found._replace(path=(*path, *found.path))


def meaning(exposed: Exposed) -> Meaning | None:
    """Say what an exposed property means; None where no reading is about it."""
    name = exposed.property
    if not name:
        return None
    stem = _stem(exposed, name)
    part = "" if stem == name else name
    found = Meaning((name,), Role.STATE, None, part, exposed.unit)
    match exposed.type:
        case "binary":
            return _binary(found, stem, exposed)
        case "numeric":
            return _numeric(found, stem, exposed)
        case "enum" | "text":
            return _worded(found, stem, exposed)
        case _:
            return None


def by_habit(name: str) -> Iterator[Meaning]:
    """Guess what a property means that nobody has described; its value's type must decide."""
    on, off = _BY_HABIT.get(_stem(None, name), (True, False))
    for kind, unit in (("binary", None), ("numeric", None), ("enum", None)):
        exposed = Exposed(kind, name, name, unit=unit, value_on=on, value_off=off)
        found = meaning(exposed)
        if found is not None:
            yield found


def _stem(exposed: Exposed | None, name: str) -> str:
    """Cut off what numbers a property: its endpoint, or the alarm of a zone."""
    if exposed is not None and exposed.endpoint:
        name = name.removesuffix(f"_{exposed.endpoint}")
    numbered = _NUMBERED.fullmatch(name)
    return name if numbered is None else numbered[1]


def _binary(found: Meaning, stem: str, exposed: Exposed) -> Meaning | None:
    found = found._replace(value_on=exposed.value_on, value_off=exposed.value_off)
    if stem == "test":
        return found._replace(role=Role.TEST)
    if stem in _MUTES:
        return found._replace(role=Role.SILENCED)
    kind = _STATES.get(stem)
    if kind is None:
        return None
    return found._replace(kind=kind, role=Role.PRESENCE if kind is Kind.PRESENCE else Role.STATE)


def _numeric(found: Meaning, stem: str, exposed: Exposed) -> Meaning | None:
    if exposed.access & SETTABLE:
        return None  # a wish, not a measurement
    if stem in _LEVELS and (exposed.unit in LEVEL_UNITS or stem in _STATES):
        return found._replace(kind=_LEVELS[stem], role=Role.LEVEL)
    kind = _SAMPLES.get(stem)
    if kind is None or (kind is Kind.BATTERY and exposed.unit not in {None, "%"}):
        return None
    return found._replace(kind=kind, role=Role.SAMPLE, part=found.part or _other(stem, kind))


def _other(stem: str, kind: Kind) -> str:
    """Tell a property apart that is not named as its kind."""
    return "" if stem == kind else stem


def _worded(found: Meaning, stem: str, exposed: Exposed) -> Meaning | None:
    found = found._replace(is_word=True)
    if stem == "action":
        return found._replace(role=Role.ACTION, kind=Kind.HELP_CALL)
    kind = _WORDED.get(stem) or _STATES.get(stem)
    if kind is not None and kind is not Kind.PRESENCE:
        return found._replace(kind=kind, part=found.part or _other(stem, kind))
    found = found._replace(part=found.part or stem)
    if stem in _PRESENCE or (stem == "state" and "presence" in exposed.values):
        return found._replace(role=Role.PRESENCE, kind=Kind.PRESENCE)
    if stem in _FALLS:
        return found._replace(role=Role.FALL, kind=Kind.FALL)
    return found._replace(role=Role.SILENCED) if stem in _MUTES else None
