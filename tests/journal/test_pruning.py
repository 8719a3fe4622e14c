"""What is too old goes, a bite at a time, and what is needed stays."""

from datetime import datetime, timedelta

import msgspec

from alerting.event import HomeChanged
from gateway.config import Retention
from gateway.entries import Batch, Entry, OrderMove, OrderState, Snapshot
from gateway.log_port import Log
from gateway.memory_journal import MemoryJournal
from gateway.pruning import BITE, Pruning
from gateway.recovery import enrolled_again, rebuild
from gateway.registry_file import parse
from tests.cli.rig import REGISTRY
from tests.journal.rows import NOON, StillClock, done, entry, order_row, quarantined

KEPT = Retention(journal_days=10, outbox_days=20, quarantine_days=30)


class LateClock(StillClock):
    """A clock that says noon of a later day."""

    def __init__(self, days: int) -> None:
        self._at = NOON + timedelta(days=days, minutes=1)

    def now(self) -> datetime:
        """Say noon of that day."""
        return self._at


async def test_old_orders_go_when_they_are_done(log: Log) -> None:
    """However many that are not done stand before them."""
    await log.commit(Batch(orders=[order_row(f"o{n}") for n in range(6)]))
    await log.commit(Batch(moves=[done(f"o{n}") for n in (2, 3, 5)]))
    await log.commit(Batch(moves=[OrderMove("o4", OrderState.SENT, "SM1")]))
    later = NOON + timedelta(days=1)
    assert [2, 1, 0] == [await log.prune_orders(later, 2) for _ in range(3)]
    assert ["o0", "o1", "o4"] == [order.key for order in await log.open_orders()]


async def test_young_orders_and_young_quarantined_input_stay(log: Log) -> None:
    """What came at that very instant is not older than it."""
    await log.commit(
        Batch(orders=[order_row("o1")], moves=[done("o1")], quarantined=[quarantined(1)])
    )
    assert [0, 0] == [await log.prune_orders(NOON), await log.prune_quarantine(NOON)]
    assert await log.order("o1") is not None


async def test_old_quarantined_input_goes_and_stays_counted(log: Log) -> None:
    """The oldest first."""
    await log.commit(Batch(quarantined=[quarantined(n) for n in range(3)]))
    assert 2 == await log.prune_quarantine(NOON + timedelta(seconds=1), 2)
    assert [quarantined(2)] == await log.quarantine_rows()
    assert [3] == [count.total for count in await log.quarantine_counts()]


async def test_each_kind_is_kept_for_its_own_time(log: Log) -> None:
    """After ten days the entries go, after twenty the orders, after thirty the rest."""
    await log.commit(
        Batch(
            entries=[entry(1), entry(2)],
            orders=[order_row("o1")],
            moves=[done("o1")],
            quarantined=[quarantined(1)],
        )
    )
    await log.save_snapshot(Snapshot(2, NOON, b""))
    found = []
    for days in (9, 11, 21, 31):
        pruning = Pruning(log, LateClock(days), KEPT)
        await pruning.bite()
        found.append([name for name, count in sorted(pruning.counts.items()) if count])
    assert [[], ["entries"], ["orders"], ["quarantined"]] == found


async def test_a_bite_is_bounded_and_says_that_there_is_more(log: Log) -> None:
    """So that whoever commits meanwhile waits for one bite at the longest."""
    await log.commit(Batch(entries=[entry(n) for n in range(BITE + 10)]))
    await log.save_snapshot(Snapshot(BITE + 5, NOON, b""))
    pruning = Pruning(log, LateClock(365), KEPT)
    assert [True, False] == [await pruning.bite(), await pruning.bite()]
    assert {"entries": BITE + 5, "orders": 0, "quarantined": 0, "log_texts": 0} == pruning.counts


async def test_a_full_disk_puts_pruning_off() -> None:
    """It is tried again after a rest, and nothing is lost or crashes."""
    journal = MemoryJournal(StillClock())
    await journal.commit(Batch(quarantined=[quarantined(1)]))
    pruning = Pruning(journal, LateClock(365), KEPT)
    journal.is_full = True
    assert not await pruning.bite()
    journal.is_full = False
    await pruning.bite()
    assert 1 == pruning.counts["quarantined"]
    journal.discard()


async def test_a_past_that_is_pruned_and_in_no_readable_snapshot_is_told(log: Log) -> None:
    """The homes come back from the registry, so that they are watched from now on."""
    registry = parse(REGISTRY.encode())
    home = registry.record("h0001")
    assert home is not None
    body = msgspec.json.encode(HomeChanged(home))
    await log.commit(Batch(entries=[Entry(NOON, "h0001", "home_changed", body)]))
    assert not (await rebuild(log)).is_cut
    await log.commit(Batch(entries=[entry(1), entry(2)]))
    await log.save_snapshot(Snapshot(2, NOON, b'{"version":1}'))
    await log.prune(NOON + timedelta(days=1))
    recovered = await rebuild(log)
    assert (True, 3, {}) == (recovered.is_cut, recovered.seq, recovered.engine.homes)
    for job in enrolled_again(registry):
        recovered.engine.handle(job.events[0], NOON)
    assert {"h0001", "h0002"} == set(recovered.engine.homes)
