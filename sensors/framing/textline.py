"""Lines of text from a serial port, for families whose lines check themselves.

Theory of operation. A line ends in LF or CRLF. Only the beginning of an unfinished line is kept,
as long as a line may be; of a longer one nothing is given, and `skipped` counts it as `too_long`.
Blank lines are left out.
"""

from collections import Counter


class TextLineFramer:
    """The machine for one connection; lines have at most `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self.skipped: Counter[str] = Counter()
        self._limit = limit
        self._window = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; give the lines they complete, without their endings."""
        *ends, rest = data.split(b"\n")
        lines = []
        for end in ends:
            self._grow(end)
            line = bytes(self._window).rstrip(b"\r")
            self._window.clear()
            if len(line) > self._limit:
                self.skipped["too_long"] += 1
            elif line.strip():
                lines.append(line)
        self._grow(rest)
        return lines

    def _grow(self, piece: bytes) -> None:
        room = self._limit + 2 - len(self._window)  # one too many tells a line that is too long
        self._window += piece[: max(0, room)]
