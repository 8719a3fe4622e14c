"""A page of the outbox is damaged, or the disk is full: who must be called is called."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from structlog.testing import capture_logs

from alerting.effect import Medium
from alerting.event import DrillOrdered
from gateway.entries import Batch, CommitFailedError, Entry
from simulators.carrier import Fault
from tests.delivery.rig import DESK, N1, N2, Life, Site, site

PAGE = 4096


def damage(path: Path) -> None:
    """Overwrite every page of the outbox and of its indices, as a dying disk would."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        roots = connection.execute("SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'outbox'")
        pages = [row[0] for row in roots]
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * PAGE)
            file.write(b"\xa5" * PAGE)


async def fill(life: Life) -> None:
    """Leave no room on the disk, not even in the pages there are."""
    await life.journal.read("PRAGMA max_page_count = 1")
    for size in (3000, 300, 30, 3):
        entry = Entry(life.clock.now(), "", "config", b"x" * size)
        with suppress(CommitFailedError):
            while True:
                await life.journal.commit(Batch(entries=[entry]))


async def settled(place: Site) -> None:
    """Start once and stop, so that there is a file to damage."""
    async with place.life() as life:
        await life.until(lambda: not len(life.inbox))
        await life.clock.sleep(1.0)
    damage(place.path)


async def burn(place: Site, life: Life) -> None:
    """Let it burn, and wait until all who can be called at once have been."""
    life.smoke()
    await life.until(lambda: all(place.called(number) for number in (DESK, N1, N2)), 20)


async def test_a_damaged_outbox_calls_everybody(tmp_path: Path) -> None:
    """Nothing of it can be read or written, from the start on: the calls and texts go out."""
    async with site(tmp_path) as place:
        await settled(place)
        with capture_logs() as lines:
            async with place.life() as life:
                await burn(place, life)
                assert [] == life.crashes
        assert {N1, N2} <= {to for to, _ in place.accepted("sms")}
    events = [str(line["event"]) for line in lines]
    assert "outbox_unreadable" in events
    assert events.index("outbox_failed") < events.index("sent_unjournaled")


async def test_with_a_damaged_outbox_the_ladder_climbs(tmp_path: Path) -> None:
    """The journal itself is well: the alarm is kept, and the desk is rung again in its round."""
    async with site(tmp_path) as place:
        await settled(place)
        async with place.life() as life:
            await burn(place, life)
            home = life.pump.engine.homes["h1"]
            await life.until(lambda: any(alarm.rung > 0 for alarm in home.alarms.values()), 40)
            assert 1 == len(home.alarms)
            assert life.pump.counts["failed_commits"] == 0


async def test_what_is_not_sent_is_not_said_to_be(tmp_path: Path) -> None:
    """With a carrier that is not there the log does not say that anything was sent."""
    async with site(tmp_path) as place:
        await settled(place)
        with capture_logs() as lines:
            async with place.life() as life:
                place.carrier.switch_on(Fault("refuse"))
                await life.clock.sleep(1.0)
                life.smoke()
                await life.until(lambda: bool(life.pump.engine.homes["h1"].alarms))
                voice = life.notification("n1", Medium.VOICE)
                await life.until(lambda: voice.outcome is not None)
    sent = [str(line["attempt"]) for line in lines if line["event"] == "sent_unjournaled"]
    assert [] == [attempt for attempt in sent if ".console." not in attempt]


async def test_a_drill_on_a_full_disk_calls_nobody(tmp_path: Path) -> None:
    """It is refused, and a refused drill rings no phone."""
    async with site(tmp_path) as place, place.life() as life:
        await life.until(lambda: not len(life.inbox))
        await fill(life)
        refusal = ""
        try:
            await life.hear(DrillOrdered("h1", "smoke", "wang"))
        except CommitFailedError as error:
            refusal = str(error)
        await life.clock.sleep(5.0)
        assert "SQLITE_FULL" in refusal
        assert [] == place.accepted("call") + place.accepted("sms")


async def test_a_fire_on_a_full_disk_calls(tmp_path: Path) -> None:
    """Unjournaled, and loudly."""
    async with site(tmp_path) as place, place.life() as life:
        await life.until(lambda: not len(life.inbox))
        await fill(life)
        await burn(place, life)
