"""The alarm machine against its page (docs/ARCHITECTURE.md, "Life of an alarm")."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from alerting.alarm import Alarm, NotAllowedError, State, Step, alarm_id
from alerting.policy import FIRE
from sensors.reading import Kind

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

PAGE = {
    (State.PRE_ALARM, Step.CANCELLED): State.CLOSED,
    (State.PRE_ALARM, Step.WINDOW_ELAPSED): State.RAISED,
    (State.PRE_ALARM, Step.REINFORCED): State.RAISED,
    (State.RAISED, Step.ACKNOWLEDGED): State.ACKNOWLEDGED,
    (State.RAISED, Step.ATTENDED): State.ATTENDED,
    (State.RAISED, Step.ESCALATED): State.RAISED,
    (State.RAISED, Step.REINFORCED): State.RAISED,
    (State.RAISED, Step.RESTORED): State.RAISED,
    (State.ACKNOWLEDGED, Step.LEASE_EXPIRED): State.RAISED,
    (State.ACKNOWLEDGED, Step.WITHDRAWN): State.RAISED,
    (State.ACKNOWLEDGED, Step.ACKNOWLEDGED): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Step.REINFORCED): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Step.RESTORED): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Step.ATTENDED): State.ATTENDED,
    (State.ATTENDED, Step.OUTCOME_OVERDUE): State.RAISED,
    (State.ATTENDED, Step.HELP_NEEDED): State.ATTENDED,
    (State.PRE_ALARM, Step.CLOSED): State.CLOSED,
    (State.RAISED, Step.CLOSED): State.CLOSED,
    (State.ACKNOWLEDGED, Step.CLOSED): State.CLOSED,
    (State.ATTENDED, Step.CLOSED): State.CLOSED,
}
"""Every row of the page's table."""

LEFT_OPEN = {
    # People may be faster than the window: the desk takes over, or somebody is there already.
    (State.PRE_ALARM, Step.ACKNOWLEDGED): State.ACKNOWLEDGED,
    (State.PRE_ALARM, Step.ATTENDED): State.ATTENDED,
    # What is recorded everywhere else is recorded here too.
    (State.PRE_ALARM, Step.RESTORED): State.PRE_ALARM,
    (State.ATTENDED, Step.RESTORED): State.ATTENDED,
    (State.ATTENDED, Step.REINFORCED): State.ATTENDED,
    # A second person arrives.
    (State.ATTENDED, Step.ATTENDED): State.ATTENDED,
}
"""What the page leaves open and the core allows, with the reason."""


def alarm(state: State) -> Alarm:
    """An alarm in this state."""
    return Alarm("h0001-smoke-0", "h0001", "smoke", FIRE, NOW, state=state)


@pytest.mark.parametrize(("state", "step"), list(product(State, Step)))
def test_every_pair(state: State, step: Step) -> None:
    """What the page allows leads where it says; all else is refused and changes nothing."""
    expected = {**PAGE, **LEFT_OPEN}.get((state, step))
    subject = alarm(state)
    assert (expected is not None) == subject.allows(step)
    if expected is None:
        with pytest.raises(NotAllowedError):
            subject.advance(step)
    else:
        subject.advance(step)
    assert (expected or state) == subject.state


@pytest.mark.parametrize("step", list(Step))
def test_closed_is_the_end(step: Step) -> None:
    """Nothing happens to a closed alarm."""
    assert not alarm(State.CLOSED).allows(step)


def test_the_refusal_names_both() -> None:
    """The operator reads what was asked and why it cannot be."""
    with pytest.raises(NotAllowedError, match=r"acknowledged is not possible while .* closed"):
        alarm(State.CLOSED).advance(Step.ACKNOWLEDGED)


def test_ids_are_of_their_millisecond() -> None:
    """Two alarms of one kind and home a millisecond apart have two ids; ids sort by time."""
    instants = [NOW + timedelta(milliseconds=n) for n in range(100)]
    ids = [alarm_id("h0001", "smoke", at) for at in instants]
    assert sorted(set(ids)) == ids


def test_an_id_before_the_first_day_is_an_id() -> None:
    """A clock that is far off still names an alarm."""
    assert "h1-smoke-0" == alarm_id("h1", "smoke", datetime(1970, 1, 1, tzinfo=UTC))


def test_kinds_are_words_of_the_wire() -> None:
    """A kind of reading is one word, so that it can stand in an id."""
    assert [] == [kind for kind in Kind if not kind.value.replace("_", "").isalnum()]
