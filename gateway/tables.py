"""What is written to and read from the journal's tables, as plain functions on a connection.

Nothing here waits, opens or commits: `transact` runs a function between BEGIN and COMMIT, and
the journal decides in which thread. So one transaction is one call, a cancelled caller can
leave none half open, and the file and the memory behind the two journals are written by the
same lines. The alarm log's tables are in `log_tables`.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from gateway.entries import (
    Batch,
    Entry,
    Lesson,
    OrderMove,
    OrderRow,
    OrderState,
    Quarantined,
    Snapshot,
    StoredEntry,
    StoredOrder,
)
from gateway.log_port import QuarantineCount, Row, Statement, Stats

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

QUARANTINE_KEPT = 10_000
SNAPSHOTS_KEPT = 3
_RAW_BYTES = 4096
_TEXT_CHARS = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(at: datetime) -> int:
    """Microseconds since 1970 of an aware datetime."""
    return (at - _EPOCH) // _MICROSECOND


def from_us(microseconds: int) -> datetime:
    """Aware UTC datetime of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def transact(connection: sqlite3.Connection, work: Work[T]) -> T:
    """Run `work` in a transaction: all of it is kept, or whatever it raised and nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    finally:
        # After some errors, a full disk among them, SQLite has already rolled back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return result


def run_statements(connection: sqlite3.Connection, statements: Sequence[Statement]) -> None:
    """Run a caller's own statements."""
    for sql, parameters in statements:
        connection.execute(sql, tuple(parameters))


def query(connection: sqlite3.Connection, sql: str, parameters: Sequence[object]) -> list[Row]:
    """All rows of a caller's own query."""
    cursor = connection.cursor()
    cursor.row_factory = Row
    return cursor.execute(sql, tuple(parameters)).fetchall()


# --- entries ---------------------------------------------------------------------------------


def add_batch(connection: sqlite3.Connection, batch: Batch, now: datetime) -> None:
    """Add everything of a batch but its log lines."""
    if batch.entries:
        _add_entries(connection, batch.entries)
    if batch.orders:
        _add_orders(connection, batch.orders, now)
    if batch.moves:
        _move_orders(connection, batch.moves)
    if batch.quarantined:
        _add_quarantined(connection, batch.quarantined)
    if batch.lessons:
        _keep_lessons(connection, batch.lessons)


def _add_entries(connection: sqlite3.Connection, entries: list[Entry]) -> None:
    connection.executemany(
        "INSERT INTO journal (at, home_id, kind, body, mark) VALUES (?, ?, ?, ?, ?)",
        [(to_us(entry[0]), *entry[1:]) for entry in entries],
    )


def last_seq(connection: sqlite3.Connection) -> int:
    """Seq of the last entry, 0 where there is none."""
    (seq,) = connection.execute("SELECT ifnull(max(seq), 0) FROM journal").fetchone()
    return int(seq)


