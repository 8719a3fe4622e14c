"""What an answer or an operator's hand does to an alarm.

"I go" is a lease and holds the ladder; "arrived" asks for the outcome; only someone on the scene
or the desk closes. Someone who says "safe" without having said "arrived" is asked whether they
have seen the person: one remote word closes nothing.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from alerting import assist
from alerting.alarm import (
    Alarm,
    Disposition,
    NotAllowedError,
    State,
    Step,
    UnknownDispositionError,
)
from alerting.effect import Effect, Medium, Template
from alerting.escalation import (
    begin,
    call_next,
    climb,
    hand_over,
    hurry,
    is_calling,
    log,
    notify,
    resume,
    take_back,
    tell_desk,
    tell_family,
)
from alerting.event import Answer, AnswerGiven, OperatorActed, Verb
from alerting.policy import Priority
from alerting.record import Role
from alerting.roster import Scene, role_of

CLOSED_KEPT = timedelta(hours=1)
"""A closed alarm is remembered so long, to tell late answers that it is over."""

TROUBLE_WAITS = timedelta(minutes=30)
"""How often a trouble looks whether it is day."""
TROUBLE_KEPT = timedelta(hours=24)
"""A trouble that is over is remembered so long."""

NOBODY_OPENS_WITHIN = timedelta(minutes=3)
"""A locked door with somebody behind it: the desk must have acted by then."""

_TEXT = (Medium.SMS,)


def answer(alarm: Alarm, given: AnswerGiven, scene: Scene) -> Iterator[Effect]:
    """Let a person's answer act on the alarm."""
    is_resident = scene.home.record.has_resident(given.person_id)
    yield log(alarm, "answered", person=given.person_id, answer=given.answer, via=given.via)
    if not alarm.is_open:
        yield from _reply(alarm, given.person_id, Template.ALREADY_CLOSED, scene)
    elif is_resident:
        yield from _resident_said(alarm, given, scene)
    else:
        yield from _SAID.get(given.answer, _said_nothing)(alarm, given.person_id, scene)


def _resident_said(alarm: Alarm, given: AnswerGiven, scene: Scene) -> Iterator[Effect]:
    """1 from the resident cancels a soft alarm in its window; 9 wants people at once, always."""
    is_asked = alarm.state is State.PRE_ALARM
    if given.answer is Answer.GOING and is_asked:
        yield from _close(alarm, Step.CANCELLED, Disposition.CANCELLED, given.person_id, scene)
    elif given.answer is Answer.AMBULANCE:
        yield from tell_desk(alarm, Template.DESK_RESIDENT_ASKS, scene, given.person_id)
        if is_asked:
            yield from raise_now(alarm, scene, "resident_asks")
        elif alarm.state is State.ACKNOWLEDGED and is_calling(alarm):
            alarm.advance(Step.WITHDRAWN)  # the desk had it, and nobody is on the way
            yield log(alarm, "raised", reason="resident_asks")
            yield from resume(alarm, scene)


def asks_for_people(given: AnswerGiven, scene: Scene) -> bool:
    """Say whether the resident wants people; on a closed alarm that is a new help call."""
    return given.answer is Answer.AMBULANCE and scene.home.record.has_resident(given.person_id)


def raise_now(alarm: Alarm, scene: Scene, reason: str) -> Iterator[Effect]:
    """End the cancel window: from here people are called."""
    alarm.advance(Step.REINFORCED if reason != "window_elapsed" else Step.WINDOW_ELAPSED)
    yield log(alarm, "raised", reason=reason)
    yield from begin(alarm, scene)


def _said_going(alarm: Alarm, person_id: str, scene: Scene) -> Iterator[Effect]:
    """Hold the ladder for the lease and tell the others who is going.

    A second one who goes is welcome; the desk's 1 takes over and sends nobody home.
    """
    if alarm.state is State.ATTENDED:
        is_there = person_id in alarm.scene_ids
        template = Template.ARRIVED if is_there else Template.STAND_DOWN
        yield from _reply(alarm, person_id, template, scene)
        return
    if role_of(person_id, scene) is Role.DESK:
        yield from _take_over(alarm, person_id, "person", scene)
        return
    alarm.advance(Step.ACKNOWLEDGED)
    is_first = not alarm.going_ids
    if person_id not in alarm.going_ids:
        alarm.going_ids.append(person_id)
    alarm.declined_ids = [declined for declined in alarm.declined_ids if declined != person_id]
    _hold(alarm, person_id, alarm.policy.lease_seconds, scene)
    yield log(alarm, "acknowledged", person=person_id)
    yield from take_back(alarm, spared=person_id)
    yield from _reply(alarm, person_id, Template.GOING, scene)
    if is_first:
        yield from _stand_down(alarm, scene)
        yield from _tell_home(alarm, Template.FAMILY_GOING, scene, person_id)


