"""Fire panels by GB/T 26875.3-2011, over serial lines and TCP (docs/wire/gb26875.md).

Theory of operation. A user transmission unit sends frames about itself and about the fire system
behind it: systems (panels), their components (heads, buttons), analog values, operations. Each
object of a frame is a device of its own, named by the unit's address and its own. Every bit of a
state word is used: fire becomes the alarm its component stands for, a fault, a shield or a lost
supply a fault, and bit 0 at zero says that all of it is a test. A frame that was cut off inside
gives the objects that are whole.

A unit that gets no acknowledgement within ten seconds says the frame again, under the same serial
number; the listener marks such a repeat, and it is acknowledged like the first.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

import msgspec

from sensors.errors import DecodeError
from sensors.facts import Facts, device_id
from sensors.family import Family, Heard, Message, Stream
from sensors.framing.gb26875 import END, HEAD_BYTES, START, measure, sum_framer
from sensors.framing.hexline import unhexed
from sensors.reading import Decoded, Flag, Kind

NAME = "gb26875"
CONTROL, SEND, ACKNOWLEDGE, REQUEST, ANSWER, DENY = range(1, 7)
SYNCHRONISE, ON_DUTY = 90, 91
BEIJING = timezone(timedelta(hours=8))
"""The standard's local time has no zone; it is a Chinese standard."""

REPEAT_WITHIN = timedelta(seconds=60)
"""Ten seconds, three times, and some."""

UNITS_KEPT, SERIALS_KEPT = 4096, 16

_NORMAL, _FIRE = 1 << 0, 1 << 1
_SYSTEM_FAULTS = 1 << 2 | 1 << 3 | 1 << 8 | 1 << 9 | 1 << 10  # fault, shield, supplies, bus
_COMPONENT_FAULTS = 1 << 2 | 1 << 3 | 1 << 8  # fault, shield, supply
_UNIT_FAULTS = 0b0111_1100  # fault, main and backup supply, channel, line
_MANUAL_ALARM, _TEST = 1 << 2, 1 << 6
_TEMPERATURE, _VOLTAGE = 3, 8

_GAS = {10, 11, 12, 13, 74}
_BUTTONS = {23, 24}
_HEAT = {18, *range(30, 38)}


class _Frame(NamedTuple):
    """What of a frame is used."""

    serial: bytes
    version: bytes
    time: bytes
    source: bytes
    destination: bytes
    command: int
    data: bytes


def decode(address: str, payload: bytes) -> tuple[Decoded, ...]:
    """Read one frame, or the frames among other bytes.

    Raises DecodeError `bad_head`, `short`, `too_long`, `bad_tail`, `bad_checksum`, `bad_object`.
    """
    del address
    frames = sum_framer().feed(payload)
    if not frames:
        raise DecodeError(measure(payload).fault, f"{len(payload)} bytes: {payload[:40].hex()}")
    found: list[Decoded] = []
    for frame in frames:
        found += _read(_parted(frame))
    return tuple(found)


def _parted(frame: bytes) -> _Frame:
    return _Frame(
        serial=frame[2:4],
        version=frame[4:6],
        time=frame[6:12],
        source=frame[12:18],
        destination=frame[18:24],
        command=frame[26],
        data=frame[HEAD_BYTES:-3],
    )


def _read(frame: _Frame) -> list[Decoded]:
    """Give the facts of a frame: of its objects, or that its unit is there."""
    unit = str(int.from_bytes(frame.source, "little"))
    found: list[Decoded] = []
    if frame.command in {SEND, ANSWER}:
        found = list(_objects(unit, frame.data))
    if not found:
        found = [Facts().decoded(device_id(NAME, unit), at=_instant(frame.time))]
    seq = int.from_bytes(frame.serial, "little")
    return [msgspec.structs.replace(each, seq=seq) for each in found]


