"""Sees the outbox and acts: the only part that makes channels do something.

It decides nothing: the core said who, over what and when; a channel says what came of it; the
outcome goes back through the pump's door. An SMS goes straight out, for a second copy is
harmless. A voice call is first committed as SENDING: should the gateway die before it learns the
outcome, the call is looked up and never posted again.

What the outbox cannot keep is *improvised*: it goes out from memory, without a look at the table,
and is told as sent when it has been. So a damaged outbox costs the memory of a crash, not a call.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

import msgspec
import structlog

from alerting.channels.contract import Order, Progress, Submitted, Way
from alerting.effect import Cancel, Effect, HandOver, Medium, Resolve, Submit
from alerting.event import AttemptReported, Outcome
from gateway.clock import Clock
from gateway.entries import (
    Batch,
    CommitFailedError,
    LogLine,
    OrderMove,
    OrderState,
    StoredOrder,
)
from gateway.job import Job
from gateway.lane import Lane
from gateway.log_port import JournalFailedError, Log
from gateway.scribe import Scribe
from gateway.tables import to_us

PARALLEL = 64
"""Submissions under way at once; urgent ones are started first."""

CHORES = 16
"""Look-ups and cancellations under way at once."""

_TRACKED = timedelta(minutes=10)
_PUT_OFF = timedelta(seconds=1)
_RESCUE_AGAIN = timedelta(seconds=60)
_LISTED_WITHIN = timedelta(seconds=9.5)
"""A provider may list a call some seconds late, so only then is one not found not there.

