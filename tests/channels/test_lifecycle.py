"""Attempts move forward only, calls are not taken for one another, memory is bounded."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.channels.contract import Order, Submitted
from alerting.channels.lifecycle import (
    MOST,
    Attempt,
    Attempts,
    Doubtful,
    Listed,
    Seen,
    is_forward,
    match,
)
from alerting.effect import Medium
from alerting.event import Outcome
from tests.channels.fake_twilio import OTHER, order_at

AT = datetime(2026, 1, 1, tzinfo=UTC)
LADDER = [Outcome.UNKNOWN, Outcome.ACCEPTED, Outcome.RINGING, Outcome.ANSWERED, Outcome.VOICEMAIL]


def call(seconds: float, sid: str = "CA1") -> Listed:
    """A call created so many seconds after AT."""
    return Listed(sid, AT + timedelta(seconds=seconds), "ringing")


def voice(attempt_id: str = "a1", seconds: float = 0) -> Order:
    """An order for a call."""
    return order_at(AT + timedelta(seconds=seconds), attempt_id, Medium.VOICE)


@given(st.lists(st.sampled_from(list(Outcome)), max_size=12))
def test_an_attempt_never_goes_back(outcomes: list[Outcome]) -> None:
    """Whatever comes in whatever order, each step taken is forward, and the first end stays."""
    attempt = Attempt(voice())
    for outcome in outcomes:
        before = attempt.outcome
        assert is_forward(before, outcome) == attempt.advance(outcome, AT)
        assert (outcome if is_forward(before, outcome) else before) is attempt.outcome


@pytest.mark.parametrize("order", list(permutations(LADDER[1:]))[::3])
def test_reordered_outcomes_end_alike(order: tuple[Outcome, ...]) -> None:
    """The end is reached from every order of arrival."""
    attempt = Attempt(voice())
    for outcome in order:
        attempt.advance(outcome, AT)
    assert (Outcome.VOICEMAIL, True) == (attempt.outcome, attempt.is_done)


def test_no_call_is_not_found() -> None:
    """The provider lists nothing of the time."""
    assert Submitted(Outcome.NOT_FOUND) == match(voice(), [], iter([call(-60), call(900)]))


def test_the_call_of_the_time_is_found() -> None:
    """Also when the clocks differ by some seconds."""
    assert call(-2) == match(voice(), [], iter([call(-2)]))


def test_an_older_call_is_an_earlier_runs() -> None:
    """Of more calls than orders the newest is ours."""
    assert call(1, "CA2") == match(voice(), [], iter([call(1, "CA2"), call(-1, "CA1")]))


def test_two_calls_go_to_two_orders_in_their_order() -> None:
    """Neither gets the other's."""
    first, second = voice("a1", 0), voice("a2", 3)
    listed = [call(4, "CA2"), call(1, "CA1")]
    assert call(1, "CA1") == match(first, [second], iter(listed))
    assert call(4, "CA2") == match(second, [first], iter(listed))


def test_one_call_for_two_orders_is_nobodys_yet() -> None:
    """A guess could count a call for an alarm nobody is called about."""
    found = match(voice("a1"), [voice("a2", 1)], iter([call(2)]))
    assert Doubtful((call(2),)) == found


def test_rivals_are_open_orders_to_the_same_number() -> None:
    """Not those that are known, over, given up, to others, or over another medium."""
    attempts = Attempts()
    attempts.add(voice("open"), AT)
    attempts.add(order_at(AT, "text"), AT)
    attempts.add(order_at(AT, "other", Medium.VOICE, OTHER), AT)
    attempts.learn(attempts.add(voice("known"), AT), "CA1")
    attempts.add(voice("over"), AT).advance(Outcome.NOT_SENT, AT)
    attempts.add(voice("given_up"), AT).is_given_up = True
    assert ["open"] == [one.attempt_id for one in attempts.rivals(voice("me"), AT)]


def test_a_guess_yields_to_a_callback() -> None:
    """What the provider says itself about an attempt is the truth."""
    attempts = Attempts()
    attempt = attempts.add(voice(), AT)
    attempts.learn(attempt, "CA1")
    attempts.learn(attempt, "CA2")
    assert (True, False) == (attempts.is_free("CA1"), attempts.is_free("CA2"))


def test_what_has_ended_is_nobody_elses() -> None:
    """A call excluded by an earlier run, or forgotten for want of room, is taken for no other's."""
    attempts = Attempts()
    attempts.exclude(["CA1"])
    attempts.learn(attempts.add(voice("old"), AT), "CA2")
    attempts.add(voice("new"), AT + timedelta(hours=1))
    assert attempts.get("old") is None
    assert not any(map(attempts.is_free, ("CA1", "CA2")))


def test_the_memory_is_bounded() -> None:
    """By number; the oldest goes first."""
    attempts = Attempts()
    for number in range(MOST + 5):
        attempts.add(order_at(AT, f"a{number}"), AT)
    assert attempts.get("a4") is None
    assert attempts.get("a5") is not None


def test_the_old_is_forgotten() -> None:
    """By age; a late callback within ten minutes still finds its attempt."""
    attempts = Attempts()
    attempts.add(voice("a1"), AT)
    attempts.add(voice("a2"), AT + timedelta(minutes=14))
    assert attempts.get("a1") is not None
    attempts.add(voice("a3"), AT + timedelta(minutes=16))
    assert attempts.get("a1") is None


def test_something_seen_is_claimed_once() -> None:
    """Until it is given back, or so old that it has fallen out."""
    seen = Seen()
    assert [True, False] == [seen.claim("SM1"), seen.claim("SM1")]
    seen.release("SM1")
    assert seen.claim("SM1")
    for number in range(MOST):
        seen.claim(f"X{number}")
    assert seen.claim("SM1")
