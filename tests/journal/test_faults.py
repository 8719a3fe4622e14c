"""A disk that is full and a disk that fails: nothing half kept, and well again afterwards."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.entries import Batch, CommitFailedError, Entry
from gateway.journal import Journal
from tests.journal.rows import (
    NOON,
    StillClock,
    file_journal,
    line,
    memory_journal,
    order_row,
    read_all,
)
from tests.small_disk import Disk, mounted

BIG = Entry(NOON, "h1", "report", b"x" * 300_000)
SMALL = Batch(entries=[Entry(NOON, "h1", "report", b"small")])


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Three megabytes."""
    with mounted(tmp_path) as small:
        yield small


async def test_a_full_disk_is_said_to_be_full_and_heals(disk: Disk) -> None:
    """Nothing of the batch is kept; with room again the same connection goes on."""
    async with file_journal(disk.folder / "journal.db") as journal:
        await journal.commit(SMALL)
        disk.fill()
        rich = Batch(entries=[BIG], orders=[order_row("o1")], lines=[line("l1", "x")])
        for _ in range(3):
            with pytest.raises(CommitFailedError) as caught:
                await journal.commit(rich)
            assert caught.value.is_disk_full
        assert ([b"small"], []) == (await read_all(journal), await journal.open_orders())
        disk.free()
        assert await journal.commit(rich) == 2
        assert (await journal.verify_log()).lines == 1


async def test_a_journal_can_be_opened_on_a_disk_that_was_full(disk: Disk) -> None:
    """What was committed before is there after a restart in the middle of it."""
    path = disk.folder / "journal.db"
    async with file_journal(path) as journal:
        await journal.commit(SMALL)
        disk.fill()
        with pytest.raises(CommitFailedError):
            await journal.commit(Batch(entries=[BIG]))
    disk.free()
    async with file_journal(path) as journal:
        assert [b"small"] == await read_all(journal)


async def test_a_page_limit_is_a_full_disk(journal: Journal) -> None:
    """SQLite's own limit gives the same error on any machine."""
    await journal.commit(SMALL)
    await journal.read("PRAGMA max_page_count = 60")
    with pytest.raises(CommitFailedError, match="SQLITE_FULL") as caught:
        await journal.commit(Batch(entries=[SMALL.entries[0], BIG], orders=[order_row("o1")]))
    assert caught.value.is_disk_full
    assert ([b"small"], []) == (await read_all(journal), await journal.open_orders())
    await journal.read("PRAGMA max_page_count = 4294967294")
    assert await journal.commit(Batch(entries=[BIG])) == 2


@contextmanager
def failing_writes(size_bytes: int) -> Iterator[None]:
    """Make the kernel refuse every write beyond the size with EFBIG, in any file of ours."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_failing_disk_is_an_error_and_the_connection_is_opened_anew(
    journal: Journal,
) -> None:
    """An I/O error is not a full disk; when writes work again, so does the journal."""
    await journal.commit(SMALL)
    await journal.read("PRAGMA cache_size = 77")  # a mark on the connection, not in the file
    with failing_writes(1 << 20), pytest.raises(CommitFailedError, match="IOERR") as caught:
        await journal.commit(Batch(entries=[BIG] * 5))
    assert not caught.value.is_disk_full
    assert await journal.commit(SMALL) == 2
    assert [b"small"] * 2 == await read_all(journal)
    assert (await journal.read("PRAGMA cache_size"))[0][0] != 77


async def test_a_file_that_has_gone_is_not_replaced(tmp_path: Path) -> None:
    """An empty journal in its place would forget every alarm; an error says so instead."""
    path = tmp_path / "journal.db"
    journal = await Journal.open(path, StillClock())
    with failing_writes(1 << 20), pytest.raises(CommitFailedError):
        await journal.commit(Batch(entries=[BIG] * 5))
    path.unlink()
    with pytest.raises(CommitFailedError, match="No such file"):
        await journal.commit(SMALL)
    await journal.close()
    assert not path.exists()


async def test_the_simulated_disk_can_be_full() -> None:
    """The same error, at a word."""
    async with memory_journal() as journal:
        journal.is_full = True
        with pytest.raises(CommitFailedError) as caught:
            await journal.commit(SMALL)
        assert caught.value.is_disk_full
        journal.is_full = False
        assert await journal.commit(SMALL) == 1
