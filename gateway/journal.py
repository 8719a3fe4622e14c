"""The journal: every fact, order and log line, on the disk before anybody is told so.

One SQLite file in WAL mode with `synchronous=FULL`, so a commit has been through fsync when it
returns. One connection, with a thread of its own by aiosqlite, does everything. Connections of
several threads would bring nothing here, and up to SQLite 3.51.2 two of them that write and
checkpoint at once could spoil a file in WAL mode.

Every method hands the thread *one* function. Hops between threads are what a small commit
costs beside the fsync. More important, a transaction begins and ends within one turn of the
thread: no cancellation can leave one open, the thread's queue is the lock that lets only one run
at a time, and no statement can follow one after which SQLite has rolled back by itself.

A failed commit kept nothing that can be read. But where fsync itself failed, the disk may have
it nevertheless after the next start: what the journal then says is the truth, and the sources
send again what was not acknowledged.
"""

import os
import shutil
import sqlite3
import sys
from asyncio import Lock
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import aiosqlite

from gateway import log_tables, tables
from gateway.alarm_log import SALT_BYTES, Check, Verdict
from gateway.clock import Clock
from gateway.commit_meter import CommitMeter
from gateway.entries import (
    Batch,
    CommitFailedError,
    Lesson,
    Quarantined,
    Snapshot,
    StoredEntry,
    StoredOrder,
)
from gateway.log_port import JournalFailedError, QuarantineCount, Row, Statement, Stats, StoredLine
from gateway.schema import migrate
from gateway.tables import Work

T = TypeVar("T")
Salt = Callable[[], bytes]

_CALL = "-- call the function given as parameter"
_BUSY_SECONDS = 2.0  # somebody looks into the file with a tool of their own
_ENTRIES_PER_HOP = 500
_LINES_PER_HOP = 100
_ROOM_BYTES = 1 << 20
_FOR_ONE_USER = 0o600

# After these the connection is as good as before; after any other it is opened anew.
_HARMLESS = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_TOOBIG,
}


_Failure = sqlite3.DatabaseError | OSError


def _code(error: _Failure) -> int | None:
    """SQLite's primary result code, where the error is SQLite's."""
    extended: int | None = getattr(error, "sqlite_errorcode", None)
    return None if extended is None else extended & 0xFF


def _is_ours(error: _Failure) -> bool:
    """Whether the programmer is at fault rather than the disk: wrong SQL or a wrong call."""
    return not isinstance(error, OSError) and _code(error) in {None, sqlite3.SQLITE_ERROR}


def random_salt() -> bytes:
    """Sixteen bytes nobody can guess."""
    return os.urandom(SALT_BYTES)


def _said(error: _Failure) -> str:
    name = getattr(error, "sqlite_errorname", None)
    return str(error) if name is None else f"{error} ({name})"


class Store(Protocol):
    """A database that can be asked to run a function on its connection."""

    async def run(self, work: Work[T]) -> T:
        """Run it to its end, even when the caller is cancelled.

        Raises what it raises, and OSError where the database cannot be had any more.
        """

    def has_room(self) -> bool:
        """Whether the disk can take more."""

    async def close(self) -> None:
        """Let go of the connection after everything asked for has been run."""


