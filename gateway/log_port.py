"""The journal as its users see it: the port `Log`, and what comes back through it.

Two things stand behind it: `journal.Journal` over a file, and `memory_journal.MemoryJournal` for
simulations. A cluster's log would be the third.
"""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from gateway.alarm_log import Verdict
from gateway.entries import Batch, Lesson, Quarantined, Snapshot, StoredEntry, StoredOrder

Row = sqlite3.Row  # a column by name or by position
Statement = tuple[str, Sequence[object]]  # SQL and what fills its question marks


class JournalFailedError(Exception):
    """The journal could not be opened or read; nothing can be said about what it holds."""


class StoredLine(NamedTuple):
    """A line of the alarm log read back; `private` is None where there is none any more."""

    seq: int
    key: str
    at: datetime
    home_id: str
    alarm_id: str
    kind: str
    verb: str
    priority: str
    facts: dict[str, str]
    private: str | None
    hash: bytes


class QuarantineCount(NamedTuple):
    """How much unusable input of one sort has come since the installation; none is forgotten."""

    link: str
    code: str
    total: int
    last_at: datetime


class Stats(NamedTuple):
    """Figures for the console, cheap enough to be asked for every second."""

    first_seq: int
    last_seq: int
    snapshot_seq: int
    open_orders: int
    log_lines: int
    quarantined: int
    size_bytes: int


class Log(Protocol):
    """What the pump, the courier, the registry and the console ask of the journal.

    Whatever writes raises CommitFailedError, and then nothing of it was kept. Whatever reads
    raises JournalFailedError. A caller that is cancelled while it writes does not know whether
    it was kept: all of it was, or nothing.
    """

    async def commit(self, batch: Batch, also: Sequence[Statement] = ()) -> int:
        """Keep all of it in one transaction, on the disk when this returns.

        Gives the seq of the last entry in the journal, 0 where there is none; the batch's own
        entries have the consecutive numbers up to it. Orders come before moves. An order or a
        line whose key is known is left out; a move of an order that is done, or of none,
        changes nothing. The batch must not be changed any more, even after a cancellation.
        """

    async def write(self, statements: Sequence[Statement]) -> None:
        """Run statements of a caller with tables of its own, all or none."""

    async def read(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows of one query. It holds up commits, so it should be a short one."""

    def read_from(self, after_seq: int, limit: int | None = None) -> AsyncIterator[StoredEntry]:
        """Entries *after* `after_seq` in order, so a snapshot's seq is the number to give."""

    async def last(self) -> tuple[int, datetime | None]:
        """Seq and time of the last entry; 0 and None where there is none."""

    async def prune(self, before: datetime, limit: int = 5000) -> int:
        """Drop up to `limit` entries older than `before` that every snapshot already contains."""

    async def prune_orders(self, before: datetime, limit: int = 5000) -> int:
        """Drop up to `limit` orders made before then that are done."""

    async def prune_quarantine(self, before: datetime, limit: int = 5000) -> int:
        """Drop up to `limit` pieces of quarantined input from before then; their counts stay."""

    async def prune_log_text(self, before: datetime, limit: int = 5000) -> int:
        """Erase the personal text of up to `limit` lines of the alarm log older than `before`."""

    async def save_snapshot(self, snapshot: Snapshot) -> None:
        """Keep it and the two before it."""

    async def latest_snapshot(self, before_seq: int | None = None) -> Snapshot | None:
        """Give the newest, or the newest before `before_seq` where that one cannot be used."""

    async def open_orders(self) -> list[StoredOrder]:
        """Give every order that is not done, oldest first."""

    async def order(self, key: str) -> StoredOrder | None:
        """One order by its key."""

    async def order_by_provider(self, provider_id: str) -> StoredOrder | None:
        """Give the newest order the provider knows by this id."""

    async def log_lines(self, since_seq: int = 0, limit: int = 100) -> list[StoredLine]:
        """Lines of the alarm log after `since_seq`, in order."""

    async def verify_log(self) -> Verdict:
        """Check the alarm log from its first line to its last."""

    async def erase_person(self, person_id: str) -> int:
        """Erase the personal text of every line about this person; gives how many had any."""

    async def quarantine_counts(self) -> list[QuarantineCount]:
        """Give totals by link and code."""

    async def quarantine_rows(self, limit: int = 100) -> list[Quarantined]:
        """Give the newest first; the last 10,000 are kept."""

    async def lessons(self) -> list[Lesson]:
        """Give what families have learned, the newest of each address."""

    async def get_meta(self, key: str) -> bytes | None:
        """Give a small value kept by name."""

    async def put_meta(self, key: str, value: bytes) -> None:
        """Keep a small value by name, in place of the one before."""

    async def stats(self) -> Stats:
        """Give figures for the console."""

    async def close(self) -> None:
        """Let go of the file after everything asked for has been done."""
