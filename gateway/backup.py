"""A backup is one file that has been restored once already; a restore begins with the same trial.

The copy is SQLite's own (its online backup), taken of one instant while the gateway goes on
writing. It is then restored beside itself, its hash chain checked and its state folded, and only
what stood this trial gets the name that was asked for. In it is all of `journal.db`: registry,
journal, alarm log, outbox; and the client id, under which the broker keeps what we have not
fetched. Not in it are the configuration with its secrets and the embedded broker's own store.
"""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from gateway import identity
from gateway.clock import Clock
from gateway.control_client import JOURNAL
from gateway.journal import Journal
from gateway.lock import LockHeldError, state_lock
from gateway.log_port import JournalFailedError
from gateway.read_only import opened
from gateway.replay import compare, rebuilt
from gateway.tables import put_meta

_CLIENT_ID = "backup_client_id"
_PAGES_AT_ONCE = 2048
_FOR_ONE_USER = 0o600
_MAGIC = b"SQLite format 3\0"

Progress = Callable[[int, int], None]
"""Hears how much is done, and of how much."""


class BackupFailedError(Exception):
    """There is no backup, or nothing was restored; the sentence says why. Nothing has changed."""


class Trial(msgspec.Struct, frozen=True):
    """What a restored copy holds: its last entry, its alarm log's head, and what it folds to.

    `folds_same` is False where another way through the journal leads to another state, as after
    an upgrade that changed a rule; the copy is good all the same. `replay` names the homes.
    """

    seq: int
    log_lines: int
    head_hash: str
    folds_same: bool | None
    homes: int
    open_alarms: int
    size_bytes: int


def backup(folder: Path, target: Path, clock: Clock, progress: Progress) -> Trial:
    """Copy the journal of a state folder to `target`, tried, for this user alone.

    A backup that is there is replaced, at once and whole. Raises BackupFailedError.
    """
    _check_target(folder, target)
    part = target.with_name(f"{target.name}.part")
    with _failing("backup"):
        try:
            with ExitStack() as stack:
                with suppress(LockHeldError):  # by the gateway, which may go on
                    stack.enter_context(state_lock(folder))
                _copy(folder, part, progress)
            trial = tried(part, clock)
            part.replace(target)
            _sync(target.parent)
        finally:
            part.unlink(missing_ok=True)
    return trial


def restore(
    source: Path, folder: Path, clock: Clock, *, is_replacing: bool = False
) -> tuple[Trial, Path | None]:
    """Put a backup in force in a state folder that no gateway works on.

    Gives what is in it, and where the journal that was there has been put aside. Raises
    BackupFailedError where the backup does not stand its trial, or a journal is there and must
    not be replaced; LockHeldError where a gateway runs.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    journal, part = folder / JOURNAL, folder / f"{JOURNAL}.part"
    with state_lock(folder), _failing("restore"):
        if journal.exists() and not is_replacing:
            raise BackupFailedError(
                f"{journal} 已经有了；确实要换就加 --replace（原来的会留着） "
                "is there; --replace puts it aside"
            )
        try:
            _write(part, source)
            trial = tried(part, clock)
            client_id = _take_client_id(part)
            aside = _put_aside(journal)
            part.replace(journal)
        finally:
            part.unlink(missing_ok=True)
        if client_id:
            identity.keep(folder / identity.FILE, client_id)
        _sync(folder)
        _give_to_owner(folder)
    return trial, aside


def tried(file: Path, clock: Clock) -> Trial:
    """Restore a copy beside the file and look at all of it; raises BackupFailedError.

    The file itself stays as it is, of whatever version; the copy is brought to ours.
    """
    with TemporaryDirectory(prefix=".trial-", dir=file.parent) as scratch:
        copy = Path(scratch) / JOURNAL
        _write(copy, file)
        return asyncio.run(_looked_at(copy, clock, file.stat().st_size))


async def _looked_at(copy: Path, clock: Clock, size_bytes: int) -> Trial:
    """Check a copy's pages and hash chain, and fold its state by two ways."""
    journal = await Journal.open(copy, clock)
    try:
        (found,) = (await journal.read("PRAGMA quick_check(1)"))[0]
        if found != "ok":
            raise BackupFailedError(f"数据库坏了 the database is damaged: {found}")
        verdict = await journal.verify_log()
        if not verdict.is_sound:
            raise BackupFailedError(
                f"报警记录第 {verdict.broken_seq} 行不对 the alarm log is broken at line "
                f"{verdict.broken_seq}: {verdict.reason}"
            )
        compared, state = await compare(journal), await rebuilt(journal)
    finally:
        await journal.close()
    homes = state.engine.homes.values()
    return Trial(
        seq=state.seq,
        log_lines=verdict.lines,
        head_hash=verdict.head.hash.hex(),
        folds_same=compared.is_same,
        homes=len(homes),
        open_alarms=sum(alarm.is_open for home in homes for alarm in home.alarms.values()),
        size_bytes=size_bytes,
    )


