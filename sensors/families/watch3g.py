"""3G and 4G watches that call home over TCP (docs/wire/watch3g.md).

Theory of operation. A frame has a head (maker, id, perhaps an index, a length that is not to be
trusted), a type word and columns. Types that begin with `AL` are alarms, `UD` and `WT` positions:
both carry the same columns, among them a status word each bit of which is said, so that a weak
battery does not hide a cry. A column that is missing or broken costs only itself: an SOS from
indoors has no position, and an alarm that says nothing more is an alarm all the same.
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple

from sensors.errors import DecodeError
from sensors.facts import Facts, device_id
from sensors.family import Family, Stream
from sensors.framing.hexline import unhexed
from sensors.framing.watch3g import BracketFramer
from sensors.reading import Decoded, Flag, Kind

NAME = "watch3g"
TEXT_LIMIT = 120
"""Characters of a message that a watch shows."""

_FRAME = re.compile(
    rb"\[(?P<maker>[A-Za-z0-9]{2})\*(?P<id>[0-9A-Za-z]{1,32})\*"
    rb"(?:(?P<index>[0-9A-Fa-f]{1,8})\*)?(?P<length>[0-9A-Fa-f]{4})\*(?P<content>.*)\]",
    re.DOTALL,
)
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
_ESCAPED = re.compile(r"\}([\x01-\x05])")
_MEANT = dict(zip("\x01\x02\x03\x04\x05", "}[],*", strict=True))
_LATITUDE_COLUMN, _STATUS_COLUMN = 3, 15

_SOS, _POWER_CUT, _REMOVED = 1 << 16, 1 << 14, 1 << 20
_LOW_BATTERY = 1 << 0 | 1 << 17
_FALL = 1 << 21 | 1 << 22
_FENCES = 1 << 1 | 1 << 2 | 1 << 18 | 1 << 19
_KNOWN_ALARMS = _SOS | _POWER_CUT | _REMOVED | _LOW_BATTERY | _FALL | _FENCES


class _Frame(NamedTuple):
    """One frame, taken apart: `number` is its index, `columns` are the texts after the type."""

    maker: bytes
    native: bytes
    number: bytes
    word: str
    columns: list[str]

    def reply(self, content: bytes) -> bytes:
        """Spell an answer with this frame's maker, id and index."""
        return command(self.maker, self.native, content, self.number)


def command(maker: bytes, native: bytes, content: bytes, index: bytes = b"") -> bytes:
    """Spell a frame to a watch."""
    middle = index + b"*" if index else b""
    return b"[%b*%b*%b%04X*%b]" % (maker, native, middle, len(content), content)


def message(maker: bytes, native: bytes, text: str) -> bytes:
    """Spell a text for the watch's screen (`MESSAGE`, UTF-16 in hexadecimal)."""
    shown = text[:TEXT_LIMIT].encode("utf-16-be", errors="replace").hex().upper()
    return command(maker, native, b"MESSAGE," + shown.encode("ascii"))


def ring(maker: bytes, native: bytes) -> bytes:
    """Spell the order to ring (`FIND`): the watch sounds for a minute, or until a key."""
    return command(maker, native, b"FIND")


def decode(address: str, payload: bytes) -> tuple[Decoded, ...]:
    """Read one frame, or several one after the other.

    Raises DecodeError `bad_frame` where there is none.
    """
    del address
    if (whole := _whole(payload)) is not None:
        return (_read(_parted(whole)),)
    frames = BracketFramer().feed(payload)
    if not frames:
        raise DecodeError("bad_frame", f"{payload[:80]!r} is no [MM*id*LEN*TYPE]")
    return tuple(_read(_parse(frame)) for frame in frames)


def _whole(payload: bytes) -> re.Match[bytes] | None:
    """Match a payload that is one frame by its length, whatever bytes its recording has."""
    found = _FRAME.fullmatch(payload.strip())
    return found if found and len(found["content"]) == int(found["length"], 16) else None


def _parse(frame: bytes) -> _Frame:
    found = _FRAME.fullmatch(frame)
    if found is None:
        raise DecodeError("bad_frame", f"{frame[:80]!r} is no [MM*id*LEN*TYPE]")
    return _parted(found)


def _parted(found: re.Match[bytes]) -> _Frame:
    word, *columns = found["content"].decode("latin-1").split(",")
    if _TYPE.fullmatch(word) is None:
        raise DecodeError("bad_frame", f"{word[:40]!r} is no type")
    texts = [_ESCAPED.sub(lambda escape: _MEANT[escape[1]], column) for column in columns]
    return _Frame(found["maker"], found["id"], found["index"] or b"", word.upper(), texts)


