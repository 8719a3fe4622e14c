"""One message to one person over one medium about an alarm, and what its failures lead to.

A notification lives through attempts. The channel reports an `Outcome` for an attempt; the
table says what follows. Two things can follow, and they are independent: the *same* person is
tried again at a later instant, and the *ladder moves on* at once, to another person. A voice
attempt whose fate is unknown is never posted again: it is looked up, and only when the provider
has not got it does a new attempt with a new id begin.
"""

from datetime import datetime, timedelta
from math import isfinite
from typing import NamedTuple

import msgspec

from alerting.effect import Medium, Template
from alerting.event import Outcome


class Row(NamedTuple):
    """What follows an outcome.

    `delays` are seconds before the next try of the same person; the last repeats until expiry
    where `repeats`, else the notification ends after them. The ladder moves on once `on_after`
    tries have ended so; None: it does not. `looks_up` asks the provider instead of trying.
    """

    delays: tuple[float, ...] = ()
    repeats: bool = False
    on_after: int | None = 0
    looks_up: bool = False
    bars: bool = False


_BACKOFF = (1.0, 2.0, 4.0, 8.0, 15.0)
_FAILED = Row()
_AGAIN = Row(_BACKOFF, repeats=True)

FOLLOWS: dict[tuple[Medium, Outcome], Row] = {
    (Medium.SMS, Outcome.RETRY): Row(_BACKOFF, repeats=True, on_after=3),
    (Medium.SMS, Outcome.NOT_SENT): _AGAIN,
    (Medium.SMS, Outcome.UNKNOWN): _AGAIN,
    (Medium.SMS, Outcome.UNDELIVERED): _FAILED,
    (Medium.SMS, Outcome.LIMITED): _FAILED,
    (Medium.SMS, Outcome.CHANNEL_FAULT): _FAILED,
    (Medium.SMS, Outcome.RECIPIENT_FAULT): Row(bars=True),
    (Medium.SMS, Outcome.EXPIRED): _FAILED,
    (Medium.SMS, Outcome.DELIVERED): Row(on_after=None),
    (Medium.SMS, Outcome.CANCELLED): Row(on_after=None),
    (Medium.VOICE, Outcome.RETRY): Row(_BACKOFF, repeats=True, on_after=3),
    (Medium.VOICE, Outcome.NOT_SENT): _AGAIN,
    (Medium.VOICE, Outcome.UNKNOWN): Row((1.0, 2.0, 3.0, 4.0), repeats=True, looks_up=True),
    (Medium.VOICE, Outcome.NOT_FOUND): Row((0.0,), repeats=True, on_after=None),
    (Medium.VOICE, Outcome.BUSY): Row((30.0, 30.0)),
    (Medium.VOICE, Outcome.NO_ANSWER): _FAILED,
    (Medium.VOICE, Outcome.UNDELIVERED): _FAILED,
    (Medium.VOICE, Outcome.VOICEMAIL): _FAILED,
    (Medium.VOICE, Outcome.DECLINED): _FAILED,
    (Medium.VOICE, Outcome.LIMITED): _FAILED,
    (Medium.VOICE, Outcome.CHANNEL_FAULT): _FAILED,
    (Medium.VOICE, Outcome.RECIPIENT_FAULT): Row(bars=True),
    (Medium.VOICE, Outcome.EXPIRED): _FAILED,
    (Medium.VOICE, Outcome.ACKNOWLEDGED): Row(on_after=None),
    (Medium.VOICE, Outcome.DELIVERED): Row(on_after=None),  # a call that only spoke was heard out
    (Medium.VOICE, Outcome.CANCELLED): Row(on_after=None),
    (Medium.WEBHOOK, Outcome.RETRY): Row(_BACKOFF, repeats=True, on_after=None),
    (Medium.WEBHOOK, Outcome.NOT_SENT): Row(_BACKOFF, repeats=True, on_after=None),
    (Medium.WEBHOOK, Outcome.UNKNOWN): Row(_BACKOFF, repeats=True, on_after=None),
    (Medium.WEBHOOK, Outcome.UNDELIVERED): Row(on_after=None),
    (Medium.WEBHOOK, Outcome.CHANNEL_FAULT): Row(on_after=None),
    (Medium.WEBHOOK, Outcome.RECIPIENT_FAULT): Row(on_after=None, bars=True),
    (Medium.WEBHOOK, Outcome.DELIVERED): Row(on_after=None),
    (Medium.WEBHOOK, Outcome.EXPIRED): Row(on_after=None),
    (Medium.CONSOLE, Outcome.DELIVERED): Row(on_after=None),
    (Medium.CONSOLE, Outcome.EXPIRED): Row(on_after=None),
}
"""The retry table of ESCALATION, one row a pair; a pair not here is progress, not an end."""

