"""433 MHz senders heard by an RFLink gateway on a serial line (docs/wire/rflink.md).

Theory of operation. `20;<count>;<protocol>;ID=<id>;<FIELD>=<value>;…` is one telegram. Numbers are
hexadecimal in tenths, with the top bit as the sign of a temperature; humidity is decimal. Lines
beginning with 10 or 11 are orders and their echo, and a `20` line without an ID is the gateway's
own business: they say nothing of a device. What a switch is for, no telegram says.
"""

import re

from sensors.errors import DecodeError
from sensors.facts import Facts, device_id
from sensors.family import Family, Stream
from sensors.fields import STATE
from sensors.framing.textline import TextLineFramer
from sensors.reading import Decoded, Flag, Kind

NAME = "rflink"
LINE_LIMIT = 512

_LINE = re.compile(r"(?P<node>10|11|20);(?P<count>[^;\r\n]*);(?P<rest>[^\r\n]*)")
_SIGN = 0x8000


def decode(address: str, payload: bytes) -> tuple[Decoded, ...]:
    """Read one line; nothing where it is not about a device.

    Raises DecodeError `malformed_payload`, `too_long`, `bad_id`.
    """
    del address
    if len(payload) > LINE_LIMIT:
        raise DecodeError("too_long", f"a line of {len(payload)} bytes")
    line = _LINE.fullmatch(payload.decode("latin-1").strip())
    if line is None:
        raise DecodeError("malformed_payload", f"{payload[:80]!r} is no line of RFLink")
    protocol, *texts = line["rest"].split(";")
    fields = dict(text.partition("=")[::2] for text in texts if "=" in text)
    is_counted = re.fullmatch("[0-9A-Fa-f]{1,2}", line["count"]) is not None
    if line["node"] != "20" or not is_counted or "ID" not in fields:
        return ()
    native = f"{protocol.lower()}_{fields['ID'].lower()}"
    facts = Facts()
    for name, value in fields.items():
        _say(facts, name, value)
    return (facts.decoded(device_id(NAME, native.replace(" ", ""))),)


def _say(facts: Facts, name: str, value: str) -> None:
    match name:
        case "TEMP":
            facts.say(Kind.TEMPERATURE, _tenths(value))
        case "HUM":
            facts.say(Kind.HUMIDITY, int(value) if re.fullmatch("[0-9]{1,3}", value) else None)
        case "BAT":
            facts.say(Kind.BATTERY_LOW, {"LOW": True, "OK": False}.get(value.upper()))
        case "PIR":
            facts.say(Kind.MOTION, value.upper() == "ON" or None)
        case "SMOKEALERT":
            is_on = STATE(value)
            facts.say(Kind.SMOKE, is_on, *((Flag.NO_CLEAR,) if is_on else ()))
        case _:
            pass  # weather, meters, doorbells, switches


def _tenths(value: str) -> float | None:
    if not re.fullmatch("[0-9A-Fa-f]{1,4}", value):
        return None
    raw = int(value, 16)
    return (-(raw & ~_SIGN) if raw & _SIGN else raw) / 10


FAMILY = Family(NAME, (), decode, stream=Stream(lambda: TextLineFramer(LINE_LIMIT)))
