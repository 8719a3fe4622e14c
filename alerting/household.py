"""What an event does at one home: it is passed on to the machine that it is for.

Alarms, drills, away reports and installation tests; time passing and reports are the engine's own.
"""

from collections.abc import Callable, Iterator

from alerting import away, escalation, response, walk_test
from alerting.alarm import Alarm, RefusedError
from alerting.effect import Effect
from alerting.event import (
    AnswerGiven,
    AttemptReported,
    AwayEnded,
    AwayReported,
    DrillOrdered,
    HomeEvent,
    OperatorActed,
    WalkTestBegun,
    WalkTestEnded,
)
from alerting.home import HomeState
from alerting.policy import Policy, Priority
from alerting.raising import raise_alarm, take_finding
from alerting.record import HomeRecord
from alerting.roster import Scene
from alerting.rules import Finding, Sign
from alerting.settings import RULES

PolicyOf = Callable[[str], Policy]
"""The policy in force for a kind of alarm."""


def take(event: HomeEvent, scene: Scene, policy_of: PolicyOf) -> Iterator[Effect]:
    """Let an event act; raises RefusedError before anything has changed."""
    match event:
        case DrillOrdered():
            yield from _drill(event, scene, policy_of)
        case AwayReported() | AwayEnded():
            yield from away.take(event, scene)
        case WalkTestBegun():
            yield from walk_test.begin(event, scene)
        case WalkTestEnded():
            yield from end_walk_test(scene, policy_of, event.by)
        case AttemptReported() | AnswerGiven() | OperatorActed():
            alarm = scene.home.alarms.get(event.alarm_id)
            if alarm is None:
                raise RefusedError("unknown_alarm")
            yield from _act(alarm, event, scene, policy_of)


def _act(
    alarm: Alarm,
    event: AttemptReported | AnswerGiven | OperatorActed,
    scene: Scene,
    policy_of: PolicyOf,
) -> Iterator[Effect]:
    """Let what somebody or a channel says act on an alarm."""
    match event:
        case AttemptReported():
            yield from escalation.take_outcome(
                alarm, event.attempt_id, event.outcome, scene, event.retry_after_seconds
            )
        case AnswerGiven():
            is_over = not alarm.is_open
            yield from response.answer(alarm, event, scene)
            if is_over and response.asks_for_people(event, scene):
                finding = Finding(Sign.DANGER, {"resident": event.person_id})
                yield from take_finding("help_call", finding, policy_of("help_call"), scene)
        case OperatorActed():
            yield from response.operate(alarm, event, scene)


def _drill(event: DrillOrdered, scene: Scene, policy_of: PolicyOf) -> Iterator[Effect]:
    """Rehearse an alarm end to end; never beside a real one of the same kind."""
    home = scene.home
    if event.kind not in RULES or RULES[event.kind].policy.priority is Priority.TROUBLE:
        raise RefusedError(f"no drill of kind {event.kind}")
    if home.open_alarm(event.kind) is not None or home.is_drilling(event.kind):
        raise RefusedError("an alarm of this kind is open")
    if home.walk_test is not None:
        raise RefusedError("an installation test runs at this home")
    finding = Finding(Sign.DANGER, {"ordered_by": event.operator})
    yield from raise_alarm(event.kind, finding, policy_of(event.kind), scene, is_drill=True)


def end_walk_test(scene: Scene, policy_of: PolicyOf, by: str = "") -> Iterator[Effect]:
    """End an installation test; what still cries then is a danger like any other."""
    for kind, found in walk_test.end(scene, by):
        if isinstance(found, Finding):
            yield from take_finding(kind, found, policy_of(kind), scene)
        else:
            yield found


def gone(home: HomeState, record: HomeRecord) -> Iterator[str]:
    """List the devices that a new record no longer has and that an open alarm is about."""
    left = {device.id for device in record.devices}
    subjects = {alarm.subject for alarm in home.alarms.values() if alarm.is_open}
    return (d.id for d in home.record.devices if d.id not in left and d.id in subjects)


def let_go(scene: Scene) -> Iterator[Effect]:
    """End the troubles of devices that were taken out; what they cried of people still look at."""
    gone, scene.home.gone_ids = scene.home.gone_ids, []
    for alarm in scene.home.alarms.values() if gone else ():
        is_trouble = alarm.policy.priority is Priority.TROUBLE
        if alarm.is_open and is_trouble and alarm.subject in gone:
            yield from response.end_trouble(alarm, {"device": alarm.subject}, scene)
