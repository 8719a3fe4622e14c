"""A Zigbee bridge for tests: what it lists, and what it says."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sensors.families.zigbee2mqtt import Zigbee
from sensors.family import Heard, Message
from sensors.reading import Kind, Reading

AT = datetime(2030, 1, 1, tzinfo=UTC)
IEEE = "0x00158d0001020304"
ID = f"zigbee2mqtt-{IEEE}"
HEARTBEAT = Reading(Kind.HEARTBEAT)


def exposed(name: str, kind: str = "binary", **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
    """Describe a property."""
    usual = {"value_on": True, "value_off": False} if kind == "binary" else {}
    return {"type": kind, "name": name, "property": name, "access": 1, **usual, **more}


def device(name: str, *exposes: dict[str, Any], ieee: str = IEEE) -> dict[str, Any]:
    """List a device."""
    definition = {"model": "X", "description": "a sensor", "exposes": list(exposes)}
    return {
        "ieee_address": ieee,
        "friendly_name": name,
        "type": "EndDevice",
        "definition": definition,
    }


def taught(*devices: dict[str, Any], base: str = "zigbee2mqtt") -> Zigbee:
    """Make a listener that knows these devices."""
    listener = Zigbee()
    tell(listener, "bridge/devices", list(devices), kept=True, base=base)
    return listener


def tell(
    listener: Zigbee,
    topic: str,
    payload: object,
    *,
    kept: bool = False,
    base: str = "zigbee2mqtt",
    after: float = 0,
) -> Heard:
    """Let a listener hear a payload, a word as it is and all else as JSON."""
    body = payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()
    return listener.hear(Message(f"{base}/{topic}", body, AT + timedelta(seconds=after), kept))


def read(payload: dict[str, Any], *exposes: dict[str, Any]) -> tuple[Reading, ...]:
    """Give what a payload means by these exposes, without the heartbeat."""
    (decoded,) = tell(taught(device("d", *exposes)), "d", payload).said
    assert HEARTBEAT == decoded.readings[-1]
    return decoded.readings[:-1]
