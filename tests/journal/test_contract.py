"""What the port `Log` promises, held against the file and the memory alike."""

import pytest

from gateway.alarm_log import Reason
from gateway.entries import Batch, CommitFailedError, Lesson, OrderMove, OrderState, Snapshot
from gateway.log_port import Log, QuarantineCount
from gateway.tables import QUARANTINE_KEPT
from tests.journal.rows import (
    NOON,
    done,
    entry,
    line,
    order_row,
    quarantined,
    read_all,
)

SENT = OrderMove("o1", OrderState.SENT, "SM1", "accepted")


async def test_an_empty_journal_has_no_last_entry(log: Log) -> None:
    """Numbers start after 0."""
    assert (0, None) == await log.last()


async def test_entries_are_numbered_without_holes(log: Log) -> None:
    """The commit gives the last number; the batch's own are the ones up to it."""
    assert [2, 3, 3] == [
        await log.commit(Batch(entries=[entry(1), entry(2)])),
        await log.commit(Batch(entries=[entry(3)])),
        await log.commit(Batch()),
    ]


async def test_an_entry_comes_back_whole(log: Log) -> None:
    """To the microsecond, with its mark."""
    kept = entry(5)._replace(mark="duplicate")
    await log.commit(Batch(entries=[kept]))
    (read,) = [item async for item in log.read_from(0)]
    assert (1, *kept) == (read.seq, read.at, read.home_id, read.kind, read.body, read.mark)


async def test_reading_starts_after_the_number_given(log: Log) -> None:
    """So that a snapshot's number is the one to give."""
    await log.commit(Batch(entries=[entry(n) for n in range(5)]))
    assert [4, 5] == [item.seq async for item in log.read_from(3)]


@pytest.mark.parametrize("limit", [0, 1, 500, 501, 1100])
async def test_reading_stops_at_the_limit(log: Log, limit: int) -> None:
    """At the borders of what is fetched at one go, too."""
    await log.commit(Batch(entries=[entry(n) for n in range(1100)]))
    assert list(range(1, limit + 1)) == [item.seq async for item in log.read_from(0, limit)]


async def test_what_is_committed_while_reading_is_read(log: Log) -> None:
    """A reader holds no old view, and holds up nobody."""
    await log.commit(Batch(entries=[entry(n) for n in range(600)]))
    seqs = []
    async for item in log.read_from(0):
        seqs.append(item.seq)
        if item.seq == 1:
            await log.commit(Batch(entries=[entry(600)]))
    assert list(range(1, 602)) == seqs


async def test_an_order_starts_pending(log: Log) -> None:
    """It is dated by the commit."""
    await log.commit(Batch(orders=[order_row("o1")]))
    stored = await log.order("o1")
    assert stored is not None
    assert ("o1", "submit", OrderState.PENDING, None, "", NOON, b"o1") == tuple(stored)


async def test_an_order_is_put_only_once(log: Log) -> None:
    """A replay asks for the same things; neither state nor body starts again."""
    await log.commit(Batch(orders=[order_row("o1")], moves=[SENT]))
    await log.commit(Batch(orders=[order_row("o1")._replace(body=b"other")]))
    stored = await log.order("o1")
    assert stored is not None
    assert (OrderState.SENT, b"o1") == (stored.state, stored.body)


async def test_a_move_without_an_id_keeps_the_one_there_is(log: Log) -> None:
    """State and outcome are the move's."""
    await log.commit(Batch(orders=[order_row("o1")], moves=[SENT, done("o1")]))
    stored = await log.order("o1")
    assert stored is not None
    assert (OrderState.DONE, "SM1", "delivered") == stored[2:5]


async def test_what_is_done_stays_done(log: Log) -> None:
    """A late answer of a provider opens nothing again."""
    await log.commit(Batch(orders=[order_row("o1")], moves=[done("o1"), SENT]))
    assert [] == await log.open_orders()


async def test_open_orders_come_oldest_first(log: Log) -> None:
    """Done ones are left out."""
    await log.commit(Batch(orders=[order_row(key) for key in ("b", "a", "d")]))
    await log.commit(Batch(orders=[order_row("c")], moves=[done("a")]))
    assert ["b", "d", "c"] == [order.key for order in await log.open_orders()]


async def test_an_order_is_found_by_its_provider(log: Log) -> None:
    """The newest, where a provider uses an id again."""
    second = OrderMove("o2", OrderState.SENT, "SM1")
    await log.commit(Batch(orders=[order_row("o1"), order_row("o2")], moves=[SENT, second]))
    stored = await log.order_by_provider("SM1")
    assert stored is not None
    assert stored.key == "o2"


async def test_unknown_orders_are_none(log: Log) -> None:
    """By either name."""
    assert (None, None) == (await log.order("o9"), await log.order_by_provider("SM9"))


