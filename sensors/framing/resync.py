"""Frames known by a mark, a length and a sum, found in any stream.

Theory of operation. The mark may stand inside a frame, so every place where it stands is tried. A
beginning that is not complete yet keeps nobody waiting: a whole frame behind it is given at once,
and the beginning is then known for noise. What fails its sum is passed over one byte at a time, so
it costs only itself. The window is never longer than a frame can be, plus what came in one piece;
each byte is tried a bounded number of times.

`skipped` counts `garbage`: bytes that belonged to no frame.
"""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple


class Found(NamedTuple):
    """What begins at a mark: a frame of `length`, or why it is none.

    `fault` is empty for a whole frame; `short` means that more bytes would tell.
    """

    length: int
    fault: str = ""


Measure = Callable[[bytes, int], Found]


class ResyncFramer:
    """The machine for one connection; `measure(data, start)` looks at what begins at a mark."""

    def __init__(self, mark: bytes, measure: Measure) -> None:
        self.skipped: Counter[str] = Counter()
        self._mark = mark
        self._measure = measure
        self._window = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; give the frames they complete, whole."""
        window = self._window + data
        frames, done, kept, start = [], 0, None, 0
        while (start := window.find(self._mark, start)) >= 0:
            found = self._measure(window, start)
            if not found.fault:
                end = start + found.length
                frames.append(window[start:end])
                self._skip(start - done)
                start = done = end
                kept = None
            else:
                if found.fault == "short" and kept is None:
                    kept = start
                start += 1
        rest = self._undecided(window) if kept is None else kept
        rest = max(rest, done)
        self._skip(rest - done)
        self._window = window[rest:]
        return frames

    def _undecided(self, window: bytes) -> int:
        """Where the end of the window begins that could become a mark."""
        for size in range(len(self._mark) - 1, 0, -1):
            if window.endswith(self._mark[:size]):
                return len(window) - size
        return len(window)

    def _skip(self, count: int) -> None:
        if count:
            self.skipped["garbage"] += count
