"""What happened, line by line: the last lines to read, and a digest of all to compare runs by."""

import hashlib
from collections import deque

from tests.simulation.loop import VirtualLoop

KEPT = 60


class ViolationError(Exception):
    """Something that must hold did not."""


class Trace:
    """Lines with the step and the virtual second they were noted at."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.last: deque[str] = deque(maxlen=KEPT)
        self._loop = loop
        self._hash = hashlib.blake2b(digest_size=8)

    def note(self, text: str) -> None:
        """Add a line."""
        line = f"{self._loop.steps:>9} {self._loop.elapsed:>12.3f} {text}"
        self.last.append(line)
        self._hash.update(line.encode())

    def cover(self, data: bytes) -> None:
        """Let the digest cover what is no line."""
        self._hash.update(data)

    @property
    def digest(self) -> str:
        """Sixteen hex digits that are equal for equal runs."""
        return self._hash.hexdigest()
