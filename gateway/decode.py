"""`smartcare decode FAMILY`: what a family makes of captured input, line for line.

Each input line gives exactly one output line, so that the two can be laid side by side: an array
of readings in their JSON form, or one object with `error` and `detail`. An input line is either
what the device sent, as it is, or `{"topic": …, "payload": …}` with the payload as an object or
as a string of its text; `"retain": true` makes the readings retained ones.
"""

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from sensors.errors import DecodeError
from sensors.export import decoded_form
from sensors.reading import Family, Replay

LINE_LIMIT_BYTES = 1 << 20

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Capture(msgspec.Struct):
    """A captured MQTT message."""

    topic: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"null")
    retain: bool = False


_CAPTURES = msgspec.json.Decoder(_Capture)


def decode_lines(family: Family, source: BinaryIO, sink: BinaryIO) -> None:
    """Write one line for each line of `source`, at once; raise what the two streams raise."""
    for line in _lines(source):
        sink.write(decode_line(family, line) + b"\n")
        sink.flush()


def decode_line(family: Family, line: bytes) -> bytes:
    """Give the output line, without its ending, for an input line without its ending."""
    try:
        address, payload, replay = _captured(line)
        return msgspec.json.encode(decoded_form(family.decode(address, payload), replay))
    except DecodeError as error:
        return msgspec.json.encode({"error": "malformed_payload", "detail": str(error)})


def _captured(line: bytes) -> tuple[str, bytes, Replay]:
    """Address, payload and replay of an input line."""
    if len(line) > LINE_LIMIT_BYTES:
        raise DecodeError("too_long", f"a line of more than {LINE_LIMIT_BYTES} bytes")
    try:
        capture = _CAPTURES.decode(line)
    except _UNREADABLE:
        return "", line, Replay.LIVE  # not ours to judge: the family says what is wrong
    if not capture.topic:
        return "", line, Replay.LIVE
    payload = bytes(capture.payload)
    if payload.startswith(b'"'):
        try:
            payload = msgspec.json.decode(payload, type=str).encode()
        except _UNREADABLE as error:
            raise DecodeError("malformed_payload", str(error)) from error
    return capture.topic, payload, Replay.RETAINED if capture.retain else Replay.LIVE


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """Each line without its ending; of one over the limit, its beginning alone is kept."""
    while line := source.readline(LINE_LIMIT_BYTES + 1):
        rest = line
        while len(rest) > LINE_LIMIT_BYTES and not rest.endswith(b"\n"):
            rest = source.readline(LINE_LIMIT_BYTES + 1)
        yield line.removesuffix(b"\n").removesuffix(b"\r")
