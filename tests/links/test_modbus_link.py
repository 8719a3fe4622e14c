"""A line of sensors that is really a pair of pseudo-terminals."""

import asyncio
import os
import pty
import tty
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from gateway.inbox import Inbox
from gateway.link import Drained, LinkDown, LinkUp, Receipt
from gateway.modbus_link import ModbusLink, Question
from sensors.families.modbus import decode
from simulators.devices import modbus as wire
from tests.links.rig import CLOCK, PATIENCE_SECONDS

SOON = timedelta(milliseconds=50)
CLIMATE = "temperature*0.1,humidity*0.1"
QUESTIONS = [Question(1, "input", 0, CLIMATE, SOON), Question(2, "discrete", 4, "smoke", SOON)]


class Line:
    """The far end of the line: sensors that answer what they are asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[bytes] = []
        self.answers: Callable[[bytes], bytes] = answers
        self._ends: tuple[int, int] | None = None

    def plug(self) -> None:
        """Put the adapter in."""
        self._ends = pty.openpty()
        for end in self._ends:
            tty.setraw(end)
        self.path.symlink_to(os.ttyname(self._ends[1]))
        asyncio.get_running_loop().add_reader(self._ends[0], self._hear)

    def unplug(self) -> None:
        """Pull it out."""
        if self._ends is not None:
            asyncio.get_running_loop().remove_reader(self._ends[0])
            self.path.unlink()
            os.close(self._ends[0])
            os.close(self._ends[1])
            self._ends = None

    def _hear(self) -> None:
        assert self._ends is not None
        question = os.read(self._ends[0], 256)
        self.asked.append(question)
        if answer := self.answers(question):
            os.write(self._ends[0], answer)


def answers(question: bytes) -> bytes:
    """Two sensors that are well."""
    return wire.registers(1, 215, 455) if question[0] == 1 else wire.bits(2, True)  # noqa: FBT003


def nothing(_: bytes) -> bytes:
    """A cable that is cut."""
    return b""


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    """A line with its adapter in."""
    line = Line(tmp_path / "adapter")
    line.plug()
    yield line
    line.unplug()


@pytest.fixture
async def link(line: Line) -> AsyncIterator[tuple[ModbusLink, Inbox]]:
    """A link that asks on the line."""
    inbox = Inbox(CLOCK)
    link = ModbusLink(
        "rs485", str(line.path), QUESTIONS, inbox=inbox, clock=CLOCK, rng=Random(1), was_heard=True
    )
    running = asyncio.create_task(link.run())
    yield link, inbox
    running.cancel()
    await asyncio.wait([running])


async def until(inbox: Inbox, wanted: Callable[[object], bool]) -> object:
    """Take until something is what is wanted."""
    async with CLOCK.timeout(PATIENCE_SECONDS):
        while True:
            (item,) = await inbox.take(1)
            if wanted(item):
                return item


async def heard(inbox: Inbox, unit: int) -> dict[str, object]:
    """What the next receipt of a unit says, by kind."""

    def is_of(item: object) -> bool:
        return isinstance(item, Receipt) and item.address.startswith(f"rs485/{unit}/")

    receipt = await until(inbox, is_of)
    assert isinstance(receipt, Receipt)
    return values(decode(receipt.address, receipt.payload)[0].readings)


def values(readings: Iterable[object]) -> dict[str, object]:
    """Values by kind."""
    return {str(getattr(r, "kind", "")): getattr(r, "value", None) for r in readings}


async def test_units_are_asked_in_turn(line: Line, link: tuple[ModbusLink, Inbox]) -> None:
    """By table, first register and count; each answer comes with its map."""
    _, inbox = link
    up, drained = await inbox.take(1), await inbox.take(1)
    assert isinstance(up[0], LinkUp)
    assert isinstance(drained[0], Drained)
    climate = await heard(inbox, 1)
    assert (21.5, 45.5, "online") == tuple(
        climate[kind] for kind in ("temperature", "humidity", "availability")
    )
    assert (await heard(inbox, 2))["smoke"] is True
    assert [wire.request(1, 4, 0, 2), wire.request(2, 2, 4, 1)] == line.asked[:2]


async def test_silence_is_said_once(line: Line, link: tuple[ModbusLink, Inbox]) -> None:
    """After three questions; and over with the next answer."""
    asking, inbox = link
    await heard(inbox, 2)
    line.answers = lambda question: b"" if question[0] == 1 else answers(question)

    def is_silence(item: object) -> bool:
        return isinstance(item, Receipt) and not item.payload

    silence = await until(inbox, is_silence)
    assert isinstance(silence, Receipt)
    said = values(decode(silence.address, silence.payload)[0].readings)
    assert ("offline", True) == (said["availability"], said["fault"])
    assert asking.counts["missed"] >= 3
    line.answers = answers
    assert "online" == (await heard(inbox, 1))["availability"]


async def test_an_exception_is_an_answer(line: Line, link: tuple[ModbusLink, Inbox]) -> None:
    """It goes the way of all replies, and is refused by name."""
    asking, inbox = link
    line.answers = lambda question: wire.refusal(question[0], question[1], 2)

    def is_refusal(item: object) -> bool:
        return isinstance(item, Receipt) and item.payload == wire.refusal(1, 4, 2)

    await until(inbox, is_refusal)
    assert asking.counts["refused"]


async def test_the_adapter_may_be_pulled_out(line: Line, link: tuple[ModbusLink, Inbox]) -> None:
    """It is told once, and the line is asked again when it is back."""
    _, inbox = link
    await heard(inbox, 1)
    line.unplug()
    down = await until(inbox, lambda item: isinstance(item, LinkDown))
    assert isinstance(down, LinkDown)
    line.plug()
    up = await until(inbox, lambda item: isinstance(item, LinkUp))
    assert isinstance(up, LinkUp)
    assert up.lost_since is not None
    assert 21.5 == (await heard(inbox, 1))["temperature"]
