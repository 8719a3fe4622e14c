"""One life of the gateway, from its start on a journal to its end by a crash or a signal.

It is put together as the composition root does it, from the same parts, with the world's ports in
place of brokers, carriers and disks. A crash cancels every task at whatever await it stands and
leaves nothing but the journal; a stop does the same and then stores a snapshot, as a daemon does
that was told to end.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from random import Random
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from fastapi import HTTPException, Request, Response
from pydantic import SecretStr

from alerting.channels import Inbound, Ports
from alerting.channels.console import ConsoleChannel, ConsoleSettings
from alerting.channels.contract import Channel
from alerting.channels.twilio.settings import TwilioSettings
from alerting.effect import Medium
from alerting.event import ConfigApplied, HoldSet, HomeChanged
from alerting.settings import Settings
from gateway.answers import Answers
from gateway.courier import Courier
from gateway.desk import Desk
from gateway.inbox import Inbox
from gateway.intake import Intake
from gateway.job import Job
from gateway.link import Link
from gateway.log_port import Log
from gateway.pump import HOLD, Pump
from gateway.recovery import Recovered, rebuild
from gateway.scribe import Community, Scribe
from sensors.families import discover
from tests.simulation.broker import Broker
from tests.simulation.carrier import PUBLIC_URL, Carrier, CarrierChannel
from tests.simulation.disk import Disk
from tests.simulation.link import NAME, BrokerLink
from tests.simulation.loop import VirtualClock
from tests.simulation.trace import Trace
from tests.simulation.village import Village

CONNECTIONS_A_START = 100_000
SNAPSHOT_EVERY = 200
COMMUNITY = Community(
    "桂花社区", "84310000", ZoneInfo("Asia/Shanghai"), {"119": "119", "120": "120"}
)
Route = Callable[[Request], Awaitable[Response]]


class Parts(NamedTuple):
    """What a gateway is made of; a mutant has another one of them."""

    pump: type[Pump] = Pump
    courier: type[Courier] = Courier
    link: type[BrokerLink] = BrokerLink
    rebuild: Callable[[Log], Awaitable[Recovered]] = rebuild


@dataclass(frozen=True)
class Ground:
    """What the gateway stands on and what survives it; `fail` ends the run with a reason."""

    clock: VirtualClock
    trace: Trace
    disk: Disk
    broker: Broker
    carrier: Carrier
    village: Village
    fail: Callable[[str], None]
    seed: int
    is_reachable: bool


class Box:
    """A gateway that lives once. `start` counts the lives, from 1.

    Attributes:
        is_up: whether everything runs, so that webhooks are answered.
        pump: once it is up, the pump with the engine.
    """

    pump: Pump
    inbox: Inbox

    def __init__(self, ground: Ground, start: int, parts: Parts) -> None:
        self.is_up = False
        self._ground, self._start, self._parts = ground, start, parts
        self._tasks: list[asyncio.Task[None]] = []
        self._routes: dict[str, Route] = {}
        self._is_over = False
        self._run("start", self._begin())

    # --- life and death ------------------------------------------------------------------------

    def kill(self) -> None:
        """Cut every task off where it stands; from here on nothing of this life acts."""
        self.is_up, self._is_over = False, True
        for task in self._tasks:
            task.cancel()
        self._ground.broker.cut()

    async def rest(self) -> None:
        """Wait until what was cut off has come to its end."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _run(self, name: str, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.append(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A part that ends by itself has failed: the supervisor would have caught a mistake."""
        if not task.cancelled() and (error := task.exception()) is not None:
            where = "".join(traceback.format_tb(error.__traceback__)[-2:])
            self._ground.fail(f"{task.get_name()} raised {error!r}\n{where}")

    async def _begin(self) -> None:
        """Fold the journal, build the parts around it, and let them run."""
        ground = self._ground
        clock, journal, village = ground.clock, ground.disk, ground.village
        recovered = await self._parts.rebuild(journal)
        _, last_at = await journal.last()
        self.inbox = Inbox(clock)
        scribe = Scribe(village, COMMUNITY._replace(hears_keys=ground.is_reachable))
        texts: asyncio.Queue[Inbound] = asyncio.Queue()
        ports = Ports(clock, texts.put_nowait, self._say, since=last_at or clock.now())
        twilio = CarrierChannel(self._settings(), ports, ground.carrier)
        console = ConsoleChannel(ConsoleSettings(), ports)
        channels: dict[Medium, Channel] = {
            Medium.SMS: twilio,
            Medium.VOICE: twilio,
            Medium.CONSOLE: console,
        }
        courier = self._parts.courier(
            channels=channels, scribe=scribe, journal=journal, clock=clock, post=self.inbox.put
        )
        links: dict[str, Link] = {}
        self.pump = self._parts.pump(
            engine=recovered.engine,
            inbox=self.inbox,
            intake=Intake(discover(), village),
            journal=journal,
            carrier=courier,
            scribe=scribe,
            links=links,
            clock=clock,
            snapshot_every=SNAPSHOT_EVERY,
        )
        self.pump.seq = recovered.seq
        desk = Desk(
            pump=self.pump,
            courier=courier,
            inbox=self.inbox,
            scribe=scribe,
            numbers=village,
            clock=clock,
        )
        link = links[NAME] = self._link()
        self._put_first(is_new=not recovered.engine.homes)
        self._open_doors(Answers(desk, twilio, clock))
        self._run("channel", twilio.run(desk.report))
        self._run("texts", desk.read(texts))
        self._run("courier", courier.run())
        self._run("pump", self.pump.run())
        self._run("link", link.run())
        self.is_up = True
        ground.trace.note(f"gateway up, life {self._start}, journal at {recovered.seq}")

    def _settings(self) -> TwilioSettings:
        carrier = self._ground.carrier.settings
        return TwilioSettings(
            account_sid=carrier.account_sid,
            auth_token=SecretStr(carrier.auth_token),
            from_number=carrier.numbers[0],
            public_url=PUBLIC_URL if self._ground.is_reachable else None,
        )

    def _link(self) -> BrokerLink:
        return self._parts.link(
            self._ground.broker,
            inbox=self.inbox,
            clock=self._ground.clock,
            dice=Random(f"{self._ground.seed}/link/{self._start}"),
            first_connection=self._start * CONNECTIONS_A_START,
            is_first_start=self._start == 1,
        )

    def _put_first(self, *, is_new: bool) -> None:
        """Journal the configuration, the registry where it is new, and the hold of a start."""
        self.inbox.put(Job(events=(ConfigApplied(Settings().model_dump_json().encode()),)))
        if is_new:
            homes = self._ground.village.records()
            self.inbox.put(Job(events=tuple(map(HomeChanged, homes))))
        hold = HoldSet(NAME, self._ground.clock.now() + HOLD)
        self.inbox.put(Job(events=(hold,)))

    def _say(self, text: str) -> None:
        self._ground.trace.note(f"console {text}")

    # --- for those who look inside -------------------------------------------------------------

    @property
    def has_state(self) -> bool:
        """Whether this life ever had a state of its own."""
        return hasattr(self, "pump")

    @property
    def is_busy(self) -> bool:
        """Whether a turn is under way: the state may be ahead of the journal."""
        return not self.has_state or self.pump.is_mid_turn

    async def store(self) -> None:
        """Store a snapshot, as a daemon does that was told to end."""
        if self.has_state:
            await self.pump.snapshot()

    # --- webhooks ------------------------------------------------------------------------------

    def _open_doors(self, answers: Answers) -> None:
        self._routes = {
            "/twilio/sms-status": answers.sms_status,
            "/twilio/call-status": answers.call_status,
            "/twilio/keypad": answers.keypad,
            "/twilio/sms": answers.sms,
            "/twilio/call-in": answers.call_in,
        }

    async def answer(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, str]:
        """Answer a webhook; raises OSError where the gateway is down or dies meanwhile."""
        if not self.is_up:
            raise ConnectionRefusedError
        result: list[tuple[int, str]] = []
        self._run("webhook", self._respond(url, form, headers, result))
        task = self._tasks[-1]
        await asyncio.wait({task})
        self._tasks = [one for one in self._tasks if not one.done()]
        if not result:
            raise ConnectionResetError
        return result[0]

    async def _respond(
        self,
        url: str,
        form: Mapping[str, str],
        headers: Mapping[str, str],
        result: list[tuple[int, str]],
    ) -> None:
        """Let the route of the address answer, as the web server does it."""
        parts = urlsplit(url)
        body = urlencode(form).encode()
        said = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, object]:
            return said.pop()

        scope = {
            "type": "http",
            "method": "POST",
            "path": parts.path,
            "query_string": parts.query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        }
        try:
            response = await self._routes[parts.path](Request(scope, receive))
        except HTTPException as refused:
            result.append((refused.status_code, ""))
        else:
            result.append((response.status_code, bytes(response.body).decode()))
