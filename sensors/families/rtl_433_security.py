"""Security sensors of rtl_433 whose bits have no common names."""

import re
from collections.abc import Callable
from typing import Any

from sensors.facts import Facts
from sensors.fields import STATE, word_of
from sensors.reading import Flag, Kind

_GENERIC_MOTION = {"a2", "c2", "e2"}


def _interlogix(facts: Facts, found: dict[str, Any]) -> None:
    """GE and Interlogix: five inputs with debounced levels, and latches in the raw message.

    An input's latch is set by what has just happened and not by the hourly report of how things
    stand, which has the same levels.
    """
    levels = [word_of(found.get(f"switch{n}")) == "open" for n in range(1, 6)]
    subtype = found.get("subtype") or found.get("device_type")
    raw = found.get("raw_message")
    is_raw = isinstance(raw, str) and re.fullmatch("[0-9a-fA-F]{6}", raw)
    first = int(raw[:2], 16) if isinstance(raw, str) and is_raw else 0xFF
    match subtype:
        case "contact":
            facts.say(Kind.CONTACT, levels[0])
            facts.say(Kind.TAMPER, levels[2])
        case "motion":
            if first & 0x08:
                facts.say(Kind.MOTION, value=True)
            facts.say(Kind.TAMPER, levels[2])
        case "smoke" | "heat":
            kind = Kind.SMOKE if subtype == "smoke" else Kind.HEAT
            if levels[3]:  # the test button, or the head taken off its plate
                facts.say(kind, levels[3], Flag.TEST, Flag.NO_CLEAR)
            elif levels[0] and levels[1] and first & 0x02:
                facts.say(kind, levels[0], Flag.NO_CLEAR)
        case _:
            pass  # glass and keyfobs


def _gs558(facts: Facts, found: dict[str, Any]) -> None:
    """Each telegram is the alarm, except while it is being taught; there is no clear."""
    is_alarm = STATE(found.get("learn")) is not True
    if is_alarm:
        facts.say(Kind.SMOKE, is_alarm, Flag.NO_CLEAR)


def _honeywell(facts: Facts, found: dict[str, Any]) -> None:
    """Honeywell and 2Gig: `state` in older versions, bits with names in newer ones."""
    word = word_of(found.get("state"))
    if word in {"open", "closed"} and "contact_open" not in found and "reed_open" not in found:
        facts.say(Kind.CONTACT, word == "open")


def _x10(facts: Facts, found: dict[str, Any]) -> None:
    """X10: the event in words; only a panic button's panic calls for help."""
    event = word_of(found.get("event"))
    if "door/window" in event:
        is_known = event.endswith(("open", "closed"))
        facts.say(Kind.CONTACT, event.endswith("open") if is_known else None)
    elif "motion" in event:
        is_tripped = "trip" in event or event.endswith("motion")
        facts.say(Kind.MOTION, is_tripped or None)
    elif "panic" in event:
        facts.say(Kind.HELP_CALL, "press")
    elif "smoke" in event and "clear" not in event:
        facts.say(Kind.SMOKE, "smoke" in event, *((Flag.TEST,) if "test" in event else ()))


def _cavius(facts: Facts, found: dict[str, Any]) -> None:
    """Cavius: a word of bits; a pairing is nothing that happened."""
    bits = found.get("message")
    if not isinstance(bits, int) or isinstance(bits, bool) or not 0 <= bits <= 0xFF:  # noqa: PLR2004
        return
    if bits & 0x08:
        facts.say(Kind.BATTERY_LOW, value=True)
    if bits & 0x80:
        return
    flags = [Flag.TEST] if bits & 0x40 else []
    if bits & 0x04:
        flags.append(Flag.SILENCED)
    if is_alarm := bool(bits & 0x60):
        facts.say(Kind.SMOKE, is_alarm, Flag.NO_CLEAR, *flags)


def _generic_motion(facts: Facts, found: dict[str, Any]) -> None:
    """A PIR with a fixed code: the last two digits say what it is about."""
    code = word_of(found.get("code"))
    facts.say(Kind.MOTION, code[-2:] in _GENERIC_MOTION or None)


SECURITY: dict[str, Callable[[Facts, dict[str, Any]], None]] = {
    "Interlogix-Security": _interlogix,
    "Interlogix": _interlogix,
    "Smoke-GS558": _gs558,
    "Smoke-detector-GS-558": _gs558,
    "Honeywell-Security": _honeywell,
    "X10-Security": _x10,
    "Cavius-Security": _cavius,
    "Generic-Motion": _generic_motion,
}
"""By model, with dashes for spaces."""
