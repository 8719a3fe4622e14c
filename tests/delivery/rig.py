"""A gateway's way out, whole but for its links, on a real file and towards the simulated carrier.

A life is everything between a start and a kill; the file and the carrier outlive it. Time runs
ten times as fast as on the wall, so that ten seconds of doubt fit into a test.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    suppress,
)
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from alerting.channels import Inbound, Ports
from alerting.channels.console import ConsoleChannel, ConsoleSettings
from alerting.channels.contract import Channel
from alerting.channels.twilio import TwilioChannel
from alerting.channels.twilio.settings import TwilioSettings
from alerting.effect import Medium
from alerting.engine import Engine
from alerting.event import Event, ReportReceived
from alerting.notification import Notification
from gateway import registry_file
from gateway.channel_watch import ChannelWatch
from gateway.clock import SystemClock
from gateway.courier import Courier
from gateway.desk import Desk
from gateway.door import StoppedDoor
from gateway.enrolment import put_in_force
from gateway.inbox import Inbox
from gateway.intake import Intake
from gateway.job import Job
from gateway.journal import Journal
from gateway.pump import Pump
from gateway.recovery import rebuild
from gateway.registry import Registry
from gateway.scribe import Community, Scribe
from gateway.supervisor import supervise
from gateway.troubles import Troubles
from sensors.families import discover
from sensors.reading import Kind, Reading, Replay, Report, Source
from simulators.carrier import Carrier, Settings
from simulators.clock import Clock as CarrierClock
from simulators.phones import Phone
from tests.registry.village import device, file, home, pairing, resident, responder
from tests.simulators.carrier_world import phone

Run = Callable[[], Awaitable[None]]
SPEED = 10
DESK, N1, N2, R1 = (f"+861600000000{n}" for n in (1, 2, 3, 4))
VILLAGE = (
    home("h1", "501"),
    home("h2", "502"),
    resident("r1", "h1", f'phone = "{R1}"'),
    device("own-smoke-h1", "h1", 'secret = "secret-one"'),
    device("own-smoke-h2", "h2", 'secret = "secret-two"'),
    responder("d1", "desk", DESK),
    responder("n1", phone=N1),
    responder("n2", phone=N2),
    pairing("h1", "n1", 1),
    pairing("h1", "n2", 2),
    pairing("h2", "n1", 1),
)


class FastClock(SystemClock):
    """The machine's clock, ten times as fast."""

    def __init__(self) -> None:
        """Start from the wall clock."""
        super().__init__()
        self._start = super().now()

    def now(self) -> datetime:
        """Aware UTC."""
        return self._start + (super().now() - self._start) * SPEED

    async def sleep(self, seconds: float) -> None:
        """Wait a tenth."""
        await super().sleep(seconds / SPEED)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """Lose patience after a tenth."""
        return super().timeout(seconds / SPEED)


