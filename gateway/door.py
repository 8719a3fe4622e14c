"""How an operator's word reaches the state: through the pump, or into a stopped state folder.

Both doors decide, commit and answer. The daemon's puts a job into the inbox and waits for the
turn that commits it. The other stands in for the pump where no daemon runs; it holds the folder's
lock meanwhile, so no daemon can start, and takes only what nobody has to act on: the registry.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

import msgspec

from alerting.channels.contract import Channel
from alerting.engine import Decision, Engine
from gateway.clock import Clock
from gateway.entries import Batch, Entry
from gateway.inbox import Inbox
from gateway.job import Job
from gateway.link import Link
from gateway.log_port import Log
from gateway.pump import Pump
from gateway.registry import Registry

LINES_WITHIN_SECONDS = 1.0
"""How long a follower of the alarm log waits before it looks, and shows that it still lives."""

_LINK_FACTS = (
    *("is_up", "reason", "connection", "is_paused", "unacknowledged"),
    *("refused_filters", "strays", "path", "skipped", "lost", "counts"),
)


class NotDoneError(Exception):
    """What was asked for was not done; the text is for the operator, `code` for programs."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Door(Protocol):
    """What operations stand on."""

    journal: Log
    registry: Registry
    clock: Clock

    @property
    def engine(self) -> Engine:
        """The core as it is now; another object after a failed commit."""

    async def commit(self, job: Job) -> Decision:
        """Decide and commit; raises NotDoneError or CommitFailedError."""

    async def lines(self) -> None:
        """Wait until there may be new lines in the alarm log, a second at most."""

    def adopt(self, registry: Registry) -> None:
        """Let this registry, which is committed, be the one in force."""

    def figures(self) -> dict[str, object]:
        """Give what only a running gateway knows of itself."""


class Running(Protocol):
    """The parts of a running gateway; `gateway.assembly.Gateway` has them."""

    @property
    def pump(self) -> Pump:
        """What turns."""

    @property
    def inbox(self) -> Inbox:
        """Where everything waits."""

    @property
    def journal(self) -> Log:
        """What is kept."""

    @property
    def registry(self) -> Registry:
        """The one in force."""

    @property
    def clock(self) -> Clock:
        """What time it is."""

    @property
    def links(self) -> Mapping[str, Link]:
        """Ways in, by name."""

    @property
    def channels(self) -> Mapping[str, Channel]:
        """Ways to people, by name."""

    @property
    def meters(self) -> Mapping[str, Callable[[], object]]:
        """What other parts tell of themselves, by name."""


class DaemonDoor:
    """The door of a running gateway; `claimed` hears of a new registry (the broker's users)."""

    def __init__(self, running: Running, claimed: Callable[[], None]) -> None:
        self.journal = running.journal
        self.registry = running.registry
        self.clock = running.clock
        self._running = running
        self._claimed = claimed

    @property
    def engine(self) -> Engine:
        """The pump's."""
        return self._running.pump.engine

    async def commit(self, job: Job) -> Decision:
        """Let it pass the inbox like a reading."""
        done: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._running.inbox.put(job._replace(done=done))
        return await done

    async def lines(self) -> None:
        """Wait for the pump to say so; what it said between two waits is found a second later."""
        grown = self._running.pump.grown
        with suppress(TimeoutError):
            async with self.clock.timeout(LINES_WITHIN_SECONDS), grown:
                await grown.wait()

    def adopt(self, registry: Registry) -> None:
        """Put it in force for all who hold ours."""
        self.registry.adopt(registry)
        self._claimed()

    def figures(self) -> dict[str, object]:
        """Count what came and what waits, and say which links and channels are up."""
        running = self._running
        return {
            "pump": dict(running.pump.counts),
            "inbox": {"waiting": len(running.inbox), "dropped": dict(running.inbox.drops)},
            "links": {
                name: {fact: getattr(link, fact) for fact in _LINK_FACTS if hasattr(link, fact)}
                for name, link in running.links.items()
            },
            "gaps": [
                {"link": gap.link, "since": gap.since, "until": gap.until}
                for gap in running.pump.gaps
            ],
            "channels": {
                name: channel.health()._asdict() for name, channel in running.channels.items()
            },
            **{name: read() for name, read in running.meters.items()},
        }


class StoppedDoor:
    """The door of a state folder that no daemon works on."""

    def __init__(self, journal: Log, registry: Registry, clock: Clock, engine: Engine) -> None:
        self.journal = journal
        self.registry = registry
        self.clock = clock
        self.engine = engine

    async def commit(self, job: Job) -> Decision:
        """Keep events for the next start to fold; refuse what somebody would have to act on."""
        now = self.clock.now()
        entries = []
        decision = Decision([])
        for event in job.events:
            decision = self.engine.handle(event, now)
            if decision.effects:
                raise NotDoneError("stopped", "网关没有运行 the gateway does not run")
            kind, home_id = str(event.__struct_config__.tag), getattr(event, "home_id", "")
            entries.append(Entry(now, home_id, kind, msgspec.json.encode(event)))
        await self.journal.commit(Batch(entries=entries, lines=[*job.lines]), job.statements)
        return decision

    async def lines(self) -> None:
        """Nothing will be written here: raises NotDoneError."""
        raise NotDoneError("stopped", "网关没有运行 the gateway does not run")

    def adopt(self, registry: Registry) -> None:
        """Use it from here on."""
        self.registry.adopt(registry)

    def figures(self) -> dict[str, object]:
        """Nothing runs."""
        return {}
