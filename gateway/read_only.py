"""Looking into a journal's file without changing a byte of it, also while a gateway writes it.

SQLite lets anybody read a file in WAL mode as it was at one instant while its writer goes on. The
reader is another process than the gateway, on a connection that cannot write; what it sees stays
the same until it lets go, and so long the write-ahead log beside the file only grows.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from gateway.clock import Clock
from gateway.journal import Journal, random_salt
from gateway.log_port import JournalFailedError
from gateway.schema import MIGRATIONS, SchemaTooNewError, version_of
from gateway.tables import Work

T = TypeVar("T")


@contextmanager
def opened(database: Path) -> Iterator[sqlite3.Connection]:
    """Open the file as it is at this instant; raises sqlite3's errors."""
    # Without a log nobody writes, and SQLite must not make one: it would be ours, perhaps root's,
    # and the gateway's user could not start on it.
    how = "mode=ro" if database.with_name(f"{database.name}-wal").exists() else "immutable=1"
    address = f"file:{quote(str(database))}?{how}"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the instant
        yield connection


class ReadStore:
    """A store for `Journal` that only reads, on the caller's own thread: for commands."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take a connection of `opened`."""
        self._connection = connection

    async def run(self, work: Work[T]) -> T:
        """Run it; what would write raises sqlite3's errors."""
        return work(self._connection)

    def has_room(self) -> bool:
        """Nothing is written."""
        return True

    async def close(self) -> None:
        """Leave the connection to whoever opened it."""


@contextmanager
def readable(database: Path, clock: Clock) -> Iterator[Journal]:
    """Open a journal for reading; raises JournalFailedError, SchemaTooNewError."""
    try:
        with opened(database) as connection:
            found = version_of(connection)
            if found > len(MIGRATIONS):
                raise SchemaTooNewError(found, len(MIGRATIONS))
            if found < len(MIGRATIONS):
                raise JournalFailedError(
                    f"{database} 是旧版本 {found} 的，先用这个版本启动一次网关，或恢复到新目录再看 "
                    f"is of version {found}: start this gateway on it once, or restore it elsewhere"
                )
            yield Journal(ReadStore(connection), clock, random_salt)
    except (OSError, sqlite3.DatabaseError) as error:
        raise JournalFailedError(
            f"{database} 读不出来（{error}） cannot be read: {error}"
        ) from error
