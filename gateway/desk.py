"""Answers on their way in: a key, a text, a call back, a status, each committed before it is told.

The webhooks and the polling both end here. Who somebody is comes from the registry, by number;
which alarm they mean from the attempt they answered or, for a text, from the core.
"""

import asyncio
from datetime import datetime
from typing import Protocol

import structlog

from alerting import away, away_text, community, conversation, reply
from alerting.alarm import Alarm, State
from alerting.channels import Inbound
from alerting.channels.contract import Progress
from alerting.channels.desk import Spoken, UnknownAttemptError
from alerting.engine import Decision
from alerting.event import Answer, AnswerGiven, AttemptReported, Event, Outcome, ReplyReceived
from alerting.numbers import mask
from alerting.policy import Priority
from gateway.clock import Clock
from gateway.courier import Courier
from gateway.entries import CommitFailedError
from gateway.inbox import Inbox
from gateway.job import Job
from gateway.pump import Pump
from gateway.scribe import Scribe

_CALLBACK = ".callback"
_log = structlog.get_logger(__name__)


class Numbers(Protocol):
    """Who knows whose number it is."""

    def person_by_number(self, number: str) -> str | None:
        """Give a person's id."""


class Desk:
    """Implements the port of the webhooks on the pump and the courier."""

    def __init__(
        self,
        *,
        pump: Pump,
        courier: Courier,
        inbox: Inbox,
        scribe: Scribe,
        numbers: Numbers,
        clock: Clock,
    ) -> None:
        """Take the parts it stands between."""
        self._pump = pump
        self._courier = courier
        self._inbox = inbox
        self._scribe = scribe
        self._numbers = numbers
        self._clock = clock

    async def _commit(self, *events: Event) -> Decision:
        """Put events before the pump and wait until they are committed."""
        done: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._inbox.put(Job(events=events, done=done))
        return await done

    async def progressed(self, progress: Progress) -> None:
        """Take what a channel says of an attempt."""
        job = self._courier.progress(progress)
        if job is None:
            raise UnknownAttemptError(progress.attempt_id)
        done: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._inbox.put(job._replace(done=done))
        try:
            await done
        except CommitFailedError:
            self._inbox.put(job)  # the courier has let go of the attempt: nobody will say it again
            raise

    def report(self, progress: Progress) -> None:
        """Take what a channel found by polling; nobody waits for the commit."""
        job = self._courier.progress(progress)
        if job is not None:
            self._inbox.put(job)

    async def keyed(self, attempt_id: str, digits: str) -> str:
        """Take a key pressed in a call we placed or recognised; gives the text to speak."""
        answer = reply.DIGITS.get(digits)
        home_id, alarm_id, person_id = self._party(attempt_id)
        if answer is None:
            return ""
        given = AnswerGiven(home_id, alarm_id, person_id, answer, via="keypad")
        reported = AttemptReported(home_id, alarm_id, attempt_id, Outcome.ACKNOWLEDGED)
        was_open = self._is_open(home_id, alarm_id)
        await self._commit(given, reported)
        home = self._pump.engine.homes.get(home_id)
        alarm = home.alarms.get(alarm_id) if home else None
        if home is not None and home.record.has_resident(person_id):
            is_cancelled = not self._is_open(home_id, alarm_id)
            return conversation.confirm_resident(answer, is_cancelled=is_cancelled)
        is_drill = alarm is not None and alarm.is_drill
        facts = self._scribe.facts(home_id, self._clock.now())
        slot = community.slot_of(self._pump.engine.community, person_id, alarm_id)
        is_over = not was_open
        return conversation.confirm(answer, facts, is_drill=is_drill, is_over=is_over, slot=slot)

    def _is_open(self, home_id: str, alarm_id: str) -> bool:
        """Say whether somebody still has to act on an alarm."""
        home = self._pump.engine.homes.get(home_id)
        alarm = home.alarms.get(alarm_id) if home else None
        return alarm is not None and alarm.is_open

    def _party(self, attempt_id: str) -> tuple[str, str, str]:
        """Find the home, alarm and person of a call: one we placed, or one we were rung by."""
        submit = self._courier.attempt(attempt_id)
        if submit is not None:
            return submit.home_id, submit.alarm_id, submit.person_id
        alarm_id, _, person_id = attempt_id.removesuffix(_CALLBACK).partition(".")
        if not attempt_id.endswith(_CALLBACK) or alarm_id.count("-") < 2:  # noqa: PLR2004
            raise UnknownAttemptError(attempt_id)
        return alarm_id.rsplit("-", 2)[0], alarm_id, person_id

    async def texted(
        self, from_number: str, text: str, provider_id: str, sent_at: datetime | None = None
    ) -> None:
        """Take a text: from whom is decided by the number, what it means by the words.

        A resident or their family may report somebody away or back; all else is an answer. A
        stranger's is logged and not answered.
        """
        person_id = self._numbers.person_by_number(from_number)
        if person_id is None:
            _log.warning("text_from_stranger", number=mask(from_number))
            return
        now, engine = self._clock.now(), self._pump.engine
        said = away_text.read(text, now, engine.zone)
        if said is not None:
            event = away.by_text(said, person_id, engine.homes.values(), now, provider_id)
            if event is not None:
                await self._commit(event)
                return
        read = reply.read(text)
        await self._commit(ReplyReceived(person_id, read.answer, read.slot, provider_id, sent_at))

    async def read(self, texts: asyncio.Queue[Inbound]) -> None:
        """Take what a channel found by polling, in order, until cancelled."""
        while True:
            inbound = await texts.get()
            try:
                if inbound.kind == "sms":
                    await self.texted(*inbound[1:])
                else:
                    await self._rang(inbound)
            except CommitFailedError:
                await self._clock.sleep(1.0)
                texts.put_nowait(inbound)

    async def _rang(self, inbound: Inbound) -> None:
        """Take a call that rang in vain, for want of an address at which we could answer it.

        Who was asked about an alarm hears by text what "received" hears: to answer with a 1.
        """
        person_id = self._numbers.person_by_number(inbound.from_number)
        if person_id is None:
            _log.warning("call_from_stranger", number=mask(inbound.from_number))
            return
        asked = self._pump.engine.community.asked.get(person_id, [])
        if any(one.raised_at is None or one.raised_at <= inbound.sent_at for one in asked):
            heard = ReplyReceived(
                person_id, Answer.HEARD, None, inbound.provider_id, inbound.sent_at
            )
            await self._commit(heard)

    async def called(self, from_number: str) -> Spoken:
        """Answer someone who calls: they hear the open alarm they are part of, and may press a key.

        Whoever is part of none hears whose number this is.
        """
        person_id = self._numbers.person_by_number(from_number)
        if person_id is None:
            _log.warning("call_from_stranger", number=mask(from_number))
        alarm = None if person_id is None else self._open_alarm_of(person_id)
        if person_id is None or alarm is None:
            facts = self._scribe.facts("", self._clock.now())
            return Spoken(conversation.landline(facts))
        facts = self._scribe.facts(alarm.home_id, alarm.raised_at, alarm.holder_id)
        if self._pump.engine.homes[alarm.home_id].record.has_resident(person_id):
            is_asked = alarm.state is State.PRE_ALARM
            text = conversation.resident_called(alarm.kind, facts, is_asked=is_asked)
        else:
            text = conversation.called_back(alarm.kind, facts, is_drill=alarm.is_drill)
        return Spoken(text, wants_key=True, attempt_id=f"{alarm.id}.{person_id}{_CALLBACK}")

    def _open_alarm_of(self, person_id: str) -> Alarm | None:
        """Find the open alarm this person was asked about, or that is about themselves.

        Of several the newest, and one to which nobody goes yet before all others.
        """
        homes = self._pump.engine.homes
        asked = self._pump.engine.community.asked.get(person_id, [])
        found = [
            homes[one.home_id].alarms.get(one.alarm_id) for one in asked if one.home_id in homes
        ]
        for home in homes.values():
            if home.record.has_resident(person_id):
                found += home.alarms.values()
        opened = [alarm for alarm in found if alarm is not None and alarm.is_open]
        people = [alarm for alarm in opened if alarm.policy.priority is not Priority.TROUBLE]
        return max(people, key=lambda one: (one.state is State.RAISED, one.raised_at), default=None)
