"""The console keeps the contract, and its own few promises."""

from datetime import timedelta

import pytest

from alerting.channels import Ports
from alerting.channels.console import ConsoleChannel, ConsoleSettings
from alerting.channels.contract import Order
from alerting.effect import Medium
from alerting.event import Outcome
from tests.channels.contract import ChannelContract, Running
from tests.channels.fake_twilio import ShiftedClock


class ConsoleRig:
    """A console that writes into a list."""

    running: Running | None = None
    delivered = Outcome.DELIVERED

    def __init__(self, lines: int = 200) -> None:
        self.clock, self.said = ShiftedClock(), list[str]()
        ports = Ports(self.clock, lambda _inbound: None, self.said.append, self.clock.now())
        self.channel = ConsoleChannel(ConsoleSettings(lines=lines), ports)

    def order(self, attempt_id: str = "a1") -> Order:
        """A line for the desk."""
        now = self.clock.now()
        text = "3栋2单元502烟雾报警"
        return Order(attempt_id, Medium.CONSOLE, "desk", text, now, now + timedelta(minutes=5))

    def made(self) -> int:
        """Lines shown."""
        return len(self.said)

    def deliver(self) -> None:
        """A line is delivered by being shown."""


@pytest.fixture(name="rig")
def _rig() -> ConsoleRig:
    return ConsoleRig()


class TestConsole(ChannelContract):
    """The contract."""


async def test_a_line_is_said_and_kept(rig: ConsoleRig) -> None:
    """Whom it is for comes first."""
    await rig.channel.submit(rig.order())
    assert ["desk  3栋2单元502烟雾报警"] == rig.said
    assert [("a1", "desk")] == [(line.attempt_id, line.to) for line in rig.channel.lines()]


async def test_only_the_last_lines_are_kept() -> None:
    """The ring is bounded."""
    rig = ConsoleRig(lines=2)
    for number in range(5):
        await rig.channel.submit(rig.order(f"a{number}"))
    assert ["a3", "a4"] == [line.attempt_id for line in rig.channel.lines()]
