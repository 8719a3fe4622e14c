"""Lines of JSON from a serial port.

Theory of operation. Bytes go in by any split, whole JSON objects come out, one a line (LF or
CRLF). Only the end of an unfinished line is kept, as long as a line may be, so memory is bounded
however long the other side babbles. At each line's end the first object that reaches to the end
of the line is emitted. Usually it is the whole line; after a reset in mid-line, or behind the
noise of a supply that comes up, something else stands before it, and a help call must not be lost
to that. An optional `*XX` behind the object is the XOR of the object's bytes.

What is not emitted is counted in `skipped`, by code:

- `banner`: text without an object, as firmware says at start;
- `half_line`: the beginning of an object that never ended;
- `too_long`: a line that passed the limit;
- `bad_checksum`: a whole object whose `*XX` belongs to other bytes.
"""

import re
from collections import Counter
from functools import reduce
from operator import xor

import msgspec

from sensors.errors import DecodeError

LINE_LIMIT_BYTES = 1024
"""Of a line without its ending."""

_KEPT = LINE_LIMIT_BYTES + 1  # a carriage return may still turn out to be part of the ending
_BEGINNING = re.compile(rb'\{\s*"')
_OBJECTS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def split_sum(line: bytes) -> tuple[bytes, bytes]:
    """Give what stands before an optional `*XX` and the two digits, empty where there are none.

    An object may well have a `*` as its third last byte, but it never ends in a digit.
    """
    if line[-3:-2] == b"*" and not line.endswith(b"}"):
        return line[:-3], line[-2:]
    return line, b""


def without_sum(line: bytes) -> bytes:
    """Cut an optional `*XX` off; raise DecodeError `bad_checksum` where it is wrong."""
    text, digits = split_sum(line)
    if digits and digits != (ours := b"%02X" % reduce(xor, text, 0)):
        raise DecodeError("bad_checksum", f"{digits!r} where the bytes give {ours!r}")
    return text


class LineFramer:
    """The machine for one connection; a new connection begins with a new one."""

    def __init__(self) -> None:
        self.skipped: Counter[str] = Counter()
        self._window = bytearray()
        self._length = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; give the objects they complete, without ending and checksum."""
        *ends, rest = data.split(b"\n")
        lines = []
        for end in ends:
            self._grow(end)
            lines += self._end_line()
        self._grow(rest)
        return lines

    def _grow(self, piece: bytes) -> None:
        self._length += len(piece)
        self._window += piece[-_KEPT:]
        del self._window[:-_KEPT]

    def _end_line(self) -> list[bytes]:
        line = bytes(self._window).removesuffix(b"\r")
        is_cut = self._length - len(self._window) + len(line) > LINE_LIMIT_BYTES
        self._window.clear()
        self._length = 0
        text = line[-LINE_LIMIT_BYTES:].rstrip()
        start = _whole_object(text)
        before = text if start is None else text[:start]
        if is_cut:
            self.skipped["too_long"] += 1
        elif before.strip():
            self.skipped["half_line" if b"{" in before else "banner"] += 1
        if start is None:
            return []
        try:
            return [without_sum(text[start:])]
        except DecodeError as error:
            self.skipped[error.code] += 1
            return []


def _whole_object(text: bytes) -> int | None:
    """Find where the first object begins that ends where the text, or its checksum, ends.

    A trial reads at most one line, and a line has at most so many beginnings: the cost of a line
    is bounded, and that of a stream linear.
    """
    text, _ = split_sum(text)
    for beginning in _BEGINNING.finditer(text):
        try:
            _OBJECTS.decode(text[beginning.start() :])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        return beginning.start()
    return None