def _check_target(folder: Path, target: Path) -> None:
    """Refuse to write over anything but an older backup."""
    if not (folder / JOURNAL).is_file():
        raise BackupFailedError(f"{folder} 里还没有日志 there is no journal in {folder}")
    if target.is_dir():
        raise BackupFailedError(f"{target} 是目录，写上文件名 is a folder; name a file in it")
    if target.exists():
        with target.open("rb") as file:
            is_ours = file.read(len(_MAGIC)) == _MAGIC
        if not is_ours or target.samefile(folder / JOURNAL):
            raise BackupFailedError(
                f"{target} 不是备份，换个名字 is no backup of ours; choose another name"
            )


def _copy(folder: Path, part: Path, progress: Progress) -> None:
    """Copy the journal as it is at one instant, and the client id into it."""
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, _FOR_ONE_USER))
    part.chmod(_FOR_ONE_USER)

    def tell(_status: int, remaining: int, total: int) -> None:
        progress(total - remaining, total)

    with opened(folder / JOURNAL) as source, _writable(part) as copy:
        source.backup(copy, pages=_PAGES_AT_ONCE, progress=tell)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        if client_id := identity.known(folder):
            put_meta(copy, _CLIENT_ID, client_id.encode())
    _sync(part)


@contextmanager
def _writable(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        yield connection


def _take_client_id(part: Path) -> str:
    """Take the client id out of a copy, whose name in the folder it is going to have."""
    with _writable(part) as connection:
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (_CLIENT_ID,)).fetchone()
        connection.execute("DELETE FROM meta WHERE key = ?", (_CLIENT_ID,))
    _sync(part)
    return "" if row is None else bytes(row[0]).decode()


def _write(target: Path, source: Path) -> None:
    """Copy a file for this user alone, through to the disk."""
    descriptor = os.open(target, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, _FOR_ONE_USER)
    with os.fdopen(descriptor, "wb") as out, source.open("rb") as file:
        shutil.copyfileobj(file, out, 1 << 20)
        out.flush()
        os.fsync(out.fileno())


def _put_aside(journal: Path) -> Path | None:
    """Give the journal and its log other names: a log left behind would spoil the new journal.

    The journal keeps its own name beside it, until the next rename takes that.
    """
    number = 1
    while (aside := journal.with_name(f"{journal.name}.before-restore-{number}")).exists():
        number += 1
    was_there = journal.exists()
    if was_there:
        os.link(journal, aside)
    for end in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            journal.with_name(journal.name + end).rename(aside.with_name(aside.name + end))
    return aside if was_there else None


def _sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _give_to_owner(folder: Path) -> None:
    """Let the gateway's user own what root has restored."""
    if os.geteuid() == 0:
        owner = folder.stat()
        for path in folder.iterdir():
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


@contextmanager
def _failing(what: str) -> Iterator[None]:
    """Say in one sentence what kept a backup or a restore from being done."""
    try:
        yield
    except (OSError, sqlite3.Error, JournalFailedError) as error:
        zh = {"backup": "没有备份成", "restore": "没有恢复"}[what]
        raise BackupFailedError(f"{zh} no {what} was made: {error}") from error
