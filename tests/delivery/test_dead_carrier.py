"""A refused token, a carrier that is not there: the desk hears of it, and has its script."""

from pathlib import Path

from structlog.testing import capture_logs

from alerting.event import DrillOrdered
from simulators.carrier import Fault
from tests.delivery.rig import Life, site


async def troubles(life: Life) -> list[tuple[str, str, str]]:
    """The alarm log's lines about channels, as (kind, verb, subject)."""
    lines = await life.journal.log_lines()
    return [
        (line.kind, line.verb, line.facts["subject"])
        for line in lines
        if line.priority == "trouble"
    ]


async def test_a_refused_token_is_told_at_the_start(tmp_path: Path) -> None:
    """Critical in the log, a line on the terminal, a trouble in the alarm log; once."""
    async with site(tmp_path) as place:
        with capture_logs() as lines:
            async with place.life(token="wrong") as life:
                await life.until(lambda: bool(life.said), 3.0)
                await life.clock.sleep(5.0)
                assert [("channel_down", "raised", "twilio")] == await troubles(life)
    told = [line for line in lines if line["event"] == "channel_down"]
    assert [("critical", "http 401 code 20003")] == [(x["log_level"], x["reason"]) for x in told]


async def test_with_a_refused_token_the_desk_reads_the_script(tmp_path: Path) -> None:
    """Nobody can be called, so the ladder is at its end at once and the script on the screen."""
    async with site(tmp_path) as place, place.life(token="wrong") as life:
        life.smoke()
        await life.until(lambda: any("拨119" in line for line in life.said), 15.0)
        script = next(line for line in life.said if "拨119" in line)
        assert "3栋2单元501" in script
        assert any(line.startswith("d1  ") for line in life.said)


async def test_a_carrier_that_is_back_is_told(tmp_path: Path) -> None:
    """Down when three requests found nobody, well when it has been well for some seconds."""
    async with site(tmp_path) as place, place.life() as life:
        place.carrier.switch_on(Fault("refuse"))
        await life.until(lambda: any("不通" in line for line in life.said), 20.0)
        place.carrier.exchange.faults.clear()
        await life.until(lambda: any("通了" in line for line in life.said), 20.0)
        await life.clock.sleep(1.0)
        verbs = [verb for _, verb, _ in await troubles(life)]
    assert ["raised", "restored"] == verbs


async def test_a_drill_puts_no_script_on_the_screen(tmp_path: Path) -> None:
    """Nobody is told to dial 119 for a rehearsal; the alarm log has what would be read."""
    async with site(tmp_path) as place, place.life(token="wrong") as life:
        await life.hear(DrillOrdered("h1", "smoke", "wang"))
        await life.clock.sleep(15.0)
        lines = await life.journal.log_lines()
        assert "handed_over" in {line.verb for line in lines}
        assert [] == [line for line in life.said if "拨119" in line]