_RANK = {Outcome.ACCEPTED: 1, Outcome.RINGING: 2, Outcome.ANSWERED: 3}

_DOUBTS = frozenset({Outcome.UNKNOWN, Outcome.NOT_FOUND})
"""Whether the provider has it: asked no more once it has said how far it is."""

_MAYBE_SENT = frozenset({Outcome.UNKNOWN, Outcome.NOT_SENT, Outcome.RETRY})
"""After these a callback of the same attempt proves that it left after all."""

STATUS_WITHIN = {
    Medium.SMS: timedelta(seconds=30),
    Medium.VOICE: timedelta(seconds=90),
    Medium.CONSOLE: timedelta(seconds=30),
    Medium.WEBHOOK: timedelta(seconds=30),
}
"""No final status by then is a failure: 25 s of ringing and a spoken text fit in a call's."""

_NOT_FOUND_AFTER = timedelta(seconds=10)
"""A provider may list a call some seconds late: only then does "not found" mean "not posted"."""

CONFIRM_WITHIN = timedelta(seconds=60)
"""Who has the script has called the service by then, or is asked again."""

LIFETIME = timedelta(minutes=5)
"""An attempt that has not left by then says something no longer true."""


class Notification(msgspec.Struct):
    """One message to one person over one medium.

    `due` is the deadline of the running attempt's status, `again_at` the next try, `look_up_at`
    the next question to the provider. `expects_answer` is false for those who are only told.
    `outcome` is how the last ended attempt ended, `reached` how far the running one has come.
    """

    key: str
    person_id: str
    medium: Medium
    template: Template
    expires_at: datetime
    attempted_at: datetime
    attempt: int = 1
    outcome: Outcome | None = None
    reached: int = 0
    tries: int = 0
    is_done: bool = False
    expects_answer: bool = True
    has_moved: bool = False
    due: datetime | None = None
    again_at: datetime | None = None
    look_up_at: datetime | None = None

    @property
    def attempt_id(self) -> str:
        """Name the running attempt; the provider carries it back to us."""
        return f"{self.key}.{self.attempt}"

    def next_due(self) -> datetime | None:
        """Give the earliest instant at which this notification needs the core."""
        if self.is_done:
            return None
        dues = (self.due, self.again_at, self.look_up_at)
        return min((due for due in dues if due is not None), default=None)

    def begin(self, now: datetime) -> None:
        """Start the running attempt's clock; how the last one ended stays, to count alike ends."""
        self.attempted_at = now
        self.reached = 0
        self.again_at = self.look_up_at = None
        self.due = now + STATUS_WITHIN[self.medium]

    def again(self, now: datetime) -> None:
        """Start a new attempt with a new id."""
        self.attempt += 1
        self.begin(now)


class Verdict(NamedTuple):
    """What a report means: whether the ladder moves on, and whether the number is no good."""

    moves_on: bool = False
    bars: bool = False


_NOTHING = Verdict()


