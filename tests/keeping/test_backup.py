"""The drill of bar 4: a backup taken under load is restored, and verifies and replays."""

import asyncio
import json
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from alerting.event import Verb
from gateway import registry_file
from gateway.backup import BackupFailedError, backup, restore
from gateway.clock import SystemClock
from gateway.journal import Journal
from gateway.lock import LockHeldError
from gateway.recovery import rebuild
from gateway.registry import Registry
from gateway.request import Act, Drill, ReadLog, TakeSnapshot
from tests.cli.rig import REGISTRY, Yard, typed
from tests.keeping.rig import load, names, on_disk

CLOCK = SystemClock()


def quietly(_done: int, _total: int) -> None:
    """No bar."""


async def busy(yard: Yard) -> None:
    """Have some history: an alarm that is open, one that is closed with a note, two snapshots."""
    await yard.ask(Drill("h0001", "smoke", "d01"))
    await yard.ask(Drill("h0002", "help_call", "d01"))
    await yard.ask(Act("h0002", Verb.CLOSE, "d01", "drill", note="王桂花在家"))
    await yard.ask(TakeSnapshot())


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    while not is_so():
        await CLOCK.sleep(0.005)


async def test_a_backup_under_load_restores_to_the_state_of_its_instant(tmp_path: Path) -> None:
    """Every reading acknowledged before it is in it; chain, fold and registry are whole."""
    copy, elsewhere = tmp_path / "copy.db", tmp_path / "elsewhere"
    async with on_disk(tmp_path) as yard, load(yard) as acknowledged:
        await busy(yard)
        await until(lambda: len(acknowledged) > 20)
        before, seq_before = len(acknowledged), yard.pump.seq
        taken = await yard.type("backup", str(copy), "--json")
        assert 0 == taken.exit_code, taken.output
        assert len(acknowledged) > before, "readings were acknowledged while it was taken"
        trial = json.loads(taken.stdout)
        assert (True, 1, 2) == (trial["folds_same"], trial["open_alarms"], trial["homes"])
        assert seq_before <= trial["seq"] < yard.pump.seq
        live = yard.journal
        state_then = (await rebuild(live, trial["seq"])).engine.snapshot()
    elsewhere.mkdir()
    restored, aside = await asyncio.to_thread(restore, copy, elsewhere, CLOCK)
    assert (trial["head_hash"], None) == (restored.head_hash, aside)
    journal = await Journal.open(elsewhere / "journal.db", CLOCK)
    try:
        assert (await journal.verify_log()).is_sound
        assert state_then == (await rebuild(journal)).engine.snapshot()
        registry = await Registry.load(journal.read)
    finally:
        await journal.close()
    assert registry_file.parse(REGISTRY.encode()).rows == registry.rows


async def test_a_restored_gateway_goes_on(tmp_path: Path) -> None:
    """The open alarm is open again, and a new line continues the chain."""
    copy = tmp_path / "copy.db"
    async with on_disk(tmp_path) as yard:
        await busy(yard)
        await yard.type("backup", str(copy))
        await yard.ask(Act("h0001", Verb.CLOSE, "d01", "drill"))
    put = await asyncio.to_thread(typed, tmp_path / "config.toml", "restore", str(copy))
    assert (1, True) == (put.exit_code, "--replace" in put.output)
    put = await asyncio.to_thread(
        typed, tmp_path / "config.toml", "restore", str(copy), "--replace"
    )
    assert 0 == put.exit_code, put.output
    assert (tmp_path / "state" / "journal.db.before-restore-1").is_file()
    async with on_disk(tmp_path) as yard:
        await yard.ask(Act("h0001", Verb.CLOSE, "d01", "drill"))
        assert (await yard.journal.verify_log()).is_sound
        assert 5 == len(await yard.ask(ReadLog()))


