"""Fields of other people's JSON, by tables: which name says what, and in which spelling.

A family that publishes objects has a table from field names to `Field`s. A value that its field
cannot read (an unknown word, `null`) says nothing.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from sensors.errors import DecodeError
from sensors.facts import Facts
from sensors.kinds import as_number
from sensors.reading import Flag, Kind

OBJECT_LIMIT_BYTES = 64 * 1024

_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{0,12})?")
_ON = frozenset({"true", "on", "yes", "1"})
_OFF = frozenset({"false", "off", "no", "0"})
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_OBJECTS = msgspec.json.Decoder(dict[str, Any])

Read = Callable[[object], object]


class Field(NamedTuple):
    """What a field says; `read` gives the value of the kind, None for nothing."""

    kind: Kind
    read: Read
    flags: tuple[Flag, ...] = ()


def read_object(payload: bytes) -> dict[str, Any]:
    """Read a JSON object; raise DecodeError `too_long` or `malformed_payload`."""
    if len(payload) > OBJECT_LIMIT_BYTES:
        raise DecodeError("too_long", f"{len(payload)} bytes")
    try:
        return _OBJECTS.decode(payload)
    except _UNREADABLE as error:
        raise DecodeError("malformed_payload", str(error)) from error


def say(facts: Facts, found: Mapping[str, Any], table: Mapping[str, Field]) -> None:
    """Say every field of an object that the table knows, in the object's order."""
    for name, value in found.items():
        field = table.get(name)
        if field is not None and value is not None:
            facts.say(field.kind, field.read(value), *field.flags)


def number(scale: float = 1) -> Read:
    """Read a number, or text that is one, times `scale`."""

    def read(value: object) -> int | float | None:
        found = number_of(value)
        return found if found is None or scale == 1 else round(found * scale, 6)

    return read


def number_of(value: object) -> int | float | None:
    """Give a number, or the one a text spells."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        text = value.strip()
        return float(text) if "." in text else int(text)
    return as_number(value)


def state(on: Iterable[str] = (), off: Iterable[str] = ()) -> Read:
    """Read a state: a bool, 0 or 1, their words, or these words of its own (lower case)."""
    yes, no = _ON | set(on), _OFF | set(off)

    def read(value: object) -> bool | None:
        word = word_of(value)
        if word in yes:
            return True
        return False if word in no else None

    return read


def turned(read: Read) -> Read:
    """Read the opposite of a state."""

    def read_turned(value: object) -> bool | None:
        found = read(value)
        return None if found is None else not found

    return read_turned


def occurred(read: Read) -> Read:
    """Read an occurrence: only what is true has happened."""
    return lambda value: True if read(value) is True else None


def word_of(value: object) -> str:
    """Give a value as a lower-case word; empty for what is no plain value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.strip().lower()[:80]
    found = as_number(value)
    return "" if found is None else f"{found:g}"


STATE = state()