def _objects(unit: str, data: bytes) -> Iterator[Decoded]:
    """Read the application data: a type, a count, and so many objects of its length."""
    if len(data) < 2:  # noqa: PLR2004 - type and count
        raise DecodeError("bad_object", f"application data of {len(data)} bytes")
    kind, count = data[0], data[1]
    if kind not in _OBJECTS:
        return
    size, read = _OBJECTS[kind]
    whole = min(count, (len(data) - 2) // size)
    if whole == 0 and count:
        raise DecodeError("bad_object", f"type {kind}: {len(data) - 2} of {size} bytes")
    for index in range(whole):
        start = 2 + index * size
        yield read(unit, data[start : start + size])


def _system(unit: str, body: bytes) -> Decoded:
    """Type 1: the state of a system; which of its heads it was, it does not say."""
    facts = Facts()
    _say_state(facts, _word(body, 2), Kind.SMOKE, _SYSTEM_FAULTS)
    return facts.decoded(_device(unit, body), at=_instant(body[4:]))


def _component(unit: str, body: bytes) -> Decoded:
    """Type 2: the state of one head, button or module."""
    facts = Facts()
    _say_state(facts, _word(body, 7), _kind_of(body[2]), _COMPONENT_FAULTS)
    return facts.decoded(_device(unit, body, body[3:7]), at=_instant(body[40:]))


def _analog(unit: str, body: bytes) -> Decoded:
    """Type 3: a measured value of one component."""
    facts = Facts()
    value = int.from_bytes(body[8:10], "little", signed=True)
    if body[7] == _TEMPERATURE:
        facts.say(Kind.TEMPERATURE, value / 10)
    elif body[7] == _VOLTAGE:
        facts.say(Kind.VOLTAGE, value * 100)
    return facts.decoded(_device(unit, body, body[3:7]), at=_instant(body[10:]))


def _operation(unit: str, body: bytes) -> Decoded:
    """Type 4: what somebody did at a system."""
    return _operated(body[2]).decoded(_device(unit, body), at=_instant(body[4:]))


def _unit_state(unit: str, body: bytes) -> Decoded:
    """Type 21: the state of the transmission unit itself."""
    facts = Facts()
    _say_state(facts, body[0], Kind.SMOKE, _UNIT_FAULTS)
    return facts.decoded(device_id(NAME, unit), at=_instant(body[1:]))


def _unit_operation(unit: str, body: bytes) -> Decoded:
    """Type 24: what somebody did at the transmission unit; an answered on-duty check, too."""
    return _operated(body[0]).decoded(device_id(NAME, unit), at=_instant(body[2:]))


_OBJECTS: dict[int, tuple[int, Callable[[str, bytes], Decoded]]] = {
    1: (10, _system),
    2: (46, _component),
    3: (16, _analog),
    4: (10, _operation),
    21: (7, _unit_state),
    24: (8, _unit_operation),
}


def _say_state(facts: Facts, bits: int, fire: Kind, faults: int) -> None:
    """Say what a state word says; the end of a test is no end of a fire."""
    flags = () if bits & _NORMAL else (Flag.TEST,)
    if bits & _FIRE:
        facts.say(fire, "press" if fire is Kind.HELP_CALL else True, *flags)
    elif fire is not Kind.HELP_CALL and not flags:
        facts.say(fire, value=False)
    facts.say(Kind.FAULT, bool(bits & faults), *flags)


def _operated(bits: int) -> Facts:
    facts = Facts()
    if bits & _MANUAL_ALARM:
        facts.say(Kind.HELP_CALL, "press", *((Flag.TEST,) if bits & _TEST else ()))
    return facts


def _kind_of(component: int) -> Kind:
    """Say what fire at a component of this type means; of an unknown one it is still a fire."""
    if component in _GAS:
        return Kind.GAS
    if component in _BUTTONS:
        return Kind.HELP_CALL
    return Kind.HEAT if component in _HEAT else Kind.SMOKE


def _device(unit: str, body: bytes, component: bytes = b"") -> str:
    """Name a system by its type and address, and a component by its own address too."""
    native = f"{unit}-{body[0]}_{body[1]}"
    if component:
        native += f"-{int.from_bytes(component, 'little')}"
    return device_id(NAME, native)


def _word(body: bytes, at: int) -> int:
    return int.from_bytes(body[at : at + 2], "little")


def _instant(six: bytes) -> datetime | None:
    """Read second, minute, hour, day, month and year of Beijing; None for no date."""
    second, minute, hour, day, month, year = six[:6]
    try:
        local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=BEIJING)
    except ValueError:
        return None
    return local.astimezone(UTC)


