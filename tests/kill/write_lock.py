"""Holds up the gateway's commits from outside, so that it can be struck in the middle of one.

Theory of operation. In WAL mode SQLite lets one writer in at a time, by a lock on byte 120 of the
index file beside the journal (`-shm`; the WAL format's page documents it). Whoever has that lock,
by fcntl and without any SQLite, holds a commit at its BEGIN for as long as the gateway's busy time
allows (2 s), and leaves nothing behind. The third word of the index counts transactions, which
tells when one has gone through.
"""

import fcntl
import os
from pathlib import Path
from typing import Self

from tests.kill.daemon import CLOCK

_WRITE_LOCK_BYTE = 120
_CHANGES_AT, _CHANGES_BYTES = 8, 4
_SPIN_SECONDS = 0.0002


class WriteLock:
    """The journal's write lock; `async with` holds it. Raises OSError where no journal is open."""

    def __init__(self, journal: Path) -> None:
        self._path = Path(f"{journal}-shm")
        self._file = -1

    async def __aenter__(self) -> Self:
        self._file = os.open(self._path, os.O_RDWR)
        await self.take()
        return self

    async def __aexit__(self, *_: object) -> None:
        os.close(self._file)  # which lets go of the lock
        self._file = -1

    async def take(self) -> None:
        """Take the lock as soon as nobody has it."""
        async with CLOCK.timeout(5.0):
            while not self._try():
                await CLOCK.sleep(_SPIN_SECONDS)

    def release(self) -> None:
        """Let the gateway commit."""
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _WRITE_LOCK_BYTE)

    async def let_one_through(self) -> bool:
        """Let one transaction be committed and no second one; False where none came in time."""
        before = self._changes()
        self.release()
        try:
            async with CLOCK.timeout(1.0):
                while self._changes() == before:
                    await CLOCK.sleep(0)
        except TimeoutError:
            return False
        finally:
            await self.take()
        return True

    def _try(self) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _WRITE_LOCK_BYTE)
        except OSError:
            return False
        return True

    def _changes(self) -> bytes:
        return os.pread(self._file, _CHANGES_BYTES, _CHANGES_AT)
