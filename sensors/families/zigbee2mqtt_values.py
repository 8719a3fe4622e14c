"""From the values of one Zigbee message to readings, by what its properties mean.

A value that does not fit its description (`null`, an unknown word) gives no reading: the device
is heard, and nothing is made up. A number of the right shape that no sensor can have measured is
kept and flagged, as everywhere (`sensors.kinds`).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sensors.errors import DecodeError
from sensors.families.zigbee2mqtt_meaning import LONGEST, Meaning, Role, cry
from sensors.kinds import KINDS, LEVEL_UNITS, as_number
from sensors.reading import LIFE_SAFETY, Flag, Kind, Reading

_ON = frozenset({"on", "true", "yes", "1", "detected", "alarm", "test", "open", "leak", "low"})
_OFF = frozenset(
    {"off", "false", "no", "0", "clear", "normal", "none", "undetected", "idle", "ok", "closed"}
    | {"no_error", "medium", "middle", "high", "usb"}
)
_NOBODY = frozenset({"none", "clear", "off", "false", "no", "absent", "unoccupied"})
_MOVING = frozenset({"moving", "move", "motion", "small", "medium", "large", "far", "near"})
_STILL = frozenset({"still", "presence", "peaceful", "static", "stationary", "on", "true", "yes"})
_FALLS = {
    **dict.fromkeys(("normal", "none", "clear", "cleared", "no_fall", "false"), "cleared"),
    **dict.fromkeys(("fall_warning", "warning", "suspected"), "suspected"),
    **dict.fromkeys(("fall_alarm", "fall", "alarm", "detected", "true"), "confirmed"),
}
_FULL = 50
"""A battery that says it has more than this per cent and is low contradicts itself."""

_VOLT = frozenset({"v", "volt", "volts"})
_FAHRENHEIT = frozenset({"°f", "f"})


def readings(meanings: Iterable[Meaning], payload: Mapping[str, Any]) -> tuple[Reading, ...]:
    """Give what the message says, by these meanings; without the heartbeat."""
    said: list[Reading] = []
    levels: list[tuple[Meaning, float]] = []
    flags: list[Flag] = []
    for meaning in meanings:
        value = _at(meaning.path, payload)
        if value is None:
            continue
        match meaning.role:
            case Role.TEST | Role.SILENCED:
                if _is_on(meaning, value) or (meaning.is_word and _names_one(value)):
                    flags.append(Flag(meaning.role.value))
            case Role.LEVEL:
                level = _number(value)
                if level is not None:
                    levels.append((meaning, level))
            case _:
                said += _said(meaning, value)
    said = list(_with_levels(said, levels))
    return tuple(_qualified(reading, flags, said) for reading in said)


def _at(path: tuple[str, ...], payload: Mapping[str, Any]) -> object:
    """Look a value up; None where it is not there."""
    found: object = payload
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _said(meaning: Meaning, value: object) -> Iterator[Reading]:
    """Read one property."""
    assert meaning.kind is not None
    match meaning.role:
        case Role.STATE:
            yield from _state(meaning.kind, meaning, value)
        case Role.SAMPLE:
            yield from _sample(meaning.kind, meaning, value)
        case Role.PRESENCE:
            word = _presence(meaning, value)
            if word is not None:
                yield Reading(Kind.PRESENCE, word, part=meaning.part)
        case Role.FALL:
            word = _FALLS.get(_word(value))
            if word is not None:
                yield Reading(Kind.FALL, word, part=meaning.part)
        case Role.ACTION:
            press = cry(_word(value))
            if press is not None:
                yield Reading(Kind.HELP_CALL, press)
        case Role.TEST | Role.SILENCED | Role.LEVEL:
            raise AssertionError(meaning.role)


def _state(kind: Kind, meaning: Meaning, value: object) -> Iterator[Reading]:
    """Read a state; `value_on` means smoke, open, low, whatever its spelling."""
    is_on = _is_on(meaning, value)
    if is_on is None and kind is Kind.FAULT and meaning.is_word and _names_one(value):
        is_on = True
    if is_on is None:
        return
    flags = (Flag.TEST,) if _word(value) == "test" else ()
    if kind is not Kind.HELP_CALL:
        yield Reading(kind, is_on, flags=flags, part=meaning.part)
    elif is_on:
        yield Reading(kind, "press", flags=flags, part=meaning.part or meaning.path[-1])


def _sample(kind: Kind, meaning: Meaning, value: object) -> Iterator[Reading]:
    number = _number(value)
    if number is None:
        return
    number = _converted(kind, number, (meaning.unit or "").lower())
    try:
        read, is_believable = KINDS[kind].shape.read(number)
    except DecodeError:
        return
    flags: tuple[Flag, ...] = () if is_believable else (Flag.INVALID,)
    if number == 0 and kind in {Kind.TEMPERATURE, Kind.BATTERY}:
        flags = (Flag.SUSPECT,)  # what firmware says that does not know
    yield Reading(kind, read, KINDS[kind].unit, flags, part=meaning.part)


def _converted(kind: Kind, number: float, unit: str) -> float:
    """Bring a number from its described unit into its kind's."""
    if kind is Kind.TEMPERATURE and unit in _FAHRENHEIT:
        return round((number - 32) * 5 / 9, 2)
    if kind is Kind.VOLTAGE and unit in _VOLT:
        # Many a battery is described in volts and given in millivolts: 3000 V it has not.
        _, is_believable = KINDS[kind].shape.read(number * 1000)
        return round(number * 1000) if is_believable else number
    return number


