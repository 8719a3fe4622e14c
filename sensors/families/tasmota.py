"""Tasmota: Zigbee and local sensors, over MQTT (docs/wire/tasmota.md).

Theory of operation. `tele/<device>/SENSOR` carries what the device measures itself, one object a
sensor, and `ZbReceived` with what a Zigbee device behind it has just said. `tele/<device>/LWT` says
whether the device is there. A Zigbee device is named by its IEEE address where the message has it,
else by its short address behind this device, which a new pairing may change.
"""

import re
from typing import Any

from sensors.errors import DecodeError
from sensors.facts import Facts, device_id, is_elsewhere
from sensors.family import Family
from sensors.fields import STATE, Field, number, occurred, read_object, say, word_of
from sensors.reading import Decoded, Flag, Kind

NAME = "tasmota"
DEVICES_LIMIT = 32

_TOPIC = re.compile(
    r"(?:[^/]+/)?tele/(?P<name>[^/]+)/(?:[^/]+/)?(?P<what>LWT|SENSOR|STATE)", re.DOTALL
)

FIELDS = {
    "Temperature": Field(Kind.TEMPERATURE, number()),
    "Humidity": Field(Kind.HUMIDITY, number()),
    "Contact": Field(Kind.CONTACT, STATE),
    "Occupancy": Field(Kind.MOTION, occurred(STATE)),
    "Motion": Field(Kind.MOTION, occurred(STATE)),
    "Water": Field(Kind.WATER_LEAK, STATE),
    "Fire": Field(Kind.SMOKE, STATE),
    "Smoke": Field(Kind.SMOKE, STATE),
    "CO": Field(Kind.CO, STATE),
    "Gas": Field(Kind.GAS, STATE),
    "Tamper": Field(Kind.TAMPER, STATE),
    "LowBattery": Field(Kind.BATTERY_LOW, STATE),
    "BatteryPercentage": Field(Kind.BATTERY, number()),
    "BatteryVoltage": Field(Kind.VOLTAGE, number(1000)),
}


def decode(address: str, payload: bytes) -> tuple[Decoded, ...]:
    """Read one message of a Tasmota device; nothing where it says nothing of a sensor.

    Raises DecodeError `bad_topic`, `malformed_payload`, `too_long`, `bad_id`.
    """
    found = _TOPIC.fullmatch(address)
    if found is None and address:
        raise DecodeError("bad_topic", repr(address[:120]))
    name, what = (found["name"], found["what"]) if found else ("unknown", "SENSOR")
    own = Facts()
    if what == "LWT":
        words = {b"Online": "online", b"Offline": "offline"}
        own.say(Kind.AVAILABILITY, words.get(payload.strip()))
        return (own.decoded(device_id(NAME, name)),)
    told = read_object(payload)
    received = told.get("ZbReceived")
    if isinstance(received, dict):
        devices = list(received.items())[:DEVICES_LIMIT]
        return tuple(
            _zigbee(name, short, said) for short, said in devices if isinstance(said, dict)
        )
    for part, said in told.items():
        if isinstance(said, dict) and what == "SENSOR":
            _say_part(own, part, _in_celsius(said, told.get("TempUnit")))
    return (own.decoded(device_id(NAME, name)),)


def _zigbee(name: str, short: str, said: dict[str, Any]) -> Decoded:
    """Read what a Zigbee device behind `name` has said."""
    facts = Facts()
    say(facts, said, FIELDS)
    ieee = word_of(said.get("IEEEAddr"))
    return facts.decoded(device_id(NAME, ieee or f"{name}-{word_of(said.get('Device') or short)}"))


def _say_part(facts: Facts, part: str, said: dict[str, Any]) -> None:
    """Say what one sensor of the device measures; a device may have several of a kind."""
    mine = Facts()
    say(mine, said, FIELDS)
    known = {reading.kind for reading in facts.readings}
    for reading in mine.readings:
        is_doubtful = reading.kind is Kind.TEMPERATURE and is_elsewhere(part)
        flags = (*reading.flags, *((Flag.SUSPECT,) if is_doubtful else ()))
        name = part[:32] if reading.kind in known or is_doubtful else ""
        facts.say(reading.kind, reading.value, *flags, part=name)


def _in_celsius(said: dict[str, Any], unit: object) -> dict[str, Any]:
    """Give the object with its temperature in °C."""
    warm = number()(said.get("Temperature"))
    if unit != "F" or not isinstance(warm, int | float):
        return said
    return {**said, "Temperature": round((warm - 32) / 1.8, 2)}


FAMILY = Family(NAME, ("tele/+/LWT", "tele/+/SENSOR", "tele/+/+/SENSOR", "tele/+/STATE"), decode)
