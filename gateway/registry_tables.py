"""The registry's tables in the gateway's database: how they are made, read and written.

The columns are the fields of the rows. The order of people and devices within a home is the order
in which they were written, which is SQLite's own `rowid`. What is read is not judged again: a rule
that has become stricter since the import must not keep the gateway from starting.
"""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from alerting.record import Role
from gateway.log_port import Statement
from gateway.registry_rows import (
    DeviceRow,
    HomeRow,
    PairingRow,
    ResidentRow,
    ResponderRow,
    Rows,
)

AnyRow = HomeRow | ResidentRow | DeviceRow | ResponderRow | PairingRow

TABLES = (
    """CREATE TABLE homes (
        id TEXT PRIMARY KEY,
        compound TEXT NOT NULL,
        building TEXT NOT NULL,
        unit TEXT NOT NULL,
        room TEXT NOT NULL,
        floor INTEGER,
        lift INTEGER,
        gate TEXT NOT NULL,
        district TEXT NOT NULL,
        street TEXT NOT NULL,
        key_holder TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE residents (
        id TEXT PRIMARY KEY,
        home TEXT NOT NULL,
        name TEXT NOT NULL,
        called TEXT NOT NULL,
        phone TEXT,
        birth_year INTEGER,
        sex TEXT,
        deaf INTEGER NOT NULL,
        no_speech INTEGER NOT NULL,
        health_note TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX residents_by_home ON residents (home)",
    """CREATE TABLE devices (
        id TEXT NOT NULL,
        family TEXT NOT NULL,
        home TEXT NOT NULL,
        device_class TEXT NOT NULL,
        room TEXT NOT NULL,
        resident TEXT,
        secret TEXT,
        PRIMARY KEY (id, family)
    ) STRICT""",
    "CREATE INDEX devices_by_home ON devices (home)",
    """CREATE TABLE responders (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('desk', 'neighbour', 'post', 'family')),
        phone TEXT NOT NULL,
        sms INTEGER NOT NULL,
        voice INTEGER NOT NULL,
        at_night INTEGER NOT NULL,
        stairs INTEGER NOT NULL,
        lifts INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE pairings (
        home TEXT NOT NULL,
        responder TEXT NOT NULL,
        rank INTEGER NOT NULL,
        PRIMARY KEY (home, responder)
    ) STRICT""",
)
"""For the schema's list of migrations."""

INSTALLERS = (
    "ALTER TABLE responders RENAME TO responders_before",
    """CREATE TABLE responders (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        phone TEXT NOT NULL,
        sms INTEGER NOT NULL,
        voice INTEGER NOT NULL,
        at_night INTEGER NOT NULL,
        stairs INTEGER NOT NULL,
        lifts INTEGER NOT NULL
    ) STRICT""",
    """INSERT INTO responders SELECT id, name, role, phone, sms, voice, at_night, stairs, lifts
        FROM responders_before ORDER BY rowid""",
    "DROP TABLE responders_before",
)
"""A later step: an installer is a responder too; the rows' types know the roles, not the table."""

RANGES = (
    "ALTER TABLE residents ADD COLUMN heart_rate_low INTEGER",
    "ALTER TABLE residents ADD COLUMN heart_rate_high INTEGER",
    "ALTER TABLE residents ADD COLUMN spo2_low INTEGER",
)
"""A later step of it: what is usual for a person."""

SHIFTS = (
    "ALTER TABLE responders ADD COLUMN duty TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE responders ADD COLUMN absent TEXT NOT NULL DEFAULT ''",
)
"""A later step of it: when a responder is there."""

_LINES = frozenset({"duty", "absent"})
"""Columns of text that came later: a file that has not them yet has nothing in them."""

KINDS: dict[str, type[AnyRow]] = {
    "homes": HomeRow,
    "residents": ResidentRow,
    "devices": DeviceRow,
    "responders": ResponderRow,
    "pairings": PairingRow,
}
_COLUMNS = {name: [f.name for f in dataclasses.fields(kind)] for name, kind in KINDS.items()}


def query(name: str, present: Collection[str] | None = None) -> str:
    """Write what reads a table in its order; a column that is not among those `present` is NULL.

    A file of an older version has fewer, until a gateway has started on it.
    """
    columns = (
        column if present is None or column in present else f"{_none(column)} AS {column}"
        for column in _COLUMNS[name]
    )
    return f"SELECT {', '.join(columns)} FROM {name} ORDER BY rowid"  # noqa: S608 -- our own names


def _none(column: str) -> str:
    return "''" if column in _LINES else "NULL"


QUERIES = {name: query(name) for name in _COLUMNS}
"""What reads each table of a file of this version."""

PAGE = 2000

PAGES = {
    name: f"SELECT rowid, {', '.join(columns)} FROM {name}"  # noqa: S608 -- our own names
    " WHERE rowid > ? ORDER BY rowid LIMIT ?"
    for name, columns in _COLUMNS.items()
}
"""What reads each table in turns of PAGE rows, from behind a rowid, which each row begins with."""

_SHARED = frozenset(
    [("homes", column) for column in ("id", "compound", "building", "unit", "gate", "street")]
    + [("homes", "district"), ("residents", "home"), ("responders", "id")]
    + [("devices", column) for column in ("family", "home", "device_class", "room")]
    + [("pairings", "home"), ("pairings", "responder")]
)
_FLAGS = frozenset(("lift", "deaf", "no_speech", "sms", "voice", "at_night", "stairs", "lifts"))


def rows_of(tables: Mapping[str, Iterable[Sequence[object]]]) -> Rows:
    """Make rows of what the QUERIES gave."""
    known: dict[object, object] = {}
    read = {name: tuple(read_table(name, tables[name], known)) for name in QUERIES}
    return Rows(**read)  # type: ignore[arg-type]


def read_table(
    name: str, stored: Iterable[Sequence[object]], known: dict[object, object]
) -> Iterator[AnyRow]:
    """Make rows of one table: SQLite knows neither flags nor roles.

    `known` holds every text of _SHARED once: a county says the id of a home a dozen times, and
    "bedroom" a hundred thousand times.
    """
    kind, columns = KINDS[name], _COLUMNS[name]
    flags = [index for index, column in enumerate(columns) if column in _FLAGS]
    shared = [index for index, column in enumerate(columns) if (name, column) in _SHARED]
    for values in stored:
        fields: list[Any] = list(values)
        for index in shared:
            fields[index] = known.setdefault(fields[index], fields[index])
        for index in flags:
            fields[index] = None if fields[index] is None else bool(fields[index])
        if kind is ResponderRow:
            fields[2] = Role(fields[2])
        yield kind(*fields)


def insert(name: str, row: AnyRow) -> Statement:
    """Write a row that is not there."""
    columns = _COLUMNS[name]
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
    return sql, tuple(getattr(row, column) for column in columns)


def put(name: str, row: HomeRow | ResponderRow) -> Statement:
    """Write a row, in the place of the one with its id where there is one."""
    sql, values = insert(name, row)
    changes = ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS[name])
    return f"{sql} ON CONFLICT (id) DO UPDATE SET {changes}", values


def clear_home(home_id: str) -> Iterator[Statement]:
    """Take away who lives in a home, what stands there, and who is called for it."""
    for name in ("residents", "devices", "pairings"):
        yield f"DELETE FROM {name} WHERE home = ?", (home_id,)  # noqa: S608 -- our own names


def remove(name: str, row_id: str) -> Statement:
    """Take away a home or a responder."""
    return f"DELETE FROM {name} WHERE id = ?", (row_id,)  # noqa: S608 -- our own names
