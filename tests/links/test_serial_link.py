"""A serial port that is really a pair of pseudo-terminals, plugged in and pulled out."""

import asyncio
import os
import pty
import tty
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from gateway.inbox import Inbox
from gateway.link import Drained, LinkDown, LinkUp, Receipt, Token
from gateway.serial_link import UNKNOWN_SINCE, SerialLink
from sensors.families import gb26875, own
from sensors.family import Family
from simulators.devices.gb26875 import FIRE, NORMAL, SMOKE_HEAD, Unit
from tests.links.rig import CLOCK, PATIENCE_SECONDS, payloads, until

SMOKE = b'{"v":1,"home":"h1","device":"smoke-1","kind":"smoke","value":true}'


class Port:
    """A path at which an adapter may be."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ends: tuple[int, int] | None = None

    def plug(self) -> None:
        """Put an adapter in."""
        self._ends = pty.openpty()
        tty.setraw(self._ends[1])
        self.path.symlink_to(os.ttyname(self._ends[1]))

    def unplug(self) -> None:
        """Pull it out."""
        if self._ends is not None:
            self.path.unlink()
            os.close(self._ends[0])
            os.close(self._ends[1])
            self._ends = None

    def hear(self) -> bytes:
        """Take what was written to the port; waits for it."""
        assert self._ends is not None
        return os.read(self._ends[0], 4096)

    def say(self, data: bytes) -> None:
        """Send bytes to whoever reads the port."""
        assert self._ends is not None
        os.write(self._ends[0], data)


class Reader:
    """A link on the port."""

    def __init__(
        self,
        port: Port,
        *,
        was_heard: bool = False,
        limit: int = 100,
        family: Family = own.FAMILY,
    ) -> None:
        self.inbox = Inbox(CLOCK, limit=limit)
        self.link = SerialLink(
            "serial0",
            str(port.path),
            family,
            inbox=self.inbox,
            clock=CLOCK,
            rng=Random(1),
            was_heard=was_heard,
        )
        self._running = asyncio.create_task(self.link.run())

    async def next(self) -> object:
        """Take the next thing."""
        (item,) = await self.inbox.take(1, timeout_seconds=PATIENCE_SECONDS)
        return item

    async def up(self) -> LinkUp:
        """Take what is told when the port is open."""
        up, drained = await self.next(), await self.next()
        assert isinstance(up, LinkUp)
        assert Drained("serial0", up.at, up.connection) == drained
        return up

    async def down(self) -> LinkDown:
        """Take what is told when it is lost."""
        down = await self.next()
        assert isinstance(down, LinkDown)
        return down

    async def receipt(self) -> Receipt:
        """Take a receipt."""
        receipt = await self.next()
        assert isinstance(receipt, Receipt)
        return receipt

    async def stop(self) -> None:
        """Stop the link."""
        self._running.cancel()
        await asyncio.wait([self._running])


@pytest.fixture
def port(tmp_path: Path) -> Port:
    """Make a path with nothing at it yet."""
    return Port(tmp_path / "usb-adapter")


@pytest.fixture
async def reader(port: Port) -> AsyncIterator[Reader]:
    """Read from an adapter that is there."""
    port.plug()
    reader = Reader(port)
    yield reader
    await reader.stop()
    port.unplug()


async def test_a_line_becomes_a_receipt(port: Port, reader: Reader) -> None:
    """Without an address: the line itself says where it is from."""
    up = await reader.up()
    port.say(SMOKE + b"\n")
    receipt = await reader.receipt()
    assert up.at < receipt.received_at < CLOCK.now()
    token = Token("serial0", 1, 0, 0)
    assert ("own", "", SMOKE, False, False, token, "serial") == receipt[1:]


async def test_lines_in_pieces(port: Port, reader: Reader) -> None:
    """Half a line waits for its other half."""
    await reader.up()
    for piece in (SMOKE[:20], SMOKE[20:] + b"\r\n" + SMOKE[:5], SMOKE[5:] + b"\n"):
        port.say(piece)
        await CLOCK.sleep(0.02)
    assert [SMOKE, SMOKE] == payloads([await reader.receipt(), await reader.receipt()])


async def test_what_is_no_line_is_counted(port: Port, reader: Reader) -> None:
    """And does not hide what comes after it."""
    await reader.up()
    port.say(b"boot v2.1\r\n" + SMOKE[:30] + b"\n" + SMOKE + b"\n")
    assert SMOKE == (await reader.receipt()).payload
    assert {"banner": 1, "half_line": 1} == reader.link.skipped


async def test_pulled_out_and_put_in_again(port: Port, reader: Reader) -> None:
    """Readings are lost between the two, and the link says since when."""
    await reader.up()
    port.unplug()
    down = await reader.down()
    port.plug()
    up = await reader.up()
    assert (2, down.at) == (up.connection, up.lost_since)
    port.say(SMOKE + b"\n")
    assert 2 == (await reader.receipt()).token.connection


async def test_half_a_line_does_not_outlive_the_adapter(port: Port, reader: Reader) -> None:
    """Two halves of different lines are no line."""
    await reader.up()
    port.say(SMOKE[:30])
    await CLOCK.sleep(0.05)
    port.unplug()
    await reader.down()
    port.plug()
    await reader.up()
    whole = SMOKE.replace(b"smoke-1", b"smoke-2")
    port.say(SMOKE[30:] + b"\n" + whole + b"\n")
    assert whole == (await reader.receipt()).payload


async def test_an_absent_adapter_is_told_once(port: Port) -> None:
    """It may be plugged in later."""
    reader = Reader(port)
    assert (await reader.down()).reason.startswith("cannot open: ")
    await CLOCK.sleep(0.3)
    port.plug()
    assert None is (await reader.up()).lost_since
    await reader.stop()
    port.unplug()


async def test_what_was_said_before_this_start_is_lost(port: Port) -> None:
    """Nobody knows since when, only that an earlier start has listened."""
    port.plug()
    reader = Reader(port, was_heard=True)
    assert UNKNOWN_SINCE == (await reader.up()).lost_since
    await reader.stop()
    port.unplug()


async def test_a_path_that_is_no_port_is_survived(port: Port) -> None:
    """The link tries again until it is one."""
    port.path.write_text("no port")
    reader = Reader(port)
    assert (await reader.down()).reason.startswith("cannot open: ")
    await reader.stop()


async def test_frames_without_room_are_counted(port: Port) -> None:
    """A line cannot be asked again."""
    port.plug()
    reader = Reader(port, limit=1)
    await reader.up()
    port.say((SMOKE + b"\n") * 5)
    await until(lambda: reader.link.lost == 3)
    assert 2 == len(reader.inbox)
    await reader.stop()
    port.unplug()


async def test_acknowledging_and_dropping_do_nothing(port: Port, reader: Reader) -> None:
    """A line keeps nothing."""
    await reader.up()
    port.say(SMOKE + b"\n")
    receipt = await reader.receipt()
    reader.link.acknowledge([receipt.token])
    reader.link.drop()
    port.say(SMOKE + b"\n")
    assert 1 == (await reader.receipt()).token.connection


async def test_a_pattern_finds_the_adapter_that_is_there(tmp_path: Path) -> None:
    """One that comes after the start, and after it another of its make, in any socket."""
    reader = Reader(Port(tmp_path / "usb-1a86_*"))
    await reader.down()
    for name in ("usb-1a86_Serial_A", "usb-1a86_Serial_B"):
        port = Port(tmp_path / name)
        port.plug()
        await reader.up()
        assert str(tmp_path / name) == reader.link.path
        port.say(SMOKE + b"\n")
        assert SMOKE == (await reader.receipt()).payload
        port.unplug()
        await reader.down()
    await reader.stop()


async def test_two_links_do_not_share_an_adapter(tmp_path: Path) -> None:
    """Two patterns that both match take one each."""
    ports = [Port(tmp_path / f"usb-1a86_{letter}") for letter in "AB"]
    for port in ports:
        port.plug()
    readers = [Reader(Port(tmp_path / "usb-1a86_*")) for _ in ports]
    for reader in readers:
        await reader.up()
    assert {str(port.path) for port in ports} == {reader.link.path for reader in readers}
    for reader in readers:
        await reader.stop()
    for port in ports:
        port.unplug()


async def test_a_panel_is_acknowledged_after_the_commit(port: Port) -> None:
    """Under its own serial number, and not before; a frame of an earlier opening is not."""
    port.plug()
    reader = Reader(port, family=gb26875.FAMILY)
    await reader.up()
    unit = Unit(7)
    fire = unit.component(CLOCK.now(), SMOKE_HEAD, 1, NORMAL | FIRE)
    port.say(b"noise@@" + fire)
    receipt = await reader.receipt()
    assert ("gb26875", fire, 1) == (receipt.family, receipt.payload, receipt.token.qos)
    reader.link.acknowledge([receipt.token._replace(connection=0)])
    port.say(fire)
    again = await reader.receipt()
    reader.link.acknowledge([again.token])
    answered = await asyncio.get_running_loop().run_in_executor(None, port.hear)
    assert (unit.serial, 3) == (int.from_bytes(answered[2:4], "little"), answered[26])
    await reader.stop()
    port.unplug()
