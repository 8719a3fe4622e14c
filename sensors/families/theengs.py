"""BLE sensors heard by OpenMQTTGateway or Theengs Gateway (docs/wire/theengs.md).

Theory of operation. The gateway decodes the advertisements itself and publishes an object for each
on `<base>/<gateway>/BTtoMQTT/<MAC>`. Models are renamed between its versions, so what a message
means goes by its fields alone. The device is the MAC, or what the
topic calls it; several gateways may hear one device.
"""

import re
from typing import Any

from sensors.facts import Facts, device_id
from sensors.families.theengs_fields import FIELDS, PROBE, ROAST
from sensors.family import Family
from sensors.fields import number_of, read_object, say
from sensors.reading import Decoded, Flag, Kind

NAME = "theengs"

_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]?){5}[0-9A-Fa-f]{2}")


def decode(address: str, payload: bytes) -> Decoded:
    """Read the object of one advertisement.

    Raises DecodeError `malformed_payload`, `too_long`, `bad_id`.
    """
    found = read_object(payload)
    facts = Facts()
    if found.get("type") == ROAST:
        found["tempc0"] = found.pop("tempc", None)
    say(facts, found, FIELDS)
    for name, value in found.items():
        if probe := PROBE.fullmatch(name):
            part = "" if probe[1] == "0" else f"probe{probe[1]}"
            facts.say(Kind.TEMPERATURE, number_of(value), Flag.SUSPECT, part=part)
    return facts.decoded(device_id(NAME, _native(address, found)))


def _native(address: str, found: dict[str, Any]) -> str:
    """Give who was heard: its MAC, else what the topic calls it (a beacon's UUID)."""
    named = address.rpartition("/")[2]
    for mac in (found.get("id"), found.get("mac"), named):
        if isinstance(mac, str) and _MAC.fullmatch(mac):
            return re.sub("[:-]", "", mac).lower()
    return named if address else "unknown"


FAMILY = Family(NAME, ("+/+/BTtoMQTT/+",), decode)
