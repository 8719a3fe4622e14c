"""systemd hears that the gateway has started and lives, and hears nothing of one that hangs."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.watchdog import Watchdog
from tests.cli.rig import CONFIG, HastyClock
from tests.operations.test_monitor import DEAD_BROKER


class Listener:
    """systemd's end of the socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)

    def hear(self) -> str:
        """Wait for a message."""
        self._socket.settimeout(20)
        return self._socket.recv(4096).decode()

    def heard(self) -> list[str]:
        """Give what has come."""
        found = []
        self._socket.settimeout(0)
        while True:
            try:
                found.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return found

    def close(self) -> None:
        """Let go."""
        self._socket.close()


@pytest.fixture(params=["file", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listener]:
    """A socket of either sort."""
    name = f"@smartcare-test-{os.getpid()}" if request.param == "abstract" else "notify"
    listener = Listener(name if name[0] == "@" else str(tmp_path / name))
    yield listener
    listener.close()


def environment(listener: Listener, usec: str = "300000") -> dict[str, str]:
    """What systemd sets."""
    return {"NOTIFY_SOCKET": listener.address, "WATCHDOG_USEC": usec}


async def test_it_lives_as_long_as_the_work_is_done(systemd: Listener) -> None:
    """Ready at once, alive at every look, silent while it hangs, alive again, and goodbye."""
    works = True
    dog = Watchdog(lambda: works, HastyClock(), environment(systemd, "3000000000"))
    task = asyncio.create_task(dog.run())
    await HastyClock().sleep(0)
    dog.look()
    works = False
    dog.look()
    dog.look()
    works = True
    dog.look()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"] == systemd.heard()


@pytest.mark.parametrize(
    "more",
    [{"WATCHDOG_USEC": ""}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_PID": "1"}],
)
def test_who_is_not_watched_says_nothing(systemd: Listener, more: dict[str, str]) -> None:
    """No watchdog in the unit, or one of another process."""
    Watchdog(lambda: True, HastyClock(), environment(systemd) | more).look()
    assert [] == systemd.heard()


def test_without_systemd_nothing_happens() -> None:
    """Nobody listens: no error."""
    dog = Watchdog(lambda: True, HastyClock(), {"NOTIFY_SOCKET": "/nowhere/at/all"})
    dog.say("READY=1")
    Watchdog(lambda: True, HastyClock(), {}).say("READY=1")


def test_a_real_gateway_says_so(tmp_path: Path) -> None:
    """The command itself: ready, alive, and stopping when it is told to."""
    listener = Listener(str(tmp_path / "notify"))
    config = tmp_path / "config.toml"
    config.write_text(CONFIG + DEAD_BROKER, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "run", "--config", str(config)],
        env={**os.environ, **environment(listener)},
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            assert ["READY=1", "WATCHDOG=1", "WATCHDOG=1"] == [listener.hear() for _ in range(3)]
            process.send_signal(signal.SIGTERM)
            assert 0 == process.wait(10)
        finally:
            process.kill()
    assert "STOPPING=1" == listener.heard()[-1]
    listener.close()
