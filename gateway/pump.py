"""The one door: what came in is decided, committed, acknowledged and acted on, in that order.

A turn takes everything that waits, lets the core decide each piece, and commits readings,
decisions and the outbox in one transaction. Only then are the sources acknowledged, those who
asked answered, and the courier sent. While one turn is being written the next gathers: the group
commit comes of itself.

A failed commit acknowledges nothing. The state is dropped and folded again from the journal, the
links are broken so that the sources say it again, and what may save a life goes to the courier
all the same, unjournaled and loudly.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
import structlog

from alerting.effect import Cancel, Effect, HandOver, Log, Resolve, Submit, Template
from alerting.engine import Decision, Engine
from alerting.event import Elapsed, Event, GapRecorded, HoldSet, ReportReceived
from alerting.notification import LIFETIME
from gateway.clock import Clock
from gateway.entries import (
    Batch,
    CommitFailedError,
    Entry,
    Lesson,
    LogLine,
    OrderRow,
    Quarantined,
    Snapshot,
)
from gateway.inbox import Inbox
from gateway.intake import Intake
from gateway.job import Job
from gateway.link import Drained, Link, LinkDown, LinkUp, Receipt, Token
from gateway.log_port import JournalFailedError, Statement
from gateway.log_port import Log as JournalLog
from gateway.recovery import rebuild
from gateway.supervisor import contain

TURN = 512
"""Most items of one turn: a commit of so many takes a few milliseconds."""

HOLD = timedelta(seconds=30)
"""How long, at most, a backlog may still be coming after a link is up."""

SNAPSHOT_EVERY = 10_000
"""Entries between two snapshots, or two for each home where that is more.

So much a start has to fold at most, at some 7,000 a second.
"""

GAPS_KEPT = 8
"""Gaps of this start that are shown."""

DUE_A_TURN = 256
"""Most homes of one turn that are looked at because their deadline has come, or may have."""

_DOWN_HOLD = timedelta(days=365)  # as long as the link is down; what is up again ends it
_CRASHED_AGAIN = timedelta(seconds=30)
_RETRY_SECONDS = 1.0
_UNKNOWN = datetime.min.replace(tzinfo=UTC)
_CALLS = {Template.ALARM, Template.RESIDENT_HEARD, Template.FAMILY_START}
_ENCODER = msgspec.json.Encoder()
_log = structlog.get_logger(__name__)


class Carrier(Protocol):
    """Who acts on effects; the courier."""

    def take(self, effects: list[Effect]) -> None:
        """Act on effects that are committed."""

    def improvise(self, effects: list[Effect]) -> None:
        """Act on effects that the outbox could not take, from memory."""

    def rescue(self, submits: list[Submit]) -> None:
        """Act on life-safety orders that could not be committed, at least once."""


class Writer(Protocol):
    """Who writes the personal half of a line of the alarm log."""

    def write(self, effect: Log, at: datetime) -> LogLine:
        """Render a log effect into a line."""


class Turn:
    """What one turn gathers before its commit."""

    def __init__(self, now: datetime) -> None:
        """Start with nothing."""
        self.now = now
        self.batch = Batch()
        self.statements: list[Statement] = []
        self.effects: list[Effect] = []
        self.tokens: dict[str, list[Token]] = defaultdict(list)
        self.jobs: list[tuple[Job, Decision]] = []
        self.oldest_at: datetime | None = None
        self.others: list[object] = []
        """What no source will say again."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to commit."""
        batch = self.batch
        rows = batch.entries or batch.moves or batch.lines or batch.quarantined or batch.lessons
        return not (rows or self.statements or self.jobs or self.tokens)