async def test_a_line_is_written_once(log: Log) -> None:
    """By its key, in one batch or two, and the chain has no hole for it."""
    await log.commit(Batch(lines=[line("l1", "first"), line("l1", "again"), line("l2")]))
    await log.commit(Batch(lines=[line("l2"), line("l3")]))
    written = [(item.seq, item.key, item.private) for item in await log.log_lines()]
    assert [(1, "l1", "first"), (2, "l2", None), (3, "l3", None)] == written
    assert (await log.verify_log()).is_sound


async def test_a_line_comes_back_whole(log: Log) -> None:
    """With facts and private text."""
    kept = line("l1", "3栋2单元502张桂芳", "r1")
    await log.commit(Batch(lines=[kept]))
    (read,) = await log.log_lines()
    assert (1, *kept[:-1]) == read[:-1]


async def test_lines_come_in_pages(log: Log) -> None:
    """After a number, so many."""
    await log.commit(Batch(lines=[line(f"l{n}") for n in range(5)]))
    assert [3, 4] == [item.seq for item in await log.log_lines(2, 2)]


async def test_a_long_log_is_verified(log: Log) -> None:
    """Over many turns, to the last line."""
    for batch in range(3):
        await log.commit(Batch(lines=[line(f"l{batch}.{n}", "x") for n in range(150)]))
    verdict = await log.verify_log()
    assert (450, None) == (verdict.lines, verdict.reason)


async def test_an_erased_person_leaves_a_sound_log(log: Log) -> None:
    """All texts about the person go, whoever else is in them; others stay."""
    await log.commit(
        Batch(
            lines=[
                line("l1", "one", "p1"),
                line("l2", "two", "p2"),
                line("l3", "both", "p1", "p2"),
                line("l4", "nobody"),
            ]
        )
    )
    assert await log.erase_person("p1") == 2
    assert [None, "two", None, "nobody"] == [item.private for item in await log.log_lines()]
    verdict = await log.verify_log()
    assert (None, 4, 2) == (verdict.reason, verdict.lines, verdict.erased)


async def test_erasing_again_finds_nothing(log: Log) -> None:
    """And neither does a person nobody knows."""
    await log.commit(Batch(lines=[line("l1", "one", "p1", "p1")]))
    erased = [await log.erase_person(person) for person in ("p1", "p1", "p9")]
    assert [1, 0, 0] == erased


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        ("UPDATE alarm_log SET verb = 'closed' WHERE seq = 3", (3, Reason.CHANGED)),
        ("UPDATE alarm_log SET facts = '{' WHERE seq = 3", (3, Reason.CHANGED)),
        ("UPDATE alarm_log SET kind = CAST(x'ff' AS TEXT) WHERE seq = 3", (3, Reason.CHANGED)),
        ("UPDATE alarm_log_private SET text = 'other' WHERE seq = 3", (3, Reason.CHANGED)),
        ("DELETE FROM alarm_log WHERE seq = 3", (3, Reason.MISSING)),
        ("DELETE FROM alarm_log WHERE seq >= 4", (4, Reason.TRUNCATED)),
        ("DELETE FROM alarm_log", (1, Reason.TRUNCATED)),
        ("UPDATE alarm_log SET seq = 9 WHERE seq = 3", (3, Reason.REORDERED)),
        ("DELETE FROM meta", (1, Reason.ADDED)),
    ],
)
async def test_a_spoilt_log_is_found(log: Log, spoil: str, expected: tuple[int, Reason]) -> None:
    """Whatever is done to the tables behind the journal's back."""
    await log.commit(Batch(lines=[line(f"l{n}", "text", "p1") for n in range(5)]))
    await log.write([(spoil, ())])
    verdict = await log.verify_log()
    assert expected == (verdict.broken_seq, verdict.reason)


async def test_three_snapshots_are_kept(log: Log) -> None:
    """The newest first; the ones before it for when it cannot be used."""
    for seq in (10, 20, 30, 40):
        await log.save_snapshot(Snapshot(seq, NOON, b"state %d" % seq))
    found = []
    before = None
    while (snapshot := await log.latest_snapshot(before)) is not None:
        found.append(snapshot)
        before = snapshot.seq
    assert [Snapshot(seq, NOON, b"state %d" % seq) for seq in (40, 30, 20)] == found


async def test_old_entries_are_pruned(log: Log) -> None:
    """As far as every snapshot has them, so that each of the three can still be used."""
    await log.commit(Batch(entries=[entry(n) for n in range(10)]))
    for seq in (4, 8):
        await log.save_snapshot(Snapshot(seq, NOON, b""))
    assert [3, 1, 0] == [await log.prune(entry(99).at, 3) for _ in range(3)]
    assert [5, 6, 7, 8, 9, 10] == [item.seq async for item in log.read_from(0)]