def _read(frame: _Frame) -> Decoded:
    """Turn a frame into facts by its type."""
    facts, at = Facts(), None
    word, columns = frame.word, frame.columns
    if word.startswith(("AL", "UD", "WT")):
        at = _say_position(facts, columns)
        _say_status(facts, _status(columns), is_alarm=word.startswith("AL"))
    elif word == "LK" and len(columns) >= 3:  # noqa: PLR2004 - steps, tumbles, battery
        facts.say(Kind.STEPS, _whole_number(columns[0]))
        facts.say(Kind.BATTERY, _whole_number(columns[2]))
    else:
        _say_body(facts, word, columns)
    return facts.decoded(device_id(NAME, frame.native.decode("ascii")), at=at)


def _say_position(facts: Facts, columns: list[str]) -> datetime | None:
    """Say where the watch is and how it is; give its own time."""
    lat = _coordinate(columns, _LATITUDE_COLUMN, "S")
    lon = _coordinate(columns, _LATITUDE_COLUMN + 2, "W")
    if lat is not None and lon is not None:
        valid = _at(columns, 2) == "A"
        facts.say(Kind.LOCATION, {"lat": lat, "lon": lon, "valid": valid})
    facts.say(Kind.BATTERY, _whole_number(_at(columns, 12)))
    facts.say(Kind.STEPS, _whole_number(_at(columns, 13)))
    return _instant(_at(columns, 0) + _at(columns, 1))


def _instant(digits: str) -> datetime | None:
    """Read ddmmyyhhmmss in UTC."""
    if not re.fullmatch(r"[0-9]{12}", digits):
        return None
    day, month, year, hour, minute, second = (int(digits[at : at + 2]) for at in range(0, 12, 2))
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _status(columns: list[str]) -> int | None:
    text = _at(columns, _STATUS_COLUMN)
    return int(text, 16) if re.fullmatch(r"[0-9A-Fa-f]{1,16}", text) else None


def _say_status(facts: Facts, status: int | None, *, is_alarm: bool) -> None:
    """Say every bit; an alarm that none of them explains is a help call all the same."""
    bits = status or 0
    if bits & _SOS:
        facts.say(Kind.HELP_CALL, "wearable")
    elif is_alarm and not bits & _KNOWN_ALARMS:
        facts.say(Kind.HELP_CALL, "wearable", Flag.SUSPECT)
    if bits & _FALL:
        facts.say(Kind.FALL, "suspected")
    if bits & _REMOVED:
        facts.say(Kind.WORN, value=False)
    if bits & _POWER_CUT:
        facts.say(Kind.FAULT, value=True)
    if status is not None:
        facts.say(Kind.BATTERY_LOW, bool(bits & _LOW_BATTERY))


def _say_body(facts: Facts, word: str, columns: list[str]) -> None:
    """Say what the watch has measured on its wearer."""
    match word:
        case "HEART" | "PULSE":
            facts.say(Kind.HEART_RATE, _whole_number(_at(columns, 0)))
        case "BPHRT" | "BLOOD":
            systolic, diastolic = _number(_at(columns, 0)), _number(_at(columns, 1))
            facts.say(Kind.BLOOD_PRESSURE, {"systolic": systolic, "diastolic": diastolic})
            facts.say(Kind.HEART_RATE, _whole_number(_at(columns, 2)))
        case "OXYGEN":
            facts.say(Kind.SPO2, _whole_number(_at(columns, 1)))
        case "BTEMP2" | "BTEMP":
            is_measured = (_whole_number(_at(columns, 0)) or 0) > 0
            flags = () if is_measured else (Flag.INVALID,)
            facts.say(Kind.BODY_TEMPERATURE, _number(_at(columns, 1)), *flags)
        case _:
            pass  # something else: the watch is heard


def _at(columns: list[str], index: int) -> str:
    return columns[index].strip() if index < len(columns) else ""


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{0,9})?", text) else None


def _whole_number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _coordinate(columns: list[str], index: int, negative: str) -> float | None:
    number = _number(_at(columns, index))
    return -number if number and _at(columns, index + 1) == negative else number


def answer(frame: bytes, at: datetime) -> bytes:
    """Spell what a watch waits for; without it, it goes quiet and reboots."""
    del at
    try:
        found = _parse(frame)
    except DecodeError:
        return b""
    if found.word.startswith("AL"):
        return found.reply(b"AL")
    contents = {"LK": b"LK", "TKQ": b"TKQ", "TKQ2": b"TKQ2", "INIT": b"INIT,1"}
    content = contents.get(found.word)
    return b"" if content is None else found.reply(content)


def sender(frame: bytes) -> str:
    """Give the id of the watch that sent a frame."""
    try:
        return device_id(NAME, _parse(frame).native.decode("ascii"))
    except DecodeError:
        return ""


FAMILY = Family(NAME, (), decode, stream=Stream(BracketFramer, answer, sender), spelled=unhexed)
