"""Who can be asked now: a home's people by role, in their order, and over which media.

First form: those paired with the home, in their rank, and at night those who ticked it first.
"""

from datetime import datetime
from typing import NamedTuple

from alerting.alarm import Alarm
from alerting.effect import Medium
from alerting.home import Barred, HomeState
from alerting.notification import Notification
from alerting.policy import BOTH
from alerting.record import ResponderRecord, Role

MAX_ROUNDS = 3
"""How often a neighbour is let sleep through a call; then the desk and the posts go on alone, where
there are any. A call that never rang counts for nothing."""


FELL = frozenset({"fall", "fall_suspected"})
"""Where somebody lies on the floor."""


class Scene(NamedTuple):
    """Where and when the ladder acts: the home, the instant, and whether people sleep.

    `has_webhook` says that another system is told of every alarm, `assists` that a person is asked
    to call 119 or 120 and to say so.
    """

    home: HomeState
    now: datetime
    is_night: bool
    has_webhook: bool = False
    assists: bool = False


def of_role(scene: Scene, role: Role) -> list[ResponderRecord]:
    """List the home's people of a role in the order in which they are asked."""
    return [person for person in scene.home.record.responders if person.role is role]


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
