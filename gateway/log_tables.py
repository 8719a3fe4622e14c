"""The alarm log's tables, as plain functions on a connection; see `tables` and `alarm_log`.

The head is noted beside the lines, in the same transaction, so that lines missing at the end
are missed.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime

import msgspec

from gateway.alarm_log import (
    NOTHING_PRIVATE,
    START,
    Fields,
    Head,
    Private,
    Sealed,
    chained,
    private_digest,
    public_fields,
)
from gateway.entries import LogLine
from gateway.log_port import StoredLine
from gateway.tables import from_us, get_meta, put_meta, to_us

HEAD_KEY = "alarm_log_head"
_SEQ_BYTES = 8

_FACTS = msgspec.json.Decoder(dict[str, str])


def noted_head(connection: sqlite3.Connection) -> Head:
    """Give the head as it was noted with the last line."""
    noted = get_meta(connection, HEAD_KEY)
    if noted is None:
        return Head(0, START)
    return Head(int.from_bytes(noted[:_SEQ_BYTES], "big"), noted[_SEQ_BYTES:])


def add_lines(
    connection: sqlite3.Connection,
    lines: list[LogLine],
    salt: Callable[[], bytes],
) -> None:
    """Add the lines whose keys are new; `salt` gives 16 bytes nobody can guess."""
    seq, previous = noted_head(connection)
    for line in lines:
        fields = public_fields(line, to_us(line.at))
        private = Private(salt(), line.private.encode()) if line.private else None
        digest = NOTHING_PRIVATE if private is None else private_digest(private)
        hash_ = chained(previous, fields, digest)
        if not _insert_line(connection, seq + 1, fields, digest, hash_):
            continue
        seq, previous = seq + 1, hash_
        if private is not None:
            _insert_private(connection, seq, private.salt, line)
    put_meta(connection, HEAD_KEY, seq.to_bytes(_SEQ_BYTES, "big") + previous)


def _insert_line(
    connection: sqlite3.Connection, seq: int, fields: Fields, digest: bytes, hash_: bytes
) -> bool:
    """Whether the line's key was new."""
    key, at, *texts = (field.decode() for field in fields)
    cursor = connection.execute(
        "INSERT INTO alarm_log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (key) DO NOTHING",
        (seq, key, int(at), *texts, digest, hash_),
    )
    return cursor.rowcount == 1


def _insert_private(connection: sqlite3.Connection, seq: int, salt: bytes, line: LogLine) -> None:
    connection.execute("INSERT INTO alarm_log_private VALUES (?, ?, ?)", (seq, salt, line.private))
    connection.executemany(
        "INSERT OR IGNORE INTO alarm_log_person VALUES (?, ?)",
        [(seq, person_id) for person_id in line.person_ids],
    )


def log_lines(connection: sqlite3.Connection, since_seq: int, limit: int) -> list[StoredLine]:
    """Lines after `since_seq`, in order."""
    rows = connection.execute(
        "SELECT seq, key, at, home_id, alarm_id, kind, verb, priority, facts, text, hash"
        " FROM alarm_log LEFT JOIN alarm_log_private USING (seq)"
        " WHERE seq > ? ORDER BY seq LIMIT ?",
        (since_seq, limit),
    )
    return [
        StoredLine(
            seq, key, from_us(at), home, alarm, kind, verb, priority, _FACTS.decode(facts), *rest
        )
        for seq, key, at, home, alarm, kind, verb, priority, facts, *rest in rows
    ]


def log_extent(connection: sqlite3.Connection) -> tuple[Head, int]:
    """Give the noted head and the number of the last line that is there, of one instant."""
    (last,) = connection.execute("SELECT ifnull(max(seq), 0) FROM alarm_log").fetchone()
    return noted_head(connection), last


def sealed_lines(
    connection: sqlite3.Connection, after_seq: int, up_to_seq: int, limit: int
) -> list[Sealed]:
    """Lines as the chain covers them: bytes, so that even spoilt text can be looked at."""
    rows = connection.execute(
        "SELECT seq, CAST(key AS BLOB), CAST(at AS BLOB), CAST(home_id AS BLOB),"
        " CAST(alarm_id AS BLOB), CAST(kind AS BLOB), CAST(verb AS BLOB),"
        " CAST(priority AS BLOB), CAST(facts AS BLOB), digest, hash, salt, CAST(text AS BLOB)"
        " FROM alarm_log LEFT JOIN alarm_log_private USING (seq)"
        " WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
        (after_seq, up_to_seq, limit),
    )
    return [
        Sealed(row[0], row[1:9], row[9], row[10], None if row[11] is None else Private(*row[11:]))
        for row in rows
    ]


def erase_person(connection: sqlite3.Connection, person_id: str) -> int:
    """Erase salt and text of every line about a person, whoever else it is about."""
    about = "SELECT seq FROM alarm_log_person WHERE person_id = ?"
    erased = connection.execute(
        f"DELETE FROM alarm_log_private WHERE seq IN ({about})",  # noqa: S608 - a constant
        (person_id,),
    ).rowcount
    connection.execute(
        f"DELETE FROM alarm_log_person WHERE seq IN ({about})",  # noqa: S608 - a constant
        (person_id,),
    )
    return erased


def erase_old_text(connection: sqlite3.Connection, before: datetime, limit: int) -> int:
    """Erase salt and text of the oldest lines from before then; the lines stay, and the chain."""
    old = (
        "SELECT seq FROM alarm_log_private JOIN alarm_log USING (seq)"
        " WHERE at < ? ORDER BY seq LIMIT ?"
    )
    seqs = [row[0] for row in connection.execute(old, (to_us(before), limit))]
    for table in ("alarm_log_private", "alarm_log_person"):
        connection.executemany(
            f"DELETE FROM {table} WHERE seq = ?",  # noqa: S608 - one of two constants
            [(seq,) for seq in seqs],
        )
    return len(seqs)