def _take_over(alarm: Alarm, operator: str, role: str, scene: Scene) -> Iterator[Effect]:
    """Let the desk hold the ladder for a while; who is on the way stays the holder."""
    alarm.advance(Step.ACKNOWLEDGED)
    if not alarm.going_ids:
        _hold(alarm, operator, alarm.policy.desk_lease_seconds, scene)
    yield log(alarm, "acknowledged", **{role: operator})


def _hold(alarm: Alarm, person_id: str, seconds: float, scene: Scene) -> None:
    """Give someone the lease."""
    alarm.holder_id = person_id
    alarm.ladder_due = alarm.window_due = None
    alarm.lease_due = scene.now + timedelta(seconds=seconds)


def _said_cannot(alarm: Alarm, person_id: str, scene: Scene) -> Iterator[Effect]:
    """Go on to the next person at once, also when a promise is taken back."""
    if person_id not in alarm.declined_ids:
        alarm.declined_ids.append(person_id)
    for notification in alarm.notifications.values():
        if notification.person_id == person_id and notification.expects_answer:
            notification.is_done = True
    is_held_by_them = person_id in alarm.going_ids or alarm.holder_id == person_id
    alarm.going_ids = [going for going in alarm.going_ids if going != person_id]
    if alarm.state is State.ACKNOWLEDGED and is_held_by_them and alarm.going_ids:
        alarm.holder_id = alarm.going_ids[-1]
    elif alarm.state is State.ACKNOWLEDGED and is_held_by_them:
        alarm.advance(Step.WITHDRAWN)
        yield log(alarm, "withdrawn", person=person_id)
        yield from resume(alarm, scene)
    elif is_calling(alarm):
        yield from call_next(alarm, scene)
        yield from hurry(alarm, scene)


def _said_arrived(alarm: Alarm, person_id: str, scene: Scene) -> Iterator[Effect]:
    """Someone is at the door: ask for the outcome."""
    is_first = not alarm.scene_ids
    alarm.advance(Step.ATTENDED)
    _attend(alarm, person_id, scene)
    yield log(alarm, "attended", person=person_id)
    yield from take_back(alarm, spared=person_id)
    yield from _reply(alarm, person_id, Template.ARRIVED, scene)
    if is_first:
        yield from _stand_down(alarm, scene)
        yield from _tell_home(alarm, Template.FAMILY_ARRIVED, scene, person_id)


def _attend(alarm: Alarm, person_id: str, scene: Scene) -> None:
    """Note who is there and by when the outcome is wanted."""
    if person_id not in alarm.scene_ids:
        alarm.scene_ids.append(person_id)
    alarm.ladder_due = alarm.lease_due = alarm.window_due = None
    alarm.outcome_due = scene.now + timedelta(seconds=alarm.policy.outcome_seconds)


def _said_safe(alarm: Alarm, person_id: str, scene: Scene) -> Iterator[Effect]:
    """Close when it is said on the scene; who is on the way is asked whether they have seen them.

    From anybody else it is hearsay: it holds nothing, takes no call back and closes nothing.
    """
    if person_id not in alarm.scene_ids:
        if person_id in alarm.going_ids:
            yield from _said_arrived(alarm, person_id, scene)
        else:
            yield from _reply(alarm, person_id, Template.NOT_THERE, scene)
        return
    ending = Disposition.DRILL if alarm.is_drill else Disposition.ASSISTED
    yield from _close(alarm, Step.CLOSED, ending, person_id, scene)


def _said_nobody_opens(alarm: Alarm, person_id: str, scene: Scene) -> Iterator[Effect]:
    """A locked door: the desk finds the key holder, or 110 or a locksmith."""
    yield from _be_there(alarm, person_id, scene)
    alarm.outcome_due = scene.now + NOBODY_OPENS_WITHIN
    yield log(alarm, "nobody_opens", person=person_id)
    yield from tell_desk(alarm, Template.DESK_NOBODY_OPENS, scene, person_id)


