"""The retry table of ESCALATION, row by row, and how one attempt moves."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.effect import Medium, Template
from alerting.event import Outcome
from alerting.notification import FOLLOWS, LIFETIME, Notification, report

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SMS, VOICE, CONSOLE, WEBHOOK = Medium.SMS, Medium.VOICE, Medium.CONSOLE, Medium.WEBHOOK
PROGRESS = (Outcome.ACCEPTED, Outcome.RINGING, Outcome.ANSWERED)


def notification(medium: Medium) -> Notification:
    """A message on its first attempt."""
    fresh = Notification(
        key="a.n01.x.alarm.1",
        person_id="n01",
        medium=medium,
        template=Template.ALARM,
        expires_at=NOW + LIFETIME,
        attempted_at=NOW,
    )
    fresh.begin(NOW)
    return fresh


def play(medium: Medium, outcome: Outcome, times: int) -> list[tuple[float | None, bool]]:
    """Let every try end alike: seconds to the next one (None for none), and the ladder's move."""
    tried, now, found = notification(medium), NOW, []
    for _ in range(times):
        verdict = report(tried, outcome, now)
        at = tried.again_at
        found.append((None if at is None else (at - now).total_seconds(), verdict.moves_on))
        if at is None:
            break
        now = at
        tried.again(now)
    return found


BACKOFF = [(1.0, True), (2.0, False), (4.0, False), (8.0, False), (15.0, False), (15.0, False)]
FAILED = [(None, True)]
QUIET = [(seconds, False) for seconds, _ in BACKOFF]

ROWS = [
    (SMS, Outcome.RETRY, [(1.0, False), (2.0, False), (4.0, True), (8.0, False)]),
    (VOICE, Outcome.RETRY, [(1.0, False), (2.0, False), (4.0, True), (8.0, False)]),
    (SMS, Outcome.NOT_SENT, BACKOFF),
    (VOICE, Outcome.NOT_SENT, BACKOFF),
    (SMS, Outcome.UNKNOWN, BACKOFF),
    (SMS, Outcome.CHANNEL_FAULT, FAILED),
    (VOICE, Outcome.CHANNEL_FAULT, FAILED),
    (SMS, Outcome.RECIPIENT_FAULT, FAILED),
    (VOICE, Outcome.RECIPIENT_FAULT, FAILED),
    (SMS, Outcome.LIMITED, FAILED),
    (VOICE, Outcome.LIMITED, FAILED),
    (SMS, Outcome.UNDELIVERED, FAILED),
    (VOICE, Outcome.UNDELIVERED, FAILED),
    (SMS, Outcome.EXPIRED, FAILED),
    (VOICE, Outcome.EXPIRED, FAILED),
    (VOICE, Outcome.BUSY, [(30.0, True), (30.0, False), (None, False)]),
    (VOICE, Outcome.NO_ANSWER, FAILED),
    (VOICE, Outcome.VOICEMAIL, FAILED),
    (VOICE, Outcome.DECLINED, FAILED),
    (VOICE, Outcome.ACKNOWLEDGED, [(None, False)]),
    (SMS, Outcome.DELIVERED, [(None, False)]),
    (VOICE, Outcome.DELIVERED, [(None, False)]),
    *((WEBHOOK, doubt, QUIET) for doubt in (Outcome.RETRY, Outcome.NOT_SENT, Outcome.UNKNOWN)),
    (WEBHOOK, Outcome.UNDELIVERED, [(None, False)]),
    (WEBHOOK, Outcome.CHANNEL_FAULT, [(None, False)]),
    (WEBHOOK, Outcome.RECIPIENT_FAULT, [(None, False)]),
    (WEBHOOK, Outcome.DELIVERED, [(None, False)]),
    (WEBHOOK, Outcome.EXPIRED, [(None, False)]),
    (CONSOLE, Outcome.DELIVERED, [(None, False)]),
    (CONSOLE, Outcome.EXPIRED, [(None, False)]),
    (SMS, Outcome.CANCELLED, [(None, False)]),
    (VOICE, Outcome.CANCELLED, [(None, False)]),
]


@pytest.mark.parametrize(("medium", "outcome", "expected"), ROWS)
def test_row(medium: Medium, outcome: Outcome, expected: list[tuple[float | None, bool]]) -> None:
    """When the same person is tried again, and when the ladder goes to another."""
    assert expected == play(medium, outcome, len(expected))


