"""Whether the ladder does what it promises: every open alarm has a human or a future deadline.

Asked from outside the fold, at any instant, of the state as it is. A mistake anywhere in the core
or its clock that leaves an alarm to nobody shows here, whatever the mistake was.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from alerting.alarm import Alarm, State
from alerting.home import HomeState
from alerting.policy import LATE, Priority

OVERDUE_AFTER = timedelta(seconds=60)
"""A step may be late by a slow commit, not by a minute."""


def unattended(
    homes: Iterable[HomeState], asked_at: datetime | None, now: datetime
) -> Iterator[tuple[str, str]]:
    """Give each open alarm that nobody has and nothing moves, as (alarm id, why).

    `asked_at` is when the core asks to be asked next. A trouble and what is only shown to the desk
    are the desk's list and move by nobody's clock.
    """
    for home in homes:
        for alarm in home.alarms.values():
            is_listed = alarm.policy.priority is Priority.TROUBLE or alarm.policy == LATE
            if alarm.is_open and not is_listed and (why := _left(alarm, asked_at, now)):
                yield alarm.id, why


def _left(alarm: Alarm, asked_at: datetime | None, now: datetime) -> str:
    """Say why nothing moves an alarm; empty where something does."""
    owed = {
        State.PRE_ALARM: alarm.window_due,
        State.RAISED: alarm.ladder_due,
        State.ACKNOWLEDGED: alarm.lease_due,
        State.ATTENDED: alarm.outcome_due,
    }[alarm.state]
    if owed is None:
        return f"{alarm.state}, and nothing is due"
    if owed < now - OVERDUE_AFTER:
        return f"{alarm.state}, overdue by {(now - owed).total_seconds():.0f} s"
    if asked_at is None or asked_at > owed:
        return f"{alarm.state}, and nobody asks in time"
    return ""
