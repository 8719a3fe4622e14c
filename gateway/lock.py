"""One process at a time on a state folder.

The kernel holds the lock and drops it with the process, however that ends, so there is never a
stale one to clear away. The file is left where it is: taking it away would let two processes
lock two files of the same name.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "lock"
_PID_BYTES = 20


class LockHeldError(Exception):
    """Another process works on the folder; `pid` is None where it has not said which."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        """Name the folder and the process."""
        zh, en = (
            ("另一个进程", "another process") if pid is None else (f"进程 {pid} ", f"process {pid}")
        )
        super().__init__(f"{zh}正在用 {folder}，先停掉它 {en} is using {folder}; stop it first")
        self.pid = pid


@contextmanager
def state_lock(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; raises LockHeldError at once, or OSError."""
    # Not inherited by child processes: the broker must not keep the lock when we are killed.
    file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockHeldError(folder, _written_pid(file)) from error
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(file)


def _written_pid(file: int) -> int | None:
    """Read who holds the lock; the holder may be about to write it."""
    text = os.pread(file, _PID_BYTES, 0).strip()
    return int(text) if text.isdigit() else None
