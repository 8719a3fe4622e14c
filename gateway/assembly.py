"""Putting the parts together: the data path around the core, the links, the doors.

What a part needs is given to it here and nowhere else; `app` starts what is built.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

import structlog
from fastapi import FastAPI

from alerting.channels import Inbound, Ports
from alerting.channels.contract import Channel
from alerting.channels.desk import Conversing
from alerting.channels.twilio import TwilioChannel
from alerting.event import ConfigApplied, HoldSet
from alerting.settings import Settings
from gateway import parts, places
from gateway.answers import Answers
from gateway.channel_watch import ChannelWatch
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.control import Control
from gateway.courier import Courier
from gateway.dead_man import DeadMan
from gateway.desk import Desk
from gateway.door import DaemonDoor
from gateway.embedded_broker import EmbeddedBroker
from gateway.entries import Quarantined
from gateway.health import is_turning
from gateway.inbox import Inbox
from gateway.intake import Intake
from gateway.job import Job
from gateway.journal import Journal
from gateway.link import Link
from gateway.monitor import Monitor
from gateway.operations import Operations
from gateway.pruning import Pruning
from gateway.pump import HOLD, Pump
from gateway.push_door import PushDoor
from gateway.push_link import PushLink
from gateway.recovery import caught_up, enrolled_again, rebuild
from gateway.registry import Registry
from gateway.registry_import import PENDING
from gateway.router import by_medium
from gateway.scribe import Scribe
from gateway.troubles import Troubles
from gateway.watchdog import Watchdog
from gateway.web import Web, application
from sensors.families import discover as discover_families
from sensors.family import Note

Run = Callable[[], Awaitable[None]]
GATHER_SECONDS = 0.004
"""A commit costs as much for one reading as for ten; what may be about a life never waits."""

_TEXTS = 1000
_log = structlog.get_logger(__name__)


@dataclass
class Gateway:
    """The built parts. `runs` are what has to run, in the order of their start.

    `meters` are what `smartcare status` reads of a part that not every gateway has.
    """

    config: Config
    clock: SystemClock
    journal: Journal
    registry: Registry
    inbox: Inbox
    pump: Pump
    courier: Courier
    desk: Desk
    scribe: Scribe
    channels: dict[str, Channel]
    links: dict[str, Link]
    troubles: Troubles
    broker: EmbeddedBroker | None = None
    web: Web | None = None
    refused: Mapping[str, int] = field(default_factory=dict)
    monitor: Web | None = None
    operations: Operations | None = None
    publishers: dict[str, str] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    meters: dict[str, Callable[[], object]] = field(default_factory=dict)

    def let_in(self) -> None:
        """Let the devices of the registry in force log in to the embedded broker."""
        if self.broker is not None:
            users = parts.broker_users(self.registry.credentials(), self.publishers)
            self.broker.set_users(users)


def core_settings(config: Config) -> Settings:
    """Take out of the configuration what the core is set to."""
    return Settings(
        timezone=config.community.timezone,
        has_webhook=any(name == "webhook" for name, _ in config.channels_open()),
        assists=config.dispatch.mode == "assist",
        rules=config.rules,
        policies=config.policies,
    )


async def _intake(registry: Registry, troubles: Troubles, journal: Journal) -> Intake:
    """Build what decodes, and tells what is wrong; it knows what earlier starts have learned."""

    def tell(home_id: str, found: Quarantined) -> None:
        troubles.note(found.code, found.detail, found.address, home_id)

    def note(said: Note) -> None:
        if said.is_over:
            troubles.over(said.code, said.subject)
        else:
            troubles.note(said.code, said.subject, said.detail)

    intake = Intake(discover_families(), registry, tell, note)
    intake.learn(await journal.lessons())
    return intake


def _ports(
    clock: SystemClock, say: Callable[[str], None], since: datetime, texts: asyncio.Queue[Inbound]
) -> Ports:
    """Give channels what they stand on; texts beyond the queue are dropped."""

    def take_in(inbound: Inbound) -> None:
        with suppress(asyncio.QueueFull):
            texts.put_nowait(inbound)

    return Ports(clock, take_in, say, since=since)


async def assemble(
    config: Config,
    clock: SystemClock,
    journal: Journal,
    registry: Registry,
    say: Callable[[str], None],
    last_at: datetime | None,
) -> Gateway:
    """Build the data path around the core that the journal folds to."""
    recovered = await rebuild(journal)
    inbox = Inbox(clock, limit=config.limits.inbox, gather_seconds=GATHER_SECONDS)
    troubles = Troubles(clock, lambda line: inbox.put(Job(lines=(line,))))
    intake = await _intake(registry, troubles, journal)
    scribe = Scribe(registry, parts.community(config))
    texts: asyncio.Queue[Inbound] = asyncio.Queue(maxsize=_TEXTS)
    channels = parts.channels(config, _ports(clock, say, last_at or clock.now(), texts))
    courier = Courier(
        channels=by_medium(channels.values(), clock),
        scribe=scribe,
        journal=journal,
        clock=clock,
        post=inbox.put,
        say=say,
    )
    links: dict[str, Link] = {}
    pump = Pump(
        engine=recovered.engine,
        inbox=inbox,
        intake=intake,
        journal=journal,
        carrier=courier,
        scribe=scribe,
        links=links,
        clock=clock,
    )
    pump.seq = recovered.seq
    desk = Desk(
        pump=pump, courier=courier, inbox=inbox, scribe=scribe, numbers=registry, clock=clock
    )
    again = enrolled_again(registry) if recovered.is_cut else ()
    if (cut_off := await journal.get_meta(PENDING)) is not None:
        troubles.note("import_cut_off", cut_off.decode(), "run the import again")
        again = caught_up(recovered.engine, registry)
    _tell_core(inbox, config, again)
    gateway = Gateway(
        *(config, clock, journal, registry, inbox, pump, courier, desk, scribe),
        *(channels, links, troubles),
    )
    gateway.meters |= {
        "troubles": troubles.figures,
        "refused": lambda: dict(intake.counts),
        "unread": lambda: dict(intake.unread),
    }
    gateway.refused = intake.counts
    if (ups := parts.ups_watch(config, troubles, clock, say)) is not None:
        gateway.runs["ups"], gateway.meters["ups"] = ups.run, ups.figures
    gateway.runs["channel watch"] = ChannelWatch(channels, troubles, clock, say).run
    gateway.runs["dead man"] = DeadMan(gateway, parts.outside(config), troubles, clock, say).run
    _schedule(gateway, texts)
    return gateway


def _tell_core(inbox: Inbox, config: Config, more: Iterable[Job]) -> None:
    """Let what is in force come first."""
    settings = core_settings(config).model_dump_json().encode()
    for job in (Job(events=(ConfigApplied(settings),)), *more):
        inbox.put(job)


def _schedule(gateway: Gateway, texts: asyncio.Queue[Inbound]) -> None:
    """List what of the data path has to run, the pump last."""
    desk = gateway.desk
    pruning = Pruning(gateway.journal, gateway.clock, gateway.config.retention)
    gateway.runs["pruning"] = pruning.run
    gateway.meters["pruned"] = lambda: dict(pruning.counts)
    for name, channel in gateway.channels.items():
        if isinstance(channel, Conversing):
            channel.meet(desk)
        gateway.runs[f"channel {name}"] = lambda c=channel: c.run(desk.report)  # type: ignore[misc]
    gateway.runs["texts"] = lambda: desk.read(texts)
    gateway.runs["courier"] = gateway.courier.run
    gateway.runs["pump"] = gateway.pump.run


async def connect(gateway: Gateway, state: Path, start: int, publishers: dict[str, str]) -> None:
    """Build the links, and hold what silence means until they have caught up."""
    config, clock, rng = gateway.config, gateway.clock, Random()  # noqa: S311 -- jitter
    was_up = start > 1
    gateway.broker = parts.embedded_broker(config, state, clock, rng, gateway.troubles)
    if gateway.broker is not None:
        gateway.publishers = publishers
        gateway.let_in()
        gateway.runs["broker"] = gateway.broker.run
        gateway.meters["broker"] = gateway.broker.figures
    mqtt = parts.mqtt_link(
        config,
        gateway.broker,
        inbox=gateway.inbox,
        clock=clock,
        rng=rng,
        start=start,
        was_up=was_up,
        troubles=gateway.troubles,
    )
    serial = parts.serial_links(config, inbox=gateway.inbox, clock=clock, rng=rng, was_up=was_up)
    tcp = parts.tcp_links(
        config, inbox=gateway.inbox, clock=clock, rng=rng, start=start, was_up=was_up
    )
    asked = parts.modbus_links(config, inbox=gateway.inbox, clock=clock, rng=rng, was_up=was_up)
    pushes = parts.push_links(config, inbox=gateway.inbox, clock=clock, start=start)
    links: list[Link] = [mqtt, *serial, *tcp, *asked, *pushes]
    for link in links:
        gateway.links[link.name] = link
        gateway.runs[f"link {link.name}"] = link.run
        gateway.inbox.put(Job(events=(HoldSet(link.name, clock.now() + HOLD),)))


def open_doors(gateway: Gateway, state: Path) -> None:
    """Build what people and the carrier reach us through."""
    gateway.operations = Operations(DaemonDoor(gateway, gateway.let_in))
    gateway.runs["control"] = Control(state, gateway.operations, gateway.clock).run
    app: FastAPI | None = None
    clock, twilio = gateway.clock, gateway.channels.get("twilio")
    if isinstance(twilio, TwilioChannel):
        answers = Answers(gateway.desk, twilio, clock)
        app = answers.application()
        gateway.meters["answers"] = lambda: dict(answers.counts)
    pushes = [link for link in gateway.links.values() if isinstance(link, PushLink)]
    if pushes:
        push = PushDoor(pushes, clock, lambda: clock.now() + clock.wall_offset())
        app = app or application()
        push.add_to(app)
        gateway.meters["push"] = lambda: dict(push.counts)
    if app is not None:
        web = gateway.config.web
        with places.port_needed(web.port):
            gateway.web = Web(app, web.host, web.port)
        gateway.runs["web"] = gateway.web.run
    _be_watched(gateway)


def _be_watched(gateway: Gateway) -> None:
    """Open the port for those who watch over the gateway, and the line to systemd."""
    at = gateway.config.monitor
    if at.port is not None:
        app = Monitor(gateway, gateway.refused).application()
        try:
            gateway.monitor = Web(app, at.host, at.port)
        except OSError as error:  # nobody loses an alarm for want of figures
            gateway.troubles.note("monitor_port_taken", f"{at.host}:{at.port}", str(error))
        else:
            gateway.runs["monitor"] = gateway.monitor.run

    def works() -> bool:
        return is_turning(gateway.pump, gateway.inbox, gateway.clock.now())

    gateway.runs["watchdog"] = Watchdog(works, gateway.clock).run
