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
from alerting.reply import DIGITS

_ASKS = frozenset(
    {
        Template.ALARM,
        Template.DRILL,
        Template.GOING,
        Template.ARRIVED,
        Template.NOT_THERE,
        Template.SCRIPT,
    }
)
_PHONES = frozenset({Medium.SMS, Medium.VOICE})
_DIGIT = {answer: int(digit) for digit, answer in DIGITS.items()}
_KEPT = timedelta(hours=1)
_QUIET = timedelta(minutes=10)
_MOST_WRONG = 5
_TEXTS_KEPT = 64
_CLOCKS_APART = timedelta(seconds=2)
"""A carrier tells whole seconds, and its clock is known to one."""


class Asked(msgspec.Struct):
    """One alarm a person was asked about; `closed_at` once it is over.

    `is_bare` says that the last text about it asked for one digit: a bare digit is its answer,
    also when another alarm has opened since.
    """

    alarm_id: str
    home_id: str
    slot: int
    kind: str
    is_bare: bool = True
    raised_at: datetime | None = None
    closed_at: datetime | None = None


class CommunityState(msgspec.Struct):
    """Who was asked about what, when somebody sent what leads nowhere, the last texts' ids.

    `said` counts what was said here, so that each has a key of its own.
    """

    asked: dict[str, list[Asked]] = {}
    wrong: dict[str, list[datetime]] = {}
    text_ids: list[str] = []
    said: int = 0


def assign(state: CommunityState, effect: Submit, hint: int) -> Submit:
    """Give a notification that asks for an answer its slot; two digits where two are open.

    A line on the console is answered on the console.
    """
    if effect.template not in _ASKS or effect.medium not in _PHONES:
        return effect
    asked = state.asked.setdefault(effect.person_id, [])
    mine = next((a for a in asked if a.alarm_id == effect.alarm_id), None)
    if mine is None:
        taken = {a.slot for a in asked if a.closed_at is None}
        free = [n for n in (hint, *range(1, 10)) if 0 < n < 10 and n not in taken]  # noqa: PLR2004 -- one digit
        slot = free[0] if free else 0
        mine = Asked(effect.alarm_id, effect.home_id, slot, effect.kind, raised_at=effect.raised_at)
        asked.append(mine)
    others = any(a.closed_at is None and a is not mine for a in asked)
    mine.is_bare = not others
    return msgspec.structs.replace(effect, slot=mine.slot) if others else effect


def slot_of(state: CommunityState, person_id: str, alarm_id: str) -> int | None:
    """Give the digit a person's texts about an alarm begin with; None where one digit will do."""
    opened = [one for one in state.asked.get(person_id, []) if one.closed_at is None]
    mine = next((one for one in opened if one.alarm_id == alarm_id), None)
    return mine.slot if mine is not None and len(opened) > 1 else None


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
    """Find the alarm a text is about, or say what to send back instead.

    After five texts that led nowhere nothing more is sent back, or two machines would talk for
    ever; the desk is told once.
    """
    if is_known(state, reply.text_id):
        return []
    found = _find(state, reply, now)
    if isinstance(found, AnswerGiven) and found.answer is not Answer.UNCLEAR:
        return found
    count = _count_wrong(state, reply.person_id, now)
    if count <= _MOST_WRONG:
        return found
    lines: list[Effect] = [] if isinstance(found, AnswerGiven) else [*found]
    lines = [line for line in lines if isinstance(line, Log)]
    if count == _MOST_WRONG + 1:
        lines.append(_line(state, reply.person_id, "responder_unclear"))
    return lines


def _find(state: CommunityState, reply: ReplyReceived, now: datetime) -> AnswerGiven | list[Effect]:
    """Look for the one alarm meant, among those still open and then among those just closed."""
    if reply.answer is Answer.STOP:
        return list(_stopped(state, reply, now))
    known = state.asked.get(reply.person_id, [])
    asked = [entry for entry in known if not _is_before(reply, entry)]
    newer = [entry for entry in known if entry.closed_at is None and _is_before(reply, entry)]
    meant = [a for a in asked if reply.slot is None or a.slot == reply.slot]
    running = [a for a in asked if a.closed_at is None]
    opened = [a for a in meant if a.closed_at is None]
    is_plain = reply.slot is None and len(opened) > 1
    picked = [a for a in opened if a.is_bare] if is_plain else opened
    if len(picked) == 1:
        entry = picked[0]
        return AnswerGiven(entry.home_id, entry.alarm_id, reply.person_id, reply.answer)
    if meant and not opened:
        return [_text(state, reply, Template.ALREADY_CLOSED, now, meant[-1])]
    if running:
        mates = tuple((a.slot * 10 + _DIGIT.get(reply.answer, 1), a.home_id) for a in running)
        template = Template.UNCLEAR if len(running) == 1 else Template.WHICH_ONE
        return [_text(state, reply, template, now, running[0], mates)]
    if newer:
        return [_text(state, reply, Template.SENT_BEFORE, now, newer[-1])]
    return []


def _is_before(reply: ReplyReceived, entry: Asked) -> bool:
    """Say whether a text was sent before the alarm was raised: it cannot be about it."""
    if reply.sent_at is None or entry.raised_at is None:
        return False
    return reply.sent_at + _CLOCKS_APART < entry.raised_at


def is_known(state: CommunityState, text_id: str) -> bool:
    """Say whether this text was taken already: it is polled and delivered, or said again."""
    if not text_id:
        return False
    is_known = text_id in state.text_ids
    if not is_known:
        state.text_ids = [*state.text_ids[1 - _TEXTS_KEPT :], text_id]
    return is_known


def _count_wrong(state: CommunityState, person_id: str, now: datetime) -> int:
    """Count a person's texts that led nowhere in the last ten minutes, this one included."""
    times = [at for at in state.wrong.get(person_id, []) if now - at < _QUIET]
    state.wrong[person_id] = [*times, now][-_MOST_WRONG - 2 :]
    return len(times) + 1


def _text(
    state: CommunityState,
    reply: ReplyReceived,
    template: Template,
    now: datetime,
    entry: Asked,
    mates: tuple[tuple[int, str], ...] = (),
) -> Submit:
    """Answer a text with a text that belongs to no ladder."""
    state.said += 1
    return Submit(
        key=f"reply.{reply.person_id}.{template}.{state.said}",
        home_id=entry.home_id,
        alarm_id="",
        person_id=reply.person_id,
        medium=Medium.SMS,
        template=template,
        kind=entry.kind,
        not_before=now,
        expires_at=now + LIFETIME,
        raised_at=now,
        slot=None if entry.is_bare else entry.slot,
        mates=mates,
    )


def _stopped(state: CommunityState, reply: ReplyReceived, now: datetime) -> Iterator[Effect]:
    """Somebody wants no more texts: they hear that the desk will call, and the desk hears it."""
    yield _text(state, reply, Template.STOPPED, now, Asked("", "", 0, ""))
    yield _line(state, reply.person_id, "responder_stopped")


def _line(state: CommunityState, person_id: str, verb: str) -> Log:
    """Tell the desk of a person, in the alarm log."""
    state.said += 1
    return Log(
        key=f"reply.{person_id}.{verb}.{state.said}",
        home_id="",
        alarm_id="",
        kind="",
        verb=verb,
        priority="trouble",
        facts={"person": person_id},
    )
