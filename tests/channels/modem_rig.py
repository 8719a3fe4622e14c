"""A modem channel on a simulated module, with times that fit into a test."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from alerting.channels import Inbound, Ports
from alerting.channels.contract import Order, Progress
from alerting.channels.modem import ModemChannel
from alerting.channels.modem.settings import ModemSettings
from alerting.effect import Medium
from alerting.event import Outcome
from simulators.clock import Clock as SimulatedClock
from simulators.modem.network import Network, Phone
from simulators.modem.rig import Plugged, plugged
from tests.answers.desk import NotingDesk
from tests.channels.contract import Running
from tests.channels.fake_twilio import MOBILE, ShiftedClock

WORDS = "烟雾报警，能去按1"


@dataclass
class ModemRig:
    """A channel at work, its module, and the desk it tells."""

    channel: ModemChannel
    clock: ShiftedClock
    there: Plugged
    desk: NotingDesk
    running: Running
    inbound: list[Inbound] = field(default_factory=list)
    medium: Medium = Medium.SMS

    @property
    def delivered(self) -> Outcome:
        """A text arrives; a call that was answered and got no key is voicemail."""
        return Outcome.DELIVERED if self.medium is Medium.SMS else Outcome.VOICEMAIL

    @property
    def network(self) -> Network:
        """The network and its phones."""
        return self.there.network

    def order(self, attempt_id: str = "a1", to: str = MOBILE, **differs: object) -> Order:
        """A text or a call to a neighbour."""
        now = self.clock.now()
        given: dict[str, object] = {"kind": "smoke", "is_urgent": True, **differs}
        medium = given.pop("medium", self.medium)
        return Order(attempt_id, medium, to, WORDS, now, now + timedelta(minutes=5), **given)  # type: ignore[arg-type]

    def made(self) -> int:
        """Texts on phones, and numbers dialled."""
        return len(self.network.arrived) + len(self.network.dialled)

    def deliver(self) -> None:
        """Let the network say what became of its texts."""
        self.network.holds_reports = False
        for reference in range(1, 4):
            self.there.module.report(reference, MOBILE)

    def outcomes(self, attempt_id: str = "a1") -> list[Outcome]:
        """What was reported of an attempt."""
        return [one.outcome for one in self.running.reports if one.attempt_id == attempt_id]

    async def until(self, what: Callable[[], object], seconds: float = 5.0) -> None:
        """Wait until something is so; raises TimeoutError."""
        async with self.clock.timeout(seconds):
            while not what():
                await self.clock.sleep(0.01)


@asynccontextmanager
async def modem(
    folder: Path, make: str = "simcom", medium: Medium = Medium.SMS, **settings: object
) -> AsyncIterator[ModemRig]:
    """Plug a module in and start the channel."""
    simulated = SimulatedClock(speed=10)
    network = Network(simulated, otherwise=Phone(talks_seconds=8.0))
    path = folder / "modem"
    async with plugged(path, make, network, simulated) as there:
        clock, inbound, desk = ShiftedClock(), list[Inbound](), NotingDesk()
        given = {"path": str(path), "poll_seconds": 0.02, "key_seconds": 0.1, **settings}
        ports = Ports(clock, inbound.append, lambda _line: None, clock.now())
        channel = ModemChannel(ModemSettings.model_validate(given), ports)
        channel.meet(desk)
        reports: list[Progress] = []
        task = asyncio.create_task(channel.run(reports.append))
        rig = ModemRig(channel, clock, there, desk, Running(task, reports), inbound, medium)
        try:
            await rig.until(lambda: not channel.health().reason)
            yield rig
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
