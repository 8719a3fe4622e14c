"""A small gateway without links and channels, on a real socket, for tests that ask it things."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from typer.testing import CliRunner, Result

from alerting.channels.contract import Channel
from alerting.engine import Engine
from gateway import control_client, registry_file
from gateway.cli import app
from gateway.clock import SystemClock
from gateway.control import Control
from gateway.courier import Courier
from gateway.door import DaemonDoor, StoppedDoor
from gateway.enrolment import put_in_force
from gateway.inbox import Inbox
from gateway.intake import Intake
from gateway.journal import Journal
from gateway.link import Link
from gateway.lock import state_lock
from gateway.memory_journal import MemoryJournal
from gateway.operations import Operations
from gateway.pump import Pump
from gateway.registry import Registry
from gateway.request import Request
from gateway.scribe import Community, Scribe
from sensors.families import discover

REGISTRY = """\
version = 1
[[homes]]
id = "h0001"
compound = "桂花苑"
building = "3栋"
unit = "2单元"
room = "502"
[[homes]]
id = "h0002"
compound = "桂花苑"
building = "4栋"
unit = "1单元"
room = "101"
[[residents]]
id = "r0001"
home = "h0001"
name = "王桂花"
phone = "+8616000000001"
[[devices]]
id = "smoke-h0001"
family = "own"
home = "h0001"
class = "smoke"
secret = "not-a-secret-at-all"
[[responders]]
id = "d01"
name = "李明"
role = "desk"
phone = "+8616000000002"
"""

CONFIG = '[community]\nname = "桂花苑"\nlandline = "84310000"\n'

Row = dict[str, object]


class HastyClock(SystemClock):
    """A clock whose patience runs out twenty times as fast."""

    async def sleep(self, seconds: float) -> None:
        """Wait less."""
        await super().sleep(seconds / 20)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """Lose patience sooner."""
        return super().timeout(seconds / 20)


@dataclass
class Yard:
    """The parts of a running gateway, as its doors know them."""

    folder: Path
    pump: Pump
    inbox: Inbox
    journal: Journal
    registry: Registry
    clock: SystemClock
    links: dict[str, Link] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    meters: dict[str, Callable[[], object]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    @property
    def config(self) -> Path:
        """The configuration beside the state folder."""
        return self.folder.parent / "config.toml"

    def door(self) -> DaemonDoor:
        """Make a door; `told` hears of each new registry."""
        return DaemonDoor(self, lambda: self.told.append("claimed"))

    async def ask(self, request: Request, body: Iterable[bytes] = ()) -> list[Row]:
        """Ask over the socket, and give all rows."""
        answered = control_client.rows(self.folder, request, body)
        return [msgspec.json.decode(row) async for row in answered]

    async def type(self, *words: str) -> Result:
        """Run a command line, as a person would type it."""
        return await asyncio.to_thread(typed, self.config, *words)


def typed(config: Path, *words: str) -> Result:
    """Run a command line on an installation."""
    return CliRunner().invoke(app, list(words), env={"SMARTCARE_CONFIG": str(config)})


def installed(folder: Path) -> Path:
    """Write a configuration; gives its path. There is no state folder yet."""
    config = folder / "config.toml"
    config.write_text(CONFIG, encoding="utf-8")
    return config


@asynccontextmanager
async def running(
    folder: Path, journal: Journal | None = None, *, is_empty: bool = False
) -> AsyncIterator[Yard]:
    """Run a gateway on `folder / "state"`, with two homes or an empty registry."""
    state = installed(folder).parent / "state"
    state.mkdir(mode=0o700, exist_ok=True)
    clock = HastyClock()
    kept = journal or MemoryJournal(clock)
    yard = _yard(state, kept, clock)
    with state_lock(state):
        control = Control(state, Operations(yard.door()), clock)
        tasks = [asyncio.create_task(yard.pump.run()), asyncio.create_task(control.run())]
        if not is_empty:
            await put_in_force(yard.door(), registry_file.parse(REGISTRY.encode()))
        while not (state / "control.sock").exists():
            await clock.sleep(0.05)
        try:
            yield yard
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            if isinstance(kept, MemoryJournal):
                kept.discard()


def idle_door() -> StoppedDoor:
    """Make a door behind which nothing happens."""
    clock = HastyClock()
    return StoppedDoor(MemoryJournal(clock), Registry(), clock, Engine())


def _yard(state: Path, journal: Journal, clock: SystemClock) -> Yard:
    registry, inbox = Registry(), Inbox(clock)
    scribe = Scribe(registry, Community("桂花苑", "84310000", ZoneInfo("Asia/Shanghai"), {}))
    courier = Courier(channels={}, scribe=scribe, journal=journal, clock=clock, post=inbox.put)
    pump = Pump(
        engine=Engine(),
        inbox=inbox,
        intake=Intake(discover(), registry),
        journal=journal,
        carrier=courier,  # queues what it is given: there is nobody to reach
        scribe=scribe,
        links={},
        clock=clock,
    )
    return Yard(state, pump, inbox, journal, registry, clock)
