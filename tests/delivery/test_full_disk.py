"""The drill of bar 4: a fire while the disk is full calls everybody, loudly, and it heals."""

from pathlib import Path

from structlog.testing import capture_logs

from gateway.health import reasons
from gateway.recovery import rebuild
from tests.delivery.rig import DESK, N1, N2, Life, site
from tests.small_disk import mounted


def wrong(life: Life) -> list[str]:
    """What `/healthz` says is wrong with the journal."""
    found = reasons(life.pump, life.inbox, life.journal.meter, {}, {}, life.clock.now())
    return [reason.code for reason in found]


async def test_a_fire_on_a_full_disk_calls_everybody_and_heals(tmp_path: Path) -> None:
    """Desk and neighbours are called from memory; with room again the alarm is in the journal."""
    with mounted(tmp_path) as disk, capture_logs() as lines:
        async with site(disk.folder) as place, place.life() as life:
            await life.until(lambda: not len(life.inbox))
            disk.fill()
            life.smoke()
            await life.until(lambda: all(place.called(n) for n in (DESK, N1, N2)), 20)
            assert {N1, N2} <= {to for to, _ in place.accepted("sms")}
            assert ["commit_failing"] == wrong(life)
            assert 0 == (await life.journal.stats()).open_orders
            disk.free()
            await life.until(lambda: bool(life.pump.engine.homes["h1"].alarms) and not wrong(life))
            reports = await life.journal.read("SELECT seq FROM journal WHERE kind = 'report'")
            assert 1 == len(reports), "the reading that nobody would have said again is kept, once"
            assert (await life.journal.verify_log()).is_sound
            assert [] == life.crashes
        async with place.life() as life:
            recovered = await rebuild(life.journal)
            assert [True] == [a.is_open for a in recovered.engine.homes["h1"].alarms.values()]
    loud = {str(line["event"]) for line in lines if line["log_level"] == "critical"}
    assert {"commit_failed", "to_send_unjournaled"} <= loud
