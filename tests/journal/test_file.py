"""What only a file has: fsync, modes, threads, cancellation, and pages that remember."""

import asyncio
import stat
from pathlib import Path

import pytest

from gateway.entries import Batch, CommitFailedError
from gateway.journal import Journal
from gateway.log_port import JournalFailedError
from tests.journal.rows import StillClock, entry, file_journal, line, read_all

SECRET = "王桂芳 3栋2单元502"


async def pragma(journal: Journal, name: str) -> object:
    """A setting as the connection has it."""
    return (await journal.read(f"PRAGMA {name}"))[0][0]


async def test_a_commit_goes_through_fsync(journal: Journal) -> None:
    """WAL with synchronous=FULL (2); NORMAL (1) would lose commits in a power cut."""
    assert ("wal", 2) == (
        await pragma(journal, "journal_mode"),
        await pragma(journal, "synchronous"),
    )


async def test_the_files_are_for_one_user(journal: Journal, tmp_path: Path) -> None:
    """They hold names; the files SQLite makes beside it, too."""

    def modes() -> dict[str, int]:
        return {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}

    await journal.commit(Batch(entries=[entry(1)]))
    assert {"journal.db": 0o600, "journal.db-wal": 0o600, "journal.db-shm": 0o600} == modes()


async def test_what_is_erased_is_not_on_the_disk(journal: Journal, tmp_path: Path) -> None:
    """Neither in the file nor in the log beside it."""

    def traces() -> list[str]:
        wanted = SECRET.encode()
        return sorted(p.name for p in tmp_path.iterdir() if wanted in p.read_bytes())

    await journal.commit(Batch(lines=[line("l1", SECRET, "r1"), line("l2", "other", "r2")]))
    assert ["journal.db-wal"] == traces()
    await journal.erase_person("r1")
    assert [] == traces()


async def test_what_is_committed_is_there_after_a_restart(tmp_path: Path) -> None:
    """The plain case."""
    async with file_journal(tmp_path / "journal.db") as journal:
        await journal.commit(Batch(entries=[entry(1)]))
    async with file_journal(tmp_path / "journal.db") as journal:
        assert [entry(1).body] == await read_all(journal)


async def test_commits_in_parallel_are_kept_one_after_the_other(journal: Journal) -> None:
    """Each batch has consecutive numbers."""
    batches = [Batch(entries=[entry(n), entry(n)]) for n in range(20)]
    await asyncio.gather(*(journal.commit(batch) for batch in batches))
    bodies = await read_all(journal)
    assert [entry(n).body for n in range(20) for _ in range(2)] == bodies


async def test_a_cancelled_commit_is_whole_and_holds_up_nobody(journal: Journal) -> None:
    """It was handed to the thread, so all of it is kept; the next one follows."""
    batch = Batch(entries=[entry(n) for n in range(2000)], lines=[line("l1", "x")])
    task = asyncio.create_task(journal.commit(batch))
    await StillClock().sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await journal.commit(Batch(entries=[entry(1)])) == 2001
    assert (await journal.verify_log()).lines == 1


async def test_a_writer_with_a_tool_of_its_own_fails_only_the_commit(
    journal: Journal, tmp_path: Path
) -> None:
    """The lock of another connection is waited for, then it is a typed error, and it passes."""
    async with file_journal(tmp_path / "journal.db") as other:
        await journal.read("PRAGMA busy_timeout = 10")
        await other.read("BEGIN IMMEDIATE")
        with pytest.raises(CommitFailedError, match="SQLITE_BUSY"):
            await journal.commit(Batch(entries=[entry(1)]))
        await other.read("ROLLBACK")
    assert await journal.commit(Batch(entries=[entry(1)])) == 1


async def test_a_file_that_has_gone_bad_is_a_typed_error(journal: Journal, tmp_path: Path) -> None:
    """For readers and writers, and it is no reason to make a new empty one."""
    table = await journal.read("SELECT rootpage FROM sqlite_master WHERE name = 'journal'")
    size = await pragma(journal, "page_size")
    assert isinstance(size, int)
    await journal.close()  # which brings everything into the file itself
    path = tmp_path / "journal.db"
    pages = bytearray(path.read_bytes())
    pages[(table[0][0] - 1) * size : table[0][0] * size] = b"\xff" * size
    path.write_bytes(pages)
    async with file_journal(path) as spoilt:
        with pytest.raises(JournalFailedError, match="SQLITE_CORRUPT"):
            await spoilt.last()
        with pytest.raises(CommitFailedError, match="SQLITE_CORRUPT") as caught:
            await spoilt.commit(Batch(entries=[entry(1)]))
    assert not caught.value.is_disk_full
