"""Shelly, second generation and later, over MQTT (docs/wire/shelly.md).

Theory of operation. `<device>/events/rpc` carries notifications: a full status, or only the
components that changed, so each says what it names and no more. `<device>/online` says whether the
device is there. A component is `<type>:<number>`; the second of a type is a part of its own. A
battery at 0 % of a device on external power is no weak battery.
"""

from typing import Any

from sensors.errors import DecodeError
from sensors.facts import Facts, device_id
from sensors.family import Family
from sensors.fields import STATE, number_of, read_object, word_of
from sensors.reading import Decoded, Flag, Kind

NAME = "shelly"
COMPONENTS_LIMIT = 64

_STATUS = {"NotifyStatus", "NotifyFullStatus"}


def decode(address: str, payload: bytes) -> Decoded:
    """Read one notification, or whether the device is there.

    Raises DecodeError `malformed_payload`, `too_long`, `bad_id`.
    """
    facts = Facts()
    if address.endswith("/online"):
        there = STATE(payload.decode("latin-1"))
        word = None if there is None else "online" if there else "offline"
        facts.say(Kind.AVAILABILITY, word)
        return facts.decoded(device_id(NAME, address.removesuffix("/online")))
    told = read_object(payload)
    source = told.get("src")
    if not isinstance(source, str) or not source:
        source = address.removesuffix("/events/rpc")
    if not source:
        raise DecodeError("bad_id", "no src")
    params = told.get("params")
    if told.get("method") in _STATUS and isinstance(params, dict):
        for name, said in list(params.items())[:COMPONENTS_LIMIT]:
            if isinstance(said, dict):
                _say(facts, name, said)
    return facts.decoded(device_id(NAME, source))


def _say(facts: Facts, name: str, said: dict[str, Any]) -> None:
    """Say what one component says."""
    sort, _, number = name.partition(":")
    part = "" if number in {"", "0"} else number[:8]
    silenced = (Flag.SILENCED,) if STATE(said.get("mute")) else ()
    match sort:
        case "temperature":
            facts.say(Kind.TEMPERATURE, number_of(said.get("tC")), part=part)
        case "humidity":
            facts.say(Kind.HUMIDITY, number_of(said.get("rh")), part=part)
        case "devicepower":
            _say_power(facts, said)
        case "smoke":
            facts.say(Kind.SMOKE, STATE(said.get("alarm")), *silenced, part=part)
        case "flood":
            facts.say(Kind.WATER_LEAK, STATE(said.get("alarm")), *silenced, part=part)
        case "presence" | "occupancy":
            _say_presence(facts, said, part)
        case _:
            pass  # switches, inputs, meters, the device's own network


def _say_power(facts: Facts, said: dict[str, Any]) -> None:
    battery, external = said.get("battery"), said.get("external")
    is_powered = isinstance(external, dict) and STATE(external.get("present")) is True
    if not isinstance(battery, dict):
        return
    full = number_of(battery.get("percent"))
    facts.say(Kind.BATTERY, full, *((Flag.SUSPECT,) if is_powered else ()))
    if is_powered:
        facts.say(Kind.BATTERY_LOW, value=False)
        return
    volts = number_of(battery.get("V"))
    facts.say(Kind.VOLTAGE, None if volts is None else round(volts * 1000, 3))


def _say_presence(facts: Facts, said: dict[str, Any], part: str) -> None:
    found = STATE(said.get("value", said.get("num_objects")))
    many = word_of(said.get("num_objects"))
    is_there = found if found is not None else (many not in {"", "0"} if many else None)
    word = None if is_there is None else "still" if is_there else "none"
    facts.say(Kind.PRESENCE, word, part=part)


FAMILY = Family(NAME, (), decode)  # its topics are given by the installation
