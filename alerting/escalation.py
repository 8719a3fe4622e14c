"""The ladder: whom to call now, whom to call next, until a person has looked.

A rung starts all its aims at once. When an attempt fails the ladder moves on at once: to that
person's place in the next in line, or, when nobody is being reached any more, to the next rung.
After the last rung it begins again, for as long as the alarm is RAISED: a ladder never ends in
silence.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from alerting.alarm import Alarm, State, Step
from alerting.effect import Cancel, Effect, HandOver, Log, Medium, Resolve, Submit, Template
from alerting.event import Outcome
from alerting.home import Barred
from alerting.notification import CONFIRM_WITHIN, LIFETIME, Notification, is_answered, report
from alerting.policy import FIRST_QUESTION, Aim, Priority, Whom
from alerting.record import ResponderRecord, Role
from alerting.roster import Scene, media_of, neighbours, of_role, role_of, round_of

_LET_RING = frozenset({Outcome.NO_ANSWER, Outcome.VOICEMAIL, Outcome.DECLINED})
_ON_TIME = timedelta()
_TO_RESIDENT = {
    Priority.LIFE: Template.RESIDENT_HEARD,
    Priority.SOFT: Template.RESIDENT_CHECK,
    Priority.TROUBLE: Template.RESIDENT_UNPROTECTED,
}
_ROLE = {Whom.DESK: Role.DESK, Whom.POSTS: Role.POST, Whom.FAMILY: Role.FAMILY}


def log(alarm: Alarm, verb: str, **facts: str) -> Log:
    """Write a line of the alarm log; lines of one alarm are numbered, so the key is unique."""
    alarm.line += 1
    marks = {"drill": alarm.is_drill, "test": alarm.is_test}
    return Log(
        key=f"{alarm.id}.log.{alarm.line}",
        home_id=alarm.home_id,
        alarm_id=alarm.id,
        kind=alarm.kind,
        verb=verb,
        priority=alarm.policy.priority.value,
        facts=facts | {word: "yes" for word, is_so in marks.items() if is_so},
    )


def ask_first(alarm: Alarm, scene: Scene) -> Iterator[Effect]:
    """Open the cancel window of a soft alarm: the resident is rung, the desk is shown."""
    alarm.window_due = scene.now + timedelta(seconds=alarm.policy.cancel_window_seconds)
    for aim in FIRST_QUESTION:
        yield from _aim(alarm, aim, scene)


def begin(alarm: Alarm, scene: Scene) -> Iterator[Effect]:
    """Start the ladder at its first rung."""
    alarm.window_due = None
    yield from _rung(alarm, 0, scene)


def climb(alarm: Alarm, scene: Scene, ahead: timedelta = _ON_TIME) -> Iterator[Effect]:
    """Go to the next rung, `ahead` of its time; after the last one the ladder begins again."""
    alarm.advance(Step.ESCALATED)
    rung = alarm.rung + 1
    if rung >= len(alarm.policy.steps):
        if not _is_anybody_reached(alarm):
            yield log(alarm, "nobody_reachable", round=str(alarm.round))
        alarm.repeats += 1
        rung = 0
        _new_round(alarm)
    yield log(alarm, "escalated", rung=str(rung + 1), round=str(alarm.round))
    yield from _rung(alarm, rung, scene, ahead)


def resume(alarm: Alarm, scene: Scene) -> Iterator[Effect]:
    """Begin again after a promise failed: also those who were told not to come are asked."""
    alarm.holder_id = None
    alarm.going_ids = []
    alarm.lease_due = alarm.outcome_due = None
    alarm.repeats = 0
    alarm.unanswered = {}
    _new_round(alarm)
    yield from _rung(alarm, 0, scene)


def _new_round(alarm: Alarm) -> None:
    """Count a round; the last but one is forgotten, so that a long alarm stays small."""
    alarm.round += 1
    alarm.notifications = {
        key: notification
        for key, notification in alarm.notifications.items()
        if not notification.is_done or round_of(notification) >= alarm.round - 1
    }


def _rung(alarm: Alarm, rung: int, scene: Scene, ahead: timedelta = _ON_TIME) -> Iterator[Effect]:
    """Start every aim of a rung and set when the next is due."""
    step = alarm.policy.steps[rung]
    alarm.rung = rung
    wait = step.wait_seconds
    is_last = rung == len(alarm.policy.steps) - 1
    if is_last:
        wait += alarm.policy.repeat_seconds
    is_over = is_last and alarm.policy.repeat_seconds <= 0
    alarm.ladder_due = None if is_over else scene.now + ahead + timedelta(seconds=wait)
    for aim in step.aims:
        yield from _aim(alarm, aim, scene)


def _aim(alarm: Alarm, aim: Aim, scene: Scene) -> Iterator[Effect]:
    """Reach the people an aim names; the emergency aim is a hand-over, not a notification."""
    if aim.whom is Whom.EMERGENCY:
        yield from hand_over(alarm, alarm.policy.hand_over, scene)
    elif aim.whom is Whom.RESIDENT:
        template = _TO_RESIDENT[alarm.policy.priority]
        for resident in scene.home.record.residents:
            if resident.can_answer:
                yield from notify(alarm, resident.id, aim.media, template, scene)
    elif aim.whom is Whom.FAMILY:
        if alarm.repeats == 0:  # told once, not each time the ladder begins again
            yield from tell_family(alarm, Template.FAMILY_START, scene)
    elif aim.whom is Whom.NEIGHBOURS:
        for person in neighbours(alarm, scene)[: aim.count]:
            yield from _call(alarm, person, aim.media, scene)
    else:
        for person in of_role(scene, _ROLE[aim.whom])[: aim.count]:
            yield from _call(alarm, person, aim.media, scene)


def _is_anybody_reached(alarm: Alarm) -> bool:
    """Say whether this round has sent a telephone anything that asks for an answer."""
    return any(
        n.expects_answer and n.medium is not Medium.CONSOLE and round_of(n) == alarm.round
        for n in alarm.notifications.values()
    )


def _call(
    alarm: Alarm, person: ResponderRecord, media: tuple[Medium, ...], scene: Scene
) -> Iterator[Effect]:
    """Call a responder over those of the media they have."""
    template = Template.DRILL if alarm.is_drill else Template.ALARM
    template = Template.TESTED if alarm.is_test else template
    if person.role is not Role.DESK and person.id not in alarm.called_ids:
        alarm.called_ids.append(person.id)
    yield from notify(alarm, person.id, media_of(person, media, scene), template, scene)
    if alarm.confirmed and person.role is not Role.DESK:
        yield from notify(alarm, person.id, (Medium.SMS,), Template.CALLED, scene)


def notify(
    alarm: Alarm,
    person_id: str,
    media: tuple[Medium, ...],
    template: Template,
    scene: Scene,
    actor_id: str | None = None,
) -> Iterator[Effect]:
    """Create notifications and submit their first attempts; each key is used once."""
    for medium in media:
        if Barred(person_id, medium) in scene.home.barred:
            continue
        key = f"{alarm.id}.{person_id}.{medium}.{template}.{alarm.round}"
        if key in alarm.notifications:
            continue
        notification = Notification(
            key=key,
            person_id=person_id,
            medium=medium,
            template=template,
            expires_at=scene.now + LIFETIME,
            attempted_at=scene.now,
            expects_answer=template in {Template.ALARM, Template.DRILL, Template.RESIDENT_CHECK},
        )
        notification.begin(scene.now)
        alarm.notifications[key] = notification
        yield _submit(alarm, notification, scene.now, actor_id)


def tell_family(
    alarm: Alarm, template: Template, scene: Scene, actor_id: str | None = None
) -> Iterator[Effect]:
    """Tell the family; they are never asked to go."""
    if not alarm.is_drill:
        for person in of_role(scene, Role.FAMILY):
            alarm.is_family_told = True
            media = (Medium.SMS,) if person.sms else (Medium.VOICE,)
            yield from notify(alarm, person.id, media, template, scene, actor_id)


def tell_desk(alarm: Alarm, template: Template, scene: Scene, actor_id: str) -> Iterator[Effect]:
    """Show the desk something that needs its hand."""
    for person in of_role(scene, Role.DESK):
        yield from notify(alarm, person.id, (Medium.CONSOLE,), template, scene, actor_id)


def _submit(
    alarm: Alarm, notification: Notification, now: datetime, actor_id: str | None = None
) -> Submit:
    """Ask for the running attempt of a notification."""
    service = alarm.wanted if notification.template in {Template.SCRIPT, Template.CALLED} else ""
    confirmed = alarm.confirmed.get(service)
    return Submit(
        key=notification.attempt_id,
        home_id=alarm.home_id,
        alarm_id=alarm.id,
        person_id=notification.person_id,
        medium=notification.medium,
        template=notification.template,
        kind=alarm.kind,
        not_before=now,
        expires_at=notification.expires_at,
        raised_at=alarm.raised_at,
        is_urgent=alarm.is_life_safety,
        is_drill=alarm.is_drill,
        is_unanswered=_rang_resident(alarm),
        lease_minutes=round(alarm.policy.lease_seconds / 60),
        actor_id=confirmed.person_id if confirmed else actor_id,
        about_id=alarm.evidence.get("resident", ""),
        service=service,
        confirmed_at=confirmed.at if confirmed else None,
        is_by_desk=confirmed.is_by_desk if confirmed else False,
    )


def _rang_resident(alarm: Alarm) -> bool:
    """Say whether the resident was rung before people were called, without an answer."""
    asked = (Template.RESIDENT_HEARD, Template.RESIDENT_CHECK)
    is_later = alarm.rung + alarm.repeats > 0 or alarm.policy.cancel_window_seconds > 0
    rings = [n for n in alarm.notifications.values() if n.template in asked]
    return is_later and bool(rings) and not any(is_answered(ring) for ring in rings)


def hand_over(alarm: Alarm, service: str, scene: Scene, asked_by: str = "") -> Iterator[Effect]:
    """Hand the alarm to an emergency service, once a round; a person is given what to read."""
    if alarm.handed.get(service) != alarm.round:
        alarm.handed[service] = alarm.round
        yield HandOver(
            key=f"{alarm.id}.hand_over.{service}.{alarm.round}",
            home_id=alarm.home_id,
            alarm_id=alarm.id,
            service=service,
            kind=alarm.kind,
            raised_at=alarm.raised_at,
            is_drill=alarm.is_drill,
        )
    is_real = not (alarm.is_drill or alarm.is_test)
    if scene.assists and is_real and service and service not in alarm.confirmed:
        yield from _give_script(alarm, service, scene, asked_by)


def _give_script(alarm: Alarm, service: str, scene: Scene, asked_by: str) -> Iterator[Effect]:
    """Give the desk, and whoever asked, what to read; who has it already is asked in its time."""
    known = {n.person_id for n in alarm.notifications.values() if n.template is Template.SCRIPT}
    is_other, alarm.wanted = alarm.wanted not in {"", service}, service
    alarm.confirm_due = scene.now + CONFIRM_WITHIN
    if is_other:
        yield from script_again(alarm, scene)
    for person in of_role(scene, Role.DESK):
        if person.id not in known:
            media = media_of(person, (Medium.CONSOLE, Medium.SMS, Medium.VOICE), scene)
            yield from notify(alarm, person.id, media, Template.SCRIPT, scene)
    if asked_by and asked_by not in known and role_of(asked_by, scene) is not Role.DESK:
        yield from notify(alarm, asked_by, (Medium.SMS,), Template.SCRIPT, scene)


def script_again(alarm: Alarm, scene: Scene) -> Iterator[Effect]:
    """Begin anew, under ids of their own, with those who were given the script and let it be."""
    for notification in alarm.notifications.values():
        barred = Barred(notification.person_id, notification.medium)
        is_script = notification.template is Template.SCRIPT
        if is_script and notification.is_done and barred not in scene.home.barred:
            notification.is_done, notification.has_moved = False, False
            notification.outcome, notification.tries = None, 0
            notification.expires_at = scene.now + LIFETIME
            notification.again(scene.now)
            yield _submit(alarm, notification, scene.now)


def take_outcome(
    alarm: Alarm,
    attempt_id: str,
    outcome: Outcome,
    scene: Scene,
    retry_after_seconds: float | None = None,
) -> Iterator[Effect]:
    """Take in what a channel says of an attempt; what is said of an older attempt is history."""
    notification = alarm.notifications.get(attempt_id.rsplit(".", 1)[0])
    if notification is None or notification.attempt_id != attempt_id or notification.is_done:
        return
    verdict = report(notification, outcome, scene.now, retry_after_seconds)
    barred = Barred(notification.person_id, notification.medium)
    if verdict.bars and barred not in scene.home.barred:
        scene.home.barred = (*scene.home.barred, barred)
        yield log(alarm, "number_refused", person=notification.person_id)
    if notification.is_done and outcome in _LET_RING and notification.expects_answer:
        person_id = notification.person_id
        alarm.unanswered[person_id] = alarm.unanswered.get(person_id, 0) + 1
    if notification.is_done or verdict.moves_on:
        yield log(
            alarm,
            "attempt_ended",
            person=notification.person_id,
            medium=notification.medium,
            outcome=outcome,
        )
    if verdict.moves_on and notification.expects_answer:
        yield from move_on(alarm, notification, scene)


def move_on(alarm: Alarm, failed: Notification, scene: Scene) -> Iterator[Effect]:
    """Put the next in line in a failed notification's place, now."""
    if not is_calling(alarm):
        return
    if role_of(failed.person_id, scene) is Role.NEIGHBOUR:
        yield from call_next(alarm, scene)
    yield from hurry(alarm, scene)


