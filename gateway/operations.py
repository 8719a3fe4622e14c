"""What an operator can ask the gateway, whether the daemon runs or not.

Theory of operation. A request is data; `perform` gives rows, which are data too, or raises
`NotDoneError` with a sentence for the operator. Whatever changes something goes through a door as a
job: in the daemon that is the pump's inbox, on a stopped state folder the journal itself. So the
operator's word is decided and committed like any reading, and what is refused has changed nothing.
"""

import re
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from alerting.alarm import Alarm, Disposition, NotAllowedError, State, Step
from alerting.event import DrillOrdered, OperatorActed, Verb
from alerting.policy import Priority
from gateway import modes, persons
from gateway.door import Door, NotDoneError
from gateway.entries import CommitFailedError, LogLine
from gateway.explaining import explain
from gateway.job import Job
from gateway.log_port import JournalFailedError, Log, StoredLine
from gateway.masking import line_of, masked
from gateway.modes import Modes
from gateway.registry_desk import RegistryDesk
from gateway.request import (
    NEWEST,
    Act,
    AlarmView,
    BeginWalkTest,
    ClaimDevice,
    Drill,
    EndAway,
    EndWalkTest,
    ErasePerson,
    Explain,
    ExportPerson,
    ExportRegistry,
    ImportRegistry,
    ListAlarms,
    ListAway,
    ListUnclaimed,
    ListWalkTests,
    ReadLog,
    ReadQuarantine,
    ReadStatus,
    RemoveRow,
    ReplaceDevice,
    ReportAway,
    Request,
    SetRow,
    TakeSnapshot,
    Verified,
    VerifyLog,
)
from gateway.tables import to_us

LINES_AT_ONCE = 100
MOST_NAMED = 10
"""Alarms listed where a prefix means more than one."""

