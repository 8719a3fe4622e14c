r"""The alarm machine: what state an alarm is in, and what may happen to it next.

    PRE_ALARM --> RAISED <--> ACKNOWLEDGED
                    ^  \        |
                    |   `-----> ATTENDED --> CLOSED

An acknowledgement is a lease: it runs out and the alarm is RAISED again. The table is the
machine: a pair that is not in it is not allowed, and that is the only error path. A condition
going away (`RESTORED`) is recorded and ends nothing, save a trouble.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from alerting.notification import Notification
from alerting.policy import Policy, Priority


class State(StrEnum):
    """Where an alarm stands."""

    PRE_ALARM = "pre_alarm"
    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    ATTENDED = "attended"
    CLOSED = "closed"


class Step(StrEnum):
    """What can happen to an alarm."""

    CANCELLED = "cancelled"
    WINDOW_ELAPSED = "window_elapsed"
    REINFORCED = "reinforced"
    RESTORED = "restored"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    LEASE_EXPIRED = "lease_expired"
    WITHDRAWN = "withdrawn"
    ATTENDED = "attended"
    OUTCOME_OVERDUE = "outcome_overdue"
    HELP_NEEDED = "help_needed"
    CLOSED = "closed"


TRANSITIONS: dict[tuple[State, Step], State] = {
    (State.PRE_ALARM, Step.CANCELLED): State.CLOSED,
    (State.PRE_ALARM, Step.WINDOW_ELAPSED): State.RAISED,
    (State.PRE_ALARM, Step.REINFORCED): State.RAISED,
    (State.PRE_ALARM, Step.RESTORED): State.PRE_ALARM,
    (State.PRE_ALARM, Step.ACKNOWLEDGED): State.ACKNOWLEDGED,
    (State.PRE_ALARM, Step.ATTENDED): State.ATTENDED,
    (State.PRE_ALARM, Step.CLOSED): State.CLOSED,
    (State.RAISED, Step.ACKNOWLEDGED): State.ACKNOWLEDGED,
    (State.RAISED, Step.ATTENDED): State.ATTENDED,
    (State.RAISED, Step.ESCALATED): State.RAISED,
    (State.RAISED, Step.REINFORCED): State.RAISED,
    (State.RAISED, Step.RESTORED): State.RAISED,
    (State.RAISED, Step.CLOSED): State.CLOSED,
    (State.ACKNOWLEDGED, Step.ACKNOWLEDGED): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Step.LEASE_EXPIRED): State.RAISED,
    (State.ACKNOWLEDGED, Step.WITHDRAWN): State.RAISED,
    (State.ACKNOWLEDGED, Step.ATTENDED): State.ATTENDED,
    (State.ACKNOWLEDGED, Step.REINFORCED): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Step.RESTORED): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Step.CLOSED): State.CLOSED,
    (State.ATTENDED, Step.ATTENDED): State.ATTENDED,
    (State.ATTENDED, Step.OUTCOME_OVERDUE): State.RAISED,
    (State.ATTENDED, Step.HELP_NEEDED): State.ATTENDED,
    (State.ATTENDED, Step.REINFORCED): State.ATTENDED,
    (State.ATTENDED, Step.RESTORED): State.ATTENDED,
    (State.ATTENDED, Step.CLOSED): State.CLOSED,
}


class Disposition(StrEnum):
    """How an alarm ended."""

    ASSISTED = "assisted"
    HANDED_TO_120 = "handed_to_120"
    HANDED_TO_119 = "handed_to_119"
    HANDED_TO_110 = "handed_to_110"
    ACCIDENTAL_PRESS = "accidental_press"
    COOKING_OR_INCENSE = "cooking_or_incense"
    AWAY = "away"
    REFUSED = "refused"
    DEVICE_FAULT = "device_fault"
    FALSE_ALARM = "false_alarm"
    NO_ACCESS = "no_access"
    DECEASED = "deceased"
    CANCELLED = "cancelled"
    DRILL = "drill"
    DUPLICATE = "duplicate"


class RefusedError(Exception):
    """What is asked for cannot be done to this alarm; nothing has changed."""


class UnknownDispositionError(RefusedError):
    """An alarm cannot end like this."""

    def __init__(self, word: str) -> None:
        """Name the word for the operator."""
        super().__init__(f"{word!r} is no disposition")


class NotAllowedError(RefusedError):
    """This cannot happen to an alarm in this state."""

    def __init__(self, state: State, step: Step) -> None:
        """Name both for the operator."""
        super().__init__(f"{step.value} is not possible while the alarm is {state.value}")


class Confirmed(msgspec.Struct, frozen=True):
    """Who said that a service has been called, and when."""

    person_id: str
    at: datetime
    is_by_desk: bool = False


class Alarm(msgspec.Struct):
    """One alarm of one home, with its running ladder.

    `holder_id` is who has promised to go (or the operator who took over), `scene_ids` who said
    they arrived, `going_ids` who said they go, `called_ids` who were asked and must hear when they
    are no longer needed. `unanswered` counts the calls each let ring. `rung` is the step reached,
    `round` how often the ladder has begun, `repeats` how often it began again without an answer.
    `subject` is the device for a device's own trouble. `wanted` is the service that a person is to
    call, `confirmed` who has called which, `confirm_due` when it is asked for again. `is_test`
    says that it was raised in an installation test: the desk and the installer alone hear of it.
    Every instant that ends in `_at` or `_due` is when the core must act next; None where it need
    not.
    """

    id: str
    home_id: str
    kind: str
    policy: Policy
    raised_at: datetime
    state: State = State.RAISED
    subject: str = ""
    is_drill: bool = False
    is_test: bool = False
    evidence: dict[str, str] = {}
    signs: int = 1
    rung: int = 0
    round: int = 1
    repeats: int = 0
    unanswered: dict[str, int] = {}
    ladder_due: datetime | None = None
    lease_due: datetime | None = None
    outcome_due: datetime | None = None
    window_due: datetime | None = None
    holder_id: str | None = None
    scene_ids: list[str] = []
    called_ids: list[str] = []
    going_ids: list[str] = []
    handed: dict[str, int] = {}
    wanted: str = ""
    confirmed: dict[str, Confirmed] = {}
    confirm_due: datetime | None = None
    declined_ids: list[str] = []
    notifications: dict[str, Notification] = {}
    is_family_told: bool = False
    restored_at: datetime | None = None
    closed_at: datetime | None = None
    disposition: Disposition | None = None
    line: int = 0

    @property
    def is_open(self) -> bool:
        """Whether a person still has to act."""
        return self.state is not State.CLOSED

    @property
    def is_life_safety(self) -> bool:
        """Whether a life may hang on it."""
        return self.policy.priority is Priority.LIFE

    @property
    def is_sign_of_life(self) -> bool:
        """Whether its end means that somebody has seen, or heard, the resident."""
        return (
            not self.is_drill
            and not self.is_test
            and (self.kind == "no_motion" or bool(self.scene_ids))
        )

    def advance(self, step: Step) -> None:
        """Let `step` happen, or raise NotAllowedError and change nothing."""
        try:
            self.state = TRANSITIONS[self.state, step]
        except KeyError:
            raise NotAllowedError(self.state, step) from None

    def allows(self, step: Step) -> bool:
        """Say whether `step` may happen now."""
        return (self.state, step) in TRANSITIONS

    def next_due(self) -> datetime | None:
        """Give the earliest instant at which the core must look at this alarm again."""
        dues = [self.ladder_due, self.lease_due, self.outcome_due, self.window_due]
        dues += [self.confirm_due]
        dues += [notification.next_due() for notification in self.notifications.values()]
        return min((due for due in dues if due is not None), default=None)


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_EPOCH = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


def alarm_id(home_id: str, kind: str, began_at: datetime) -> str:
    """Name an alarm by its home, its kind and the millisecond in which it began (base 36)."""
    number = (began_at - _EPOCH) // timedelta(milliseconds=1)
    digits = ""
    while number > 0:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return f"{home_id}-{kind}-{digits or '0'}"
