"""A process that we run, or have run in an earlier life, held by a descriptor.

Theory of operation. A process number may be given to another process as soon as its owner is gone;
a descriptor of the process (Linux) stays with the one it was opened for. So it is the descriptor
that is watched for death and that signals go through. A process that outlived its gateway is found
again by its command line.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


class Child:
    """One process; `is_dead` is set by the event loop."""

    def __init__(self, pid: int, process: subprocess.Popen[bytes] | None = None) -> None:
        """Take hold of it; raises ProcessLookupError when there is none."""
        self.pid = pid
        self.is_dead = asyncio.Event()
        self._process = process
        self._descriptor = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._descriptor, self._died)

    @classmethod
    def start(cls, program: Path, arguments: Sequence[str], errors: Path) -> "Child":
        """Start it in a session of its own, so that no key pressed for us reaches it.

        What it writes to its standard error replaces the file `errors`. Raises OSError.
        """
        with errors.open("wb") as file:
            process = subprocess.Popen(  # noqa: S603 -- the caller's own program, no shell
                [program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=file,
                start_new_session=True,
            )
        return cls(process.pid, process)

    @classmethod
    def find(cls, program: Path, arguments: Sequence[str]) -> "Child | None":
        """Find a running one by its program's name and exactly these arguments."""
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if _runs(folder, program, arguments):
                    child = cls(int(folder.name))
                    if _runs(folder, program, arguments):  # still, now that we hold it
                        return child
                    child.close()
        return None

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it is dead."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, number)

    def close(self) -> None:
        """Let go of it."""
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _died(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        if self._process is not None:
            self._process.wait()  # returns at once
        self.is_dead.set()


def _runs(folder: Path, program: Path, arguments: Sequence[str]) -> bool:
    """Whether the process of this folder of /proc was started like this."""
    words = (folder / "cmdline").read_text(errors="replace").split("\0")[:-1]
    return [Path(word).name for word in words[:1]] + words[1:] == [program.name, *arguments]
