"""A journal that lives as long as its object: for simulations, on any event loop and clock.

It is the same journal over the same tables, in SQLite's memory and on the loop's own thread, so
it needs neither a disk nor a second thread and comes out the same from the same seed. A simulated
crash throws away everything but this object.
"""

import sqlite3
from typing import TypeVar

from gateway.clock import Clock
from gateway.entries import CommitFailedError
from gateway.journal import Journal, Salt, random_salt
from gateway.schema import migrate
from gateway.tables import Work

T = TypeVar("T")


class MemoryStore:
    """A connection to a database in memory; its work takes simulated time."""

    def __init__(self, clock: Clock, hop_seconds: float) -> None:
        """Work takes `hop_seconds` to get there, and as long for its result to come back."""
        self._clock = clock
        self._hop_seconds = hop_seconds
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self._connection)

    async def run(self, work: Work[T]) -> T:
        """Run it; a crash before leaves nothing of it, a crash after leaves all of it."""
        await self._clock.sleep(self._hop_seconds)
        result = work(self._connection)
        await self._clock.sleep(self._hop_seconds)
        return result

    def has_room(self) -> bool:
        """Memory is never full; see `MemoryJournal.is_full`."""
        return True

    async def close(self) -> None:
        """Do nothing: the disk outlives the program."""

    def discard(self) -> None:
        """Let go of the memory."""
        self._connection.close()


class MemoryJournal(Journal):
    """The port `Log` without a disk. While `is_full`, no commit succeeds."""

    def __init__(self, clock: Clock, salt: Salt = random_salt, *, hop_seconds: float = 0.0) -> None:
        """Give a seeded `salt` where every byte of the alarm log is to come out the same."""
        self._memory = MemoryStore(clock, hop_seconds)
        super().__init__(self._memory, clock, salt)
        self.is_full = False

    async def _write(self, work: Work[T]) -> T:
        if self.is_full:
            raise CommitFailedError("the simulated disk is full", is_disk_full=True)
        return await super()._write(work)

    def discard(self) -> None:
        """Let go of the memory; the object cannot be used any more."""
        self._memory.discard()
