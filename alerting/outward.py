"""Telling another system what becomes of an alarm: one message a state, over the webhook.

It follows the alarm log: whatever line says that an alarm has moved makes a message of the state
it is in now. Nobody answers there, so it moves no ladder and holds none.
"""

from collections.abc import Iterator

from alerting.alarm import State
from alerting.effect import Effect, Log, Medium, Template
from alerting.escalation import notify
from alerting.roster import Scene

RECEIVER = "webhook"
"""Who is told, in the place of a person."""

_MOVES = frozenset(
    {
        *("pre_alarm", "raised", "drill_raised", "acknowledged", "withdrawn", "lease_expired"),
        *("attended", "outcome_overdue", "closed"),
    }
)
_TOLD = {
    State.PRE_ALARM: Template.STATE_PRE_ALARM,
    State.RAISED: Template.STATE_RAISED,
    State.ACKNOWLEDGED: Template.STATE_ACKNOWLEDGED,
    State.ATTENDED: Template.STATE_ATTENDED,
    State.CLOSED: Template.STATE_CLOSED,
}


def tell(line: Log, scene: Scene) -> Iterator[Effect]:
    """Tell the state of the alarm that a line is about, once a round."""
    alarm = scene.home.alarms.get(line.alarm_id)
    if alarm is not None and not alarm.is_test and line.verb in _MOVES:
        yield from notify(alarm, RECEIVER, (Medium.WEBHOOK,), _TOLD[alarm.state], scene)
