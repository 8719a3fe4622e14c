"""Everything the core can ask for, as data with a key.

A key is a function of home, alarm and step, never of chance or of the clock's last digit, so
that a replay asks for the same things and a sink that puts a key only once does them once.
"""

from datetime import datetime
from enum import StrEnum

import msgspec


class Medium(StrEnum):
    """How a notification reaches a person."""

    SMS = "sms"
    VOICE = "voice"
    CONSOLE = "console"
    WEBHOOK = "webhook"


class Template(StrEnum):
    """Which text; `message.py` renders it from the registry's facts."""

    ALARM = "alarm"  # by the alarm's kind
    DRILL = "drill"
    GOING = "going"
    ARRIVED = "arrived"
    NOT_THERE = "not_there"  # "safe" from someone who never said they go
    STAND_DOWN = "stand_down"
    NOT_HELD = "not_held"  # 收到 holds nothing
    SAY_ONE = "say_one"  # 马上, 来了: please answer 1
    WHICH_ONE = "which_one"  # more than one open alarm, no slot
    ALREADY_CLOSED = "already_closed"
    UNCLEAR = "unclear"
    STOPPED = "stopped"
    SENT_BEFORE = "sent_before"  # the text was sent before the alarm was raised
    RESIDENT_CHECK = "resident_check"
    RESIDENT_HEARD = "resident_heard"
    RESIDENT_COMING = "resident_coming"
    RESIDENT_ARRIVED = "resident_arrived"
    RESIDENT_UNPROTECTED = "resident_unprotected"
    FAMILY_START = "family_start"
    FAMILY_GOING = "family_going"
    FAMILY_ARRIVED = "family_arrived"
    FAMILY_RESULT = "family_result"
    DESK_NOBODY_OPENS = "desk_nobody_opens"
    DESK_AMBULANCE = "desk_ambulance"
    DESK_RESIDENT_ASKS = "desk_resident_asks"
    DESK_UNANSWERED = "desk_unanswered"
    DESK_MOVED = "desk_moved"  # the resident moved while being asked: nobody need go
    DESK_STOPPED = "desk_stopped"
    DESK_WORSE = "desk_worse"  # a soft alarm has become one on which a life hangs
    SCRIPT = "script"  # what to read to 119, 120 or 110, for who is to call
    CALLED = "called"  # it has been called: by whom, when, and where to meet the vehicle
    TESTED = "tested"  # an alarm during an installation test, for the desk
    INSTALLER_BEGUN = "installer_begun"
    INSTALLER_HEARD = "installer_heard"
    INSTALLER_DONE = "installer_done"
    AWAY_NOTED = "away_noted"
    AWAY_OVER = "away_over"
    AWAY_UNCLEAR = "away_unclear"
    STATE_PRE_ALARM = "state_pre_alarm"  # for the webhook: what the alarm is now
    STATE_RAISED = "state_raised"
    STATE_ACKNOWLEDGED = "state_acknowledged"
    STATE_ATTENDED = "state_attended"
    STATE_CLOSED = "state_closed"


class Submit(msgspec.Struct, frozen=True, tag="submit", omit_defaults=True):
    """Make one attempt to reach one person.

    `key` is the attempt id, unique for ever; `alarm_id` is empty for an answer to a text that
    belongs to no alarm. `person_id` is a responder's or a resident's. `kind` is the alarm's.
    `slot` asks for two-digit answers. `mates` are the answers a WHICH_ONE has to name, as
    (two digits, home id). `actor_id` is who is going or who closed, for texts
    that say so. `is_unanswered` says that the resident was rung first, in vain;
    `lease_minutes` is how long a promise holds. `device_ids` are what an installer hears of.
    `about_id` is the resident it is about, where one is known among several. `service` is whom a
    SCRIPT is read to; of a CALLED `confirmed_at` says when and `is_by_desk` whether the desk did.
    Not submitted after `expires_at`. `is_urgent` goes first.
    """

    key: str
    home_id: str
    alarm_id: str
    person_id: str
    medium: Medium
    template: Template
    kind: str
    not_before: datetime
    expires_at: datetime
    raised_at: datetime
    is_urgent: bool = False
    is_drill: bool = False
    is_unanswered: bool = False
    lease_minutes: int = 10
    slot: int | None = None
    mates: tuple[tuple[int, str], ...] = ()
    actor_id: str | None = None
    about_id: str = ""
    service: str = ""
    confirmed_at: datetime | None = None
    is_by_desk: bool = False
    device_ids: tuple[str, ...] = ()


class Resolve(msgspec.Struct, frozen=True, tag="resolve"):
    """Ask the provider whether it has this attempt, whose submission ended UNKNOWN."""

    key: str
    attempt_id: str
    home_id: str
    alarm_id: str
    not_before: datetime


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """Take back an attempt that is queued or ringing."""

    key: str
    attempt_id: str
    home_id: str
    alarm_id: str


class HandOver(msgspec.Struct, frozen=True, tag="hand_over"):
    """Hand an alarm to 119, 120 or 110; what is done depends on the configured mode."""

    key: str
    home_id: str
    alarm_id: str
    service: str
    kind: str
    raised_at: datetime
    is_drill: bool = False


class Log(msgspec.Struct, frozen=True, tag="log", omit_defaults=True):
    """A line of the alarm log: what happened to an alarm. `facts` holds ids and words only."""

    key: str
    home_id: str
    alarm_id: str
    kind: str
    verb: str
    priority: str
    facts: dict[str, str] = {}


Effect = Submit | Resolve | Cancel | HandOver | Log