def test_every_row_is_pinned() -> None:
    """A row without a test of its own would be a guess: looking up has its own below."""
    looked_up = {(VOICE, Outcome.UNKNOWN), (VOICE, Outcome.NOT_FOUND)}
    assert set(FOLLOWS) - looked_up == {(medium, outcome) for medium, outcome, _ in ROWS}


@pytest.mark.parametrize("outcome", [Outcome.NOT_SENT, Outcome.RETRY, Outcome.UNKNOWN])
def test_trying_ends_when_the_message_expires(outcome: Outcome) -> None:
    """After five minutes what it says is no longer true; no try begins then."""
    tries = play(SMS, outcome, 100)
    assert (None, False) == tries[-1]
    assert sum(delay for delay, _ in tries if delay is not None) < LIFETIME.total_seconds()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [(7.0, 7.0), (0.0, 1.0), (-3.0, 1.0), (float("nan"), 1.0), (float("inf"), 1.0)],
)
def test_retry_after_is_honoured_within_reason(asked: float, expected: float) -> None:
    """The provider's word lengthens our delay; what is no number is none."""
    tried = notification(SMS)
    report(tried, Outcome.RETRY, NOW, asked)
    assert NOW + timedelta(seconds=expected) == tried.again_at


def test_retry_after_beyond_the_message_ends_it() -> None:
    """Who is to wait for an hour is not tried again, and somebody else is called."""
    tried = notification(SMS)
    assert report(tried, Outcome.RETRY, NOW, 1e300).moves_on
    assert tried.is_done


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("medium", list(Medium))
def test_only_a_refused_number_is_barred(medium: Medium, outcome: Outcome) -> None:
    """A channel's own fault is not the number's."""
    is_refused = outcome is Outcome.RECIPIENT_FAULT and medium is not CONSOLE
    assert is_refused == report(notification(medium), outcome, NOW).bars


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("medium", list(Medium))
def test_it_always_comes_up_again_or_is_done(medium: Medium, outcome: Outcome) -> None:
    """Whatever is said, there is a next instant, or nothing left to do."""
    tried = notification(medium)
    report(tried, outcome, NOW)
    assert tried.is_done == (tried.next_due() is None)


# --- a call of unknown fate ---------------------------------------------------------------------


def unknown(*after_seconds: float) -> Notification:
    """A call whose submission ended UNKNOWN, and was UNKNOWN again after so many seconds."""
    tried = notification(VOICE)
    for seconds in (0.0, *after_seconds):
        report(tried, Outcome.UNKNOWN, NOW + timedelta(seconds=seconds))
    return tried


def test_an_unknown_call_is_never_posted_again() -> None:
    """It is looked up after 1, 2, 3, 4, 4 … s, and keeps its id."""
    tried = notification(VOICE)
    first, now, delays = tried.attempt_id, NOW, []
    for _ in range(6):
        report(tried, Outcome.UNKNOWN, now)
        assert tried.look_up_at is not None
        assert tried.again_at is None
        delays.append((tried.look_up_at - now).total_seconds())
        now = tried.look_up_at
        tried.look_up_at = None
    assert [1.0, 2.0, 3.0, 4.0, 4.0, 4.0] == delays
    assert first == tried.attempt_id


def test_a_look_up_without_an_answer_is_made_again() -> None:
    """It got lost, or we were down: the doubt is the same as before, until it is too late."""
    tried = unknown()
    tried.look_up_at = None
    report(tried, Outcome.EXPIRED, NOW + timedelta(seconds=60))
    assert NOW + timedelta(seconds=62) == tried.look_up_at
    tried.look_up_at = None
    report(tried, Outcome.EXPIRED, NOW + LIFETIME)
    assert tried.is_done


def test_meanwhile_somebody_else_is_called() -> None:
    """The ladder moves on with the first doubt, and once."""
    tried = notification(VOICE)
    assert report(tried, Outcome.UNKNOWN, NOW).moves_on
    assert not report(tried, Outcome.UNKNOWN, NOW + timedelta(seconds=1)).moves_on


def test_not_found_within_ten_seconds_is_unknown() -> None:
    """A provider may list a call late."""
    tried = unknown()
    report(tried, Outcome.NOT_FOUND, NOW + timedelta(seconds=9.999))
    assert tried.again_at is None
    assert tried.look_up_at is not None


