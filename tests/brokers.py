"""Real brokers for tests: child processes on free loopback ports, killed and restarted by pid.

`mosquitto(tmp_path)` runs the configuration that we ship, with the places changed; `embedded`
runs the gateway's own broker as the gateway does. Both give a `Broker`, open to three users: the
gateway, the device `smoke-1` of home `h1`, and `village`, who may speak for any device.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from random import Random
from typing import NamedTuple, Protocol

from gateway.broker_config import GATEWAY_USER, SETTLE_SECONDS, BrokerUser, device_user
from gateway.clock import SystemClock
from gateway.embedded_broker import EmbeddedBroker
from gateway.entries import LogLine
from gateway.mqtt_settings import Version
from gateway.troubles import Troubles

CLOCK = SystemClock()
DEPLOY = Path(__file__).parents[1] / "deploy"
SECRET = "secret"
PATIENCE_SECONDS = 10.0


class Login(NamedTuple):
    """A user and the password it has."""

    username: str
    password: str


class Broker(Protocol):
    """A broker that can fail."""

    @property
    def port(self) -> int:
        """Where it listens on loopback."""

    @property
    def version(self) -> Version:
        """What MQTT the link speaks to it."""

    @property
    def gateway(self) -> Login:
        """Who may hear everything."""

    @property
    def settle_seconds(self) -> float:
        """How much later than the rest unacknowledged messages come again."""

    @property
    def save_seconds(self) -> float:
        """How long what it has accepted may be lost by a kill."""

    def kill(self) -> None:
        """Kill the process at once (SIGKILL)."""

    async def restart(self) -> None:
        """Start it again on the same port and folder; ready on return."""

    def forget(self) -> None:
        """While it is dead: lose every session, queue and retained message."""


DEVICE = Login("smoke-1", SECRET)
VILLAGE = Login("village", SECRET)


def free_port() -> int:
    """Find a loopback port that nobody has."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Mosquitto:
    """mosquitto with deploy/mosquitto.conf; `extra` lines come behind it."""

    gateway = Login("gateway", SECRET)
    version: Version = "3.1.1"
    settle_seconds = 0.0
    save_seconds = 2.2  # once a second, in its own time

    def __init__(self, folder: Path, port: int, extra: str) -> None:
        self.port = port
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
        assert self._program, "this test needs mosquitto: apt-get install mosquitto"
        folder.mkdir(parents=True, exist_ok=True)
        users = (self.gateway, DEVICE, VILLAGE)
        passwords = folder / "passwords"
        passwords.write_text("".join(f"{user}:{word}\n" for user, word in users))
        subprocess.run(["mosquitto_passwd", "-U", passwords], check=True)
        rights = (DEPLOY / "mosquitto.acl").read_text(encoding="utf-8")
        (folder / "rights").write_text(
            f"{rights}\nuser village\ntopic care/v1/#\ntopic zigbee2mqtt/#\n"
        )
        (folder / "mosquitto.conf").write_text(self._settings() + extra)

    def _settings(self) -> str:
        """The shipped configuration with the places of this test."""
        places = {
            "listener": f"{self.port} 127.0.0.1",
            "password_file": f"{self._folder}/passwords",
            "acl_file": f"{self._folder}/rights",
            "persistence_location": f"{self._folder}/",
        }
        lines = (DEPLOY / "mosquitto.conf").read_text(encoding="utf-8").splitlines()
        ours = [
            f"{word} {places[word]}" if word in places else line
            for line in lines
            for word in [line.partition(" ")[0]]
        ]
        as_root = ["user root"] if os.geteuid() == 0 else []
        return "\n".join([*ours, *as_root, ""])

    def start(self) -> None:
        """Start the process."""
        assert self._program
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", self._folder / "mosquitto.conf"], stdout=log, stderr=log
            )

    async def ready(self) -> None:
        """Wait until it accepts connections."""
        async with CLOCK.timeout(PATIENCE_SECONDS):
            while True:
                with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                    return
                await CLOCK.sleep(0.02)

    def kill(self) -> None:
        """Kill the process at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def log(self) -> str:
        """Give what it has said so far; who connects with which version is in it."""
        return (self._folder / "log").read_text(errors="replace")

    def forget(self) -> None:
        """Lose everything."""
        (self._folder / "mosquitto.db").unlink(missing_ok=True)

    async def restart(self) -> None:
        """Start it again."""
        self.kill()
        self.start()
        await self.ready()


class Embedded:
    """The gateway's own broker. After `kill` it stays dead until `restart`."""

    version: Version = "3.1.1"
    settle_seconds = SETTLE_SECONDS
    save_seconds = 0.0

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.lines: list[LogLine] = []
        self.broker = self._make(port)
        self.port = self.broker.port
        self.gateway = Login(GATEWAY_USER, self.broker.password)
        self._running: asyncio.Task[None] | None = None

    def _make(self, port: int) -> EmbeddedBroker:
        troubles = Troubles(CLOCK, self.lines.append)
        broker = EmbeddedBroker(
            self.folder, clock=CLOCK, rng=Random(1), port=port, troubles=troubles
        )
        village = BrokerUser(*VILLAGE, "care.v1.>")
        broker.set_users([device_user(DEVICE.username, "h1", SECRET), village])
        return broker

    async def start(self) -> None:
        """Run it as the gateway does."""
        self._running = asyncio.create_task(self.broker.run())
        async with CLOCK.timeout(PATIENCE_SECONDS):
            await self.broker.ready()

    async def stop(self) -> None:
        """Stop it as the gateway does."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    def kill(self) -> None:
        """Kill the process at once, and the task that would start another."""
        assert self._running is not None
        if self.broker.pid is not None:
            os.kill(self.broker.pid, signal.SIGKILL)
        self._running.cancel()

    def forget(self) -> None:
        """Lose everything."""
        shutil.rmtree(self.folder / "broker" / "store")

    async def restart(self) -> None:
        """Start it again."""
        await self.stop()
        self.broker = self._make(self.port)
        await self.start()


@asynccontextmanager
async def mosquitto(tmp_path: Path, port: int = 0, extra: str = "") -> AsyncIterator[Mosquitto]:
    """Run mosquitto below `tmp_path`; `extra` lines are added to its configuration."""
    broker = Mosquitto(tmp_path / "mosquitto", port or free_port(), extra)
    broker.start()
    try:
        await broker.ready()
        yield broker
    finally:
        broker.kill()


@asynccontextmanager
async def embedded(tmp_path: Path, port: int = 0) -> AsyncIterator[Embedded]:
    """Run the embedded broker below `tmp_path`."""
    broker = Embedded(tmp_path, port)
    try:
        await broker.start()
        yield broker
    finally:
        await broker.stop()
