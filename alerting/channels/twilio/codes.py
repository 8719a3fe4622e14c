"""What Twilio's codes and statuses mean for an attempt. Pure: tables and how they are read.

Source: Twilio's published error dictionary and the status values of Messages and Calls.
"""

from collections.abc import Mapping

from alerting.channels.contract import Submitted
from alerting.effect import Medium
from alerting.event import Outcome

AUTHENTICATE = 20003

OF_CODE: Mapping[int, Outcome] = {
    20429: Outcome.RETRY,  # too many requests
    # The account or its number may not do this: no retry helps until somebody mends it.
    AUTHENTICATE: Outcome.CHANNEL_FAULT,
    20005: Outcome.CHANNEL_FAULT,  # account not active
    21606: Outcome.CHANNEL_FAULT,  # the sender's number cannot send this
    21210: Outcome.CHANNEL_FAULT,  # the caller's number is not the account's
    21408: Outcome.CHANNEL_FAULT,  # texts to that country are not enabled
    21215: Outcome.CHANNEL_FAULT,  # calls to that country are not enabled
    13227: Outcome.CHANNEL_FAULT,  # calls to that region are blocked
    # The recipient's number will never do.
    21211: Outcome.RECIPIENT_FAULT,  # invalid
    21614: Outcome.RECIPIENT_FAULT,  # not a mobile
    21610: Outcome.RECIPIENT_FAULT,  # has said STOP
    30005: Outcome.RECIPIENT_FAULT,  # unknown handset
    30006: Outcome.RECIPIENT_FAULT,  # a landline
    # Not now, not this way.
    30001: Outcome.UNDELIVERED,  # queue overflow
    30003: Outcome.UNDELIVERED,  # unreachable handset
    30008: Outcome.UNDELIVERED,  # unknown error
    30036: Outcome.EXPIRED,  # its validity period has passed
}

WHOLE_ACCOUNT = frozenset({AUTHENTICATE, 20005, 21606, 21210})
"""Faults of the account itself; the other channel faults are about one country's numbers."""

WRONG_STATE = 21220
"""The call is over, or too far on to be cancelled."""

OF_STATUS: Mapping[tuple[Medium, str], Outcome] = {
    (Medium.SMS, "accepted"): Outcome.ACCEPTED,
    (Medium.SMS, "scheduled"): Outcome.ACCEPTED,
    (Medium.SMS, "queued"): Outcome.ACCEPTED,
    (Medium.SMS, "sending"): Outcome.ACCEPTED,
    (Medium.SMS, "sent"): Outcome.ACCEPTED,
    (Medium.SMS, "delivered"): Outcome.DELIVERED,
    (Medium.SMS, "read"): Outcome.DELIVERED,
    (Medium.SMS, "undelivered"): Outcome.UNDELIVERED,
    (Medium.SMS, "failed"): Outcome.UNDELIVERED,
    (Medium.SMS, "canceled"): Outcome.CANCELLED,
    (Medium.VOICE, "queued"): Outcome.ACCEPTED,
    (Medium.VOICE, "initiated"): Outcome.ACCEPTED,
    (Medium.VOICE, "ringing"): Outcome.RINGING,
    (Medium.VOICE, "in-progress"): Outcome.ANSWERED,
    (Medium.VOICE, "completed"): Outcome.VOICEMAIL,  # unless a key was pressed in it
    (Medium.VOICE, "busy"): Outcome.BUSY,
    (Medium.VOICE, "no-answer"): Outcome.NO_ANSWER,
    (Medium.VOICE, "canceled"): Outcome.CANCELLED,
    (Medium.VOICE, "failed"): Outcome.UNDELIVERED,
}

_BY_CODE = frozenset({"undelivered", "failed"})
_TIMED_OUT, _TOO_MANY, _REDIRECTED, _BROKEN = 408, 429, 400, 500
_NOT_ALLOWED = frozenset({401, 403})


def of_status(medium: Medium, status: str, code: int | None = None) -> Outcome | None:
    """Read a status, with the error code where it has one; None for a status not known."""
    outcome = OF_STATUS.get((medium, status))
    if status in _BY_CODE and code is not None:
        return OF_CODE.get(code, outcome)
    return outcome


def of_refusal(http: int, code: int | None, retry_after_seconds: float | None) -> Submitted:
    """Read an HTTP answer that is not a success.

    What the provider broke over, or what never was its answer, may have been processed: UNKNOWN.
    A refusal with a code not in the table was not processed, and blames nobody: UNDELIVERED.
    """
    detail = f"http {http}" if code in {None, http} else f"http {http} code {code}"
    if http < _REDIRECTED or http >= _BROKEN or http == _TIMED_OUT:
        return Submitted(Outcome.UNKNOWN, detail=detail)
    if http == _TOO_MANY:
        return Submitted(Outcome.RETRY, None, detail, retry_after_seconds)
    fallback = Outcome.CHANNEL_FAULT if http in _NOT_ALLOWED else Outcome.UNDELIVERED
    outcome = fallback if code is None else OF_CODE.get(code, fallback)
    after = retry_after_seconds if outcome is Outcome.RETRY else None
    return Submitted(outcome, None, detail, after)