async def test_young_entries_are_not_pruned(log: Log) -> None:
    """From the first young one on everything stays."""
    await log.commit(Batch(entries=[entry(0), entry(5), entry(1), entry(2)]))
    await log.save_snapshot(Snapshot(3, NOON, b""))
    await log.prune(entry(5).at)
    assert [2, 3, 4] == [item.seq async for item in log.read_from(0)]


async def test_no_number_is_given_twice(log: Log) -> None:
    """However much was pruned, the next entry has the next number."""
    await log.commit(Batch(entries=[entry(0), entry(1)]))
    await log.save_snapshot(Snapshot(2, NOON, b""))
    await log.prune(entry(99).at)
    assert await log.commit(Batch(entries=[entry(2)])) == 3


async def test_the_newest_quarantined_are_kept_and_all_are_counted(log: Log) -> None:
    """A flood of nonsense costs a bounded place on the disk."""
    flood = [quarantined(n) for n in range(QUARANTINE_KEPT + 5)]
    await log.commit(Batch(quarantined=[quarantined(-1, "bad_frame"), *flood]))
    assert flood[:-6:-1] == await log.quarantine_rows(5)
    (kept,) = (await log.read("SELECT count(*) FROM quarantine"))[0]
    assert QUARANTINE_KEPT == kept
    assert [
        QuarantineCount("mqtt", "bad_frame", 1, NOON),
        QuarantineCount("mqtt", "bad_json", QUARANTINE_KEPT + 5, NOON),
    ] == await log.quarantine_counts()


async def test_quarantined_input_is_bounded_and_storable(log: Log) -> None:
    """However long it is, and even where its text is none."""
    hostile = quarantined(0)._replace(address="\ud800" * 999, raw=b"x" * 9999)
    await log.commit(Batch(quarantined=[hostile]))
    (kept,) = await log.quarantine_rows()
    assert ("?" * 200, 4096) == (kept.address, len(kept.raw))


async def test_meta_is_kept_by_name(log: Log) -> None:
    """The last value counts; what was never put is None."""
    await log.put_meta("anchor", b"1")
    await log.put_meta("anchor", b"2")
    assert (b"2", None) == (await log.get_meta("anchor"), await log.get_meta("other"))


async def test_a_callers_own_tables(log: Log) -> None:
    """By name and by position."""
    await log.write([("CREATE TABLE t (a, b)", ()), ("INSERT INTO t VALUES (?, ?)", (1, "x"))])
    (row,) = await log.read("SELECT a, b FROM t WHERE a = ?", (1,))
    assert (1, "x") == (row["a"], row[1])


async def test_own_statements_commit_with_the_batch(log: Log) -> None:
    """A registry edit and its event are one."""
    await log.write([("CREATE TABLE t (a)", ())])
    await log.commit(Batch(entries=[entry(1)]), [("INSERT INTO t VALUES (?)", (1,))])
    assert [(1,)] == [tuple(row) for row in await log.read("SELECT a FROM t")]


async def test_nothing_of_a_failed_commit_is_kept(log: Log) -> None:
    """Not an entry, not an order, not a line; and the next one is none the worse."""
    await log.write([("CREATE TABLE t (a UNIQUE)", ()), ("INSERT INTO t VALUES (1)", ())])
    batch = Batch(entries=[entry(1)], orders=[order_row("o1")], lines=[line("l1")])
    with pytest.raises(CommitFailedError, match=r"UNIQUE .*SQLITE_CONSTRAINT") as caught:
        await log.commit(batch, [("INSERT INTO t VALUES (1)", ())])
    assert not caught.value.is_disk_full
    assert ([], [], []) == (await read_all(log), await log.open_orders(), await log.log_lines())
    assert await log.commit(batch) == 1
    assert (await log.verify_log()).is_sound


async def test_figures(log: Log) -> None:
    """What the console shows."""
    await log.commit(
        Batch(
            entries=[entry(1), entry(2)],
            orders=[order_row("o1"), order_row("o2")],
            moves=[done("o1")],
            lines=[line("l1")],
            quarantined=[quarantined(1)],
        )
    )
    await log.save_snapshot(Snapshot(2, NOON, b""))
    stats = await log.stats()
    assert (1, 2, 2, 1, 1, 1) == stats[:-1]
    assert stats.size_bytes > 0


async def test_of_each_address_the_newest_lesson_counts(log: Log) -> None:
    """An empty one is forgotten; the same address on another link is another."""
    first = Lesson("mqtt", "zigbee2mqtt", "z/bridge/info", b"1")
    other = first._replace(link="mqtt2")
    gone = first._replace(address="z/bridge/devices")
    await log.commit(Batch(lessons=[first, other, gone]))
    await log.commit(Batch(lessons=[first._replace(body=b"2"), gone._replace(body=b"")]))
    assert [first._replace(body=b"2"), other] == await log.lessons()
