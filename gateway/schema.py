"""The tables of the journal's file, and how a file of an older version becomes one of this one.

The version is SQLite's own `user_version`. Each step of `MIGRATIONS` takes it up by one in a
transaction of its own. A file of a newer version is refused and left as it is: an older program
would read it wrongly and write it worse.
"""

import sqlite3

from gateway.registry_tables import INSTALLERS, RANGES, SHIFTS
from gateway.registry_tables import TABLES as REGISTRY

VERSION_1 = (
    """CREATE TABLE journal (
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,  -- microseconds since 1970, UTC, here and in every table
        home_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        mark TEXT NOT NULL,
        body BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE outbox (
        key TEXT PRIMARY KEY,
        alarm_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'done')),
        provider_id TEXT,
        outcome TEXT NOT NULL,
        not_before INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX outbox_open ON outbox (created_at) WHERE state <> 'done'",
    "CREATE INDEX outbox_provider ON outbox (provider_id) WHERE provider_id IS NOT NULL",
    """CREATE TABLE alarm_log (
        seq INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        at INTEGER NOT NULL,
        home_id TEXT NOT NULL,
        alarm_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        verb TEXT NOT NULL,
        priority TEXT NOT NULL,
        facts TEXT NOT NULL,
        digest BLOB NOT NULL,
        hash BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE alarm_log_private (
        seq INTEGER PRIMARY KEY,
        salt BLOB NOT NULL,
        text TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE alarm_log_person (
        seq INTEGER NOT NULL,
        person_id TEXT NOT NULL,
        PRIMARY KEY (seq, person_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX alarm_log_by_person ON alarm_log_person (person_id)",
    """CREATE TABLE quarantine (
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        link TEXT NOT NULL,
        address TEXT NOT NULL,
        code TEXT NOT NULL,
        detail TEXT NOT NULL,
        raw BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE quarantine_count (
        link TEXT NOT NULL,
        code TEXT NOT NULL,
        total INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        PRIMARY KEY (link, code)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE snapshot (
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT""",
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID",
)

LESSON = """CREATE TABLE lesson (
    link TEXT NOT NULL,
    family TEXT NOT NULL,
    address TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (link, family, address)
) STRICT, WITHOUT ROWID"""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (*VERSION_1, *REGISTRY),
    (LESSON,),
    RANGES,
    INSTALLERS,
    SHIFTS,
)


class SchemaTooNewError(Exception):
    """The file was written by a newer version of the gateway."""

    def __init__(self, found: int, known: int) -> None:
        """Say which version is there and which is the newest we know."""
        super().__init__(
            f"日志是更新的版本 {found}，这个网关只认到 {known}：用写它的网关启动，"
            "或恢复升级前的备份 "
            f"the journal has version {found} and this gateway knows versions up to {known}; "
            "start the gateway that wrote it, or restore the backup made before the upgrade",
        )
        self.found = found
        self.known = known


def version_of(connection: sqlite3.Connection) -> int:
    """Give the version the file says it has, 0 where it is empty."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    return int(found)


def migrate(
    connection: sqlite3.Connection,
    migrations: tuple[tuple[str, ...], ...] = MIGRATIONS,
) -> None:
    """Bring the file to the version of the last migration; raises SchemaTooNewError.

    The connection has `isolation_level=None`.
    """
    found = version_of(connection)
    if found > len(migrations):
        raise SchemaTooNewError(found, len(migrations))
    for version, statements in enumerate(migrations[found:], start=found + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version:d}")
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