def test_not_found_after_ten_seconds_is_tried_again_at_once() -> None:
    """Then it was not posted; the new attempt has a new id."""
    tried = unknown()
    at = NOW + timedelta(seconds=10)
    before = tried.attempt_id
    report(tried, Outcome.NOT_FOUND, at)
    assert at == tried.again_at
    tried.again(at)
    assert before != tried.attempt_id


@pytest.mark.parametrize("outcome", [Outcome.NO_ANSWER, Outcome.ACKNOWLEDGED, Outcome.VOICEMAIL])
def test_a_callback_settles_the_doubt(outcome: Outcome) -> None:
    """The provider had the call after all: what came of it counts, and it is not looked up."""
    tried = unknown()
    report(tried, outcome, NOW + timedelta(seconds=5))
    assert tried.is_done
    assert outcome == tried.outcome


@pytest.mark.parametrize("said", PROGRESS)
@pytest.mark.parametrize("doubt", [Outcome.UNKNOWN, Outcome.NOT_FOUND])
def test_no_doubt_after_the_provider_has_spoken(said: Outcome, doubt: Outcome) -> None:
    """What a callback has proved a time-out cannot put in doubt."""
    tried = notification(VOICE)
    report(tried, said, NOW)
    before = tried.next_due()
    assert not report(tried, doubt, NOW + timedelta(seconds=12)).moves_on
    assert before == tried.next_due()


# --- progress -------------------------------------------------------------------------------------


def test_progress_moves_forward_only() -> None:
    """A reordered callback does not make an answered call ring again."""
    tried = notification(VOICE)
    for outcome in (Outcome.ANSWERED, Outcome.RINGING, Outcome.ACCEPTED):
        report(tried, outcome, NOW + timedelta(seconds=10))
    answered = tried.next_due()
    report(tried, Outcome.RINGING, NOW + timedelta(seconds=20))
    assert answered == tried.next_due() == NOW + timedelta(seconds=100)


@pytest.mark.parametrize(("medium", "seconds"), [(SMS, 30), (VOICE, 90), (CONSOLE, 30)])
def test_an_attempt_has_a_deadline(medium: Medium, seconds: int) -> None:
    """No final status by then is a failure."""
    assert NOW + timedelta(seconds=seconds) == notification(medium).next_due()


@pytest.mark.parametrize("late", list(Outcome))
def test_the_first_final_word_stays(late: Outcome) -> None:
    """What is said of an attempt after its end changes nothing."""
    tried = notification(SMS)
    report(tried, Outcome.DELIVERED, NOW)
    assert (False, False) == report(tried, late, NOW + timedelta(seconds=1))
    assert (Outcome.DELIVERED, None) == (tried.outcome, tried.next_due())


def test_the_same_failure_twice_is_one_failure() -> None:
    """A callback delivered twice neither shortens the wait nor counts as a try."""
    tried = notification(VOICE)
    report(tried, Outcome.BUSY, NOW)
    at = tried.again_at
    assert not report(tried, Outcome.BUSY, NOW + timedelta(seconds=5)).moves_on
    assert (at, 1) == (tried.again_at, tried.tries)


def test_a_late_ring_does_not_take_back_a_busy() -> None:
    """Callbacks out of order: the line was busy, and is tried again all the same."""
    tried = notification(VOICE)
    report(tried, Outcome.BUSY, NOW)
    report(tried, Outcome.RINGING, NOW + timedelta(seconds=1))
    assert NOW + timedelta(seconds=30) == tried.next_due()


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.NOT_SENT, Outcome.RETRY])
def test_a_text_that_left_after_all_is_not_sent_again(outcome: Outcome) -> None:
    """The callback was slower than our own despair."""
    tried = notification(SMS)
    report(tried, outcome, NOW)
    report(tried, Outcome.ACCEPTED, NOW + timedelta(seconds=0.5))
    assert (None, NOW + timedelta(seconds=30.5)) == (tried.again_at, tried.next_due())


def test_unlike_failures_are_counted_apart() -> None:
    """Busy after a refused connection begins its own row."""
    tried = notification(VOICE)
    report(tried, Outcome.NOT_SENT, NOW)
    tried.again(NOW)
    report(tried, Outcome.BUSY, NOW)
    assert NOW + timedelta(seconds=30) == tried.again_at
