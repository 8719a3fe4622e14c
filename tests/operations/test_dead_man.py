"""Outside the gateway is heard only while it is well; what is wrong is told where people are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from alerting.alarm import State
from alerting.audit import unattended
from alerting.effect import Medium
from gateway.assembly import Gateway
from gateway.clock import SystemClock
from gateway.dead_man import AGAIN, DeadMan, Outside, faults, has_path
from gateway.health import Reason
from gateway.troubles import Troubles
from tests.links.rig import until
from tests.links.test_installation import gateway
from tests.operations.test_monitor import lonely
from tests.stories.world import World

NO_PATH = Reason("no_path", "channels")


class Wait(SystemClock):
    """The machine's clock, moved by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = timedelta()

    def now(self) -> datetime:
        """The machine's time, and what it was moved by."""
        return super().now() + self.ahead


@asynccontextmanager
async def outside(status: int = 200) -> AsyncIterator[tuple[str, list[str]]]:
    """An address that is called, and the paths it was called by."""
    heard: list[str] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    app = web.Application()
    app.router.add_get("/{path:.*}", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}/check-1", heard
    finally:
        await runner.cleanup()


class Rig:
    """A switch on a gateway, and what it has said."""

    def __init__(self, opened: Gateway, told: Outside) -> None:
        self.said: list[str] = []
        self.clock = Wait()
        self.troubles = Troubles(self.clock)
        self.switch = DeadMan(opened, told, self.troubles, self.clock, self.said.append)

    async def tell(self, *found: Reason, seconds: float = 11.0) -> None:
        """Let this be wrong, now and so many seconds later."""
        await self.switch.tell(found)
        self.clock.ahead += timedelta(seconds=seconds)
        await self.switch.tell(found)


async def test_a_well_gateway_is_heard(tmp_path: Path) -> None:
    """A whole gateway on its own broker calls the address, and once a period."""
    async with outside() as (url, heard), gateway(tmp_path, f'[heartbeat]\nurl = "{url}"\n'):
        await until(lambda: bool(heard))
        assert {"/check-1"} == set(heard)
        assert 1 == len(heard)


async def test_a_deaf_gateway_is_silent(tmp_path: Path) -> None:
    """Without a broker no device is heard: nobody outside may think that all is well."""
    async with outside() as (url, heard), lonely(tmp_path) as opened:
        rig = Rig(opened, Outside(url))
        running = asyncio.create_task(rig.switch.run())
        await until(lambda: "deaf" in {r.code for r in faults(opened, opened.clock.now())})
        heard.clear()
        await rig.clock.sleep(0.2)  # silence has no event to wait for
        assert [] == heard
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_an_address_that_does_not_take_it_is_a_trouble(tmp_path: Path, status: int) -> None:
    """A redirection is not followed and is no success either."""
    async with outside(status) as (url, heard), gateway(tmp_path, "") as opened:
        rig = Rig(opened, Outside(url))
        running = asyncio.create_task(rig.switch.run())
        await until(lambda: "heartbeat_unsent" in rig.troubles.codes())
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        assert ["/check-1"] == heard


async def test_what_stays_wrong_is_told_and_run(tmp_path: Path) -> None:
    """A loss of every path is on the terminal and in the loudspeaker within seconds, in words."""
    spoken = tmp_path / "spoken"
    command = ("/bin/sh", "-c", 'echo "$1" >> "$2"', "sh", "{text}", str(spoken))
    async with lonely(tmp_path / "state") as opened:
        rig = Rig(opened, Outside(command=command))
        await rig.switch.tell([NO_PATH])
        assert [] == rig.said  # a reconnection is no loss
        await rig.tell(NO_PATH)
        assert 1 == len(rig.said)
        assert "短信电话都发不出去" in spoken.read_text()
        await rig.tell(NO_PATH, seconds=60)
        assert 1 == len(rig.said)
        await rig.tell(NO_PATH, seconds=AGAIN.total_seconds())
        assert 2 == len(rig.said)
        await rig.tell()
        assert 3 == len(rig.said)
        assert "no_path" not in rig.troubles.codes()


async def test_text_is_one_word_to_the_command(tmp_path: Path) -> None:
    """What is said reaches no shell, and a command that fails is a trouble, not a crash."""
    async with lonely(tmp_path / "state") as opened:
        rig = Rig(opened, Outside(command=(str(tmp_path / "nothing"), "{text}")))
        await rig.tell(NO_PATH)
        assert "announce_failed" in rig.troubles.codes()
        rig = Rig(opened, Outside(command=("/bin/false",)))
        await rig.tell(NO_PATH)
        assert "announce_failed" in rig.troubles.codes()


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        ([(Medium.CONSOLE, True)], True),
        ([(Medium.CONSOLE, True), (Medium.SMS, False)], False),
        ([(Medium.VOICE, False), (Medium.SMS, True)], True),
        ([(Medium.WEBHOOK, True)], False),
        ([], False),
    ],
)
def test_a_path_is_a_telephone(ways: list[tuple[Medium, bool]], *, expected: bool) -> None:
    """A screen counts only where no telephone was ever configured; another system never."""
    assert expected == has_path([(frozenset({medium}), is_up) for medium, is_up in ways])


def test_an_alarm_that_nothing_moves_is_found() -> None:
    """The ladder's mistake shows, whatever it was: no deadline, one passed, one nobody asks for."""
    world = World()
    alarm = world.engine.homes["h0001"].alarms[world.smoke()]
    asked, now = world.engine.next_deadline(), world.now

    def found() -> list[str]:
        return [why for _, why in unattended(world.engine.homes.values(), asked, now)]

    assert [] == found()
    assert ["raised, and nobody asks in time"] == [
        why for _, why in unattended(world.engine.homes.values(), None, now)
    ]
    now += timedelta(seconds=100)
    assert ["raised, overdue by 70 s"] == found()
    alarm.ladder_due = None
    assert ["raised, and nothing is due"] == found()
    alarm.state = State.CLOSED
    assert [] == found()
