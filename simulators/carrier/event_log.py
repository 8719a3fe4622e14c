"""The append-only record of what reached the carrier and what it did: the witness of kill tests.

Every line is on its way to the file before the answer it belongs to is on its way to the client,
and a request is written when it is complete on the wire, before anything can go wrong with it. So
a client that died left either a `request` without an `answered`, or one whose `is_gone` is true.
"""

import json
from collections import deque
from pathlib import Path

from simulators.clock import Clock

MOST_IN_MEMORY = 200_000
Entry = dict[str, object]


class EventLog:
    """Entries with a running number `n`, the wall clock's `at`, and the name of the `event`.

    Args:
        path: file to append to, one JSON object a line; None keeps entries in memory only.
        clock: gives `at`.
    """

    def __init__(self, path: Path | None, clock: Clock) -> None:
        self._clock = clock
        self._file = path.open("a", encoding="utf-8", buffering=1) if path else None
        self._entries: deque[Entry] = deque(maxlen=MOST_IN_MEMORY)
        self._count = 0

    def write(self, event: str, **fields: object) -> int:
        """Append one entry and answer its number."""
        self._count += 1
        entry: Entry = {
            "n": self._count,
            "at": self._clock.now().isoformat(timespec="milliseconds"),
            "event": event,
        }
        entry |= fields
        self._entries.append(entry)
        if self._file:
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        return self._count

    def entries(self, event: str = "", after: int = 0) -> list[Entry]:
        """The entries of an event, or all, that are numbered above `after`."""
        return [
            entry
            for entry in self._entries
            if event in {"", entry["event"]} and isinstance(entry["n"], int) and entry["n"] > after
        ]

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