def _six(at: datetime) -> bytes:
    local = at.astimezone(BEIJING)
    clock = (local.second, local.minute, local.hour, local.day, local.month, local.year % 100)
    return bytes(clock)


# --- the other way --------------------------------------------------------------------------------


def answer(frame: bytes, at: datetime) -> bytes:
    """Acknowledge what was sent or ordered; answer a request for the time or for who is there."""
    asked = _parted(frame)
    if asked.command in {CONTROL, SEND}:
        return _reply(asked, ACKNOWLEDGE, b"", at)
    if asked.command != REQUEST:
        return b""
    kind = asked.data[0] if asked.data else 0
    if kind == SYNCHRONISE:
        return _reply(asked, ANSWER, bytes((SYNCHRONISE, 1)) + _six(at), at)
    if kind == ON_DUTY:
        return _reply(asked, ANSWER, bytes((ON_DUTY, 1, 0)), at)
    return _reply(asked, DENY, b"", at)


def _reply(asked: _Frame, command: int, data: bytes, at: datetime) -> bytes:
    """Spell a frame back to where one came from, under its serial."""
    head = asked.serial + asked.version + _six(at) + asked.destination + asked.source
    body = head + len(data).to_bytes(2, "little") + bytes((command,)) + data
    return START + body + bytes((sum(body) & 0xFF,)) + END


def sender(frame: bytes) -> str:
    """Give the id of the unit that sent a frame."""
    return device_id(NAME, str(int.from_bytes(_parted(frame).source, "little")))


class _Panels:
    """Hears frames and knows which serial numbers have just been used."""

    def __init__(self) -> None:
        self._units: OrderedDict[bytes, OrderedDict[bytes, datetime]] = OrderedDict()

    def hear(self, message: Message) -> Heard:
        said = decode(message.address, message.payload)
        if measure(message.payload) != (
            len(message.payload),
            "",
        ):  # several frames: what a capture looks like
            return Heard(said)
        frame = _parted(message.payload)
        if not self._is_repeat(frame, message.at):
            return Heard(said)
        return Heard(tuple(msgspec.structs.replace(each, is_repeat=True) for each in said))

    def _is_repeat(self, frame: _Frame, at: datetime) -> bool:
        """Say whether the unit used this serial a moment ago, and remember that it did."""
        serials = self._units.setdefault(frame.source, OrderedDict())
        self._units.move_to_end(frame.source)
        if len(self._units) > UNITS_KEPT:
            self._units.popitem(last=False)
        before = serials.pop(frame.serial, None)
        serials[frame.serial] = at
        if len(serials) > SERIALS_KEPT:
            serials.popitem(last=False)
        return before is not None and timedelta() <= at - before <= REPEAT_WITHIN


# --- captures -------------------------------------------------------------------------------------

_UPLOADED = {*range(1, 9), *range(21, 29), *range(81, 92), *range(128, 255)}
"""Types of application data that the standard or a maker has given a meaning."""


def spelled(line: bytes) -> bytes:
    """Read a line of digits: a frame, or the bare application data of one that was sent."""
    found = unhexed(line)
    if found is line or found.startswith(START) or not found or found[0] not in _UPLOADED:
        return found
    body = bytes(22) + len(found).to_bytes(2, "little") + bytes((SEND,)) + found
    return START + body + bytes((sum(body) & 0xFF,)) + END


FAMILY = Family(
    NAME, (), decode, listen=_Panels, stream=Stream(sum_framer, answer, sender), spelled=spelled
)
