"""Watches and fire panels through a whole gateway: from the cry to the alarm, and the answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway import registry_file
from gateway.assembly import Gateway
from gateway.door import DaemonDoor
from gateway.enrolment import put_in_force
from gateway.tcp_link import TcpLink
from simulators.devices.gb26875 import BUTTON, FIRE, NORMAL, SMOKE_HEAD, Unit
from simulators.devices.watch3g import Watch
from tests.links.rig import CLOCK, PATIENCE_SECONDS, until
from tests.links.test_installation import gateway
from tests.registry.village import file, home, resident, responder

LINKS = """
[[tcp]]
name = "watches"
family = "watch3g"
port = 0
[[tcp]]
name = "panels"
family = "gb26875"
port = 0
"""
DEVICE = '[[devices]]\nid = "{id}"\nfamily = "{family}"\nhome = "{home}"\nclass = "{kind}"\n'
VILLAGE = file(
    home("h1", "501"),
    home("h2", "502"),
    resident("r1", "h1"),
    responder("d1", "desk"),
    DEVICE.format(id="8800000015", family="watch3g", home="h1", kind="wristband"),
    DEVICE.format(id="7-1_1-3", family="gb26875", home="h2", kind="smoke"),
    DEVICE.format(id="7-1_1-4", family="gb26875", home="h2", kind="help_button"),
)
WATCH, STRANGER, UNIT = Watch("8800000015"), Watch("66"), Unit(7)


@asynccontextmanager
async def listening(folder: Path) -> AsyncIterator[Gateway]:
    """Run a gateway that watches and panels can call."""
    async with gateway(folder, LINKS) as running:
        door = DaemonDoor(running, running.let_in)
        await put_in_force(door, registry_file.parse(VILLAGE))
        await until(lambda: all(link_of(running, name).is_up for name in ("watches", "panels")))
        yield running


def link_of(running: Gateway, name: str) -> TcpLink:
    """One of its ports."""
    link = running.links[name]
    assert isinstance(link, TcpLink)
    return link


async def answered(running: Gateway, name: str, frame: bytes, end: bytes) -> bytes:
    """Call, say one frame, and hang up when it is answered."""
    port = link_of(running, name).port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(frame)
    async with CLOCK.timeout(PATIENCE_SECONDS):
        answer = await reader.readuntil(end)
    writer.close()
    return answer


def raised(running: Gateway) -> list[tuple[str, str]]:
    """Home and kind of each alarm that has been raised."""
    homes = running.pump.engine.homes.items()
    return sorted((name, str(a.kind)) for name, state in homes for a in state.alarms.values())


async def test_a_cry_is_raised_when_it_is_answered(tmp_path: Path) -> None:
    """A stranger's cry is answered like any other, is kept apart, and raises nothing."""
    async with listening(tmp_path) as running:
        cry = STRANGER.alarm(CLOCK.now(), "sos")
        assert b"[3G*66*0002*AL]" == await answered(running, "watches", cry, b"]")
        assert [] == raised(running)
        cry = WATCH.alarm(CLOCK.now(), "sos", "low_battery")
        assert b"[3G*8800000015*0002*AL]" == await answered(running, "watches", cry, b"]")
        assert [("h1", "help_call"), ("h1", "low_battery")] == raised(running)


async def test_a_panel_is_raised_when_it_is_acknowledged(tmp_path: Path) -> None:
    """A test at the head wakes nobody; the repeat of a frame adds nothing."""
    async with listening(tmp_path) as running:
        tested = UNIT.component(CLOCK.now(), SMOKE_HEAD, 3, FIRE)
        assert 3 == (await answered(running, "panels", tested, b"##"))[26]
        assert [] == raised(running)
        fire = UNIT.component(CLOCK.now(), SMOKE_HEAD, 3, NORMAL | FIRE)
        await answered(running, "panels", fire, b"##")
        await answered(running, "panels", fire, b"##")
        assert 1 == running.pump.counts["duplicates"]
        await answered(running, "panels", UNIT.component(CLOCK.now(), BUTTON, 4, 3), b"##")
        assert [("h2", "help_call"), ("h2", "smoke")] == raised(running)
