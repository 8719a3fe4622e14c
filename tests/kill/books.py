"""Reads the gateway's own books, from outside and read-only: reports, alarms, the hash chain."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from alerting.event import ReportReceived
from gateway import log_tables
from gateway.alarm_log import Check, Verdict
from gateway.tables import to_us
from tests.kill.verdict import Raised, Row

_REPORT = msgspec.json.Decoder(ReportReceived)
_LINES = 1000


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the journal's file for reading."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        yield connection


def reports(connection: sqlite3.Connection, after_seq: int = 0) -> list[Row]:
    """Every report in the journal, duplicates included."""
    rows = connection.execute(
        "SELECT at, mark, body FROM journal WHERE kind = 'report' AND seq > ? ORDER BY seq",
        (after_seq,),
    )
    found = []
    for at, mark, body in rows:
        report = _REPORT.decode(body).report
        found.append(Row(report.source.address, to_us(report.received_at), at, mark))
    return found


def alarms(connection: sqlite3.Connection, kind: str, first_verb: str = "raised") -> list[Raised]:
    """Every alarm of a kind, from the alarm log."""
    closed = dict(
        connection.execute(
            "SELECT alarm_id, min(at) FROM alarm_log WHERE kind = ? AND verb = 'closed'"
            " GROUP BY alarm_id",
            (kind,),
        )
    )
    raised = connection.execute(
        "SELECT alarm_id, home_id, min(at) FROM alarm_log WHERE kind = ? AND verb = ?"
        " GROUP BY alarm_id ORDER BY 3",
        (kind, first_verb),
    )
    return [Raised(name, home, at, closed.get(name)) for name, home, at in raised]


def check_log(connection: sqlite3.Connection) -> Verdict:
    """Walk the alarm log's hash chain from its first line to its last."""
    head, end = log_tables.log_extent(connection)
    check, seq = Check(head), 0
    while seq < end:
        page = log_tables.sealed_lines(connection, seq, end, _LINES)
        for line in page:
            check.add(line)
        seq = page[-1].seq if page else end
    return check.verdict()


def quarantined(connection: sqlite3.Connection) -> int:
    """How much input was put aside as unusable."""
    (total,) = connection.execute("SELECT ifnull(sum(total), 0) FROM quarantine_count").fetchone()
    return int(total)
