"""Versions of the file: forward step by step, never backward."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.log_port import JournalFailedError
from gateway.schema import MIGRATIONS, SchemaTooNewError, migrate
from tests.journal.rows import file_journal


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """An empty database."""
    opened = sqlite3.connect(":memory:", isolation_level=None)
    yield opened
    opened.close()


def version(connection: sqlite3.Connection) -> int:
    """Version the file says it has."""
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    return int(number)


def test_an_empty_file_comes_to_the_newest_version(connection: sqlite3.Connection) -> None:
    """All steps are taken."""
    migrate(connection)
    assert len(MIGRATIONS) == version(connection)


def test_migrating_twice_changes_nothing(connection: sqlite3.Connection) -> None:
    """Every start goes through it."""
    migrate(connection)
    migrate(connection)
    assert len(MIGRATIONS) == version(connection)


def test_only_the_missing_steps_are_taken(connection: sqlite3.Connection) -> None:
    """A file of version 1 keeps its rows and gets the second step."""
    first = ("CREATE TABLE a (x)",)
    migrate(connection, (first,))
    connection.execute("INSERT INTO a VALUES (1)")
    migrate(connection, (first, ("ALTER TABLE a ADD COLUMN y DEFAULT 2",)))
    assert [(1, 2)] == connection.execute("SELECT * FROM a").fetchall()


def test_a_step_that_fails_leaves_the_version_before(connection: sqlite3.Connection) -> None:
    """Half a step is none."""
    broken = (("CREATE TABLE a (x)",), ("CREATE TABLE b (x)", "CREATE TABLE a (x)"))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, broken)
    tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert (1, [("a",)]) == (version(connection), tables)


def test_a_newer_file_is_refused(connection: sqlite3.Connection) -> None:
    """The error says both versions."""
    connection.execute("PRAGMA user_version = 99")
    with pytest.raises(SchemaTooNewError, match=f"version 99 .* up to {len(MIGRATIONS)};"):
        migrate(connection)


async def test_a_newer_file_is_refused_by_the_journal(tmp_path: Path) -> None:
    """And it is let go, so that the right program can have it."""
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(SchemaTooNewError):
        async with file_journal(path):
            pass


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """And is not overwritten."""
    path = tmp_path / "journal.db"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(JournalFailedError, match=r"journal\.db cannot be used"):
        async with file_journal(path):
            pass
    assert path.read_bytes() == b"not a database" * 100


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The operator reads which path."""
    with pytest.raises(JournalFailedError, match=r"no/journal\.db cannot be used"):
        async with file_journal(tmp_path / "no" / "journal.db"):
            pass


def test_an_older_table_of_responders_becomes_one_that_knows_installers() -> None:
    """Nobody is lost, and their order, in which they are asked, stays."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, MIGRATIONS[:3])
    people = [(f"n{n}", "李明", "neighbour", f"+86139000000{n}", 1, 1, 1, 1, 1) for n in (30, 20)]
    insert = "INSERT INTO responders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    connection.executemany(insert, people)
    migrate(connection, MIGRATIONS[:4])
    found = connection.execute("SELECT * FROM responders ORDER BY rowid").fetchall()
    assert people == found
    connection.execute(insert, ("i1", "赵亮", "installer", "+8613900000001", 1, 1, 1, 1, 1))
    connection.close()
