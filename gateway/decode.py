"""`smartcare decode FAMILY`: what a family makes of captured input, line for line.

Each input line gives exactly one output line, so that the two can be laid side by side: an array
of readings in their JSON form, or one object with `error` and `detail`. An input line is either
what the device sent, as it is (in hexadecimal where it is no text), or
`{"topic": …, "payload": …}` with the payload as an object or as a string of its text;
`"retain": true` makes the readings retained ones, and `"t"` is when it came, in seconds.
`{"hex": …, "eep": …}` is a frame with the profile of its EnOcean sender, and
`{"hex": …, "topic": …}` one with a Modbus map. Lines are read in order: what a family learns from
one it knows from then on.
"""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from sensors.errors import DecodeError
from sensors.export import decoded_form
from sensors.family import Family, Listener, Message
from sensors.kinds import as_number
from sensors.reading import Replay

LINE_LIMIT_BYTES = 1 << 20
LISTING_LIMIT_BYTES = 8 << 20

_PACKED = b"\x1f\x8b"

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Capture(msgspec.Struct):
    """A captured MQTT message."""

    topic: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"null")
    hex: str = ""
    eep: str = ""
    retain: Any = False
    t: Any = None


_CAPTURES = msgspec.json.Decoder(_Capture)
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def decode_lines(
    family: Family, source: BinaryIO, sink: BinaryIO, before: Iterable[Message] = ()
) -> None:
    """Write one line for each line of `source`, at once; raise what the two streams raise.

    What `before` teaches is known from the first line on; raises DecodeError where it is not read.
    """
    listener = family.listener()
    for message in before:
        listener.hear(message)
    for line in _lines(source):
        sink.write(decode_line(listener, line, family.spelled) + b"\n")
        sink.flush()


def listing(path: Path, base: str) -> Message:
    """Read a saved `bridge/devices`, packed or not; raises OSError and DecodeError."""
    data = path.read_bytes()
    if data.startswith(_PACKED):
        try:
            with gzip.open(BytesIO(data)) as unpacked:
                data = unpacked.read(LISTING_LIMIT_BYTES + 1)
        except (EOFError, zlib.error) as error:
            raise DecodeError("malformed_payload", f"{path.name}: {error}") from error
    return Message(f"{base}/bridge/devices", data, _BEGINNING, is_retained=True)


def decode_line(
    listener: Listener, line: bytes, spelled: Callable[[bytes], bytes] | None = None
) -> bytes:
    """Give the output line, without its ending, for an input line without its ending."""
    try:
        message = _captured(line)
        if spelled is not None:
            message = message._replace(payload=spelled(message.payload))
        said = listener.hear(message).said
    except DecodeError as error:
        return msgspec.json.encode({"error": "malformed_payload", "detail": str(error)})
    forms = []
    for decoded in said:
        replay = Replay.RETAINED if message.is_retained else decoded.replay or Replay.LIVE
        forms += decoded_form(decoded, replay)
    return msgspec.json.encode(forms)


def _captured(line: bytes) -> Message:
    """Read an input line as the message it stands for."""
    if len(line) > LINE_LIMIT_BYTES:
        raise DecodeError("too_long", f"a line of more than {LINE_LIMIT_BYTES} bytes")
    try:
        capture = _CAPTURES.decode(line)
    except _UNREADABLE:
        return Message("", line, _BEGINNING)  # not ours to judge: the family says what is wrong
    if capture.hex:
        return Message(capture.topic or capture.eep, capture.hex.encode(), _BEGINNING)
    if not capture.topic:
        return Message("", line, _BEGINNING)
    payload = bytes(capture.payload)
    if payload.startswith(b'"'):
        try:
            payload = msgspec.json.decode(payload, type=str).encode()
        except _UNREADABLE as error:
            raise DecodeError("malformed_payload", str(error)) from error
    at = _BEGINNING + timedelta(seconds=as_number(capture.t) or 0)
    return Message(capture.topic, payload, at, capture.retain is True)


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """Each line without its ending; of one over the limit, its beginning alone is kept."""
    while line := source.readline(LINE_LIMIT_BYTES + 1):
        rest = line
        while len(rest) > LINE_LIMIT_BYTES and not rest.endswith(b"\n"):
            rest = source.readline(LINE_LIMIT_BYTES + 1)
        yield line.removesuffix(b"\n").removesuffix(b"\r")
