"""Modbus RTU sensors that a link polls (docs/wire/modbus.md).

Theory of operation. Registers have no meaning of their own: what each one is, the installation
writes down, and the link gives it as the address of a reply: `<bus>/<unit>/<point>,<point>…`, in
the order of the registers. A reply that does not come is an empty payload: the unit is not there,
and that is a fault, said explicitly. In a capture, without an address, a reply is read by the most
common map: two registers are temperature and humidity in tenths, one byte of bits begins with a
smoke relay. A request says nothing.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from sensors.errors import DecodeError
from sensors.facts import Facts, device_id
from sensors.family import Family
from sensors.framing.hexline import unhexed
from sensors.kinds import KINDS, Count, Number, State
from sensors.reading import Decoded, Kind

NAME = "modbus"
POINTS_LIMIT = 125
"""Registers of one reply, by the protocol."""

_BITS, _REGISTERS = {1, 2}, {3, 4}
_REQUEST_BYTES = 8
_EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge",
    6: "server device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}
_ADDRESS = re.compile(r"(?P<bus>[A-Za-z0-9_-]{1,32})/(?P<unit>[0-9]{1,3})/(?P<points>[^/]*)")
_POINT = re.compile(
    r"(?P<kind>[a-z_0-9]+|-)(?P<unsigned>:u16)?(?:\*(?P<scale>[0-9]{1,6}(?:\.[0-9]{1,6})?))?"
)


class Point(NamedTuple):
    """What one register or bit is; `kind` None leaves it out."""

    kind: Kind | None
    scale: float = 1
    is_signed: bool = True


class Map(NamedTuple):
    """What one reply is about: the unit's device id, and its registers or bits in order."""

    device: str
    unit: int | None
    points: tuple[Point, ...]


_USUAL = (Point(Kind.TEMPERATURE, 0.1), Point(Kind.HUMIDITY, 0.1))
_USUAL_BITS = (Point(Kind.SMOKE),)


def decode(address: str, payload: bytes) -> tuple[Decoded, ...]:
    """Read one reply; an empty one at an address is silence.

    Raises DecodeError `bad_map`, `bad_id`, `short`, `bad_checksum`, `exception`, `bad_reply`.
    """
    known = read_map(address) if address else None
    if known is not None and not payload:
        facts = Facts()
        facts.say(Kind.AVAILABILITY, "offline")
        facts.say(Kind.FAULT, value=True)
        return (facts.decoded(known.device),)
    unit, function, body = _parted(payload)
    if known is not None and known.unit != unit:
        raise DecodeError("bad_id", f"unit {unit} answers at {address[:80]!r}")
    values = _values(function, body, len(payload))
    if values is None:
        return ()
    facts = Facts()
    if known is None:
        known = Map(device_id(NAME, f"{unit}"), unit, _usual(function, len(values)))
    else:
        facts.say(Kind.AVAILABILITY, "online")
        facts.say(Kind.FAULT, value=False)
    for point, value in zip(known.points, values, strict=False):
        _say(facts, point, value)
    return (facts.decoded(known.device),)


def _usual(function: int, count: int) -> tuple[Point, ...]:
    """Give the most common map of a reply of so many registers or bits."""
    if function in _BITS:
        return _USUAL_BITS
    return _USUAL if count == len(_USUAL) else ()


@lru_cache(maxsize=4096)
def read_map(address: str) -> Map:
    """Read `<bus>/<unit>/<points>`; raise DecodeError `bad_map`."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise DecodeError("bad_map", f"{address[:120]!r} is not bus/unit/points")
    points = tuple(_point(text) for text in found["points"].split(","))
    if len(points) > POINTS_LIMIT:
        raise DecodeError("bad_map", f"{len(points)} points, more than {POINTS_LIMIT}")
    unit = int(found["unit"])
    return Map(device_id(NAME, f"{found['bus']}-{unit}"), unit, points)


def _point(text: str) -> Point:
    found = _POINT.fullmatch(text.strip())
    if found is None:
        raise DecodeError("bad_map", f"{text[:40]!r} is no point like temperature*0.1")
    if found["kind"] == "-":
        return Point(None)
    try:
        kind = Kind(found["kind"])
    except ValueError as error:
        raise DecodeError("bad_map", f"{found['kind'][:40]!r} is no kind") from error
    return Point(kind, float(found["scale"] or 1), found["unsigned"] is None)


def _parted(payload: bytes) -> tuple[int, int, bytes]:
    """Give unit, function and body of a frame whose checksum is right."""
    if len(payload) < 4:  # noqa: PLR2004 - unit, function, checksum
        raise DecodeError("short", f"{len(payload)} bytes")
    if crc16(payload[:-2]) != int.from_bytes(payload[-2:], "little"):
        raise DecodeError("bad_checksum", payload[:40].hex())
    return payload[0], payload[1], payload[2:-2]


def _values(function: int, body: bytes, size: int) -> list[int] | None:
    """Give the registers or bits of a reply, None for a request."""
    if function & 0x80:
        code = body[0] if body else 0
        raise DecodeError("exception", f"{_EXCEPTIONS.get(code, 'unknown')} (exception {code})")
    is_reply = bool(body) and body[0] == len(body) - 1
    if is_reply and function in _BITS:
        return [byte >> bit & 1 for byte in body[1:] for bit in range(8)]
    if is_reply and function in _REGISTERS and body[0] % 2 == 0:
        return [int.from_bytes(body[at : at + 2], "big") for at in range(1, len(body), 2)]
    if size == _REQUEST_BYTES and function <= 6:  # noqa: PLR2004 - reading and writing one
        return None
    raise DecodeError("bad_reply", f"function {function} with {len(body)} bytes")


def _say(facts: Facts, point: Point, value: int) -> None:
    """Say what a register or bit holds, by the shape of its kind."""
    if point.kind is None:
        return
    shape = KINDS[point.kind].shape
    if isinstance(shape, Number):
        signed = value - 0x1_0000 if point.is_signed and value >= 0x8000 else value  # noqa: PLR2004
        number = round(signed * point.scale, 6)
        facts.say(point.kind, round(number) if isinstance(shape, Count) else number)
    elif isinstance(shape, State):
        facts.say(point.kind, value != 0)
    elif point.kind is Kind.HELP_CALL and value:
        facts.say(point.kind, "press")
    elif point.kind is Kind.MOTION and value:
        facts.say(point.kind, value=True)


def crc16(data: bytes) -> int:
    """Give the checksum of Modbus RTU."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


FAMILY = Family(NAME, (), decode, spelled=unhexed)
