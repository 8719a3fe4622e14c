"""BLE sensors heard by OpenMQTTGateway or Theengs Gateway (docs/wire/theengs.md).

Theory of operation. The gateway decodes the advertisements itself and publishes an object for each
on `<base>/<gateway>/BTtoMQTT/<MAC>`. Models are renamed between its versions, so what a message
means goes by its fields alone. The device is the MAC; several gateways may hear one device.
"""

import re
from typing import Any

from sensors.errors import DecodeError
from sensors.facts import Facts, device_id
from sensors.families.theengs_fields import FIELDS, PROBE
from sensors.family import Family
from sensors.fields import number_of, read_object, say
from sensors.reading import Decoded, Kind

NAME = "theengs"

_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]?){5}[0-9A-Fa-f]{2}")


def decode(address: str, payload: bytes) -> Decoded:
    """Read the object of one advertisement.

    Raises DecodeError `malformed_payload`, `too_long`, `bad_id`.
    """
    found = read_object(payload)
    facts = Facts()
    say(facts, found, FIELDS)
    for name, value in found.items():
        if probe := PROBE.fullmatch(name):
            facts.say(Kind.TEMPERATURE, number_of(value), part=f"probe{probe[1]}")
    return facts.decoded(device_id(NAME, _mac(address, found)))


def _mac(address: str, found: dict[str, Any]) -> str:
    """Give who was heard; an object that says nothing of it is of somebody unknown."""
    for named in (found.get("id"), found.get("mac"), address.rpartition("/")[2]):
        if isinstance(named, str) and _MAC.fullmatch(named):
            return re.sub("[:-]", "", named).lower()
    if address:
        raise DecodeError("bad_id", f"no MAC in {address[-80:]!r} nor in its object")
    return "unknown"


FAMILY = Family(NAME, ("+/+/BTtoMQTT/+",), decode)