MOST_NOTE = 2000
"""Characters of a note."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_STEPS = {
    Verb.ACKNOWLEDGE: Step.ACKNOWLEDGED,
    Verb.ATTEND: Step.ATTENDED,
    Verb.CLOSE: Step.CLOSED,
}
_REFUSALS = {
    "unknown_home": "没有这户人家 no such home",
    "unknown_alarm": "没有这个报警 no such alarm",
    **modes.REFUSALS,
}


def release() -> str:
    """Give the version that is installed; a checkout that is not has none."""
    try:
        return version("smart-care-gateway")
    except PackageNotFoundError:
        return "unreleased"


class Operations:
    """Does what is asked, through one door."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._registry = RegistryDesk(door, self._operator)
        self._modes = Modes(door, lambda event: self._commit(Job(events=(event,))), self._operator)

    def perform(  # noqa: C901, PLR0912 -- a case for each request
        self, request: Request, body: AsyncIterable[bytes] | None = None
    ) -> AsyncGenerator[object, None]:
        """Do it, giving rows; raises NotDoneError or JournalFailedError.

        `body` gives the lines that an import says come after it.
        """
        match request:
            case Act():
                rows = self._act(request)
            case Drill():
                rows = self._drill(request)
            case (
                ReportAway()
                | EndAway()
                | ListAway()
                | BeginWalkTest()
                | EndWalkTest()
                | ListWalkTests()
            ):
                rows = self._modes.perform(request)
            case ListAlarms():
                rows = self._alarms(request)
            case Explain():
                rows = self._explain(request)
            case ReadLog():
                rows = self._log(request)
            case ReadStatus():
                rows = self._status()
            case VerifyLog():
                rows = self._verify()
            case TakeSnapshot():
                rows = self._snapshot()
            case ReadQuarantine():
                rows = self._quarantine(request)
            case (
                ImportRegistry()
                | ExportRegistry()
                | SetRow()
                | RemoveRow()
                | ListUnclaimed()
                | ClaimDevice()
                | ReplaceDevice()
            ):
                rows = self._registry.perform(request, body or _nothing())
            case ErasePerson():
                rows = self._erase_person(request)
            case ExportPerson():
                rows = self._export_person(request)
        return rows

    # --- alarms ---------------------------------------------------------------------------------

    async def _act(self, act: Act) -> AsyncGenerator[object, None]:
        """Let the operator's word go the way of a reading, with a note beside it."""
        alarm = self._find(act.alarm)
        if act.verb is Verb.CLOSE and act.disposition not in list(Disposition):
            known = ", ".join(Disposition)
            raise NotDoneError("bad_disposition", f"处置结果写一个 as one of: {known}")
        if act.verb in _STEPS and not alarm.allows(_STEPS[act.verb]):
            # Asked beforehand, so that no note stays behind without its deed.
            raise NotDoneError("not_allowed", str(NotAllowedError(alarm.state, _STEPS[act.verb])))
        by = self._operator(act.by)
        event = OperatorActed(alarm.home_id, alarm.id, by, act.verb, act.disposition or None)
        note = (self._note(alarm, by, act.note),) if act.note else ()
        await self._commit(Job(events=(event,), lines=note))
        yield self._view(alarm)

    async def _drill(self, drill: Drill) -> AsyncGenerator[object, None]:
        """Order a rehearsal and show its alarm."""
        event = DrillOrdered(drill.home, drill.kind, self._operator(drill.by))
        await self._commit(Job(events=(event,)))
        for alarm in self._door.engine.homes[drill.home].alarms.values():
            if alarm.is_drill and alarm.is_open and alarm.kind == drill.kind:
                yield self._view(alarm)

    async def _commit(self, job: Job) -> None:
        """Let the core decide; what it refuses is said in words."""
        try:
            decision = await self._door.commit(job)
        except CommitFailedError as error:
            raise _not_kept(error) from error
        if decision.refusal:
            sentence = _REFUSALS.get(decision.refusal, decision.refusal)
            raise NotDoneError("refused", sentence)

    def _find(self, name: str) -> Alarm:
        """Find the alarm an operator means: by id, by its home, or by the beginning of its id."""
        homes = self._door.engine.homes
        everything = [alarm for home in homes.values() for alarm in home.alarms.values()]
        for alarm in everything:
            if alarm.id == name:
                return alarm
        opened = [alarm for alarm in everything if alarm.is_open]
        found = [alarm for alarm in opened if alarm.home_id == name]
        found = found or [alarm for alarm in opened if name and alarm.id.startswith(name)]
        if not found:
            raise NotDoneError("unknown_alarm", f"没有 {name} 的报警 no open alarm of that name")
        if len(found) > 1:
            ids = " ".join(alarm.id for alarm in found[:MOST_NAMED])
            raise NotDoneError("ambiguous", f"有 {len(found)} 个，写全编号 name one of: {ids}")
        return found[0]

    def _operator(self, by: str) -> str:
        """Give the id of an operator; a name is looked up, for events hold no names."""
        people = self._door.registry.responders.values()
        named = [person.id for person in people if person.name == by]
        if len(named) == 1:
            return named[0]
        if _ID.fullmatch(by) is None:
            raise NotDoneError(
                "unknown_operator", f"登记册里没有 {by}，请写编号 is nobody's name here; give an id"
            )
        return by

    def _note(self, alarm: Alarm, by: str, text: str) -> LogLine:
        """Write the operator's own words where they can be erased again."""
        now = self._door.clock.now()
        return LogLine(
            key=f"{alarm.id}.note.{to_us(now)}",
            at=now,
            home_id=alarm.home_id,
            alarm_id=alarm.id,
            kind=alarm.kind,
            verb="note",
            priority=alarm.policy.priority.value,
            facts={"operator": by},
            private=text[:MOST_NOTE],
            person_ids=tuple(i for i, _ in self._door.registry.residents_of(alarm.home_id)),
        )

    async def _alarms(self, ask: ListAlarms) -> AsyncGenerator[object, None]:
        homes = self._door.engine.homes.values()
        alarms = [a for home in homes for a in home.alarms.values() if a.is_open or ask.is_all]
        for alarm in sorted(alarms, key=_worst_first):
            yield self._view(alarm)

    def _view(self, alarm: Alarm) -> AlarmView:
        """Put names to an alarm."""
        registry = self._door.registry
        holder = registry.person_of(alarm.holder_id) if alarm.holder_id else None
        return AlarmView(
            id=alarm.id,
            home=alarm.home_id,
            address=registry.address_of(alarm.home_id),
            residents=[person.name for _, person in registry.residents_of(alarm.home_id)],
            kind=alarm.kind,
            priority=alarm.policy.priority,
            state=alarm.state,
            is_drill=alarm.is_drill,
            raised_at=alarm.raised_at,
            evidence=alarm.evidence,
            holder=holder.name if holder else alarm.holder_id or "",
            on_scene=alarm.scene_ids,
            next_due=alarm.next_due() if alarm.is_open else None,
            closed_at=alarm.closed_at,
            disposition=alarm.disposition,
            is_test=alarm.is_test,
        )

    # --- the alarm log --------------------------------------------------------------------------

    async def _explain(self, ask: Explain) -> AsyncGenerator[object, None]:
        """Say why; an alarm that is no longer remembered is looked up in the log."""
        try:
            alarm_id = self._find(ask.alarm).id
        except NotDoneError as error:
            if error.code != "unknown_alarm":
                raise
            alarm_id = ask.alarm
        yield await explain(self._door, alarm_id)

    async def _log(self, ask: ReadLog) -> AsyncGenerator[object, None]:
        """Read on from where it was asked; following, until the asker has gone."""
        seq = await self._before(ask)
        while True:
            lines = await self._door.journal.log_lines(seq, LINES_AT_ONCE)
            for line in lines:
                seq = line.seq
                yield line_of(line)
            if len(lines) == LINES_AT_ONCE:
                continue
            if not ask.is_followed:
                return
            await self._door.lines()
            yield None

    async def _before(self, ask: ReadLog) -> int:
        """Give the seq of the last line that is not wanted."""
        if ask.after_seq is not None:
            return ask.after_seq
        if ask.since is None:
            return max(0, (await self._door.journal.stats()).log_lines - NEWEST)
        # From the end backward: it costs what is going to be shown, however long the log is.
        sql = "SELECT seq FROM alarm_log WHERE at < ? ORDER BY seq DESC LIMIT 1"
        rows = await self._door.journal.read(sql, [to_us(ask.since)])
        return int(rows[0]["seq"]) if rows else 0

    async def _verify(self) -> AsyncGenerator[object, None]:
        verdict = await self._door.journal.verify_log()
        head = verdict.head
        yield Verified(
            verdict.is_sound,
            verdict.lines,
            verdict.erased,
            head.seq,
            head.hash.hex(),
            verdict.broken_seq,
            verdict.reason,
        )

    async def _snapshot(self) -> AsyncGenerator[object, None]:
        await self._commit(Job(is_snapshot=True))
        yield {"seq": (await self._door.journal.stats()).snapshot_seq}

    # --- the gateway itself ---------------------------------------------------------------------

    async def _status(self) -> AsyncGenerator[object, None]:
        journal, engine = self._door.journal, self._door.engine
        alarms = [a for home in engine.homes.values() for a in home.alarms.values() if a.is_open]
        yield {
            "now": self._door.clock.now(),
            "version": release(),
            "homes": len(engine.homes),
            "devices": len(self._door.registry.devices),
            "open_alarms": Counter(alarm.policy.priority.value for alarm in alarms),
            "next_deadline": engine.next_deadline(),
            **self._door.figures(),
            **await self._of_journal(journal),
        }

    async def _of_journal(self, journal: Log) -> dict[str, object]:
        """Read the journal's figures; a damaged table must not hide all others."""
        try:
            return {
                "quarantine": [count._asdict() for count in await journal.quarantine_counts()],
                "journal": (await journal.stats())._asdict(),
            }
        except JournalFailedError as error:
            return {"journal": {"error": str(error)}}

    async def _quarantine(self, ask: ReadQuarantine) -> AsyncGenerator[object, None]:
        for found in await self._door.journal.quarantine_rows(ask.limit):
            raw = masked(found.raw.decode("utf-8", "backslashreplace"))
            yield {**found._asdict(), "detail": masked(found.detail), "raw": raw}

    async def _erase_person(self, ask: ErasePerson) -> AsyncGenerator[object, None]:
        """Erase one at a time, and not beside an import."""
        try:
            async with self._registry.changing:
                yield await persons.erase(self._door, ask.person, self._operator(ask.by))
        except CommitFailedError as error:
            raise _not_kept(error) from error

    async def _export_person(self, ask: ExportPerson) -> AsyncGenerator[object, None]:
        async for row in persons.export(self._door, ask.person):
            yield line_of(row, is_masked=False) if isinstance(row, StoredLine) else row


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield


def _not_kept(error: CommitFailedError) -> NotDoneError:
    return NotDoneError("commit_failed", f"没有存下来 could not be kept: {error}")


def _worst_first(alarm: Alarm) -> tuple[bool, int, int, datetime]:
    """Order alarms as a desk must look at them; a drill, or a test, comes last."""
    priority, state = list(Priority), list(State)
    return (
        alarm.is_drill or alarm.is_test,
        priority.index(alarm.policy.priority),
        state.index(alarm.state),
        alarm.raised_at,
    )
