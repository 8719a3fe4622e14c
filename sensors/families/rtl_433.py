"""Radio sensors heard by rtl_433, over MQTT (docs/wire/rtl_433.md).

Theory of operation. Each line or message is one transmission, as an object with its model. Most
fields have one meaning over all models and go by a table; security sensors have bits of their own.
Fields and models are renamed between versions, so spaces and dashes in a model are alike. A sensor
says one press three to ten times within seconds: that is told apart later, not here. What clears
nothing by itself is flagged `no_clear`.
"""

from typing import Any

from sensors.errors import DecodeError
from sensors.facts import Facts, device_id
from sensors.families.rtl_433_security import SECURITY
from sensors.family import Family
from sensors.fields import STATE, Field, number, number_of, read_object, say, turned
from sensors.reading import Decoded, Kind

NAME = "rtl_433"

_FULL_CODE = 5  # hexadecimal digits of a code whose first three are the sender

FIELDS = {
    "temperature_C": Field(Kind.TEMPERATURE, number()),
    "humidity": Field(Kind.HUMIDITY, number()),
    "battery_mV": Field(Kind.VOLTAGE, number()),
    "battery_V": Field(Kind.VOLTAGE, number(1000)),
    "tamper": Field(Kind.TAMPER, STATE),
    "detect_wet": Field(Kind.WATER_LEAK, STATE),
    "water_leak": Field(Kind.WATER_LEAK, STATE),
    "leak": Field(Kind.WATER_LEAK, STATE),
    "contact_open": Field(Kind.CONTACT, STATE),
    "reed_open": Field(Kind.CONTACT, STATE),
    "opened": Field(Kind.CONTACT, STATE),
    "closed": Field(Kind.CONTACT, turned(STATE)),
}


def decode(address: str, payload: bytes) -> Decoded:
    """Read one transmission.

    Raises DecodeError `malformed_payload`, `too_long`, `bad_id`.
    """
    del address
    found = read_object(payload)
    model = found.get("model")
    if not isinstance(model, str) or not model.strip():
        raise DecodeError("bad_id", "no model")
    model = "-".join(model.split())
    facts = Facts()
    if (special := SECURITY.get(model)) is not None:
        special(facts, found)
    say(facts, found, FIELDS)
    _say_battery(facts, found)
    fahrenheit = number_of(found.get("temperature_F"))
    if fahrenheit is not None:
        facts.say(Kind.TEMPERATURE, round((fahrenheit - 32) / 1.8, 2))
    return facts.decoded(device_id(NAME, f"{model}-{_native(found)}"))


def _say_battery(facts: Facts, found: dict[str, Any]) -> None:
    """Read `battery_ok`: 0 or 1, or how full it is; older versions say `battery`: OK or LOW."""
    full = number_of(found.get("battery_ok"))
    if full is not None and 0 <= full <= 1:
        facts.say(Kind.BATTERY_LOW, full == 0)
        if 0 < full < 1:
            facts.say(Kind.BATTERY, round(full * 100, 1))
    elif found.get("battery") in {"OK", "LOW"}:
        facts.say(Kind.BATTERY_LOW, found["battery"] == "LOW")


def _native(found: dict[str, Any]) -> str:
    """Give the sender's number: its id and channel, or the part of its code that stays."""
    for name in ("id", "device", "sid"):
        value = found.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            channel = found.get("channel")
            return f"{value}-{channel}" if isinstance(channel, str | int) else f"{value}"
    code = found.get("code")
    if isinstance(code, str) and len(code) == _FULL_CODE:
        return code[:3]
    raise DecodeError("bad_id", f"{found.get('model')!r:.60} without an id")


FAMILY = Family(NAME, ("rtl_433/+/events", "rtl_433/events"), decode)
