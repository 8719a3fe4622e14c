"""What the embedded broker says in its log, read as it is written.

Theory of operation. The broker acknowledges a forbidden publish and drops it, refuses a login and
tells nobody, and after a full disk goes on refusing to store: only its log says so. The log is read
by its inode, so that a log which was rotated is read to its end before the next one. What stands in
a line may come from a device; client ids, users and topics are quoted by the broker, and a line
counts only where its beginning is the broker's own.
"""

import os
import re
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, NamedTuple

MOST_BYTES = 256 * 1024
"""Read at once; the rest waits for the next time."""


class Said(StrEnum):
    """What a line is about, as the code of a trouble."""

    FORBIDDEN_TOPIC = "forbidden_topic"  # published where it may not: acknowledged and dropped
    REFUSED_LOGIN = "refused_login"
    BAD_TOPIC = "bad_topic"  # a topic with a space: the connection was closed
    NOT_STORED = "broker_cannot_store"


class Line(NamedTuple):
    """A line that matters: what it is about, whom it names, and the words."""

    said: Said
    subject: str
    detail: str


_HEAD = r"\[\d+\] \S+ \S+ \[ERR\] "
_CLIENT = r'\S+ - mid:\d+ - (?P<client>"(?:[^"\\]|\\.)*") - '
_NOT_STORED = r"(?:Filestore \[|JetStream )[^\"]*?(?:failed to store|critical write error)"
_PATTERNS = {
    Said.FORBIDDEN_TOPIC: re.compile(
        _HEAD + _CLIENT + r'Publish Violation - .*?Subject "(?P<subject>(?:[^"\\]|\\.)*)"'
    ),
    Said.REFUSED_LOGIN: re.compile(
        _HEAD + _CLIENT + r'authentication error - User "(?P<subject>(?:[^"\\]|\\.)*)"'
    ),
    Said.BAD_TOPIC: re.compile(_HEAD + _CLIENT + "(?P<subject>)character not supported for MQTT"),
    Said.NOT_STORED: re.compile(
        _HEAD + "(?P<client>)(?P<subject>)" + _NOT_STORED, flags=re.IGNORECASE
    ),
}


def understood(line: str) -> Line | None:
    """Say what a line of the log is about, None where it is nothing of ours."""
    for said, pattern in _PATTERNS.items():
        found = pattern.match(line)
        if found is None:
            continue
        if said is Said.NOT_STORED:
            return Line(said, "broker", line.partition("[ERR] ")[2])
        client = found["client"]
        if said is Said.FORBIDDEN_TOPIC:
            return Line(said, found["subject"].replace(".", "/"), f"client {client}")
        return Line(said, found["subject"] or client, f"client {client}")
    return None


class LogTail:
    """Reads what is added to a file; `is_new` says that all of it is news."""

    def __init__(self, path: Path, *, is_new: bool) -> None:
        self._path = path
        self._rest = b""
        self._file: BinaryIO | None = None
        if not is_new:
            self._open()
            if self._file is not None:
                self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def read(self) -> list[str]:
        """Give the lines that have been finished since; nothing where the file cannot be read."""
        if self._file is None:
            self._open()
        if self._file is None:
            return []
        try:
            data = self._file.read(MOST_BYTES)
            if not data and self._is_rotated():
                self.close()
                self._rest = b""
        except OSError:
            self.close()
            return []
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-MOST_BYTES:]
        return [line.decode(errors="replace") for line in lines]

    def _open(self) -> None:
        with suppress(OSError):
            self._file = self._path.open("rb")

    def _is_rotated(self) -> bool:
        """Whether another file has its name by now."""
        assert self._file is not None
        try:
            return self._path.stat().st_ino != os.fstat(self._file.fileno()).st_ino
        except FileNotFoundError:
            return True