The core counts ten seconds from a moment earlier, and what it asks then must be answered."""

_ENDED = (
    "SELECT provider_id FROM"
    " (SELECT provider_id, state, created_at FROM outbox ORDER BY rowid DESC LIMIT 20000)"
    " WHERE state = 'done' AND provider_id IS NOT NULL AND created_at > ?"
)
"""The provider's ids of what has ended lately, so that no look-up takes one for another's."""

_OPEN = {Outcome.ACCEPTED, Outcome.RINGING, Outcome.ANSWERED, Outcome.UNKNOWN}
_LEFT = {Outcome.ACCEPTED, Outcome.RINGING, Outcome.ANSWERED, Outcome.DELIVERED}
_DECODER: msgspec.json.Decoder[Effect] = msgspec.json.Decoder(Effect)
_log = structlog.get_logger(__name__)


class Courier:
    """Delivers committed effects until cancelled."""

    def __init__(
        self,
        *,
        channels: Mapping[Medium, Way],
        scribe: Scribe,
        journal: Log,
        clock: Clock,
        post: Callable[[Job], object],
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Take the way of each medium; `post` puts a job before the pump.

        `say` shows the desk what it must read to 119 or 120 when no carrier can call.
        """
        self._channels = channels
        self._scribe = scribe
        self._journal = journal
        self._clock = clock
        self._post = post
        self._say = say
        self._out = Lane(clock, PARALLEL, _TRACKED.total_seconds())
        self._chores = Lane(clock, CHORES, _TRACKED.total_seconds())
        self._orders: dict[str, Order] = {}
        self._submits: dict[str, Submit] = {}
        self._cancelled: set[str] = set()
        self._improvised: set[str] = set()
        self._rescued: dict[tuple[str, ...], datetime] = {}
        self._let_go_at = clock.now()

    # --- in -----------------------------------------------------------------------------------

    def take(self, effects: Iterable[Effect]) -> None:
        """Queue effects that are committed; the most urgent and oldest go first.

        What was rescued and is committed now stands in the outbox: how it ends is written there.
        """
        taken = list(effects)
        self._improvised.difference_update(effect.key for effect in taken)
        self._queue(taken)

    def _queue(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            self._enqueue(effect)
        self._wake()

    def _wake(self) -> None:
        for lane in self._lanes:
            lane.wake()

    @property
    def _lanes(self) -> tuple[Lane, Lane]:
        return self._out, self._chores

    def _enqueue(self, effect: Effect) -> None:
        if isinstance(effect, Submit):
            self._submits[effect.key] = effect
        lane = self._chores if isinstance(effect, Resolve | Cancel) else self._out
        lane.add(effect, getattr(effect, "not_before", self._clock.now()))

    def improvise(self, effects: Iterable[Effect]) -> None:
        """Act on effects that the outbox could not take: this memory is all that has them."""
        taken = list(effects)
        self._improvised.update(effect.key for effect in taken)
        self._queue(taken)

    def rescue(self, submits: list[Submit]) -> None:
        """Send what could not be committed, at least once and not every second."""
        now = self._clock.now()
        for submit in submits:
            about = (submit.home_id, submit.kind, submit.person_id, submit.medium)
            last = self._rescued.get(about)
            if last is None or now - last > _RESCUE_AGAIN:
                self._rescued[about] = now
                _log.critical("to_send_unjournaled", attempt=submit.key)
                self.improvise([submit])

    async def _recover(self) -> None:
        """Take up what the last run left: queue PENDING, question SENDING, watch SENT.

        An outbox that cannot be read stops nobody: what is in memory goes out all the same, and
        the core gives up waiting for the rest and goes on to the next person.
        """
        now = self._clock.now()
        before = {lane: lane.begin_anew() for lane in self._lanes}
        known, self._submits = self._submits, {}
        try:
            orders = await self._journal.open_orders()
            ended = await self._journal.read(_ENDED, [to_us(now - _TRACKED)])
        except JournalFailedError as error:
            _log.critical("outbox_unreadable", reason=str(error))
            self._submits = known | self._submits
            for lane, waited in before.items():
                lane.waiting.absorb(waited, lambda _: True)
            return
        for key in self._improvised & known.keys():
            self._submits.setdefault(key, known[key])
        for lane, waited in before.items():
            lane.waiting.absorb(waited, lambda effect: effect.key in self._improvised)
        for channel in set(self._channels.values()):
            channel.exclude(row[0] for row in ended)
        for stored in orders:
            effect = _DECODER.decode(stored.body)
            if stored.key in self._submits:
                continue  # taken since this began
            if not isinstance(effect, Submit) or stored.state is OrderState.PENDING:
                self._enqueue(effect)
            elif now - stored.created_at > _TRACKED:
                self._post(Job(moves=(OrderMove(stored.key, OrderState.DONE),)))
            else:
                self._take_up(stored, effect)
        self._wake()

    def _take_up(self, stored: StoredOrder, submit: Submit) -> None:
        """Watch an attempt of the last run; one that was about to be posted is UNKNOWN."""
        order = self._scribe.order(submit, stored.created_at)
        channel = self._channels.get(submit.medium)
        if order is None or channel is None:
            self._tell(submit, Submitted(Outcome.CHANNEL_FAULT, detail="no channel any more"))
            return
        self._submits[submit.key] = submit
        self._orders[submit.key] = msgspec.structs.replace(order, provider_id=stored.provider_id)
        channel.track(self._orders[submit.key])
        if stored.state is OrderState.SENDING:
            self._tell(submit, Submitted(Outcome.UNKNOWN, detail="restarted"))

    # --- out ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Start what is due as soon as it is due, until cancelled."""
        await self._recover()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._do_chores(tasks))
            while True:
                due = self._out.take_due()
                calls = [effect for effect in due if self._wants_commit(effect)]
                others = (effect for effect in due if not self._wants_commit(effect))
                await self._out.start(tasks, self._act, others)
                await self._out.start(tasks, self._act, await self._commit_calls(calls))
                self._let_go()
                await self._out.until_next()

    async def _do_chores(self, tasks: asyncio.TaskGroup) -> None:
        """Look up and take back, beside what goes to people."""
        while True:
            await self._chores.start(tasks, self._act, self._chores.take_due())
            await self._chores.until_next()

    def _let_go(self) -> None:
        """Close what no more will be heard of: calls that only spoke, reports that got lost."""
        now = self._clock.now()
        if now - self._let_go_at < _TRACKED:
            return
        self._let_go_at = now
        old = [s.key for s in self._submits.values() if now - s.expires_at > _TRACKED]
        for key in old:
            self._forget(key)
        if old:
            self._post(Job(moves=tuple(OrderMove(key, OrderState.DONE) for key in old)))

    async def _commit_calls(self, calls: list[Effect]) -> list[Effect]:
        """Commit calls as SENDING, in one transaction, before any is posted.

        Where that fails only those go out on which a life may hang: twice is better than never.
        """
        if not calls:
            return []
        moves = [OrderMove(call.key, OrderState.SENDING) for call in calls]
        try:
            await self._journal.commit(Batch(moves=moves))
        except CommitFailedError as error:
            _log.critical("calls_unjournaled", reason=str(error), calls=len(calls))
            return [call for call in calls if not self._put_off(call)]
        return calls

    def _put_off(self, call: Effect) -> bool:
        """Let a call that can wait come up again in a second; False where it cannot wait.

        A drill can; what has expired need not.
        """
        now = self._clock.now()
        assert isinstance(call, Submit)
        if (call.is_urgent and not call.is_drill) or now >= call.expires_at:
            return False
        self._out.add(call, now + _PUT_OFF)
        return True

    def _wants_commit(self, effect: Effect) -> bool:
        """Say whether this places a call, which must be committed before it is posted."""
        is_call = isinstance(effect, Submit) and effect.medium is Medium.VOICE
        return is_call and effect.key not in self._improvised

    async def _act(self, effect: Effect) -> None:
        """Do one thing and report what came of it."""
        if isinstance(effect, Submit):
            await self._submit(effect)
        elif isinstance(effect, Resolve):
            await self._resolve(effect)
        elif isinstance(effect, Cancel):
            await self._cancel(effect)
        elif isinstance(effect, HandOver):
            self._hand_over(effect)

    async def _submit(self, submit: Submit) -> None:
        """Make one attempt, unless it is too late, taken back, or there is nobody to reach."""
        now = self._clock.now()
        order = self._scribe.order(submit, now)
        if submit.key in self._cancelled:
            result = Submitted(Outcome.CANCELLED)
        elif now >= submit.expires_at:
            result = Submitted(Outcome.EXPIRED)
        elif order is None:
            result = Submitted(Outcome.RECIPIENT_FAULT, detail="no number")
        elif submit.medium not in self._channels:
            result = Submitted(Outcome.CHANNEL_FAULT, detail="no channel for it")
        else:
            self._orders[submit.key] = order
            result = await self._channels[submit.medium].submit(order)
        _log.info("attempt", attempt=submit.key, outcome=result.outcome, detail=result.detail)
        if submit.key in self._improvised and result.outcome in _LEFT:
            _log.critical("sent_unjournaled", attempt=submit.key, outcome=result.outcome)
        self._tell(submit, result)
        if submit.key in self._cancelled and result.outcome in _OPEN:
            await self._take_back(submit.key)

    def _tell(self, submit: Submit, result: Submitted, *moves: OrderMove) -> None:
        """Report an outcome to the core and move the order on, and others, in one commit."""
        key = submit.key
        if result.provider_id is not None and key in self._orders:
            self._orders[key] = msgspec.structs.replace(
                self._orders[key], provider_id=result.provider_id
            )
        is_open = result.outcome in _OPEN
        state = OrderState.SENT if is_open else OrderState.DONE
        known = (
            ()
            if key in self._improvised
            else (OrderMove(key, state, result.provider_id, result.outcome),)
        )
        event = AttemptReported(
            submit.home_id,
            submit.alarm_id,
            key,
            result.outcome,
            result.detail,
            result.retry_after_seconds,
        )
        self._post(Job(events=(event,) if submit.alarm_id else (), moves=(*known, *moves)))
        if not is_open:
            self._forget(key)

    def _forget(self, key: str) -> None:
        """Let go of an attempt that has ended."""
        self._improvised.discard(key)
        self._orders.pop(key, None)
        self._submits.pop(key, None)
        self._cancelled.discard(key)

    async def _resolve(self, effect: Resolve) -> None:
        """Ask the provider about an attempt of unknown fate; done is what has been answered.

        An attempt that is not found so early may only not be listed yet: it stays unknown, or it
        would be forgotten here while the core goes on asking.
        """
        done = OrderMove(effect.key, OrderState.DONE)
        order, submit = self._orders.get(effect.attempt_id), self._submits.get(effect.attempt_id)
        if order is None or submit is None:
            # Ended, which the core has heard or will hear first; or lost with the outbox.
            attempt = (effect.home_id, effect.alarm_id, effect.attempt_id)
            lost = AttemptReported(*attempt, Outcome.NOT_FOUND, "not in hand")
            self._post(Job(events=(lost,), moves=(done,)))
            return
        result = await self._channels[order.medium].resolve(order)
        is_early = self._clock.now() - order.created_at < _LISTED_WITHIN
        if result.outcome is Outcome.NOT_FOUND and is_early:
            result = result._replace(outcome=Outcome.UNKNOWN)
        self._tell(submit, result, done)

    async def _cancel(self, effect: Cancel) -> None:
        """Take an attempt back, wherever it is: queued, on its way, or ringing."""
        if effect.attempt_id in self._submits:
            self._cancelled.add(effect.attempt_id)
            await self._take_back(effect.attempt_id)
        self._post(Job(moves=(OrderMove(effect.key, OrderState.DONE),)))

    async def _take_back(self, key: str) -> None:
        """Ask the provider to cancel, where it has the attempt."""
        order, submit = self._orders.get(key), self._submits.get(key)
        if order is None or submit is None:
            return
        result = await self._channels[order.medium].cancel(order)
        if result.outcome is Outcome.CANCELLED:
            self._tell(submit, result)

    def _hand_over(self, effect: HandOver) -> None:
        """Write the script into the alarm log; where nobody can be called the desk reads it now."""
        lines = self._scribe.hand_over(effect, self._clock.now())
        voice = self._channels.get(Medium.VOICE)
        can_call = voice is not None and voice.health().is_up
        if not (can_call or effect.is_drill):
            for line in lines:
                self._say(_read_aloud(line))
        self._post(Job(lines=lines, moves=(OrderMove(effect.key, OrderState.DONE),)))

    # --- progress -----------------------------------------------------------------------------

    def progress(self, progress: Progress) -> Job | None:
        """Turn what a channel says later into a job; None for an attempt nobody waits for."""
        submit = self._submits.get(progress.attempt_id)
        if submit is None:
            return None
        is_open = progress.outcome in _OPEN
        state = OrderState.SENT if is_open else OrderState.DONE
        event = AttemptReported(
            submit.home_id, submit.alarm_id, submit.key, progress.outcome, progress.detail
        )
        is_kept = submit.key not in self._improvised
        move = OrderMove(submit.key, state, progress.provider_id, progress.outcome)
        if not is_open:
            self._forget(submit.key)
        moves = (move,) if is_kept else ()
        return Job(events=(event,) if submit.alarm_id else (), moves=moves)

    def attempt(self, attempt_id: str) -> Submit | None:
        """Find a running attempt, for an answer that names it."""
        return self._submits.get(attempt_id)


def _read_aloud(line: LogLine) -> str:
    """Put a hand-over's script into words for the desk, which must dial by itself."""
    number, script = line.facts["number"], line.private
    return (
        f"打不出电话，请值班员马上用别的电话拨{number}，照着念 no carrier: dial {number}: {script}"
    )