class _Connection(sqlite3.Connection):
    """A connection whose `execute` also takes a function: the way into aiosqlite's thread."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401 - as above it
        if sql is not _CALL:
            return super().execute(sql, parameters)
        for function in parameters:
            function(self)
        return self.cursor()


def _prepare(connection: sqlite3.Connection) -> None:
    """Make a fresh connection ready for use."""
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise JournalFailedError(f"no write-ahead log is possible there: mode is {mode}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten
    migrate(connection)


def _refuse_emptied(path: Path) -> None:
    """Refuse an empty file beside what an earlier start has left: it is no new installation."""
    if not path.is_file() or path.stat().st_size > 0:
        return
    fresh = {path.name, f"{path.name}-wal", f"{path.name}-shm", "lock", "control.sock"}
    left = sorted(entry.name for entry in path.parent.iterdir() if entry.name not in fresh)
    if left:
        raise JournalFailedError(
            f"{path} 是空的，但这里用过（{'、'.join(left)}）：用备份恢复，或移走整个文件夹 "
            "is empty, and this folder has been used: restore a backup, or move the folder away"
        )


class FileStore:
    """A file, its connection and the thread that connection lives in."""

    def __init__(self, path: Path, connection: aiosqlite.Connection) -> None:
        """Take the open connection to `path`."""
        self._path = path
        self._connection = connection
        self._is_broken = False
        self._reopening = Lock()

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open or make the file; raises OSError and sqlite3's errors, and JournalFailedError."""
        _refuse_emptied(path)
        return cls(path, await cls._connect(path, os.O_CREAT))

    @staticmethod
    async def _connect(path: Path, flags: int) -> aiosqlite.Connection:
        # What can be wrong with the file comes out here: aiosqlite does not wait for the end of
        # its thread where connecting fails, and the thread may outlive the event loop.
        os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, _FOR_ONE_USER))
        async with AsyncExitStack() as undo:
            connection = await aiosqlite.connect(
                path,
                factory=_Connection,
                isolation_level=None,
                timeout=_BUSY_SECONDS,
            )
            undo.push_async_callback(connection.close)
            await connection.execute(_CALL, [_prepare])
            undo.pop_all()
        return connection

    async def run(self, work: Work[T]) -> T:
        """Run it in the connection's thread, after everything asked for before."""
        if self._is_broken:
            await self._reopen()
        results: list[T] = []
        try:
            await self._connection.execute(_CALL, [lambda raw: results.append(work(raw))])
        except sqlite3.DatabaseError as error:
            self._is_broken |= not _is_ours(error) and _code(error) not in _HARMLESS
            raise
        return results[0]

    async def _reopen(self) -> None:
        async with self._reopening:
            if not self._is_broken:
                return  # another caller was first
            with suppress(sqlite3.Error):  # it may be too broken to be closed well
                await self._connection.close()
            # A file that has gone must not be replaced by an empty one: no O_CREAT.
            self._connection = await self._connect(self._path, 0)
            self._is_broken = False

    def has_room(self) -> bool:
        """Whether the disk has a megabyte left: SQLite calls some of its failures I/O errors."""
        with suppress(OSError):
            return shutil.disk_usage(self._path.parent).free >= _ROOM_BYTES
        return True

    async def close(self) -> None:
        """Close the file."""
        await self._connection.close()


