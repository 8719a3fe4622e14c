"""The table of outcomes, row by row."""

import pytest

from alerting.channels.twilio.codes import OF_CODE, OF_STATUS, of_refusal, of_status
from alerting.effect import Medium
from alerting.event import Outcome

ROWS = {
    20429: Outcome.RETRY,
    20003: Outcome.CHANNEL_FAULT,
    20005: Outcome.CHANNEL_FAULT,
    21606: Outcome.CHANNEL_FAULT,
    21210: Outcome.CHANNEL_FAULT,
    21408: Outcome.CHANNEL_FAULT,
    21215: Outcome.CHANNEL_FAULT,
    13227: Outcome.CHANNEL_FAULT,
    21211: Outcome.RECIPIENT_FAULT,
    21614: Outcome.RECIPIENT_FAULT,
    21610: Outcome.RECIPIENT_FAULT,
    30005: Outcome.RECIPIENT_FAULT,
    30006: Outcome.RECIPIENT_FAULT,
    30001: Outcome.UNDELIVERED,
    30003: Outcome.UNDELIVERED,
    30008: Outcome.UNDELIVERED,
    30036: Outcome.EXPIRED,
}


@pytest.mark.parametrize(("code", "expected"), ROWS.items())
def test_a_code_refuses_a_request(code: int, expected: Outcome) -> None:
    """Said at once, with HTTP 400."""
    assert expected is of_refusal(400, code, None).outcome


@pytest.mark.parametrize(("code", "expected"), ROWS.items())
def test_a_code_ends_a_text(code: int, expected: Outcome) -> None:
    """Said later, with the status."""
    assert expected is of_status(Medium.SMS, "undelivered", code)


def test_every_code_has_its_row() -> None:
    """A code added to the table is added here."""
    assert ROWS == OF_CODE


@pytest.mark.parametrize(
    ("http", "code", "expected"),
    [
        (429, 20429, Outcome.RETRY),
        (429, None, Outcome.RETRY),
        (500, None, Outcome.UNKNOWN),
        (503, 20503, Outcome.UNKNOWN),
        (500, 21211, Outcome.UNKNOWN),
        (302, None, Outcome.UNKNOWN),
        (200, None, Outcome.UNKNOWN),
        (408, None, Outcome.UNKNOWN),
        (0, None, Outcome.UNKNOWN),
        (401, None, Outcome.CHANNEL_FAULT),
        (403, None, Outcome.CHANNEL_FAULT),
        (400, 21602, Outcome.UNDELIVERED),
        (404, None, Outcome.UNDELIVERED),
    ],
)
def test_http_says_whether_it_was_processed(http: int, code: int | None, expected: Outcome) -> None:
    """What broke may have been processed; an unknown refusal blames nobody."""
    assert expected is of_refusal(http, code, None).outcome


def test_a_limit_says_how_long() -> None:
    """Retry-After is handed on, and with nothing else."""
    assert 7.0 == of_refusal(429, 20429, 7.0).retry_after_seconds
    assert of_refusal(503, None, 7.0).retry_after_seconds is None


STATUSES = {
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
    (Medium.VOICE, "completed"): Outcome.VOICEMAIL,
    (Medium.VOICE, "busy"): Outcome.BUSY,
    (Medium.VOICE, "no-answer"): Outcome.NO_ANSWER,
    (Medium.VOICE, "canceled"): Outcome.CANCELLED,
    (Medium.VOICE, "failed"): Outcome.UNDELIVERED,
}


@pytest.mark.parametrize(("said", "expected"), STATUSES.items())
def test_a_status_is_read(said: tuple[Medium, str], expected: Outcome) -> None:
    """Without an error code."""
    assert expected is of_status(*said)


def test_every_status_has_its_row() -> None:
    """A status added to the table is added here."""
    assert STATUSES == OF_STATUS


def test_what_is_not_known_says_nothing() -> None:
    """A new status is no outcome, a new code leaves its status."""
    assert of_status(Medium.SMS, "pondering") is None
    assert Outcome.UNDELIVERED is of_status(Medium.SMS, "failed", 99999)


def test_a_code_beside_a_good_status_is_ignored() -> None:
    """Only an end that failed is explained by a code."""
    assert Outcome.DELIVERED is of_status(Medium.SMS, "delivered", 30003)