def last(connection: sqlite3.Connection) -> tuple[int, datetime | None]:
    """Seq and time of the last entry."""
    row = connection.execute("SELECT seq, at FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    return (0, None) if row is None else (row[0], from_us(row[1]))


def entries_after(connection: sqlite3.Connection, seq: int, limit: int) -> list[StoredEntry]:
    """At most `limit` entries after `seq`, in order."""
    rows = connection.execute(
        "SELECT seq, at, home_id, kind, body, mark FROM journal WHERE seq > ? ORDER BY seq LIMIT ?",
        (seq, limit),
    )
    return [StoredEntry(row[0], from_us(row[1]), *row[2:]) for row in rows]


def prune(connection: sqlite3.Connection, before: datetime, limit: int) -> int:
    """Drop the oldest entries that are older than `before` and in every snapshot.

    The last entry stays whatever its age, because the next seq is counted from it.
    """
    (covered,) = connection.execute("SELECT ifnull(min(seq), 0) FROM snapshot").fetchone()
    covered = min(covered, last_seq(connection) - 1)
    rows = connection.execute(
        "SELECT seq, at FROM journal WHERE seq <= ? ORDER BY seq LIMIT ?",
        (covered, limit),
    ).fetchall()
    # Stop at the first that is to be kept: what is left must have no holes.
    old = next((i for i, row in enumerate(rows) if row[1] >= to_us(before)), len(rows))
    if old:
        connection.execute("DELETE FROM journal WHERE seq <= ?", (rows[old - 1][0],))
    return old


def prune_orders(connection: sqlite3.Connection, before: datetime, limit: int) -> int:
    """Drop the oldest orders that are done and older than `before`.

    Only the oldest rows are looked at, as many as may go and those before them that are not done.
    """
    return connection.execute(
        "DELETE FROM outbox WHERE rowid IN (SELECT rowid FROM"
        " (SELECT rowid, state, created_at FROM outbox ORDER BY rowid"
        " LIMIT ?1 + (SELECT count(*) FROM outbox WHERE state <> 'done'))"
        " WHERE state = 'done' AND created_at < ?2 LIMIT ?1)",
        (limit, to_us(before)),
    ).rowcount


def prune_quarantine(connection: sqlite3.Connection, before: datetime, limit: int) -> int:
    """Drop the oldest quarantined input from before then; its counts stay."""
    return connection.execute(
        "DELETE FROM quarantine WHERE seq IN (SELECT seq FROM"
        " (SELECT seq, at FROM quarantine ORDER BY seq LIMIT ?) WHERE at < ?)",
        (limit, to_us(before)),
    ).rowcount


# --- outbox ----------------------------------------------------------------------------------

_ORDER = "SELECT key, kind, state, provider_id, outcome, created_at, body FROM outbox "


def _add_orders(connection: sqlite3.Connection, orders: list[OrderRow], now: datetime) -> None:
    connection.executemany(
        "INSERT INTO outbox VALUES (?, ?, ?, 'pending', NULL, '', ?, ?, ?, ?)"
        " ON CONFLICT (key) DO NOTHING",
        [
            (
                order.key,
                order.alarm_id,
                order.kind,
                to_us(order.not_before),
                to_us(order.expires_at),
                to_us(now),
                order.body,
            )
            for order in orders
        ],
    )


def _move_orders(connection: sqlite3.Connection, moves: list[OrderMove]) -> None:
    # What is done stays done: a late word from the courier must not open it again.
    connection.executemany(
        "UPDATE outbox SET state = ?, provider_id = ifnull(?, provider_id), outcome = ?"
        " WHERE key = ? AND state <> 'done'",
        [(move.state, move.provider_id, move.outcome, move.key) for move in moves],
    )


def _order(row: tuple[str, str, str, str | None, str, int, bytes]) -> StoredOrder:
    key, kind, state, provider_id, outcome, created_at, body = row
    return StoredOrder(
        key, kind, OrderState(state), provider_id, outcome, from_us(created_at), body
    )


def open_orders(connection: sqlite3.Connection) -> list[StoredOrder]:
    """Every order that is not done, oldest first."""
    rows = connection.execute(_ORDER + "WHERE state <> 'done' ORDER BY created_at, rowid")
    return [_order(row) for row in rows]


def order(connection: sqlite3.Connection, key: str) -> StoredOrder | None:
    """One order."""
    row = connection.execute(_ORDER + "WHERE key = ?", (key,)).fetchone()
    return None if row is None else _order(row)


def order_by_provider(connection: sqlite3.Connection, provider_id: str) -> StoredOrder | None:
    """Give the newest order that the provider knows by this id."""
    row = connection.execute(
        _ORDER + "WHERE provider_id = ? ORDER BY rowid DESC LIMIT 1", (provider_id,)
    ).fetchone()
    return None if row is None else _order(row)


# --- lessons ---------------------------------------------------------------------------------


def _keep_lessons(connection: sqlite3.Connection, lessons: list[Lesson]) -> None:
    connection.executemany("INSERT OR REPLACE INTO lesson VALUES (?, ?, ?, ?)", lessons)
    connection.execute("DELETE FROM lesson WHERE body = x''")


def lessons(connection: sqlite3.Connection) -> list[Lesson]:
    """Give every lesson, in the order of their addresses."""
    rows = connection.execute("SELECT link, family, address, body FROM lesson ORDER BY 1, 2, 3")
    return [Lesson(*row) for row in rows]


# --- quarantine ------------------------------------------------------------------------------


def _bounded(text: str) -> str:
    """Cut a text from outside, and make it one that can be stored."""
    return text[:_TEXT_CHARS].encode("utf-8", "replace").decode("utf-8")


def _add_quarantined(connection: sqlite3.Connection, quarantined: list[Quarantined]) -> None:
    connection.executemany(
        "INSERT INTO quarantine (at, link, address, code, detail, raw) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                to_us(item.at),
                item.link,
                _bounded(item.address),
                item.code,
                _bounded(item.detail),
                item.raw[:_RAW_BYTES],
            )
            for item in quarantined
        ],
    )
    connection.execute(
        "DELETE FROM quarantine WHERE seq <= (SELECT max(seq) FROM quarantine) - ?",
        (QUARANTINE_KEPT,),
    )
    counts = Counter((item.link, item.code) for item in quarantined)
    latest = {(item.link, item.code): to_us(item.at) for item in quarantined}
    connection.executemany(
        "INSERT INTO quarantine_count VALUES (?, ?, ?, ?) ON CONFLICT (link, code)"
        " DO UPDATE SET total = total + excluded.total, last_at = excluded.last_at",
        [(*sort, count, latest[sort]) for sort, count in counts.items()],
    )