@dataclass
class Life:
    """One run of the gateway; `said` is its terminal."""

    pump: Pump
    inbox: Inbox
    courier: Courier
    desk: Desk
    journal: Journal
    channel: TwilioChannel
    clock: FastClock
    said: list[str]
    watch: ChannelWatch
    crashes: list[str] = field(default_factory=list)

    async def hear(self, *events: Event) -> None:
        """Let the core hear events, and wait until they are committed."""
        done: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.inbox.put(Job(events=events, done=done))  # type: ignore[arg-type]
        await done

    def smoke(self, home_id: str = "h1") -> None:
        """Let it burn, as a link says it: nobody waits for the commit."""
        report = Report(
            device_id=f"own-smoke-{home_id}",
            received_at=self.clock.now(),
            readings=(Reading(Kind.SMOKE, True), Reading(Kind.HEARTBEAT)),  # noqa: FBT003
            source=Source("mqtt", "own", "mqtt", replay=Replay.LIVE, is_dup=False),
            digest=1,
        )
        self.inbox.put(Job(events=(ReportReceived(home_id, report),)))

    def notification(self, person_id: str, medium: Medium, home_id: str = "h1") -> Notification:
        """Give what became of the first thing said to a person about a home's newest alarm."""
        alarm = list(self.pump.engine.homes[home_id].alarms.values())[-1]
        return next(
            n
            for n in alarm.notifications.values()
            if (n.person_id, n.medium) == (person_id, medium)
        )

    async def until(self, is_so: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until something is so."""
        async with self.clock.timeout(seconds):
            while not is_so():
                await self.clock.sleep(0.05)


@dataclass
class Site:
    """What outlives the gateway: its file, its clock, and the carrier."""

    path: Path
    carrier: Carrier
    clock: FastClock
    public_url: str | None = None

    def accepted(self, medium: str = "call") -> list[tuple[str, str]]:
        """What the carrier took, as (number, attempt id where it was told)."""
        return [
            (str(line["to"]), str(line.get("attempt") or ""))
            for line in self.carrier.log.entries("accepted")
            if line["medium"] == medium
        ]

    def texts(self) -> list[tuple[str, str]]:
        """The texts that reached the carrier, as (number, words)."""
        asked = self.carrier.log.entries("request")
        return [(str(line["to"]), str(line["text"])) for line in asked if line["medium"] == "sms"]

    def looked_up(self) -> list[str]:
        """The requests that only ask after calls."""
        asked = self.carrier.log.entries("request")
        return [str(line["path"]) for line in asked if line["method"] == "GET"]

    def called(self, number: str) -> int:
        """How many calls to a number the carrier took."""
        return sum(to == number for to, _ in self.accepted())

    def asked(self, number: str, medium: str = "call") -> int:
        """How many calls to a number reached the carrier, taken or not."""
        asked = self.carrier.log.entries("request")
        return sum((line["to"], line["medium"]) == (number, medium) for line in asked)

    @asynccontextmanager
    async def life(self, *, token: str = "") -> AsyncIterator[Life]:
        """Start, and in the end kill: everything is cut off where it stands."""
        async with AsyncExitStack() as stack:
            journal = await Journal.open(self.path, self.clock)
            stack.push_async_callback(journal.close)
            life = await self._build(journal, token)
            runs = {"courier": life.courier.run, "pump": life.pump.run}
            tasks = [asyncio.create_task(self._supervised(life, *part)) for part in runs.items()]
            tasks.append(asyncio.create_task(life.channel.run(life.desk.report)))
            tasks.append(asyncio.create_task(life.watch.run()))
            try:
                yield life
            finally:
                for task in tasks:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task

    async def _supervised(self, life: Life, name: str, run: Run) -> None:
        await supervise(
            name,
            run,
            clock=self.clock,
            rng=Random(1),
            report=lambda crash: life.crashes.append(f"{crash.part} {crash.error!r}"),
        )

    async def _build(self, journal: Journal, token: str) -> Life:
        clock, said = self.clock, list[str]()
        registry = await Registry.load(journal.read)
        if not registry.devices:
            door = StoppedDoor(journal, registry, clock, Engine())
            await put_in_force(door, registry_file.parse(file(*VILLAGE)))
        recovered = await rebuild(journal)
        inbox = Inbox(clock)
        numbers = {"119": "119", "120": "120"}
        community = Community("桂花苑", "84310000", ZoneInfo("Asia/Shanghai"), numbers)
        scribe = Scribe(registry, community)
        texts: asyncio.Queue[Inbound] = asyncio.Queue()
        ports = Ports(clock, texts.put_nowait, said.append, clock.now())
        account = Settings()
        settings = TwilioSettings.model_validate(
            {
                "account_sid": account.account_sid,
                "auth_token": token or account.auth_token,
                "from_number": account.numbers[0],
                "base_url": self.carrier.url,
                "public_url": self.public_url,
                "timeout_seconds": 10.0,  # a second on the wall: the machine may be busy
            }
        )
        channel = TwilioChannel(settings, ports)
        console = ConsoleChannel(ConsoleSettings(), ports)
        channels: dict[Medium, Channel] = {
            Medium.SMS: channel,
            Medium.VOICE: channel,
            Medium.CONSOLE: console,
        }
        courier = Courier(
            channels=channels,
            scribe=scribe,
            journal=journal,
            clock=clock,
            post=inbox.put,
            say=said.append,
        )
        pump = Pump(
            engine=recovered.engine,
            inbox=inbox,
            intake=Intake(discover(), registry),
            journal=journal,
            carrier=courier,
            scribe=scribe,
            links={},
            clock=clock,
        )
        pump.seq = recovered.seq
        desk = Desk(
            pump=pump, courier=courier, inbox=inbox, scribe=scribe, numbers=registry, clock=clock
        )
        troubles = Troubles(clock, lambda line: inbox.put(Job(lines=(line,))))
        watch = ChannelWatch({"twilio": channel}, troubles, clock, said.append)
        return Life(pump, inbox, courier, desk, journal, channel, clock, said, watch)


@asynccontextmanager
async def site(folder: Path, *temperaments: str) -> AsyncIterator[Site]:
    """A carrier with everybody's phones; those whose mood is not given never answer."""
    moods = [*temperaments, *["asleep"] * 4][:4]
    phones: list[Phone] = [
        phone(number, mood) for number, mood in zip((DESK, N1, N2, R1), moods, strict=True)
    ]
    settings = Settings(latency=timedelta(0))
    async with Carrier(settings, CarrierClock(SPEED), phones) as carrier:
        yield Site(folder / "journal.db", carrier, FastClock())
