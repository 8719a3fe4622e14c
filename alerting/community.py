"""What spans homes: who is asked about which alarms, and which one a text is about.

Keyed by community, never by home. It sees each notification as it leaves and gives it a slot,
the first digit of the answer, so that a neighbour asked about two homes can answer for each.
It keeps what a reply needs and nothing else.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from alerting.effect import Effect, Log, Medium, Submit, Template
from alerting.event import Answer, AnswerGiven, ReplyReceived
from alerting.notification import LIFETIME

_ASKS = frozenset({Template.ALARM, Template.DRILL, Template.GOING, Template.ARRIVED})
_KEPT = timedelta(hours=1)
_QUIET = timedelta(minutes=10)
_MOST_UNCLEAR = 5


class Asked(msgspec.Struct):
    """One alarm a person was asked about; `closed_at` once it is over."""

    alarm_id: str
    home_id: str
    slot: int
    kind: str
    closed_at: datetime | None = None


class CommunityState(msgspec.Struct):
    """Who was asked about what, and when somebody sent what could not be read."""

    asked: dict[str, list[Asked]] = {}
    unclear: dict[str, list[datetime]] = {}


def assign(state: CommunityState, effect: Submit, hint: int) -> Submit:
    """Give a notification that asks for an answer its slot; two digits where two are open."""
    if effect.template not in _ASKS or not effect.alarm_id:
        return effect
    asked = state.asked.setdefault(effect.person_id, [])
    mine = next((a for a in asked if a.alarm_id == effect.alarm_id), None)
    if mine is None:
        taken = {a.slot for a in asked if a.closed_at is None}
        free = [n for n in (hint, *range(1, 10)) if n > 0 and n not in taken]
        slot = free[0] if free else 0
        mine = Asked(effect.alarm_id, effect.home_id, slot, effect.kind)
        asked.append(mine)
    others = any(a.closed_at is None and a is not mine for a in asked)
    return msgspec.structs.replace(effect, slot=mine.slot) if others else effect


def close(state: CommunityState, alarm_id: str, now: datetime) -> None:
    """Note that an alarm is over, and forget those that have long been."""
    for person_id, asked in list(state.asked.items()):
        for entry in asked:
            if entry.alarm_id == alarm_id:
                entry.closed_at = now
        kept = [a for a in asked if a.closed_at is None or now - a.closed_at < _KEPT]
        if kept:
            state.asked[person_id] = kept
        else:
            del state.asked[person_id]


def resolve(
    state: CommunityState, reply: ReplyReceived, now: datetime
) -> AnswerGiven | list[Effect]:
    """Find the alarm a text is about, or say what to send back instead."""
    if reply.answer is Answer.STOP:
        return list(_stopped(reply, now))
    asked = state.asked.get(reply.person_id, [])
    unclear = reply.answer is Answer.UNCLEAR
    if unclear and _is_too_much(state, reply.person_id, now):
        return []
    running = [a for a in asked if a.closed_at is None]
    picked = [a for a in running if a.slot == reply.slot] if reply.slot is not None else running
    if len(picked) == 1 or (len(running) == 1 and reply.slot is None):
        entry = picked[0]
        return AnswerGiven(entry.home_id, entry.alarm_id, reply.person_id, reply.answer)
    if running:
        mates = tuple((a.slot, a.home_id) for a in running)
        template = Template.UNCLEAR if len(running) == 1 else Template.WHICH_ONE
        return [_text(reply, template, now, running[0], mates)]
    if asked:
        return [_text(reply, Template.ALREADY_CLOSED, now, asked[-1])]
    return []


def _is_too_much(state: CommunityState, person_id: str, now: datetime) -> bool:
    """Count what cannot be read; after five in ten minutes nothing more is sent back."""
    times = [at for at in state.unclear.get(person_id, []) if now - at < _QUIET]
    state.unclear[person_id] = [*times, now][-_MOST_UNCLEAR - 1 :]
    return len(times) >= _MOST_UNCLEAR


def _text(
    reply: ReplyReceived,
    template: Template,
    now: datetime,
    entry: Asked,
    mates: tuple[tuple[int, str], ...] = (),
) -> Submit:
    """Answer a text with a text that belongs to no ladder."""
    return Submit(
        key=f"reply.{reply.person_id}.{template}.{now.isoformat(timespec='milliseconds')}",
        home_id=entry.home_id,
        alarm_id="",
        person_id=reply.person_id,
        medium=Medium.SMS,
        template=template,
        kind=entry.kind,
        not_before=now,
        expires_at=now + LIFETIME,
        raised_at=now,
        mates=mates,
    )


def _stopped(reply: ReplyReceived, now: datetime) -> Iterator[Effect]:
    """Somebody wants no more texts: they hear that the desk will call, and the desk hears it."""
    entry = Asked("", "", 0, "")
    yield _text(reply, Template.STOPPED, now, entry)
    yield Log(
        key=f"stop.{reply.person_id}.{now.isoformat(timespec='milliseconds')}",
        home_id="",
        alarm_id="",
        kind="",
        verb="responder_stopped",
        priority="trouble",
        facts={"person": reply.person_id},
    )
