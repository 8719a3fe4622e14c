"""The drill of bar 4: a fire while the disk is full calls everybody, loudly, and it heals."""

from pathlib import Path

import msgspec
from structlog.testing import capture_logs

from alerting.effect import Medium, Submit, Template
from alerting.notification import LIFETIME
from gateway.entries import Batch, OrderRow, OrderState
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


async def test_an_order_sent_from_memory_and_kept_later_comes_to_its_end(tmp_path: Path) -> None:
    """The disk has room while the call rings: the outbox has the order, and hears how it goes."""
    async with site(tmp_path) as place, place.life() as life:
        now = life.clock.now()
        submit = Submit(
            key="h1-smoke-x.n1.voice.alarm.1.1",
            home_id="h1",
            alarm_id="h1-smoke-x",
            person_id="n1",
            medium=Medium.VOICE,
            template=Template.ALARM,
            kind="smoke",
            not_before=now,
            expires_at=now + LIFETIME,
            raised_at=now,
            is_urgent=True,
        )
        life.courier.rescue([submit])
        await life.until(lambda: bool(place.called(N1)))
        body = msgspec.json.encode(submit)
        row = OrderRow(submit.key, submit.alarm_id, "submit", now, submit.expires_at, body)
        await life.journal.commit(Batch(orders=[row]))
        life.courier.take([submit])
        for _ in range(200):
            kept = await life.journal.order(submit.key)
            if kept is not None and kept.state is not OrderState.PENDING:
                break
            await life.clock.sleep(0.05)
        assert kept is not None
        assert kept.state in {OrderState.SENT, OrderState.DONE}
        assert 1 == len(place.accepted("call"))