def hurry(alarm: Alarm, scene: Scene) -> Iterator[Effect]:
    """Start the next rung now where nobody is being reached any more.

    Where no life hangs on it the rungs after that keep their times, and the family, who cannot
    go, is told at its own. Where a life hangs on it a rung with nobody on it is passed at once.
    """
    while alarm.ladder_due is not None and not _is_reaching(alarm) and _may_hurry(alarm):
        is_urgent = alarm.is_life_safety
        ahead = _ON_TIME if is_urgent else max(alarm.ladder_due - scene.now, _ON_TIME)
        yield from climb(alarm, scene, ahead)
        if not is_urgent:
            return


def is_calling(alarm: Alarm) -> bool:
    """Say whether neighbours are still wanted: nobody goes yet, though the desk may have it."""
    if alarm.state is State.RAISED:
        return True
    return alarm.state is State.ACKNOWLEDGED and not alarm.going_ids


def call_next(alarm: Alarm, scene: Scene) -> Iterator[Effect]:
    """Call one more neighbour now, if there is one."""
    for person in neighbours(alarm, scene)[:1]:
        yield from _call(alarm, person, (Medium.SMS, Medium.VOICE), scene)


def _is_reaching(alarm: Alarm) -> bool:
    """Say whether any attempt may still bring an answer of its own accord."""
    return any(
        not n.is_done and not n.has_moved and n.expects_answer and n.medium is not Medium.CONSOLE
        for n in alarm.notifications.values()
    )