def quarantine_counts(connection: sqlite3.Connection) -> list[QuarantineCount]:
    """Totals by link and code."""
    rows = connection.execute("SELECT link, code, total, last_at FROM quarantine_count")
    return [QuarantineCount(link, code, total, from_us(at)) for link, code, total, at in rows]


def quarantine_rows(connection: sqlite3.Connection, limit: int) -> list[Quarantined]:
    """Give the newest first."""
    rows = connection.execute(
        "SELECT at, link, address, code, detail, raw FROM quarantine ORDER BY seq DESC LIMIT ?",
        (limit,),
    )
    return [Quarantined(from_us(row[0]), *row[1:]) for row in rows]


# --- snapshots, meta, figures ----------------------------------------------------------------


def save_snapshot(connection: sqlite3.Connection, snapshot: Snapshot) -> None:
    """Keep it and the two before it."""
    connection.execute(
        "INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?)",
        (snapshot.seq, to_us(snapshot.at), snapshot.body),
    )
    connection.execute(
        "DELETE FROM snapshot WHERE seq NOT IN"
        " (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT ?)",
        (SNAPSHOTS_KEPT,),
    )


def latest_snapshot(connection: sqlite3.Connection, before_seq: int | None) -> Snapshot | None:
    """Give the newest, or the newest before `before_seq`."""
    row = connection.execute(
        "SELECT seq, at, body FROM snapshot WHERE ?1 IS NULL OR seq < ?1 ORDER BY seq DESC LIMIT 1",
        (before_seq,),
    ).fetchone()
    return None if row is None else Snapshot(row[0], from_us(row[1]), row[2])


def get_meta(connection: sqlite3.Connection, key: str) -> bytes | None:
    """Give a value kept by name."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else bytes(row[0])


def put_meta(connection: sqlite3.Connection, key: str, value: bytes) -> None:
    """Keep a value by name."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def stats(connection: sqlite3.Connection) -> Stats:
    """Figures that need no walk through a large table."""
    row = connection.execute(
        "SELECT ifnull((SELECT min(seq) FROM journal), 0),"
        " ifnull((SELECT max(seq) FROM journal), 0),"
        " ifnull((SELECT max(seq) FROM snapshot), 0),"
        " (SELECT count(*) FROM outbox WHERE state <> 'done'),"
        " ifnull((SELECT max(seq) FROM alarm_log), 0),"
        " (SELECT ifnull(sum(total), 0) FROM quarantine_count),"
        " (SELECT page_count * page_size FROM pragma_page_count, pragma_page_size)"
    ).fetchone()
    return Stats(*row)


def empty_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Bring everything into the file and cut the log beside it to nothing."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
