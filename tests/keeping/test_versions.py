"""An upgrade keeps everything; a downgrade and a second gateway are refused in a sentence."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.backup import backup
from gateway.clock import SystemClock
from gateway.journal import Journal
from gateway.recovery import rebuild
from gateway.registry import Registry
from gateway.request import Drill
from gateway.schema import MIGRATIONS, migrate
from tests.cli.rig import typed
from tests.keeping.rig import on_disk

CLOCK = SystemClock()
NEWEST = len(MIGRATIONS)


def as_version_1(new: Path, old: Path) -> None:
    """Write a journal as the first version had it: its tables, the rows of a newer one."""
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        migrate(connection, MIGRATIONS[:1])
        connection.execute("ATTACH ? AS new", (str(new),))
        tables = connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            columns = [row[1] for row in connection.execute(f"PRAGMA main.table_info({table})")]
            names = ", ".join(columns)
            connection.execute(f"INSERT INTO main.{table} SELECT {names} FROM new.{table}")  # noqa: S608 -- our own tables


async def test_a_file_of_version_1_is_brought_up_with_all_that_is_in_it(tmp_path: Path) -> None:
    """Registry, state and chain come out as they were."""
    async with on_disk(tmp_path) as yard:
        await yard.ask(Drill("h0001", "smoke", "d01"))
        rows, state = yard.registry.rows, yard.pump.engine.snapshot()
    old = tmp_path / "old.db"
    as_version_1(tmp_path / "state" / "journal.db", old)
    journal = await Journal.open(old, CLOCK)
    try:
        assert rows == (await Registry.load(journal.read)).rows
        assert state == (await rebuild(journal)).engine.snapshot()
        assert (True, 1) == ((verdict := await journal.verify_log()).is_sound, verdict.lines)
        assert NEWEST == (await journal.read("PRAGMA user_version"))[0][0]
    finally:
        await journal.close()


def stopped_with_version(folder: Path, version: int) -> Path:
    """Make a stopped gateway's file say that it is of a version; gives the configuration."""

    async def starting() -> None:
        async with on_disk(folder) as yard:
            await yard.ask(Drill("h0001", "smoke", "d01"))

    asyncio.run(starting())
    with closing(sqlite3.connect(folder / "state" / "journal.db")) as connection:
        connection.execute(f"PRAGMA user_version = {version:d}")
    return folder / "config.toml"


@pytest.mark.parametrize(
    "words", [("run",), ("alarms",), ("verify",), ("replay",), ("backup", "copy.db")]
)
def test_a_downgrade_is_refused_and_nothing_is_touched(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Each command says both versions and what to do, and leaves the file as it is."""
    config = stopped_with_version(tmp_path, NEWEST + 1)
    journal = tmp_path / "state" / "journal.db"
    before = journal.read_bytes()
    refused = typed(config, *[word.replace("copy.db", str(tmp_path / "copy.db")) for word in words])
    assert 1 == refused.exit_code, refused.output
    said = f"version {NEWEST + 1} and this gateway knows versions up to {NEWEST}; start the gateway"
    assert said in refused.output
    assert "恢复升级前的备份" in refused.output
    assert before == journal.read_bytes()
    assert not (tmp_path / "copy.db").exists()


def test_a_replay_of_an_older_file_says_how_to_see_it(tmp_path: Path) -> None:
    """It is read without being changed, so it is not brought up either."""
    config = stopped_with_version(tmp_path, NEWEST - 1)
    refused = typed(config, "replay")
    assert (1, True) == (refused.exit_code, "start this gateway on it once" in refused.output)


def test_a_backup_of_an_older_file_can_be_had(tmp_path: Path) -> None:
    """Before the upgrade is when it is wanted: the copy keeps its version, the trial is of ours."""
    stopped_with_version(tmp_path, NEWEST)
    old = tmp_path / "before" / "journal.db"
    old.parent.mkdir()
    as_version_1(tmp_path / "state" / "journal.db", old)
    copy = tmp_path / "copy.db"
    trial = backup(old.parent, copy, CLOCK, lambda _done, _total: None)
    assert (1, 2) == (trial.open_alarms, trial.homes)
    with closing(sqlite3.connect(copy)) as connection:
        assert 1 == connection.execute("PRAGMA user_version").fetchone()[0]


async def test_a_second_gateway_is_refused_by_the_lock(tmp_path: Path) -> None:
    """It names the process that is there, and stops nothing of it."""
    async with on_disk(tmp_path) as yard:
        refused = await yard.type("run")
        assert 1 == refused.exit_code
        assert "先停掉它" in refused.output
        assert "is using" in refused.output
        assert 1 == len(await yard.ask(Drill("h0001", "smoke", "d01")))
