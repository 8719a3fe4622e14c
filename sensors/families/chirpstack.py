"""LoRaWAN devices behind ChirpStack v4 (docs/wire/chirpstack.md).

Theory of operation. The network server publishes an event for each uplink, with the object that
the device profile's codec has made of the bytes. Milesight's objects say states in words, Dragino's
in "TRUE" and "FALSE"; both are read by field names. An uplink that several antennas have heard is
one event; a queued history of a device has times of its own and starts nothing.
"""

from collections.abc import Iterator
from typing import Any

from sensors.errors import DecodeError
from sensors.facts import Facts, device_id, instant
from sensors.families.chirpstack_fields import FIELDS, LEFT, PIR_MODELS, say_event
from sensors.family import Family
from sensors.fields import read_object, say
from sensors.reading import Decoded, Kind, Replay

NAME = "chirpstack"
HISTORY_LIMIT = 64
_SEQ_LIMIT = 2**32


def decode(address: str, payload: bytes) -> tuple[Decoded, ...]:
    """Read one event of `application/<id>/device/<EUI>/event/<kind>`.

    Raises DecodeError `malformed_payload`, `too_long`, `bad_id`.
    """
    found = read_object(payload)
    info = found.get("deviceInfo")
    info = info if isinstance(info, dict) else {}
    device = device_id(NAME, _eui(address, info))
    event = address.rpartition("/")[2]
    facts = Facts()
    at = instant(found.get("time"))
    if event == "status":
        _say_status(facts, found)
        return (facts.decoded(device, at=at),)
    told = found.get("object")
    if event in {"", "up"} and isinstance(told, dict):
        model = info.get("deviceProfileName")
        _say_object(facts, told, model.upper() if isinstance(model, str) else "")
        return (facts.decoded(device, seq=_count(found), at=at), *_history(device, told))
    return (facts.decoded(device, at=at),)


def _eui(address: str, info: dict[str, Any]) -> str:
    named = info.get("devEui")
    if isinstance(named, str) and named:
        return named.lower()
    levels = address.split("/")
    if len(levels) > 3 and levels[2] == "device":  # noqa: PLR2004 - application/<id>/device/<EUI>
        return levels[3].lower()
    raise DecodeError("bad_id", "no deviceInfo.devEui")


def _say_object(facts: Facts, told: dict[str, Any], model: str) -> None:
    """Say what the codec has made of the uplink."""
    say(facts, {name: value for name, value in told.items() if name not in LEFT}, FIELDS)
    say_event(facts, told, model)
    place = {"lat": told.get("latitude"), "lon": told.get("longitude"), "valid": True}
    facts.say(Kind.LOCATION, place)
    if model.startswith(PIR_MODELS) and told.get("occupancy") == "occupied":
        facts.say(Kind.MOTION, value=True)


def _say_status(facts: Facts, found: dict[str, Any]) -> None:
    """Say what a device answers to the network about its battery."""
    is_powered = found.get("externalPowerSource") is True
    if not is_powered and found.get("batteryLevelUnavailable") is not True:
        facts.say(Kind.BATTERY, found.get("batteryLevel"))


def _history(device: str, told: dict[str, Any]) -> Iterator[Decoded]:
    """Give what a device says of earlier; it corrects records and wakes nobody."""
    rows = told.get("history")
    for row in rows[:HISTORY_LIMIT] if isinstance(rows, list) else ():
        if isinstance(row, dict):
            facts = Facts()
            _say_object(facts, row, "")
            yield facts.decoded(device, replay=Replay.HISTORY)


def _count(found: dict[str, Any]) -> int | None:
    """Give the frame counter of the uplink."""
    count = found.get("fCnt")
    if isinstance(count, bool) or not isinstance(count, int):
        return None
    return count if 0 <= count < _SEQ_LIMIT else None


FAMILY = Family(NAME, ("application/+/device/+/event/+",), decode)
