"""Who can be asked now: a home's people by role, in their order, and over which media.

Those paired with the home, in their rank, at night those who ticked it first, and who is on duty
before who is not. A roster never leaves nobody: where all of a role are off duty, all are asked.
"""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerting.alarm import Alarm
from alerting.effect import Medium
from alerting.home import Barred, HomeState
from alerting.notification import Notification
from alerting.policy import BOTH
from alerting.record import ResponderRecord, Role
from alerting.shifts import is_on_duty

_UTC = ZoneInfo("UTC")
_BY_DUTY = frozenset({Role.DESK, Role.POST})
"""Places with shifts: who is off duty is not there, and is left out where somebody is on."""

MAX_ROUNDS = 3
"""How often a neighbour is let sleep through a call; then the desk and the posts go on alone, where
there are any. A call that never rang counts for nothing."""


FELL = frozenset({"fall", "fall_suspected"})
"""Where somebody lies on the floor."""


class Scene(NamedTuple):
    """Where and when the ladder acts: the home, the instant, and whether people sleep.

    `has_webhook` says that another system is told of every alarm, `assists` that a person is asked
    to call 119 or 120 and to say so; shifts are read in `zone`.
    """

    home: HomeState
    now: datetime
    is_night: bool
    has_webhook: bool = False
    assists: bool = False
    zone: ZoneInfo = _UTC


def of_role(scene: Scene, role: Role) -> list[ResponderRecord]:
    """List the home's people of a role in the order in which they are asked.

    Of a desk's and of the posts' only who is on duty and can be rung; where there is none, all.
    """
    people = [person for person in scene.home.record.responders if person.role is role]
    if role not in _BY_DUTY:
        return people
    there = [person for person in people if is_there(person, scene)]
    is_any_rung = any(media_of(person, (Medium.VOICE,), scene) for person in there)
    return there if is_any_rung else people


def is_there(person: ResponderRecord, scene: Scene) -> bool:
    """Say whether somebody is on duty, and not away, by their own lines."""
    if not person.duty and not person.absent:
        return True
    return is_on_duty(person.duty, person.absent, scene.now.astimezone(scene.zone))


def neighbours(alarm: Alarm, scene: Scene) -> list[ResponderRecord]:
    """List neighbours not asked in this round, those who may be woken first at night.

    Where somebody fell, those who can lift come before those who cannot, also at night.
    Who said they cannot is not asked again, and who cannot be reached takes nobody's place.
    Nobody is left out for the night when nobody else is left: a broken sleep is better than no
    answer.
    """
    is_spared = is_staffed(scene)
    asked = {n.person_id for n in alarm.notifications.values() if round_of(n) == alarm.round}
    free = [
        person
        for person in of_role(scene, Role.NEIGHBOUR)
        if person.id not in asked
        and person.id not in alarm.declined_ids
        and not (is_spared and alarm.unanswered.get(person.id, 0) >= MAX_ROUNDS)
        and media_of(person, BOTH, scene)
    ]
    if scene.is_night:
        free.sort(key=lambda person: not person.at_night)
    if alarm.kind in FELL:
        free.sort(key=lambda person: not person.lifts)
    free.sort(key=lambda person: not is_there(person, scene))
    return free


def is_staffed(scene: Scene) -> bool:
    """Say whether a desk or a post can still be rung when the neighbours are left in peace."""
    return any(
        media_of(person, (Medium.VOICE,), scene)
        for role in (Role.DESK, Role.POST)
        for person in of_role(scene, role)
    )


def media_of(
    person: ResponderRecord, media: tuple[Medium, ...], scene: Scene
) -> tuple[Medium, ...]:
    """List those of the media over which this person can be reached."""
    has = {Medium.SMS: person.sms, Medium.VOICE: person.voice, Medium.CONSOLE: True}
    barred = scene.home.barred
    return tuple(m for m in media if has.get(m) and Barred(person.id, m) not in barred)


def role_of(person_id: str, scene: Scene) -> Role | None:
    """Say what a person is to this home."""
    for person in scene.home.record.responders:
        if person.id == person_id:
            return person.role
    return None


def round_of(notification: Notification) -> int:
    """Read the round out of a notification's key."""
    return int(notification.key.rsplit(".", 1)[1])
