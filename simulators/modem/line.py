"""The pseudo-terminal a module sits on, under a path of its own; it can be pulled out."""

import asyncio
import os
import tty
from contextlib import suppress
from pathlib import Path

_READ_BYTES = 4096


class Line:
    """A path that looks like a serial adapter while it is plugged in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._master = self._slave = -1
        self._data: asyncio.Queue[bytes] = asyncio.Queue()

    def plug(self) -> None:
        """Appear, under a new device behind the same path."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self._slave))
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def pull(self) -> None:
        """Disappear."""
        if self._master < 0:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        self.path.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1

    def write(self, data: bytes) -> None:
        """Say something; what nobody reads is lost, as on a wire."""
        if self._master >= 0:
            with suppress(OSError):
                os.write(self._master, data)

    async def heard(self) -> bytes:
        """Wait for bytes from the other end."""
        return await self._data.get()

    def _read(self) -> None:
        try:
            data = os.read(self._master, _READ_BYTES)
        except OSError:
            return
        self._data.put_nowait(data)
