"""Frames of 3G and 4G watches: `[MM*id*[index*]LEN*TYPE,…]`.

Theory of operation. A frame ends at `]` and begins at the last `[` before it that a head follows
(two letters or digits, `*`, an id, `*`). LEN is not looked at: it is wrong in every third frame in
the field. Bytes that mean something are escaped inside a frame (`}` and a number), but names of
networks are not always: a bare `[` among them begins no head and does no harm, a bare `]` costs
the networks, which nobody needs. The window keeps as many bytes as the longest frame has that is
of use; what is longer is a picture or a long recording, and is skipped. Each byte is looked at a
bounded number of times.

What was no frame is counted in `skipped`: `garbage` (bytes before or instead of a frame, counted
once a run), `too_long` (a run over the limit).
"""

import re
from collections import Counter

FRAME_LIMIT_BYTES = 8192

_HEAD = re.compile(rb"\[[A-Za-z0-9]{2}\*[0-9A-Za-z]{1,32}\*")
_HEAD_LIMIT = 40
_END = b"]"


class BracketFramer:
    """The machine for one connection."""

    def __init__(self) -> None:
        self.skipped: Counter[str] = Counter()
        self._window = bytearray()
        self._is_cut = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; give the frames they complete, brackets and escapes included."""
        *ends, rest = data.split(_END)
        frames = []
        for piece in ends:
            self._grow(piece + _END)
            frames += self._end()
        self._grow(rest)
        return frames

    def _grow(self, piece: bytes) -> None:
        self._window += piece[-FRAME_LIMIT_BYTES:]
        if len(self._window) > FRAME_LIMIT_BYTES or len(piece) > FRAME_LIMIT_BYTES:
            self._is_cut = True
            del self._window[:-FRAME_LIMIT_BYTES]

    def _end(self) -> list[bytes]:
        run = bytes(self._window)
        self._window.clear()
        start = head_at(run)
        if self._is_cut:
            self.skipped["too_long"] += 1
        elif start != 0 and run.strip(b"\r\n\x00 ") != run[max(start, 0) :]:
            self.skipped["garbage"] += 1
        self._is_cut = False
        return [] if start < 0 else [run[start:]]


def head_at(run: bytes) -> int:
    """Find where the last head begins; -1 where there is none."""
    end = len(run)
    while (start := run.rfind(b"[", 0, end)) >= 0:
        if _HEAD.match(run, start, start + _HEAD_LIMIT):
            return start
        end = start
    return -1
