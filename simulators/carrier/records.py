"""Texts and calls as the carrier keeps them: which state may follow which, and how JSON shows them.

Instants are kept to the whole second, as the wire has them, so that a filter which names the very
second of a call finds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import format_datetime

VERSION = "2010-04-01"
NEXT: Mapping[str, frozenset[str]] = {
    "queued": frozenset({"sending", "failed", "canceled", "ringing", "busy"}),
    "sending": frozenset({"sent", "failed"}),
    "sent": frozenset({"delivered", "undelivered"}),
    "ringing": frozenset({"in-progress", "no-answer", "canceled"}),
    "in-progress": frozenset({"completed"}),
}
ONE_SEGMENT_GSM, MORE_SEGMENTS_GSM = 160, 153
ONE_SEGMENT_UCS2, MORE_SEGMENTS_UCS2 = 70, 67
ASCII_END = 128


@dataclass(slots=True, kw_only=True)
class Record:
    """What a text and a call have in common."""

    sid: str
    sender: str
    to: str
    direction: str
    status: str
    created: datetime
    updated: datetime
    callback: str = ""

    @property
    def is_final(self) -> bool:
        """Whether no other state follows."""
        return self.status not in NEXT

    def move(self, status: str, now: datetime) -> None:
        """Enter the next state; one that cannot follow is a mistake of the simulator."""
        assert status in NEXT.get(self.status, ()), f"{self.sid}: {self.status} to {status}"
        self.status = status
        self.updated = now


@dataclass(slots=True, kw_only=True)
class Message(Record):
    """One text."""

    body: str
    sent: datetime | None = None
    error_code: int | None = None
    validity_seconds: float = 36_000

    def to_json(self, account: str) -> dict[str, object]:
        """The Message resource."""
        uri = f"/{VERSION}/Accounts/{account}/Messages/{self.sid}"
        return _of_any_kind(self, account, uri) | {
            "body": self.body,
            "num_segments": str(segments(self.body)),
            "num_media": "0",
            "date_sent": _rfc2822(self.sent),
            "error_code": self.error_code,
            "error_message": None if self.error_code is None else "Delivery failed",
            "messaging_service_sid": None,
            "subresource_uris": {"media": f"{uri}/Media.json"},
        }


@dataclass(slots=True, kw_only=True)
class Call(Record):
    """One call."""

    url: str = ""
    twiml: str = ""
    timeout_seconds: float = 60
    events: frozenset[str] = frozenset({"completed"})
    sequence: int = 0
    started: datetime | None = None
    answered: datetime | None = None
    ended: datetime | None = None

    @property
    def duration(self) -> str | None:
        """Whole seconds of talk, once there was talk and it is over."""
        if self.answered is None or self.ended is None:
            return None
        return str(round((self.ended - self.answered).total_seconds()))

    def to_json(self, account: str) -> dict[str, object]:
        """The Call resource."""
        uri = f"/{VERSION}/Accounts/{account}/Calls/{self.sid}"
        absent = "parent_call_sid phone_number_sid answered_by forwarded_from group_sid trunk_sid"
        return (
            _of_any_kind(self, account, uri)
            | dict.fromkeys(absent.split())
            | {
                "to_formatted": self.to,
                "from_formatted": self.sender,
                "start_time": _rfc2822(self.started),
                "end_time": _rfc2822(self.ended),
                "duration": self.duration,
                "caller_name": None,
                "queue_time": "0",
                "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
            }
        )


def segments(body: str) -> int:
    """How many texts a body is billed as: 70 UTF-16 units make one as soon as one is not ASCII."""
    if all(ord(sign) < ASCII_END for sign in body):
        units, one, more = len(body), ONE_SEGMENT_GSM, MORE_SEGMENTS_GSM
    else:
        units = len(body.encode("utf-16-le")) // 2
        one, more = ONE_SEGMENT_UCS2, MORE_SEGMENTS_UCS2
    return 1 if units <= one else -(-units // more)


def matches(record: Message | Call, query: Mapping[str, str]) -> bool:
    """Whether a record passes the filters of a list request.

    Raises:
        ValueError: a date that is neither `YYYY-MM-DD` nor an ISO instant.
    """
    texts = {"To": record.to, "From": record.sender, "Status": record.status}
    if any(query.get(name, value) != value for name, value in texts.items()):
        return False
    moments = (
        {"DateSent": record.sent}
        if isinstance(record, Message)
        else {"StartTime": record.started, "EndTime": record.ended}
    )
    return all(
        _passes(moment, sign, query[name + sign])
        for name, moment in moments.items()
        for sign in ("", "<", ">")
        if name + sign in query
    )


def _passes(moment: datetime | None, sign: str, wanted: str) -> bool:
    """The wire's `Name>=value` and `Name<=value` both include the value itself."""
    bound = datetime.fromisoformat(wanted)
    if moment is None:
        return False
    here: date = moment
    there: date = bound
    if "T" not in wanted:
        here, there = moment.date(), bound.date()
    return here >= there if sign == ">" else here <= there if sign == "<" else here == there


def _of_any_kind(record: Record, account: str, uri: str) -> dict[str, object]:
    return {
        "sid": record.sid,
        "account_sid": account,
        "from": record.sender,
        "to": record.to,
        "direction": record.direction,
        "status": record.status,
        "date_created": _rfc2822(record.created),
        "date_updated": _rfc2822(record.updated),
        "price": None,
        "price_unit": "USD",
        "api_version": VERSION,
        "uri": f"{uri}.json",
    }


def _rfc2822(moment: datetime | None) -> str | None:
    return None if moment is None else format_datetime(moment)
