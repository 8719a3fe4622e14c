"""Any sequence of commits, failures, erasures and restarts, held against plain lists."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.entries import (
    Batch,
    CommitFailedError,
    Entry,
    LogLine,
    OrderMove,
    OrderRow,
    OrderState,
    Snapshot,
)
from gateway.journal import Journal
from gateway.memory_journal import MemoryJournal
from tests.journal.rows import NOON, StillClock, entry, line, order_row

KEYS = st.sampled_from("abcdef")
PEOPLE = st.sampled_from(["p1", "p2", "p3"])

ENTRIES = st.lists(st.builds(entry, st.integers(0, 99)), max_size=4)
ORDERS = st.lists(st.builds(order_row, KEYS), max_size=3)
MOVES = st.lists(
    st.builds(
        OrderMove,
        key=KEYS,
        state=st.sampled_from(OrderState),
        provider_id=st.none() | KEYS,
        outcome=KEYS,
    ),
    max_size=3,
)
LINES = st.lists(
    st.builds(
        lambda key, text, people: line(key, text, *people),
        KEYS,
        st.text(max_size=5),
        st.lists(PEOPLE, max_size=2),
    ),
    max_size=3,
)
BATCHES = st.builds(Batch, entries=ENTRIES, orders=ORDERS, moves=MOVES, lines=LINES)

# A statement that always fails, and only after the batch has been written.
FAILING = ("INSERT INTO outbox SELECT * FROM outbox LIMIT 1", ())


class Model:
    """What a journal holds, as plain lists."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.entries: list[Entry] = []
        self.orders: dict[str, list[Any]] = {}  # state, provider id, outcome
        self.lines: list[LogLine] = []
        self.snapshots: list[Snapshot] = []

    def commit(self, batch: Batch) -> None:
        """Keep a batch."""
        self.entries += batch.entries
        for order in batch.orders:
            self._put(order)
        for move in batch.moves:
            self._move(move)
        for new in batch.lines:
            if new.key not in {known.key for known in self.lines}:
                self.lines.append(new)

    def _put(self, order: OrderRow) -> None:
        self.orders.setdefault(order.key, [OrderState.PENDING, None, ""])

    def _move(self, move: OrderMove) -> None:
        known = self.orders.get(move.key)
        if known is not None and known[0] is not OrderState.DONE:
            self.orders[move.key] = [move.state, move.provider_id or known[1], move.outcome]

    def erase(self, person_id: str) -> None:
        """Forget a person."""
        self.lines = [
            known._replace(private="") if person_id in known.person_ids else known
            for known in self.lines
        ]


class JournalMachine(RuleBasedStateMachine):
    """Does the same to a journal and to its model."""

    log: Journal

    def __init__(self) -> None:
        """Start with an empty journal."""
        super().__init__()
        self.runner = asyncio.Runner()
        self.model = Model()

    async def opened(self) -> Journal:
        """Open the journal, for the first time or again."""
        raise NotImplementedError

    @initialize()
    def start(self) -> None:
        """Open it."""
        self.log = self.runner.run(self.opened())

    def teardown(self) -> None:
        """Close it."""
        if hasattr(self, "log"):
            self.runner.run(self.log.close())
        self.runner.close()

    @rule(batch=BATCHES)
    def commit(self, batch: Batch) -> None:
        """The last number is the number of entries."""
        seq = self.runner.run(self.log.commit(batch))
        self.model.commit(batch)
        assert len(self.model.entries) == seq

    @precondition(lambda self: self.model.orders)
    @rule(batch=BATCHES)
    def fail_to_commit(self, batch: Batch) -> None:
        """Nothing of it is kept."""
        with pytest.raises(CommitFailedError):
            self.runner.run(self.log.commit(batch, [FAILING]))

    @rule(batch=BATCHES, turns=st.integers(0, 3))
    def cancel_a_commit(self, batch: Batch, turns: int) -> None:
        """All of it is kept or nothing."""
        before = len(self.model.entries)

        async def cancelled() -> int:
            task = asyncio.create_task(self.log.commit(batch))
            for _ in range(turns):
                await StillClock().sleep(0)
            task.cancel()
            await asyncio.wait([task])
            return await self.log.commit(Batch())

        mark = Entry(NOON, "", "mark", b"")  # so that a batch without entries can be told
        batch.entries.append(mark)
        seq = self.runner.run(cancelled())
        assert seq in {before, before + len(batch.entries)}
        if seq != before:
            self.model.commit(batch)

    @rule(person_id=PEOPLE)
    def erase(self, person_id: str) -> None:
        """Forget a person."""
        self.runner.run(self.log.erase_person(person_id))
        self.model.erase(person_id)

    @rule()
    def save_snapshot(self) -> None:
        """Take one of what there is."""
        snapshot = Snapshot(len(self.model.entries), NOON, b"state")
        self.runner.run(self.log.save_snapshot(snapshot))
        self.model.snapshots.append(snapshot)

    @rule()
    def restart(self) -> None:
        """Close it and open it again."""
        self.runner.run(self.log.close())
        self.log = self.runner.run(self.opened())

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        """Read everything back."""
        if hasattr(self, "log"):
            self.runner.run(self._compare())

    async def _compare(self) -> None:
        log, model = self.log, self.model
        entries = [
            Entry(read.at, read.home_id, read.kind, read.body, read.mark)
            async for read in log.read_from(0)
        ]
        assert model.entries == entries
        orders = {key: list(stored[2:5]) for key in "abcdef" if (stored := await log.order(key))}
        assert model.orders == orders
        is_open = {key for key, order in model.orders.items() if order[0] is not OrderState.DONE}
        assert is_open == {stored.key for stored in await log.open_orders()}
        lines = [(read.key, read.private or "") for read in await log.log_lines()]
        assert [(known.key, known.private) for known in model.lines] == lines
        verdict = await log.verify_log()
        assert (True, len(model.lines)) == (verdict.is_sound, verdict.lines)
        newest = model.snapshots[-1] if model.snapshots else None
        assert newest == await log.latest_snapshot()


class FileMachine(JournalMachine):
    """Over a file."""

    def __init__(self) -> None:
        """Make a folder."""
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()

    async def opened(self) -> Journal:
        """Open the file."""
        return await Journal.open(Path(self.folder.name) / "journal.db", StillClock())

    def teardown(self) -> None:
        """Take the folder away."""
        super().teardown()
        self.folder.cleanup()


class MemoryMachine(JournalMachine):
    """In memory: a restart finds the same object."""

    def __init__(self) -> None:
        """Make the object that outlives every restart."""
        super().__init__()
        self.memory = MemoryJournal(StillClock())

    async def opened(self) -> Journal:
        """Give the object."""
        return self.memory

    def teardown(self) -> None:
        """Let go of it."""
        super().teardown()
        self.memory.discard()


SIZE = settings(max_examples=15, stateful_step_count=12)

# Only a failure takes long: the steps that lead to it are made fewer and fewer.
TestFile = pytest.mark.timeout(300)(FileMachine.TestCase)
TestFile.settings = SIZE
TestMemory = pytest.mark.timeout(300)(MemoryMachine.TestCase)
TestMemory.settings = SIZE