def _may_hurry(alarm: Alarm) -> bool:
    """Say whether there is a rung to hurry to; after the last one the ladder rests.

    A trouble hurries nowhere: its list is on the screen whether or not anybody answers.
    """
    if alarm.policy.priority is Priority.TROUBLE:
        return False
    higher = alarm.policy.steps[alarm.rung + 1 : alarm.rung + 2]
    whom = {aim.whom for step in higher for aim in step.aims}
    return bool(higher) and (alarm.is_life_safety or Whom.FAMILY not in whom)


def wake(alarm: Alarm, scene: Scene) -> Iterator[Effect]:
    """Do what is due for the alarm's notifications: try again, look up, or give up waiting."""
    for notification in list(alarm.notifications.values()):
        if notification.is_done:
            continue
        now = scene.now
        if notification.again_at is not None and notification.again_at <= now:
            notification.again(now)
            yield _submit(alarm, notification, now)
        elif notification.look_up_at is not None and notification.look_up_at <= now:
            notification.look_up_at = None
            notification.due = now + timedelta(seconds=10)
            yield Resolve(
                key=f"{notification.attempt_id}.look_up.{notification.tries}",
                attempt_id=notification.attempt_id,
                home_id=alarm.home_id,
                alarm_id=alarm.id,
                not_before=now,
            )
        elif notification.due is not None and notification.due <= now:
            yield from take_outcome(alarm, notification.attempt_id, Outcome.EXPIRED, scene)


def take_back(alarm: Alarm, spared: str | None = None) -> Iterator[Effect]:
    """Cancel what is still queued or ringing, except to `spared`, who is on the line."""
    for notification in alarm.notifications.values():
        if notification.is_done or not notification.expects_answer:
            continue
        notification.is_done = True
        if notification.person_id != spared and notification.medium is not Medium.CONSOLE:
            yield Cancel(
                key=f"{notification.attempt_id}.cancel",
                attempt_id=notification.attempt_id,
                home_id=alarm.home_id,
                alarm_id=alarm.id,
            )