def _with_levels(said: list[Reading], levels: list[tuple[Meaning, float]]) -> Iterator[Reading]:
    """Put the numbers behind the states they belong to; a number alone is part of a state."""
    for reading in said:
        mine = next((found for found in levels if found[0].kind is reading.kind), None)
        if mine is None:
            yield reading
            continue
        levels.remove(mine)
        meaning, level = mine
        unit = meaning.unit if meaning.unit in LEVEL_UNITS else None
        flags = (Flag.LATCHED,) if reading.value is True and level == 0 else ()
        yield Reading(
            reading.kind, reading.value, unit, (*reading.flags, *flags), level, reading.part
        )
    for meaning, level in levels:
        assert meaning.kind is not None
        unit = meaning.unit if meaning.unit in LEVEL_UNITS else None
        yield Reading(meaning.kind, None, unit, (Flag.PARTIAL,), level, meaning.part)


def _qualified(reading: Reading, flags: list[Flag], said: list[Reading]) -> Reading:
    """Add what the rest of the message says about a reading."""
    more: tuple[Flag, ...] = ()
    if reading.kind in LIFE_SAFETY:
        more = tuple(flag for flag in dict.fromkeys(flags) if flag not in reading.flags)
    elif reading.kind is Kind.BATTERY and isinstance(reading.value, int | float):
        is_low = any(r.kind is Kind.BATTERY_LOW and r.value is True for r in said)
        if is_low and reading.value > _FULL and not reading.flags:
            more = (Flag.SUSPECT,)
    if not more:
        return reading
    return Reading(
        reading.kind,
        reading.value,
        reading.unit,
        (*reading.flags, *more),
        reading.level,
        reading.part,
    )


def _is_on(meaning: Meaning, value: object) -> bool | None:
    """Say whether a binary is on; None where the value says nothing known."""
    for known, is_on in ((meaning.value_on, True), (meaning.value_off, False)):
        if known is not None and type(known) is type(value) and known == value:
            return is_on
    word = _word(value)
    if word in _ON or word in _OFF:
        is_true = word in _ON
        # A contact that is described the other way round is so in every spelling.
        is_turned = meaning.value_on is False and word in {"true", "false", "1", "0", "on", "off"}
        return is_true is not is_turned
    return None


def _names_one(value: object) -> bool:
    """Say whether a word names a fault, or what is muted: all do but "none" and its like."""
    word = _word(value)
    return word != "" and word not in _OFF


def _presence(meaning: Meaning, value: object) -> str | None:
    """Find whether somebody is there, and moves; a bare yes proves no movement."""
    if not meaning.is_word:
        is_on = _is_on(meaning, value)
        return None if is_on is None else "still" if is_on else "none"
    word = _word(value)
    if word in _NOBODY:
        return "none"
    if word in _MOVING:
        return "moving"
    return "still" if word in _STILL else None


def _word(value: object) -> str:
    """Spell a value as a word to compare; a container or a giant says nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "0" if value == 0 else "1" if value == 1 else ""
    return value[:LONGEST].strip().lower() if isinstance(value, str) else ""


def _number(value: object) -> int | float | None:
    """Read a number, also one that is sent as text."""
    if isinstance(value, str) and len(value) <= LONGEST:
        try:
            value = float(value)
        except ValueError:
            return None
        return as_number(int(value)) if value == value // 1 else as_number(value)
    return as_number(value)
