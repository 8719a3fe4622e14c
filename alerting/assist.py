"""A person calls 119, 120 or 110, and says so: who, when, and everybody hears it.

No machine dials here. The duty officer, and whoever asked from the scene, get what to read; a 9
from one of them, or the desk's word, says that the call is made. Until then they are asked again.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from alerting.alarm import Alarm, Confirmed, RefusedError
from alerting.effect import Cancel, Effect, Medium, Template
from alerting.escalation import log, notify, script_again, tell_desk, tell_family
from alerting.notification import CONFIRM_WITHIN
from alerting.policy import SERVICES, Priority
from alerting.roster import Scene

REPEATED_WITHIN = timedelta(seconds=10)
"""Nobody has read a script, dialled and been heard so soon: such a 9 is the first one again."""


class NotCallableError(RefusedError):
    """That is no service, or there is no open alarm to call it for."""

    def __init__(self, service: str) -> None:
        """Name the word for the operator."""
        super().__init__(f"an alarm that is over, or {service!r} is none of 119, 120, 110")


def is_confirming(alarm: Alarm, person_id: str, now: datetime) -> bool:
    """Say whether a 9 from this person means "I have called", and not "please call"."""
    if alarm.confirm_due is None:
        return False
    return any(
        n.template is Template.SCRIPT
        and n.person_id == person_id
        and now - n.attempted_at >= REPEATED_WITHIN
        for n in alarm.notifications.values()
    )


def confirm(
    alarm: Alarm, person_id: str, scene: Scene, service: str = "", role: str = "person"
) -> Iterator[Effect]:
    """Note who has called, and tell everybody who might call again.

    Raises:
        NotCallableError: the alarm is over, or that is no service.
    """
    service = service or alarm.wanted or alarm.policy.hand_over
    if not alarm.is_open or service not in SERVICES - {""}:
        raise NotCallableError(service)
    alarm.wanted = service
    alarm.confirmed[service] = Confirmed(
        person_id, scene.now, is_by_desk=_is_desk(person_id, scene)
    )
    alarm.confirm_due = None
    yield log(alarm, "called", **{role: person_id}, service=service)
    yield from _stop_asking(alarm, person_id)
    involved = dict.fromkeys([*alarm.called_ids, *alarm.going_ids, *alarm.scene_ids])
    for one in involved:
        if one != person_id and any(r.id == one for r in scene.home.record.responders):
            yield from notify(alarm, one, (Medium.SMS,), Template.CALLED, scene, person_id)
    yield from tell_desk(alarm, Template.CALLED, scene, person_id)
    if alarm.is_family_told:
        yield from tell_family(alarm, Template.CALLED, scene, person_id)
    for resident in scene.home.record.residents:
        if resident.can_answer and alarm.policy.priority is Priority.LIFE:
            yield from notify(
                alarm, resident.id, (Medium.VOICE,), Template.CALLED, scene, person_id
            )


def ask_again(alarm: Alarm, scene: Scene) -> Iterator[Effect]:
    """Nobody has said that the call is made: ask each of them once more."""
    alarm.confirm_due = scene.now + CONFIRM_WITHIN
    yield log(alarm, "not_called", service=alarm.wanted)
    yield from script_again(alarm, scene)


def _stop_asking(alarm: Alarm, spared: str) -> Iterator[Effect]:
    """Take back what asks others to call; who confirmed is on the line."""
    for notification in alarm.notifications.values():
        if notification.template is not Template.SCRIPT or notification.is_done:
            continue
        notification.is_done = True
        if notification.person_id != spared and notification.medium is not Medium.CONSOLE:
            yield Cancel(
                key=f"{notification.attempt_id}.cancel",
                attempt_id=notification.attempt_id,
                home_id=alarm.home_id,
                alarm_id=alarm.id,
            )


def _is_desk(person_id: str, scene: Scene) -> bool:
    """Say whether it is the desk's: one of its people, or an operator the registry has not."""
    return all(r.id != person_id or r.role == "desk" for r in scene.home.record.responders)