class Journal:
    """The port `Log` over a store; `log_port` says what each method promises."""

    def __init__(self, store: Store, clock: Clock, salt: Salt) -> None:
        """Take an open store; `Journal.open` is the usual way."""
        self._store = store
        self._clock = clock
        self._salt = salt
        self.meter = CommitMeter()

    @classmethod
    async def open(cls, path: Path, clock: Clock) -> "Journal":
        """Open or make the file at `path`; raises JournalFailedError or SchemaTooNewError."""
        try:
            store = await FileStore.open(path)
        except (OSError, sqlite3.DatabaseError) as error:
            raise JournalFailedError(f"{path} cannot be used: {error}") from error
        return Journal(store, clock, random_salt)

    async def close(self) -> None:
        """Let go of the file."""
        await self._store.close()

    async def _write(self, work: Work[T]) -> T:
        try:
            return await self._store.run(partial(tables.transact, work=work))
        except (sqlite3.DatabaseError, OSError) as error:
            if _is_ours(error):
                raise
            is_full = _code(error) == sqlite3.SQLITE_FULL or not self._store.has_room()
            is_damaged = _code(error) == sqlite3.SQLITE_CORRUPT
            raise CommitFailedError(
                _said(error), is_disk_full=is_full, is_damaged=is_damaged
            ) from error

    async def _read(self, work: Work[T]) -> T:
        try:
            return await self._store.run(work)
        except (sqlite3.DatabaseError, OSError) as error:
            if _is_ours(error):
                raise
            raise JournalFailedError(_said(error)) from error

    async def commit(self, batch: Batch, also: Sequence[Statement] = ()) -> int:
        """Keep all of it in one transaction; gives the seq of the last entry."""
        now = self._clock.now()

        def keep(connection: sqlite3.Connection) -> int:
            tables.add_batch(connection, batch, now)
            if batch.lines:
                log_tables.add_lines(connection, batch.lines, self._salt)
            tables.run_statements(connection, also)
            return tables.last_seq(connection)

        try:
            seq = await self._write(keep)
        except CommitFailedError as error:
            self.meter.lost(str(error))
            raise
        self.meter.kept(batch, (self._clock.now() - now).total_seconds())
        return seq

    async def write(self, statements: Sequence[Statement]) -> None:
        """Run a caller's own statements, all or none."""
        await self._write(partial(tables.run_statements, statements=statements))

    async def read(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows of a caller's own query."""
        return await self._read(partial(tables.query, sql=sql, parameters=parameters))

    async def read_from(
        self, after_seq: int, limit: int | None = None
    ) -> AsyncIterator[StoredEntry]:
        """Entries after `after_seq`, some hundreds at a time."""
        left = sys.maxsize if limit is None else limit
        while left > 0:
            count = min(left, _ENTRIES_PER_HOP)
            page = await self._read(partial(tables.entries_after, seq=after_seq, limit=count))
            for entry in page:
                yield entry
            if len(page) < count:
                return
            left -= count
            after_seq = page[-1].seq

    async def last(self) -> tuple[int, datetime | None]:
        """Seq and time of the last entry."""
        return await self._read(tables.last)

    async def prune(self, before: datetime, limit: int = 5000) -> int:
        """Drop old entries that every snapshot contains."""
        return await self._write(partial(tables.prune, before=before, limit=limit))

    async def prune_orders(self, before: datetime, limit: int = 5000) -> int:
        """Drop old orders that are done."""
        return await self._write(partial(tables.prune_orders, before=before, limit=limit))

    async def prune_quarantine(self, before: datetime, limit: int = 5000) -> int:
        """Drop old quarantined input."""
        return await self._write(partial(tables.prune_quarantine, before=before, limit=limit))

    async def prune_log_text(self, before: datetime, limit: int = 5000) -> int:
        """Erase the personal text of old lines of the alarm log."""
        return await self._write(partial(log_tables.erase_old_text, before=before, limit=limit))

    async def save_snapshot(self, snapshot: Snapshot) -> None:
        """Keep it and the two before it."""
        await self._write(partial(tables.save_snapshot, snapshot=snapshot))

    async def latest_snapshot(self, before_seq: int | None = None) -> Snapshot | None:
        """Give the newest, or the newest before `before_seq`."""
        return await self._read(partial(tables.latest_snapshot, before_seq=before_seq))

    async def open_orders(self) -> list[StoredOrder]:
        """Give every order that is not done, oldest first."""
        return await self._read(tables.open_orders)

    async def order(self, key: str) -> StoredOrder | None:
        """One order by its key."""
        return await self._read(partial(tables.order, key=key))

    async def order_by_provider(self, provider_id: str) -> StoredOrder | None:
        """Give the newest order the provider knows by this id."""
        return await self._read(partial(tables.order_by_provider, provider_id=provider_id))

    async def log_lines(self, since_seq: int = 0, limit: int = 100) -> list[StoredLine]:
        """Lines of the alarm log after `since_seq`."""
        return await self._read(partial(log_tables.log_lines, since_seq=since_seq, limit=limit))

    async def verify_log(self) -> Verdict:
        """Check the alarm log as it is now, in turns that let commits through."""
        head, end = await self._read(log_tables.log_extent)
        check = Check(head)
        seq = 0
        while seq < end:
            page = await self._read(
                partial(log_tables.sealed_lines, after_seq=seq, up_to_seq=end, limit=_LINES_PER_HOP)
            )
            for line in page:
                check.add(line)
            seq = page[-1].seq if page else end
        return check.verdict()

    async def erase_person(self, person_id: str) -> int:
        """Erase the personal text of every line about this person, from the disk as well."""
        erased = await self._write(partial(log_tables.erase_person, person_id=person_id))
        await self._read(tables.empty_write_ahead_log)
        return erased

    async def quarantine_counts(self) -> list[QuarantineCount]:
        """Give totals by link and code."""
        return await self._read(tables.quarantine_counts)

    async def quarantine_rows(self, limit: int = 100) -> list[Quarantined]:
        """Give the newest first."""
        return await self._read(partial(tables.quarantine_rows, limit=limit))

    async def lessons(self) -> list[Lesson]:
        """Give what families have learned."""
        return await self._read(tables.lessons)

    async def get_meta(self, key: str) -> bytes | None:
        """Give a small value kept by name."""
        return await self._read(partial(tables.get_meta, key=key))

    async def put_meta(self, key: str, value: bytes) -> None:
        """Keep a small value by name."""
        assert key != log_tables.HEAD_KEY, "only the alarm log notes its head"
        await self._write(partial(tables.put_meta, key=key, value=value))

    async def stats(self) -> Stats:
        """Give figures for the console."""
        return await self._read(tables.stats)