def report(
    notification: Notification,
    outcome: Outcome,
    now: datetime,
    retry_after_seconds: float | None = None,
) -> Verdict:
    """Take in an outcome of the running attempt; late and repeated ones change nothing."""
    if notification.is_done:
        return _NOTHING
    if outcome in _RANK:
        _progress(notification, outcome, now)
        return _NOTHING
    if notification.reached and outcome in _DOUBTS:
        return _NOTHING
    is_early = now - notification.attempted_at < _NOT_FOUND_AFTER
    if (outcome is Outcome.NOT_FOUND and is_early) or _asks_again(notification, outcome, now):
        outcome = Outcome.UNKNOWN
    row = FOLLOWS.get((notification.medium, outcome))
    if row is None:
        return _NOTHING
    return _conclude(notification, outcome, row, now, retry_after_seconds)


def _asks_again(notification: Notification, outcome: Outcome, now: datetime) -> bool:
    """Say whether a look-up had no answer: it got lost, or we were down, and it is made again."""
    is_open = notification.outcome is Outcome.UNKNOWN and notification.look_up_at is None
    is_call = notification.medium is Medium.VOICE and notification.again_at is None
    is_waiting = is_open and is_call and not notification.reached
    return outcome is Outcome.EXPIRED and is_waiting and now < notification.expires_at


def is_answered(notification: Notification) -> bool:
    """Say whether a person, and not their voicemail, has picked up."""
    if notification.medium is Medium.VOICE and notification.outcome is Outcome.DELIVERED:
        return True
    is_picked_up = notification.reached >= _RANK[Outcome.ANSWERED]
    return is_picked_up and notification.outcome is not Outcome.VOICEMAIL


def _progress(notification: Notification, outcome: Outcome, now: datetime) -> None:
    """Move forward only: a reordered callback must not turn an answered call into a ringing.

    An attempt that has ended stays ended; only one that seemed not to have left is taken up.
    """
    if notification.again_at is not None and notification.outcome not in _MAYBE_SENT:
        return
    if _RANK[outcome] > notification.reached:
        notification.reached = _RANK[outcome]
        notification.due = now + STATUS_WITHIN[notification.medium]
        notification.again_at = notification.look_up_at = None


def _conclude(
    notification: Notification,
    outcome: Outcome,
    row: Row,
    now: datetime,
    retry_after_seconds: float | None,
) -> Verdict:
    """Plan the next try of this person and say whether the ladder moves on."""
    if notification.again_at is not None:
        return _NOTHING  # this attempt has ended already
    tries = notification.tries if outcome is notification.outcome else 0
    notification.tries = tries + 1
    notification.outcome = outcome
    notification.due = None
    at = _next_try(row, tries, now, retry_after_seconds)
    believed_at = notification.attempted_at + _NOT_FOUND_AFTER
    if row.looks_up and at is not None and now < believed_at:
        at = min(at, believed_at)  # the first instant at which "not found" may be believed
    if at is None or at >= notification.expires_at:
        notification.is_done = True
    elif row.looks_up:
        notification.look_up_at = at
    else:
        notification.again_at = at
        notification.look_up_at = None
    is_far = row.on_after is not None and notification.tries >= row.on_after
    moves_on = is_far and not notification.has_moved
    if notification.is_done and row.on_after is not None:
        moves_on = not notification.has_moved
    notification.has_moved = notification.has_moved or moves_on
    return Verdict(moves_on=moves_on, bars=row.bars)


def _next_try(
    row: Row, tries: int, now: datetime, retry_after_seconds: float | None
) -> datetime | None:
    """Give the instant of the next try, or None where there is none.

    What a provider asks us to wait is a stranger's number: beyond LIFETIME it says no more.
    """
    if tries >= len(row.delays) and not row.repeats:
        return None
    delay = row.delays[min(tries, len(row.delays) - 1)]
    if retry_after_seconds is not None and isfinite(retry_after_seconds):
        delay = max(delay, min(retry_after_seconds, LIFETIME.total_seconds()))
    return now + timedelta(seconds=delay)
