"""A power cut is told, an empty battery loudly, and a UPS nobody can ask is no good news."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.entries import LogLine
from gateway.troubles import Troubles
from gateway.ups import MISSES, Place, Power, UpsError, UpsWatch, understood
from simulators.ups import Ups
from tests.cli.rig import HastyClock
from tests.links.rig import until
from tests.operations.test_monitor import lonely, page, samples


class Rig:
    """A UPS, who watches it, and what came of it."""

    def __init__(self, ups: Ups, name: str = "ups") -> None:
        self.ups = ups
        self.said: list[str] = []
        self.lines: list[LogLine] = []
        clock = HastyClock()
        self.troubles = Troubles(clock, self.lines.append)
        place = Place("127.0.0.1", ups.port, name, 5.0)
        self.watch = UpsWatch(place, self.troubles, clock, self.said.append)

    async def says(self, status: str, **more: str) -> list[str]:
        """Let the UPS say this; gives the troubles there are then."""
        self.ups.variables = {"ups.status": status, **more}
        await self.watch.look()
        return sorted(self.troubles.codes())


@asynccontextmanager
async def rig(name: str = "ups") -> AsyncIterator[Rig]:
    """On the loopback."""
    ups = Ups()
    await ups.start()
    try:
        yield Rig(ups, name)
    finally:
        await ups.stop()


async def test_a_power_cut_is_told_from_its_beginning_to_its_end() -> None:
    """Two lines of the alarm log, two on the terminal, however often it is asked."""
    async with rig() as box:
        assert [] == await box.says("OL CHRG")
        for _ in range(5):
            assert ["on_battery"] == await box.says("OB DISCHRG")
        assert [] == await box.says("OL CHRG")
        assert [("on_battery", "raised"), ("on_battery", "restored")] == [
            (line.kind, line.verb) for line in box.lines
        ]
        assert 2 == len(box.said)
        assert "停电了" in box.said[0]


async def test_a_battery_that_is_nearly_empty_is_critical() -> None:
    """Said to the desk, who must take over, with what is left."""
    async with rig() as box:
        with capture_logs() as logged:
            found = await box.says("OB LB", **{"battery.charge": "9", "battery.runtime": "240"})
        assert ["on_battery", "ups_battery_low"] == found
        critical = [line["event"] for line in logged if line["log_level"] == "critical"]
        assert ["on_battery", "ups_battery_low"] == critical
        assert "电量 charge 9%，还能撑 left 4 min" in box.said[-1]
        assert ["ups_battery_low"] == await box.says("OL FSD")
        assert ["ups_battery_worn"] == await box.says("OL RB")


@pytest.mark.parametrize("fault", ["stale", "mute", "gone", "unknown"])
async def test_a_ups_that_cannot_be_asked_is_a_trouble(fault: str) -> None:
    """After three questions, not at the first; a power cut that was known stays known."""
    async with rig("other" if fault == "unknown" else "ups") as box:
        if fault != "unknown":
            assert ["on_battery"] == await box.says("OB")
        known = box.troubles.codes()
        box.ups.is_stale, box.ups.is_mute = fault == "stale", fault == "mute"
        if fault == "gone":
            await box.ups.stop()
        for _ in range(MISSES - 1):
            await box.watch.look()
        assert known == box.troubles.codes()
        await box.watch.look()
        assert {*known, "ups_unknown"} == set(box.troubles.codes())
        assert {"is_known": False} == box.watch.figures()
        if fault in {"stale", "mute"}:
            box.ups.is_stale = box.ups.is_mute = False
            assert ["on_battery"] == await box.says("OB")


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_whatever_a_daemon_says_is_understood_or_refused(lines: list[bytes]) -> None:
    """Nothing else is raised."""
    try:
        power = understood("ups", lines)
    except UpsError:
        return
    assert power.flags


@pytest.mark.parametrize(
    ("charge", "known"),
    [("88.5", 88.5), ("nan", None), ("-1", None), ("a lot", None), ("1e99", None)],
)
def test_a_charge_that_is_none_is_left_out(charge: str, known: float | None) -> None:
    """The status is what counts."""
    lines = [b'VAR ups ups.status "OL"\n', f'VAR ups battery.charge "{charge}"\n'.encode()]
    assert Power(frozenset({"OL"}), known, None) == understood("ups", lines)


async def test_a_gateway_asks_and_shows_it(tmp_path: Path) -> None:
    """Configured by name: in the figures, in the status, in the alarm log."""
    ups = Ups("box", "OB DISCHRG")
    await ups.start()
    more = f'[monitor]\nport = 0\n[ups]\nname = "box"\nport = {ups.port}\n'
    async with lonely(tmp_path, more) as opened:
        await until(lambda: "on_battery" in opened.troubles.codes())
        found = samples((await page(opened)).text)
        assert 1 == found["smartcare_troubles{code=on_battery}"]
        assert opened.meters["ups"]() == {
            "is_known": True,
            "on_battery": True,
            "says": "DISCHRG OB，电量 charge 100%",
        }
    await ups.stop()
