"""Everything that can come into the core, as data.

The journal holds these and nothing else: folding them in order gives the state again. All ids
are in `[A-Za-z0-9_-]`; no event holds a name, a number or an address.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from alerting.record import HomeRecord
from sensors.reading import Report


class Outcome(StrEnum):
    """What came of one attempt to reach one person over one channel."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    RINGING = "ringing"
    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    ACKNOWLEDGED = "acknowledged"
    DECLINED = "declined"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    RECIPIENT_FAULT = "recipient_fault"
    CHANNEL_FAULT = "channel_fault"
    LIMITED = "limited"
    RETRY = "retry"  # the provider refused before it did anything; asking again is safe
    NOT_SENT = "not_sent"  # nothing left the box (refused, name not found)
    UNKNOWN = "unknown"  # it may or may not have been taken
    NOT_FOUND = "not_found"  # an UNKNOWN was looked up, and the provider has not got it
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Answer(StrEnum):
    """What a person said; the digits are those of the texts."""

    GOING = "going"  # 1
    CANNOT = "cannot"  # 2
    ARRIVED = "arrived"  # 3
    SAFE = "safe"  # 4
    NOBODY_OPENS = "nobody_opens"  # 8
    AMBULANCE = "ambulance"  # 9
    HEARD = "heard"  # 收到 and its like: holds nothing
    COMING = "coming"  # 马上, 来了: asked for a 1
    STOP = "stop"  # TD, 退订
    UNCLEAR = "unclear"


class Verb(StrEnum):
    """What an operator does to an alarm."""

    ACKNOWLEDGE = "acknowledge"
    ATTEND = "attend"
    CLOSE = "close"
    CALLED = "called"  # 119, 120 or 110 has been called; `disposition` says which


class ReportReceived(msgspec.Struct, frozen=True, tag="report"):
    """A device claimed to `home_id` said something."""

    home_id: str
    report: Report


class AttemptReported(msgspec.Struct, frozen=True, tag="attempt", omit_defaults=True):
    """A channel says what came of an attempt; may arrive twice, late or out of order."""

    home_id: str
    alarm_id: str
    attempt_id: str
    outcome: Outcome
    detail: str = ""
    retry_after_seconds: float | None = None


class AnswerGiven(msgspec.Struct, frozen=True, tag="answer", omit_defaults=True):
    """A person answered about one alarm (a key in our call, a link, a text resolved to it)."""

    home_id: str
    alarm_id: str
    person_id: str
    answer: Answer
    via: str = "sms"


class ReplyReceived(msgspec.Struct, frozen=True, tag="reply", omit_defaults=True):
    """A known person sent a text; `slot` is the first digit of a two-digit answer.

    `text_id` is the carrier's: a text polled or delivered twice is taken once. `sent_at` is when
    it was sent, by our clock; None where it came at once.
    """

    person_id: str
    answer: Answer
    slot: int | None = None
    text_id: str = ""
    sent_at: datetime | None = None


class OperatorActed(msgspec.Struct, frozen=True, tag="operator", omit_defaults=True):
    """An operator took over, attended or closed an alarm."""

    home_id: str
    alarm_id: str
    operator: str
    verb: Verb
    disposition: str | None = None


class DrillOrdered(msgspec.Struct, frozen=True, tag="drill"):
    """Rehearse an alarm of `kind` at a home, end to end."""

    home_id: str
    kind: str
    operator: str


class AwayReported(msgspec.Struct, frozen=True, tag="away", omit_defaults=True):
    """Somebody says that nobody is at home from one instant to another, or this resident not.

    `by` is an id; `text_id` the carrier's, where it came as a text.
    """

    home_id: str
    since: datetime
    until: datetime
    by: str
    resident_id: str = ""
    via: str = "command"
    text_id: str = ""


class AwayEnded(msgspec.Struct, frozen=True, tag="back", omit_defaults=True):
    """Somebody says that they are at home again, or that they do not go."""

    home_id: str
    by: str
    resident_id: str = ""
    via: str = "command"
    text_id: str = ""


class WalkTestBegun(msgspec.Struct, frozen=True, tag="walk_test"):
    """An installer begins to test a home's devices; ends by itself at `until`."""

    home_id: str
    installer_id: str
    until: datetime
    by: str


class WalkTestEnded(msgspec.Struct, frozen=True, tag="walk_test_ended"):
    """The installer is done."""

    home_id: str
    by: str


class HomeChanged(msgspec.Struct, frozen=True, tag="home"):
    """The registry has this to say about a home; replaces what was said before."""

    home: HomeRecord


class HomeRemoved(msgspec.Struct, frozen=True, tag="home_removed"):
    """The registry no longer has this home."""

    home_id: str


class ConfigApplied(msgspec.Struct, frozen=True, tag="config"):
    """The effective configuration of the core, as JSON; journaled at each start and reload."""

    settings: bytes


class Elapsed(msgspec.Struct, frozen=True, tag="elapsed"):
    """A deadline of this home has come."""

    home_id: str


class GapRecorded(msgspec.Struct, frozen=True, tag="gap"):
    """Readings of one link could be lost between these instants."""

    link: str
    since: datetime
    until: datetime


class HoldSet(msgspec.Struct, frozen=True, tag="hold"):
    """Wait until then with what silence on a link means: it is down, or a backlog is to come.

    `until` in the past takes the hold away.
    """

    link: str
    until: datetime


Event = (
    ReportReceived
    | AttemptReported
    | AnswerGiven
    | ReplyReceived
    | OperatorActed
    | DrillOrdered
    | AwayReported
    | AwayEnded
    | WalkTestBegun
    | WalkTestEnded
    | HomeChanged
    | HomeRemoved
    | ConfigApplied
    | Elapsed
    | GapRecorded
    | HoldSet
)

HomeEvent = (
    AttemptReported
    | AnswerGiven
    | OperatorActed
    | DrillOrdered
    | AwayReported
    | AwayEnded
    | WalkTestBegun
    | WalkTestEnded
)
"""What somebody or a channel says of one home."""