def _said_ambulance(alarm: Alarm, person_id: str, scene: Scene) -> Iterator[Effect]:
    """Someone on the scene wants 120; from who was given the script it means that it is called."""
    if assist.is_confirming(alarm, person_id, scene.now):
        yield from assist.confirm(alarm, person_id, scene)
        return
    if "120" in alarm.confirmed:
        yield from _reply(alarm, person_id, Template.CALLED, scene)
    yield from _be_there(alarm, person_id, scene)
    alarm.advance(Step.HELP_NEEDED)
    yield log(alarm, "help_needed", person=person_id, service="120")
    yield from hand_over(alarm, "120", scene, person_id)
    yield from tell_desk(alarm, Template.DESK_AMBULANCE, scene, person_id)


def _be_there(alarm: Alarm, person_id: str, scene: Scene) -> Iterator[Effect]:
    """Take someone who speaks from the scene to be there."""
    if person_id not in alarm.scene_ids:
        alarm.advance(Step.ATTENDED)
        _attend(alarm, person_id, scene)
        yield log(alarm, "attended", person=person_id)
        yield from take_back(alarm, spared=person_id)


def _said_heard(alarm: Alarm, person_id: str, scene: Scene) -> Iterator[Effect]:
    """Saying "received" holds nothing, and they must know it."""
    yield from _reply(alarm, person_id, Template.NOT_HELD, scene)


def _said_coming(alarm: Alarm, person_id: str, scene: Scene) -> Iterator[Effect]:
    """Saying "coming" in words is asked for a 1."""
    yield from _reply(alarm, person_id, Template.SAY_ONE, scene)


def _said_nothing(alarm: Alarm, person_id: str, scene: Scene) -> Iterator[Effect]:
    """What cannot be read holds nothing."""
    yield from _reply(alarm, person_id, Template.UNCLEAR, scene)


_SAID: dict[Answer, Callable[[Alarm, str, Scene], Iterator[Effect]]] = {
    Answer.GOING: _said_going,
    Answer.CANNOT: _said_cannot,
    Answer.ARRIVED: _said_arrived,
    Answer.SAFE: _said_safe,
    Answer.NOBODY_OPENS: _said_nobody_opens,
    Answer.AMBULANCE: _said_ambulance,
    Answer.HEARD: _said_heard,
    Answer.COMING: _said_coming,
}


def _reply(alarm: Alarm, person_id: str, template: Template, scene: Scene) -> Iterator[Effect]:
    """Answer a person by text; the same answer goes out once a round."""
    is_operator = all(person_id != r.id for r in scene.home.record.responders)
    if not is_operator:
        yield from notify(alarm, person_id, _TEXT, template, scene, person_id)


def _stand_down(alarm: Alarm, scene: Scene, closed_by: str | None = None) -> Iterator[Effect]:
    """Tell those who were asked that they are no longer needed; at the end also who is coming."""
    spared = {closed_by, *alarm.scene_ids, *alarm.declined_ids}
    if alarm.is_open:
        spared.update(alarm.going_ids)
    for person_id in alarm.called_ids:
        if person_id not in spared:
            yield from notify(alarm, person_id, _TEXT, Template.STAND_DOWN, scene)


def _tell_home(alarm: Alarm, family: Template, scene: Scene, actor_id: str) -> Iterator[Effect]:
    """Tell the family, and the resident at each step that help is coming and is there."""
    if alarm.policy.tells_family:
        yield from tell_family(alarm, family, scene, actor_id)
    is_going = family is Template.FAMILY_GOING
    template = Template.RESIDENT_COMING if is_going else Template.RESIDENT_ARRIVED
    if alarm.policy.priority is Priority.LIFE:
        for resident in scene.home.record.residents:
            if resident.can_answer:
                yield from notify(alarm, resident.id, (Medium.VOICE,), template, scene, actor_id)


def _close(
    alarm: Alarm, step: Step, ending: Disposition, person_id: str, scene: Scene
) -> Iterator[Effect]:
    """End the alarm and tell everyone who was asked or told."""
    alarm.advance(step)
    _over(alarm, ending, scene)
    yield log(alarm, "closed", person=person_id, disposition=ending)
    yield from take_back(alarm, spared=person_id)
    yield from _stand_down(alarm, scene, closed_by=person_id)
    if alarm.is_family_told and ending is not Disposition.DECEASED:
        yield from tell_family(alarm, Template.FAMILY_RESULT, scene, person_id)


def _over(alarm: Alarm, ending: Disposition, scene: Scene) -> None:
    """Note how and when an alarm ended; nothing is due of it any more."""
    alarm.disposition = ending
    alarm.closed_at = scene.now
    alarm.ladder_due = alarm.lease_due = alarm.outcome_due = alarm.window_due = None
    alarm.confirm_due = None