class Pump:
    """Runs turns until cancelled."""

    def __init__(  # noqa: PLR0913 -- it is where everything meets
        self,
        *,
        engine: Engine,
        inbox: Inbox,
        intake: Intake,
        journal: JournalLog,
        carrier: Carrier,
        scribe: Writer,
        links: Mapping[str, Link],
        clock: Clock,
        snapshot_every: int = SNAPSHOT_EVERY,
    ) -> None:
        """Take the parts; `engine` must be what the journal folds to.

        `is_mid_turn` says that the state may be ahead of the journal.
        """
        self.engine = engine
        self.is_mid_turn = False
        self.counts: dict[str, int] = defaultdict(int)
        self.gaps: deque[GapRecorded] = deque(maxlen=GAPS_KEPT)
        self.grown = asyncio.Condition()
        self.seq = 0
        self._inbox = inbox
        self._intake = intake
        self._journal = journal
        self._carrier = carrier
        self._scribe = scribe
        self._links = links
        self._clock = clock
        self._owed: list[object] = []
        self._turn: Turn | None = None
        self._snapshot_every = snapshot_every
        self._snapshot_seq = 0

    @property
    def current(self) -> Turn | None:
        """The turn under way, None between two."""
        return self._turn if self.is_mid_turn else None

    async def run(self) -> None:
        """Turn until cancelled; after a crash in a turn, go back to the journal first."""
        with suppress(JournalFailedError):  # the next snapshot only comes a little later
            self._snapshot_seq = (await self._journal.stats()).snapshot_seq
        if self.is_mid_turn and self._turn is not None:
            self._disown(self._turn, CommitFailedError("crashed", is_disk_full=False))
            await self._go_back(self._links)
        while True:
            items = await self._inbox.take(TURN, self._patience())
            self.is_mid_turn = True
            await self.turn(items)
            self.is_mid_turn = False

    async def _go_back(self, links: Iterable[str]) -> None:
        """Drop the state for what the journal says, and let the sources say again the rest."""
        recovered = await rebuild(self._journal)
        self.engine, self.seq = recovered.engine, recovered.seq
        self.is_mid_turn = False
        for name in links:
            if name in self._links:
                self._links[name].drop()

    def _patience(self) -> float | None:
        """Give the seconds until the core wants to be asked, at least a millisecond."""
        if self._owed:
            return 0.001
        due = self.engine.next_deadline()
        if due is None:
            return None
        return max(0.001, (due - self._clock.now()).total_seconds())

    async def turn(self, items: list[object]) -> None:
        """Decide on these items and on what is due, commit, then acknowledge and act."""
        turn = self._turn = Turn(self._clock.now())
        owed, self._owed = self._owed, []
        for item in (*owed, *items):
            self._enter(turn, item)
        self._ask_due(turn)
        if turn.is_empty:
            return
        try:
            self.seq = await self._journal.commit(turn.batch, turn.statements)
        except CommitFailedError as error:
            if not await self._kept_without_outbox(turn, error):
                await self._failed(turn, error)
                return
            self._carrier.improvise(turn.effects)
        else:
            self._carrier.take(turn.effects)
        await self._committed(turn)

    async def _kept_without_outbox(self, turn: Turn, error: CommitFailedError) -> bool:
        """Keep a turn but for its orders, where damage is in the outbox alone.

        So answers count and the ladder climbs on; a crash would lose what has not left yet.
        """
        if not (error.is_damaged and (turn.batch.orders or turn.batch.moves)):
            return False
        bare = msgspec.structs.replace(turn.batch, orders=[], moves=[])
        try:
            self.seq = await self._journal.commit(bare, turn.statements)
        except CommitFailedError:
            return False
        self.counts["outbox_failed"] += 1
        _log.critical("outbox_failed", reason=str(error), orders=len(turn.batch.orders))
        return True

    def _ask_due(self, turn: Turn) -> None:
        """Ask the core about homes whose deadline has come; the rest waits for the next turn.

        A county's worth in one turn would keep a smoke waiting for seconds.
        """
        for _ in range(DUE_A_TURN):
            first = self.engine.next_deadline()
            if first is None or first > turn.now:
                return
            due = contain(lambda: self.engine.due_homes(turn.now, 1), self._tell_crash)
            for home_id in due or ():
                self._fold(turn, Elapsed(home_id))

    def _enter(self, turn: Turn, item: object) -> None:
        """Take one item into the turn."""
        if not isinstance(item, Receipt) or item.token.qos == 0:
            turn.others.append(item)
        match item:
            case Receipt():
                self._receive(turn, item)
            case Job():
                self._do(turn, item)
            case LinkUp():
                self._link_up(turn, item)
            case LinkDown():
                _log.warning("link_down", link=item.link, reason=item.reason)
                self._fold(turn, HoldSet(item.link, turn.now + _DOWN_HOLD))
            case Drained():
                self._fold(turn, HoldSet(item.link, turn.now))
            case _:
                raise TypeError(type(item))

    def _receive(self, turn: Turn, receipt: Receipt) -> None:
        """Take in what a link heard: events for homes, lessons, or quarantine with a reason."""
        self.counts["received"] += 1
        turn.oldest_at = min(receipt.received_at, turn.oldest_at or receipt.received_at)
        turn.tokens[receipt.token.link].append(receipt.token)
        for taken in self._intake.take(receipt):
            match taken:
                case Quarantined():
                    turn.batch.quarantined.append(taken)
                case Lesson():
                    turn.batch.lessons.append(taken)
                case ReportReceived():
                    self._fold(turn, taken)

    def _do(self, turn: Turn, job: Job) -> None:
        """Take in work from inside the gateway."""
        decision = Decision([])
        for event in job.events:
            decision = self._fold(turn, event)
        turn.batch.moves.extend(job.moves)
        turn.batch.lines.extend(job.lines)
        turn.statements.extend(job.statements)
        turn.jobs.append((job, decision))

    def _link_up(self, turn: Turn, up: LinkUp) -> None:
        """Note a gap where readings could be lost, and wait for what the broker has kept."""
        _log.info("link_up", link=up.link, connection=up.connection)
        if up.lost_since is not None:
            hold = self.engine.holds.get(up.link)
            since = up.at if hold is None else hold.since
            if up.lost_since > _UNKNOWN:
                since = min(since, up.lost_since)
            if since < turn.now:
                gap = GapRecorded(up.link, since, turn.now)
                _log.error("readings_may_be_lost", link=up.link, since=since.isoformat())
                self.counts["gaps"] += 1
                self.gaps.append(gap)
                self._fold(turn, gap)
        self._fold(turn, HoldSet(up.link, turn.now + HOLD))

    def _fold(self, turn: Turn, event: Event) -> Decision:
        """Let the core decide, and put the event and what follows from it into the batch."""
        home_id = getattr(event, "home_id", "")
        kind = str(event.__struct_config__.tag)
        decision = contain(lambda: self.engine.handle(event, turn.now), self._tell_crash)
        if decision is None:
            decision = Decision([], mark="crashed", refusal="crashed")
            self.engine.postpone(home_id, turn.now + _CRASHED_AGAIN)
            turn.batch.lines.append(_crash_line(home_id, kind, turn.now, self.counts["crashed"]))
        turn.batch.entries.append(
            Entry(turn.now, home_id, kind, _ENCODER.encode(event), decision.mark)
        )
        if isinstance(event, ReportReceived) and decision.mark:
            self.counts["duplicates"] += 1
        for effect in decision.effects:
            if isinstance(effect, Log):
                turn.batch.lines.append(self._scribe.write(effect, turn.now))
            else:
                turn.batch.orders.append(_order(effect, turn.now))
                turn.effects.append(effect)
        return decision

    def _tell_crash(self, error: Exception) -> None:
        """Say that the core could not handle an event; the other homes go on."""
        self.counts["crashed"] += 1
        _log.critical("core_crashed", exc_info=error)

    async def _committed(self, turn: Turn) -> None:
        """Acknowledge and answer; then snapshot when it is time."""
        for name, tokens in turn.tokens.items():
            if name in self._links:
                self._links[name].acknowledge(tokens)
        if any(job.is_snapshot for job, _ in turn.jobs):
            await self._store_snapshot()
        for job, decision in turn.jobs:
            if job.done is not None and not job.done.done():
                job.done.set_result(decision)
        if turn.batch.lines:
            async with self.grown:
                self.grown.notify_all()
        if self.seq - self._snapshot_seq >= max(self._snapshot_every, 2 * len(self.engine.homes)):
            await self._store_snapshot()

    async def snapshot(self) -> None:
        """Store the state, unless a turn was cut off: it is then ahead of the journal."""
        if not self.is_mid_turn:
            await self._store_snapshot()

    async def _store_snapshot(self) -> None:
        """Store the state as it stands; a failure costs only a longer replay."""
        try:
            taken = Snapshot(self.seq, self._clock.now(), self.engine.snapshot())
            await self._journal.save_snapshot(taken)
        except CommitFailedError as error:
            _log.warning("snapshot_failed", reason=str(error))
        self._snapshot_seq = self.seq

    async def _failed(self, turn: Turn, error: CommitFailedError) -> None:
        """Nothing was kept: rescue what may save a life, go back to the journal, ask again."""
        self.counts["failed_commits"] += 1
        _log.critical("commit_failed", reason=str(error), is_disk_full=error.is_disk_full)
        urgent = [e for e in turn.effects if isinstance(e, Submit) and _calls_for_help(e)]
        self._carrier.rescue(urgent)
        self._disown(turn, error)
        await self._clock.sleep(_RETRY_SECONDS)
        await self._go_back(turn.tokens)

    def _disown(self, turn: Turn, error: CommitFailedError) -> None:
        """Tell those who wait for this turn that it failed; owe what nobody will say again."""
        self._owed = [item for item in turn.others if not _is_awaited(item)]
        for item in turn.others:
            if isinstance(item, Job) and item.done is not None and not item.done.done():
                item.done.set_exception(error)


def _calls_for_help(submit: Submit) -> bool:
    """Say whether it calls people; a drill need not, nor a "you need not go" that was not kept."""
    return submit.is_urgent and not submit.is_drill and submit.template in _CALLS


def _crash_line(home_id: str, kind: str, at: datetime, number: int) -> LogLine:
    """Write into the alarm log that an event of a home could not be handled."""
    key = f"{home_id or 'gateway'}.crashed.{at.isoformat()}.{number}"
    return LogLine(key, at, home_id, "", kind, "core_crashed", "life", {"event": kind})


def _is_awaited(item: object) -> bool:
    """Say whether somebody has heard of the failure and decides what becomes of it."""
    return isinstance(item, Job) and item.done is not None and not item.done.cancelled()


def _order(effect: Submit | Resolve | Cancel | HandOver, now: datetime) -> OrderRow:
    """Put an effect into the outbox's form."""
    return OrderRow(
        key=effect.key,
        alarm_id=effect.alarm_id,
        kind=str(effect.__struct_config__.tag),
        not_before=getattr(effect, "not_before", now),
        expires_at=getattr(effect, "expires_at", now + LIFETIME),
        body=_ENCODER.encode(effect),
    )
