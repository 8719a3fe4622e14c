"""Frames of GB/T 26875.3-2011: `@@`, a head with the length, data, a sum, `##`.

Theory of operation. The marks may stand inside the data, so a frame is only what has both marks,
a believable length and the right sum. Every `@@` in the window is tried. A beginning that is not
complete yet keeps nobody waiting: a whole frame behind it is given at once, and the beginning is
then known for noise. A frame with a wrong sum is passed over one byte at a time, so it costs only
itself. The window is never longer than one frame can be; each byte is tried a bounded number of
times.

`skipped` counts `garbage`: bytes that belonged to no frame.
"""

from collections import Counter
from typing import NamedTuple

START, END = b"@@", b"##"
DATA_LIMIT_BYTES = 1024
HEAD_BYTES = 27
"""Before the data: mark, serial, version, time, source, destination, length, command."""

AROUND_BYTES = 30
"""What a frame has beside its data."""

_FRAME_LIMIT = AROUND_BYTES + DATA_LIMIT_BYTES


class Fault(NamedTuple):
    """Why bytes that begin with a start mark are no frame; `needs` more would tell, if not 0."""

    code: str
    needs: int = 0


def fault_of(data: bytes, start: int = 0) -> Fault | None:
    """Say what is wrong with the frame that begins at `start`; None for a whole one."""
    there = len(data) - start
    if there >= len(START) and not data.startswith(START, start):
        return Fault("bad_head")
    length = length_of(data, start) if there >= HEAD_BYTES else HEAD_BYTES
    if length > _FRAME_LIMIT:
        return Fault("too_long")
    if there < length or there < AROUND_BYTES:
        return Fault("short", max(length, AROUND_BYTES) - there)
    end = start + length
    if not data.startswith(END, end - 2):
        return Fault("bad_tail")
    is_right = sum(data[start + 2 : end - 3]) & 0xFF == data[end - 3]
    return None if is_right else Fault("bad_checksum")


def length_of(data: bytes, start: int = 0) -> int:
    """Give the bytes of the whole frame by its head."""
    return AROUND_BYTES + int.from_bytes(data[start + 24 : start + 26], "little")


class SumFramer:
    """The machine for one connection."""

    def __init__(self) -> None:
        self.skipped: Counter[str] = Counter()
        self._window = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; give the frames they complete, marks included."""
        window = self._window + data
        frames, done, kept, start = [], 0, None, 0
        while (start := window.find(START, start)) >= 0:
            fault = fault_of(window, start)
            if fault is None:
                end = start + length_of(window, start)
                frames.append(window[start:end])
                self._skip(start - done)
                start = done = end
                kept = None
            else:
                if fault.needs and kept is None:
                    kept = start
                start += 1
        rest = kept if kept is not None else len(window) - window.endswith(START[:1])
        rest = max(rest, done)
        self._skip(rest - done)
        self._window = window[rest:]
        return frames

    def _skip(self, count: int) -> None:
        if count:
            self.skipped["garbage"] += count
