"""What the value of each kind may be: its shape, its believable range and its unit.

Theory of operation. `KINDS` has one row a kind. A row's shape turns what a decoder found into
the value of a reading, or raises `DecodeError` where it is not of that shape at all: a word for
a number, a number for a state. A number of the right shape but outside its range is another
matter: that is how sensors say "no probe", "not worn" or "0x8000". Such a value is kept and said
to be unbelievable, so that the device still counts as heard and nobody takes it for a cold room.
"""

from typing import NamedTuple, Protocol

from sensors.errors import DecodeError
from sensors.reading import Kind

Value = bool | int | float | str | dict[str, float | bool] | None

NUMBER_LIMIT = 1e9
"""No number of any kind is larger; one that is was never measured."""

LEVEL_UNITS = ("dB/m", "%LEL", "ppm")
"""Units in which a detector may give the level behind its state."""


class Shape(Protocol):
    """What a value looks like."""

    def read(self, value: object) -> tuple[Value, bool]:
        """Give the reading's value and whether to believe it; raise DecodeError `bad_value`."""


class Nothing:
    """The report itself is the fact; whatever value came with it says nothing."""

    def read(self, value: object) -> tuple[None, bool]:
        """Take anything."""
        del value
        return None, True


class Occurrence:
    """Said when it happens and only then: true, or no value."""

    def read(self, value: object) -> tuple[bool, bool]:
        """Take true or None."""
        if value is True or value is None:
            return True, True
        raise _bad(value, "true")


class State:
    """A bool, and nothing that merely looks like one."""

    def read(self, value: object) -> tuple[bool, bool]:
        """Take a bool."""
        if value is True or value is False:
            return value, True
        raise _bad(value, "true or false")


class Word:
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def read(self, value: object) -> tuple[str, bool]:
        """Take one of the words."""
        if isinstance(value, str) and value in self.words:
            return value, True
        raise _bad(value, "/".join(self.words))


class Number:
    """A number, believable from `low` to `high`, both included."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def read(self, value: object) -> tuple[int | float, bool]:
        """Take an int or a float that is not a bool, a NaN or beyond NUMBER_LIMIT."""
        number = as_number(value)
        if number is None:
            raise _bad(value, f"a number within ±{NUMBER_LIMIT:g}")
        return number, self.low <= number <= self.high


class Count(Number):
    """A whole number; 72.0 is one."""

    def read(self, value: object) -> tuple[int, bool]:
        """Take a number without a fraction."""
        number, is_believable = super().read(value)
        if number != int(number):
            raise _bad(value, "a whole number")
        return int(number), is_believable


class Parts:
    """An object of several shapes, each of them required."""

    def __init__(self, **parts: Shape) -> None:
        self.parts = parts

    def read(self, value: object) -> tuple[dict[str, float | bool], bool]:
        """Take an object with these keys; others are left out."""
        if not isinstance(value, dict) or not self.parts.keys() <= value.keys():
            raise _bad(value, "an object of " + ", ".join(self.parts))
        read = {name: shape.read(value[name]) for name, shape in self.parts.items()}
        found = {name: part for name, (part, _) in read.items() if isinstance(part, int | float)}
        return found, all(is_believable for _, is_believable in read.values())


class Row(NamedTuple):
    """One kind: the shape of its value, its unit, and what its level may be given in."""

    shape: Shape
    unit: str | None = None
    level_units: tuple[str, ...] = ()


_STATE = Row(State())
_DETECTOR = Row(State(), level_units=LEVEL_UNITS)

KINDS: dict[Kind, Row] = {
    Kind.MOTION: Row(Occurrence()),
    Kind.PRESENCE: Row(Word("none", "still", "moving")),
    Kind.SMOKE: _DETECTOR,
    Kind.GAS: _DETECTOR,
    Kind.CO: _DETECTOR,
    Kind.HEAT: _DETECTOR,
    Kind.WATER_LEAK: _DETECTOR,
    Kind.HELP_CALL: Row(Word("press", "long", "wearable", "cord")),
    Kind.FALL: Row(Word("suspected", "confirmed", "cleared")),
    Kind.WORN: _STATE,
    Kind.BED: Row(Word("in", "out")),
    Kind.CONTACT: _STATE,
    Kind.TEMPERATURE: Row(Number(-60, 300), "°C"),
    Kind.BODY_TEMPERATURE: Row(Number(20, 45), "°C"),
    Kind.HUMIDITY: Row(Number(0, 100), "%"),
    Kind.HEART_RATE: Row(Count(20, 300), "1/min"),
    Kind.RESPIRATION: Row(Count(1, 100), "1/min"),
    Kind.SPO2: Row(Count(30, 100), "%"),
    Kind.BLOOD_PRESSURE: Row(
        Parts(systolic=Number(40, 300), diastolic=Number(20, 200)), unit="mmHg"
    ),
    Kind.STEPS: Row(Count(0, 200_000)),
    Kind.LOCATION: Row(
        Parts(lat=Number(-90, 90), lon=Number(-180, 180), valid=State()), unit="deg"
    ),
    Kind.BATTERY: Row(Number(0, 100), "%"),
    Kind.BATTERY_LOW: _STATE,
    Kind.VOLTAGE: Row(Number(0, 500_000), "mV"),
    Kind.TAMPER: _STATE,
    Kind.FAULT: _STATE,
    Kind.AVAILABILITY: Row(Word("online", "offline", "unknown")),
    Kind.HEARTBEAT: Row(Nothing()),
}


def as_number(value: object) -> int | float | None:
    """Give a number of at most NUMBER_LIMIT; None for anything else, bools and NaN included."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if -NUMBER_LIMIT <= value <= NUMBER_LIMIT else None


def unit_of(kind: Kind, unit: str | None) -> str | None:
    """Give the unit of a reading of `kind` sent with `unit`; raise DecodeError `bad_unit`."""
    row = KINDS[kind]
    if unit is None or unit == row.unit:
        return row.unit
    if unit in row.level_units:
        return unit
    meant = " or ".join(row.level_units) or row.unit or "none"
    raise DecodeError("bad_unit", f"{kind} in {unit[:40]!r}, not in {meant}")


def _bad(value: object, wanted: str) -> DecodeError:
    return DecodeError("bad_value", f"{_shown(value)} is not {wanted}")


def _shown(value: object) -> str:
    """Spell what was found; a container or a giant only by its type, for spelling it may fail."""
    if isinstance(value, str):
        return repr(value[:80])
    is_small = value is None or isinstance(value, bool | float) or as_number(value) is not None
    return repr(value) if is_small else type(value).__name__