async def test_a_backup_is_for_one_user_and_one_file(tmp_path: Path) -> None:
    """Mode 0600, nothing beside it, and the client id travels in it."""
    copy, elsewhere = tmp_path / "copy.db", tmp_path / "elsewhere"
    async with on_disk(tmp_path) as yard:
        (tmp_path / "state" / "client_id").write_text("smartcare-abc", encoding="ascii")
        copy.write_bytes(b"SQLite format 3\0 an older backup")
        copy.chmod(0o644)
        assert 0 == (await yard.type("backup", str(copy))).exit_code
    assert 0o600 == stat.S_IMODE(copy.stat().st_mode)
    assert [copy.name] == names(tmp_path, "*copy*")
    await asyncio.to_thread(restore, copy, elsewhere, CLOCK)
    assert "smartcare-abc" == (elsewhere / "client_id").read_text(encoding="ascii")
    with closing(sqlite3.connect(elsewhere / "journal.db")) as connection:
        keys = {key for (key,) in connection.execute("SELECT key FROM meta")}
    assert not any("client_id" in key for key in keys)
    assert 0o600 == stat.S_IMODE((elsewhere / "journal.db").stat().st_mode)


async def test_a_stopped_gateway_is_backed_up_too(tmp_path: Path) -> None:
    """And so is one that was killed, from what its write-ahead log has."""
    async with on_disk(tmp_path) as yard:
        await busy(yard)
        for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
            (tmp_path / "killed").mkdir(exist_ok=True)
            (tmp_path / "killed" / name).write_bytes((tmp_path / "state" / name).read_bytes())
    for folder in ("state", "killed"):
        trial = await asyncio.to_thread(
            backup, tmp_path / folder, tmp_path / f"{folder}.db", CLOCK, quietly
        )
        assert (4, 1) == (trial.log_lines, trial.open_alarms)


async def test_only_an_older_backup_is_written_over(tmp_path: Path) -> None:
    """Not a file of the user's, not the journal itself, not a folder."""
    async with on_disk(tmp_path) as yard:
        for name in ("config.toml", "state/journal.db", "state"):
            before = (tmp_path / name).stat().st_size
            refused = await yard.type("backup", str(tmp_path / name))
            assert (1, before) == (refused.exit_code, (tmp_path / name).stat().st_size)
            assert [] == names(tmp_path, "*.part")


def spoil_page(file: Path) -> None:
    """Overwrite a page in the middle."""
    with file.open("r+b") as opened:
        opened.seek(4096 * 5)
        opened.write(b"\x55" * 4096)


def spoil_line(file: Path) -> None:
    """Change what a line of the alarm log says."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alarm_log SET verb = 'closed' WHERE seq = 1")


def cut(file: Path) -> None:
    """Lose the end, as a copy over a cable that was pulled."""
    file.write_bytes(file.read_bytes()[:9000])


@pytest.mark.parametrize("spoil", [spoil_page, spoil_line, cut])
async def test_a_spoilt_backup_is_not_restored(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    """The journal that is there stays in force, byte for byte."""
    copy, journal = tmp_path / "copy.db", tmp_path / "state" / "journal.db"
    async with on_disk(tmp_path) as yard:
        await busy(yard)
        assert 0 == (await yard.type("backup", str(copy))).exit_code
    spoil(copy)
    before = journal.read_bytes()
    with pytest.raises(BackupFailedError):
        await asyncio.to_thread(restore, copy, journal.parent, CLOCK, is_replacing=True)
    assert before == journal.read_bytes()
    assert {"journal.db", "lock"} == {path.name for path in journal.parent.iterdir()}


async def test_nothing_is_restored_under_a_running_gateway(tmp_path: Path) -> None:
    """Its lock refuses, in a sentence that names the process."""
    copy = tmp_path / "copy.db"
    async with on_disk(tmp_path) as yard:
        assert 0 == (await yard.type("backup", str(copy))).exit_code
        with pytest.raises(LockHeldError, match=r"正在用 .* is using .*; stop it first"):
            await asyncio.to_thread(restore, copy, tmp_path / "state", CLOCK, is_replacing=True)


def test_without_a_journal_there_is_no_backup(tmp_path: Path) -> None:
    """Said with the folder's name."""
    with pytest.raises(BackupFailedError, match="there is no journal in"):
        backup(tmp_path, tmp_path / "copy.db", CLOCK, quietly)
