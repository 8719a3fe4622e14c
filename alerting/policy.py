"""The escalation policy of one kind of alarm: whom, over what, how long to wait.

A policy is configuration and is snapshotted into the alarm when it is raised, so that a later
edit changes no running ladder. Frozen dataclasses, because both the configuration's validator
and the state's serialiser read them. Durations are bare seconds: they come from `config.toml`.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from alerting.effect import Medium


class Priority(StrEnum):
    """How an alarm is treated; only `LIFE` is beyond every throttle and window."""

    LIFE = "life"
    SOFT = "soft"
    TROUBLE = "trouble"


class Whom(StrEnum):
    """Whom a step aims at."""

    RESIDENT = "resident"
    DESK = "desk"
    NEIGHBOURS = "neighbours"
    POSTS = "posts"
    FAMILY = "family"
    EMERGENCY = "emergency"


BOTH = (Medium.SMS, Medium.VOICE)


@dataclass(frozen=True, slots=True)
class Aim:
    """Reach `count` people of a sort, over each of these media at once."""

    whom: Whom
    media: tuple[Medium, ...] = BOTH
    count: int = 9


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: all aims start together; the next rung starts after `wait_seconds`."""

    aims: tuple[Aim, ...]
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class Policy:
    """The ladder of one kind of alarm.

    `cancel_window_seconds` 0 means raised at once. The ladder starts again `repeat_seconds`
    after its last rung, for as long as nobody answers; 0 means a list entry that rings nobody.
    `hand_over` is the service a "9" or the emergency rung goes to.
    """

    priority: Priority
    steps: tuple[Step, ...]
    cancel_window_seconds: float = 0.0
    lease_seconds: float = 600.0
    desk_lease_seconds: float = 180.0
    outcome_seconds: float = 600.0
    repeat_seconds: float = 60.0
    hand_over: str = "120"
    tells_family: bool = True


_CONSOLE = Aim(Whom.DESK, (Medium.CONSOLE,))
_DESK = Aim(Whom.DESK, (Medium.CONSOLE, Medium.VOICE))
_RESIDENT = Aim(Whom.RESIDENT, (Medium.VOICE,))
_FAMILY = Aim(Whom.FAMILY, (Medium.SMS,))
_TWO = Aim(Whom.NEIGHBOURS, BOTH, 2)
_POSTS = Aim(Whom.POSTS, BOTH)
_EMERGENCY = Aim(Whom.EMERGENCY, (Medium.CONSOLE,))

FIRE = Policy(
    priority=Priority.LIFE,
    steps=(
        Step((_DESK, _RESIDENT, _TWO, _POSTS, _FAMILY), 30.0),
        Step((_TWO,), 30.0),
        Step((_TWO,), 30.0),
        Step((_EMERGENCY, _DESK), 60.0),
    ),
    lease_seconds=300.0,
    hand_over="119",
)
"""Smoke, gas, CO, confirmed heat: everybody at once, 119 on the last rung.

The posts are awake, staffed and near: whoever starts there answers soonest (adr/0063)."""

HELP = Policy(
    priority=Priority.LIFE,
    steps=(
        Step((_DESK, _RESIDENT, _FAMILY), 30.0),
        Step((_TWO,), 60.0),
        Step((_TWO, _POSTS), 60.0),
        Step((_EMERGENCY, _DESK), 60.0),
    ),
)
"""Help call, confirmed fall: the desk and a call back first, neighbours at 30 s, then 120."""

SOFT = Policy(
    priority=Priority.SOFT,
    steps=(
        Step((_TWO, _DESK), 180.0),
        Step((_TWO, _POSTS), 600.0),
        Step((_FAMILY, _DESK), 300.0),
    ),
    cancel_window_seconds=120.0,
    lease_seconds=900.0,
    repeat_seconds=300.0,
    tells_family=False,
)
"""No motion and its like: the resident is asked first; 120 only by a human's decision."""

LISTED = Policy(
    priority=Priority.TROUBLE,
    steps=(Step((_CONSOLE,), 0.0),),
    repeat_seconds=0.0,
    hand_over="",
    tells_family=False,
)
"""Trouble: a line on the operator's list."""

UNPROTECTED = replace(
    LISTED,
    steps=(Step((_CONSOLE,), 1800.0), Step((_RESIDENT,), 0.0)),
    desk_lease_seconds=4 * 3600.0,
)
"""A trouble of the whole home: the list first, then the home is rung by day. Taken over, it is the
operator's task for hours."""

LATE = replace(LISTED, priority=Priority.SOFT)
"""A danger known to be old: shown to the desk, which closes it; nobody is woken."""

FIRST_QUESTION = (_RESIDENT, _CONSOLE)
"""Who hears of a soft alarm while its cancel window is open."""


_LONGEST = 24 * 3600.0
_SHORTEST_REPEAT = 10.0


SERVICES = frozenset({"", "110", "119", "120"})
"""Where an alarm can be handed to."""


_TO_PEOPLE = frozenset({Medium.SMS, Medium.VOICE, Medium.CONSOLE})


def mistakes(policy: Policy) -> list[str]:
    """Say why a policy could end in silence; nothing where it cannot."""
    found = []
    if policy.hand_over not in SERVICES:
        found.append(f"hands over to {policy.hand_over!r}: write one of 119, 120, 110, or nothing")
    if not policy.steps:
        found.append("has no step: nobody would be called")
    if not all(0 <= seconds <= _LONGEST for seconds in _durations(policy)):
        found.append("has a duration that is not between 0 and a day")
    if policy.priority is Priority.TROUBLE:
        return found
    if policy.repeat_seconds <= 0:
        found.append("does not repeat: after its last step it would end in silence")
    elif policy.repeat_seconds < _SHORTEST_REPEAT:
        found.append("repeats before anybody could have answered")
    if policy.priority is Priority.LIFE and policy.cancel_window_seconds > 0:
        found.append("waits for the resident although a life may hang on it")
    aims = (aim for step in policy.steps for aim in step.aims)
    whom = {aim.whom for aim in aims if set(aim.media) & _TO_PEOPLE and aim.count > 0}
    if not whom & {Whom.DESK, Whom.POSTS}:
        found.append("reaches neither the duty desk nor a post: nobody awake at a staffed place")
    if not whom & {Whom.DESK, Whom.NEIGHBOURS, Whom.POSTS}:
        found.append("reaches nobody who can go")
    return found


def _durations(policy: Policy) -> list[float]:
    """List every duration of a policy, in seconds."""
    return [
        *(step.wait_seconds for step in policy.steps),
        policy.cancel_window_seconds,
        policy.lease_seconds,
        policy.desk_lease_seconds,
        policy.outcome_seconds,
        policy.repeat_seconds,
    ]
