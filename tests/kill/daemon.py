"""The gateway as a process: started by its command line, killed by its pid, and never trusted."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from gateway.clock import SystemClock
from tests.kill.verdict import Life

ROOT = Path(__file__).parents[2]
CLOCK = SystemClock()
START_SECONDS = 60.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.02


def now_us() -> int:
    """The wall clock in microseconds since 1970."""
    return int((CLOCK.now() + CLOCK.wall_offset()).timestamp() * 1e6)


class Place(NamedTuple):
    """Where a gateway lives: its folder with `config.toml`, `state/` and `gateway.log`."""

    folder: Path

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "config.toml"

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.folder / "state"

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.state / "journal.db"


class RefusedError(Exception):
    """The gateway refused what it was asked over its socket."""


class Daemon:
    """One gateway after another on the same place.

    `conditions` are names for `tests.kill.mutant_gateway`, which runs the same gateway with one
    thing changed; without any it is the installed command line.
    """

    def __init__(self, place: Place, conditions: tuple[str, ...] = ()) -> None:
        self.place = place
        self.lives: list[Life] = []
        self.starts_seconds: list[float] = []
        self._conditions = conditions
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def command(self, *words: str) -> list[str]:
        """Spell a command line of the gateway."""
        module = "tests.kill.mutant_gateway" if self._conditions else "gateway.cli"
        return [sys.executable, "-c", f"from {module} import main; main()", *words]

    def environment(self) -> dict[str, str]:
        """The process's environment: none of our settings, and bytecode kept as usual."""
        left_out = ("SMARTCARE_", "PYTHONDONTWRITEBYTECODE")
        ours = {key: word for key, word in os.environ.items() if not key.startswith(left_out)}
        return {**ours, "SMARTCARE_MUTANT": ",".join(self._conditions)}

    def start(self) -> None:
        """Start the process and return at once."""
        assert not self.is_alive
        with (self.place.folder / "gateway.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command("run", "--config", str(self.place.config)),
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.lives.append(Life(now_us()))

    async def ready(self) -> None:
        """Wait until it answers on its socket; raises TimeoutError, or RuntimeError if it died."""
        async with CLOCK.timeout(START_SECONDS):
            while True:
                if not self.is_alive:
                    raise RuntimeError(f"the gateway ended by itself: {self.last_words()}")
                with suppress(OSError):
                    _, writer = await asyncio.open_unix_connection(self._socket)
                    writer.close()
                    break
                await CLOCK.sleep(POLL_SECONDS)
        if self.lives[-1].ready is None:
            self.lives[-1] = self.lives[-1]._replace(ready=now_us())
            self.starts_seconds.append((now_us() - self.lives[-1].start) / 1e6)

    def kill(self) -> None:
        """Kill it at this instant (SIGKILL)."""
        assert self._process is not None
        self.lives[-1] = self.lives[-1]._replace(end=now_us())
        self._process.kill()
        self._process.wait()

    async def stop(self) -> None:
        """Stop it as a person would, and kill it when it does not."""
        if self._process is None or not self.is_alive:
            return
        self._process.send_signal(signal.SIGTERM)
        with suppress(TimeoutError):
            async with CLOCK.timeout(STOP_SECONDS):
                while self.is_alive:
                    await CLOCK.sleep(POLL_SECONDS)
        self._process.kill()
        self._process.wait()

    async def call(self, *words: str) -> str:
        """Run another command of the gateway to its end; raises RuntimeError where it fails."""
        process = await asyncio.create_subprocess_exec(
            *self.command(*words),
            cwd=ROOT,
            env=self.environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"{' '.join(words)}: {said.decode(errors='replace')}")
        return said.decode(errors="replace")

    async def ask(self, request: dict[str, object]) -> list[object]:
        """Ask over the socket; raises RefusedError, or OSError where nobody listens."""
        reader, writer = await asyncio.open_unix_connection(self._socket)
        try:
            writer.write(msgspec.json.encode(request) + b"\n")
            rows = []
            while line := await reader.readline():
                answer = msgspec.json.decode(line)
                if "refused" in answer:
                    raise RefusedError(answer["refused"])
                if "row" in answer:
                    rows.append(answer["row"])
            return rows
        finally:
            writer.close()

    def memory_kib(self) -> int:
        """Give what the process holds in memory (VmRSS)."""
        assert self._process is not None
        text = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in text.splitlines() if "VmRSS" in line)

    def last_words(self) -> str:
        """Give the end of what it wrote."""
        with suppress(OSError):
            return (self.place.folder / "gateway.log").read_text(errors="replace")[-2000:]
        return ""

    @property
    def _socket(self) -> str:
        return str(self.place.state / "control.sock")