def operate(alarm: Alarm, act: OperatorActed, scene: Scene) -> Iterator[Effect]:
    """Let an operator act; raises RefusedError where that cannot be."""
    if act.verb is Verb.ACKNOWLEDGE:
        yield from _take_over(alarm, act.operator, "operator", scene)
    elif act.verb is Verb.ATTEND:
        alarm.advance(Step.ATTENDED)
        _attend(alarm, act.operator, scene)
        yield log(alarm, "attended", operator=act.operator)
        yield from take_back(alarm)
    elif act.verb is Verb.CALLED:
        yield from assist.confirm(alarm, act.operator, scene, act.disposition or "", "operator")
    else:
        if not alarm.allows(Step.CLOSED):
            raise NotAllowedError(alarm.state, Step.CLOSED)
        yield from _close(alarm, Step.CLOSED, _ending(alarm, act), act.operator, scene)


def _ending(alarm: Alarm, act: OperatorActed) -> Disposition:
    """Read how the operator says it ended; a drill is a drill if nothing else is said."""
    word = act.disposition or (Disposition.DRILL if alarm.is_drill else Disposition.ASSISTED)
    try:
        return Disposition(word)
    except ValueError:
        raise UnknownDispositionError(word) from None


def wake_holds(alarm: Alarm, scene: Scene) -> Iterator[Effect]:
    """Do what is due of the alarm itself: window, ladder, lease and outcome."""
    now = scene.now
    promises = (alarm.lease_due, alarm.outcome_due)
    if alarm.is_drill and any(due is not None and due <= now for due in promises):
        yield from end(alarm, Disposition.DRILL, scene)  # who answered has done all that was asked
        return
    if alarm.window_due is not None and alarm.window_due <= now:
        yield from raise_now(alarm, scene, "window_elapsed")
    if alarm.ladder_due is not None and alarm.ladder_due <= now:
        if alarm.policy.priority is Priority.TROUBLE and scene.is_night:
            alarm.ladder_due = now + TROUBLE_WAITS  # no trouble rings a home at night
        else:
            yield from climb(alarm, scene)
    if alarm.confirm_due is not None and alarm.confirm_due <= now:
        yield from assist.ask_again(alarm, scene)
    if alarm.lease_due is not None and alarm.lease_due <= now:
        alarm.advance(Step.LEASE_EXPIRED)
        yield log(alarm, "lease_expired", person=alarm.holder_id or "")
        yield from resume(alarm, scene)
    if alarm.outcome_due is not None and alarm.outcome_due <= now:
        alarm.advance(Step.OUTCOME_OVERDUE)
        yield log(alarm, "outcome_overdue")
        yield from resume(alarm, scene)
        for person_id in alarm.scene_ids:
            yield from tell_desk(alarm, Template.DESK_UNANSWERED, scene, person_id)
        alarm.scene_ids = []


def end_trouble(alarm: Alarm, evidence: dict[str, str], scene: Scene) -> Iterator[Effect]:
    """End a trouble whose cause has gone; nobody was sent, so nobody is told."""
    yield log(alarm, "restored", **evidence)
    yield from end(alarm, Disposition.DEVICE_FAULT, scene)


def end_window(alarm: Alarm, evidence: dict[str, str], scene: Scene) -> Iterator[Effect]:
    """Cancel a soft alarm because the resident was seen to move before anybody was sent.

    Who walks to the telephone moves: the call to the resident rings on, and a 9 in it is a help
    call. The desk, which was shown the alarm, is shown its end.
    """
    yield log(alarm, "restored", **evidence)
    alarm.restored_at = scene.now
    alarm.advance(Step.CANCELLED)
    _over(alarm, Disposition.CANCELLED, scene)
    yield log(alarm, "closed", person="", disposition=Disposition.CANCELLED, reason="moved")
    for notification in alarm.notifications.values():
        notification.is_done = True
    yield from tell_desk(alarm, Template.DESK_MOVED, scene, "")


def end(alarm: Alarm, ending: Disposition, scene: Scene) -> Iterator[Effect]:
    """End an alarm by nobody's word: its cause, its home or its reason to be is gone."""
    yield from _close(alarm, Step.CLOSED, ending, "", scene)


def is_forgotten(alarm: Alarm, now: datetime) -> bool:
    """Say whether an alarm is closed and need not be remembered any more."""
    if alarm.closed_at is None:
        return False
    is_trouble = alarm.policy.priority is Priority.TROUBLE
    kept = TROUBLE_KEPT if is_trouble else CLOSED_KEPT
    return now - alarm.closed_at >= kept
