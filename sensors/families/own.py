"""Our own wire schema, version 1, over MQTT and over serial lines (docs/wire/own.md).

Theory of operation. Over MQTT the topic says where a report comes from and the payload what it
says; a serial line says both, and stands for the topic made of its `home`, `device` and `kind`.
What makes the report (version, kind, value, unit) must be right, or all of it is refused. What
only comes along (counter, clock, level, battery) is left out where it cannot be used: a broken
clock must not cost a help call.
"""

import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, TypeVar

import msgspec

from sensors.errors import DecodeError
from sensors.family import Family, Stream
from sensors.framing.ndjson import LINE_LIMIT_BYTES, LineFramer, without_sum
from sensors.kinds import KINDS, as_number, unit_of
from sensors.reading import Decoded, Flag, Kind, Reading

PAYLOAD_LIMIT_BYTES = 4096
RESERVED_HOME = "gateway"
BOOT_LIMIT = 64
SEQ_LIMIT = 2**53  # the largest range of whole numbers that every JSON writer keeps exactly

_TOPIC = re.compile(r"care/v1/([A-Za-z0-9_-]{1,64})/([A-Za-z0-9_-]{1,64})/([^/]+)")
_KINDS = {kind.value: kind for kind in Kind}
_HEARTBEAT = Reading(Kind.HEARTBEAT)


class _Message(msgspec.Struct):
    """The body over MQTT. `Any` is for what only comes along and is looked at later."""

    v: Literal[1]
    value: bool | int | float | str | dict[str, bool | int | float | None] | None = None
    unit: str | None = None
    seq: Any = None
    boot: Any = None
    ts: Any = None
    test: Any = None
    level: Any = None
    battery: Any = None
    rssi: Any = None


class _Line(_Message, kw_only=True):
    """The body on a serial line, which has to say what a topic says."""

    home: str
    device: str
    kind: str


_M = TypeVar("_M", _Message, _Line)
_NEEDED = {"v", "value", "unit", "home", "device", "kind"}
_MESSAGES = msgspec.json.Decoder(_Message)
_LINES = msgspec.json.Decoder(_Line)
_OBJECTS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode(address: str, payload: bytes) -> Decoded:
    """Read one report from the topic `care/v1/<home>/<device>/<kind>`, or a line from "".

    Gives the reading, the battery's where it came along, and a heartbeat. Raises DecodeError
    `bad_topic`, `reserved_home`, `unknown_kind`, `too_long`, `bad_checksum`,
    `malformed_payload`, `bad_value` or `bad_unit`.
    """
    body: _Message
    if address:
        home, device_id, kind = _place(address)
        body = _message(payload)
    else:
        line = _line(payload)
        home, device_id, kind = _place(f"care/v1/{line.home}/{line.device}/{line.kind}")
        body = line
    return Decoded(
        device_id,
        _readings(kind, body),
        home_id=home,
        boot=_boot(body.boot),
        seq=_seq(body.seq),
        device_time=None if body.ts is None else _instant(body.ts),
    )


def unknown_fields(payload: bytes) -> tuple[str, ...]:
    """Name the fields of a payload or line that `decode` has ignored; none where it is broken."""
    try:
        names = _OBJECTS.decode(payload).keys()
    except _UNREADABLE:
        return ()
    return tuple(sorted(names - set(_Line.__struct_fields__)))


FAMILY = Family("own", ("care/v1/+/+/+",), decode, stream=Stream(LineFramer))


@lru_cache(maxsize=65_536)  # devices say the same few topics for years
def _place(topic: str) -> tuple[str, str, Kind]:
    """Home id, device id and kind of a topic."""
    found = _TOPIC.fullmatch(topic)
    if found is None:
        raise DecodeError("bad_topic", repr(topic[:160]))
    home, native_id, word = found.groups()
    if home == RESERVED_HOME:
        raise DecodeError("reserved_home", f"{home!r} is the gateway's own")
    kind = _KINDS.get(word)
    if kind is None:
        raise DecodeError("unknown_kind", repr(word[:80]))
    return home, f"own-{native_id}", kind


def _message(payload: bytes) -> _Message:
    if len(payload) > PAYLOAD_LIMIT_BYTES:
        raise DecodeError("too_long", f"{len(payload)} bytes of payload")
    return _read(payload, _MESSAGES)


def _line(payload: bytes) -> _Line:
    if len(payload) > LINE_LIMIT_BYTES:
        raise DecodeError("too_long", f"a line of {len(payload)} bytes")
    try:
        bare = without_sum(payload)
    except _UNREADABLE as error:
        raise DecodeError("malformed_payload", str(error)) from error
    return _read(bare, _LINES)


def _read(payload: bytes, decoder: msgspec.json.Decoder[_M]) -> _M:
    """Decode; what only comes along and is no JSON (NaN, half a character) is left out."""
    try:
        return decoder.decode(payload)
    except _UNREADABLE as error:
        try:
            return decoder.decode(_without_odd_fields(payload))
        except (*_UNREADABLE, ValueError):
            raise DecodeError("malformed_payload", str(error)) from error


def _without_odd_fields(payload: bytes) -> bytes:
    """Spell an object again without the fields that may be missing and cannot be spelled.

    Python's own reader takes NaN and half a surrogate pair. Raises ValueError or RecursionError.
    """
    whole = json.loads(payload.decode())
    fields = whole.items() if isinstance(whole, dict) else ()
    kept = {name: value for name, value in fields if name in _NEEDED or _is_json(value)}
    return json.dumps(kept, ensure_ascii=False, allow_nan=False).encode()


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return False
    return True


def _readings(kind: Kind, body: _Message) -> tuple[Reading, ...]:
    value, is_believable = KINDS[kind].shape.read(body.value)
    unit = unit_of(kind, body.unit)
    if kind is Kind.HEARTBEAT:
        said: tuple[Reading, ...] = ()
    else:
        # Only a plain true is a test: what is doubtful is taken for an emergency.
        flags = (Flag.TEST,) if body.test is True else ()
        if not is_believable:
            flags = (*flags, Flag.INVALID)
        level = None if body.level is None else as_number(body.level)
        said = (Reading(kind, value, unit, flags, level),)
    if body.battery is not None and kind is not Kind.BATTERY:
        battery = as_number(body.battery)
        if battery is not None and 0 <= battery <= 100:  # noqa: PLR2004 - per cent
            said = (*said, Reading(Kind.BATTERY, battery, "%"))
    return (*said, _HEARTBEAT)


def _boot(boot: object) -> str | None:
    if isinstance(boot, int) and not isinstance(boot, bool) and abs(boot) < SEQ_LIMIT:
        return str(boot)
    return boot if isinstance(boot, str) and 0 < len(boot) <= BOOT_LIMIT else None


def _seq(seq: object) -> int | None:
    if isinstance(seq, int) and not isinstance(seq, bool) and 0 <= seq < SEQ_LIMIT:
        return seq
    return None


def _instant(ts: object) -> datetime | None:
    """Read RFC 3339 text with a zone, or seconds since 1970."""
    try:
        if isinstance(ts, str):
            at = datetime.fromisoformat(ts)
            return None if at.tzinfo is None else at.astimezone(UTC)
        if isinstance(ts, int | float) and not isinstance(ts, bool):
            return datetime.fromtimestamp(ts, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
