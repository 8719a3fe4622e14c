"""Which alarm a text is about, and the digits that tell."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting import community
from alerting.community import CommunityState
from alerting.effect import Effect, Log, Medium, Submit, Template
from alerting.event import Answer, AnswerGiven, ReplyReceived

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def submit(home_id: str, *, medium: Medium = Medium.SMS, person: str = "n01") -> Submit:
    """A text to a neighbour about the one alarm of this home."""
    return Submit(
        key=f"{home_id}-smoke-1.{person}.sms.alarm.1.1",
        home_id=home_id,
        alarm_id=f"{home_id}-smoke-1",
        person_id=person,
        medium=medium,
        template=Template.ALARM,
        kind="smoke",
        not_before=NOW,
        expires_at=NOW,
        raised_at=NOW,
    )


def asked(*homes: tuple[str, int]) -> CommunityState:
    """A neighbour asked about the alarms of these homes, in this order, by their hints."""
    state = CommunityState()
    for home_id, hint in homes:
        community.assign(state, submit(home_id), hint)
    return state


def doubly_asked() -> CommunityState:
    """The same about two homes, after both have sent a text with two-digit answers."""
    state = asked(("h1", 3), ("h2", 5))
    community.assign(state, submit("h1"), 3)
    return state


def said(
    state: CommunityState, answer: Answer, slot: int | None = None, seconds: float = 0.0
) -> AnswerGiven | list[Template] | list[str]:
    """Let the neighbour text: the answer found, or the templates sent back and lines written."""
    at = NOW + timedelta(seconds=seconds)
    found = community.resolve(state, ReplyReceived("n01", answer, slot), at)
    if isinstance(found, AnswerGiven):
        return found
    return [e.template if isinstance(e, Submit) else getattr(e, "verb", "") for e in found]


def test_a_single_alarm_has_no_slot() -> None:
    """One digit is enough."""
    assert None is community.assign(CommunityState(), submit("h1"), 3).slot


def test_two_alarms_have_the_digits_of_their_buildings() -> None:
    """Building 5's second alarm is answered with 51 and 52."""
    state = asked(("h1", 3))
    assert 5 == community.assign(state, submit("h2"), 5).slot
    assert 3 == community.assign(state, submit("h1"), 3).slot


def test_two_homes_of_one_building_have_two_slots() -> None:
    """The second takes the first digit that is free."""
    state = asked(("h1", 3))
    assert 1 == community.assign(state, submit("h2"), 3).slot


def test_no_slot_is_a_zero_as_long_as_there_are_others() -> None:
    """Building 10's hint is 0, which people forget to type."""
    state = asked(("h1", 3))
    assert 1 == community.assign(state, submit("h2"), 0).slot


@given(st.lists(st.integers(-5, 15), min_size=2, max_size=20))
def test_slots_are_digits_and_nine_of_them_differ(hints: list[int]) -> None:
    """Whatever the registry hints, a slot can be typed; with ten alarms the rest share 0."""
    state = CommunityState()
    slots = [community.assign(state, submit(f"h{n}"), hint) for n, hint in enumerate(hints)]
    given_slots = [entry.slot for entry in state.asked["n01"]]
    assert all(0 <= slot <= 9 for slot in given_slots)
    assert len(set(given_slots[:9])) == min(9, len(slots))


def test_the_console_is_answered_on_the_console() -> None:
    """The desk's screen does not use up digits."""
    state = CommunityState()
    community.assign(state, submit("h1", medium=Medium.CONSOLE, person="d01"), 3)
    assert {} == state.asked


def test_a_call_counts_as_being_asked() -> None:
    """Who was rung may answer by text."""
    state = CommunityState()
    community.assign(state, submit("h1", medium=Medium.VOICE), 3)
    assert isinstance(said(state, Answer.GOING), AnswerGiven)


@pytest.mark.parametrize("answer", [a for a in Answer if a is not Answer.STOP])
def test_one_alarm_takes_any_answer(answer: Answer) -> None:
    """Which one is meant is no question then."""
    expected = AnswerGiven("h1", "h1-smoke-1", "n01", answer)
    assert expected == said(asked(("h1", 3)), answer)


def test_one_digit_is_the_answer_to_the_text_that_asked_for_one() -> None:
    """Also when another alarm has opened since."""
    found = said(asked(("h1", 3), ("h2", 5)), Answer.GOING)
    assert AnswerGiven("h1", "h1-smoke-1", "n01", Answer.GOING) == found


def test_one_digit_where_two_were_asked_for_is_ambiguous() -> None:
    """Nothing is held by a guess; the text back has both answers."""
    state = doubly_asked()
    found = community.resolve(state, ReplyReceived("n01", Answer.CANNOT), NOW)
    assert isinstance(found, list)
    (back,) = found
    assert isinstance(back, Submit)
    assert (Template.WHICH_ONE, ((32, "h1"), (52, "h2"))) == (back.template, back.mates)


@pytest.mark.parametrize(("slot", "home_id"), [(3, "h1"), (5, "h2")])
def test_two_digits_are_clear(slot: int, home_id: str) -> None:
    """The slot finds its alarm."""
    found = said(doubly_asked(), Answer.GOING, slot)
    assert AnswerGiven(home_id, f"{home_id}-smoke-1", "n01", Answer.GOING) == found


def test_a_slot_of_nobody_is_asked_back() -> None:
    """With two open both are named; with one its own text is read out again."""
    assert [Template.WHICH_ONE] == said(doubly_asked(), Answer.GOING, 7)
    assert [Template.UNCLEAR] == said(asked(("h1", 3)), Answer.GOING, 7)


def test_after_one_is_closed_the_other_takes_one_digit() -> None:
    """There is only one left."""
    state = doubly_asked()
    community.close(state, "h1-smoke-1", NOW)
    assert AnswerGiven("h2", "h2-smoke-1", "n01", Answer.GOING) == said(state, Answer.GOING)


def test_the_slot_of_a_closed_one_is_late() -> None:
    """31 for what is over says so, though 51 is still open."""
    state = doubly_asked()
    community.close(state, "h1-smoke-1", NOW)
    assert [Template.ALREADY_CLOSED] == said(state, Answer.GOING, 3)


def test_a_late_reply() -> None:
    """All is over: said so within the hour, and to nobody after it."""
    state = asked(("h1", 3))
    community.close(state, "h1-smoke-1", NOW)
    assert [Template.ALREADY_CLOSED] == said(state, Answer.GOING)
    community.close(state, "other", NOW + timedelta(hours=1))
    assert {} == state.asked
    assert [] == said(state, Answer.GOING, seconds=3600)


def test_a_slot_is_free_again_when_its_alarm_is_over() -> None:
    """The next alarm of that building has its digit back."""
    state = doubly_asked()
    community.close(state, "h1-smoke-1", NOW)
    assert 3 == community.assign(state, submit("h3"), 3).slot
    assert AnswerGiven("h3", "h3-smoke-1", "n01", Answer.GOING) == said(state, Answer.GOING, 3)


def test_who_was_asked_nothing() -> None:
    """Gets nothing back, whatever they write."""
    answers = [answer for answer in Answer if answer is not Answer.STOP]
    assert [[]] * len(answers) == [said(CommunityState(), answer) for answer in answers]


def test_five_unclear_then_quiet() -> None:
    """Five get an answer, the sixth tells the desk, the rest nothing; ten minutes later again."""
    state = doubly_asked()
    found = [said(state, Answer.UNCLEAR, seconds=n) for n in range(8)]
    assert [[Template.WHICH_ONE]] * 5 + [["responder_unclear"], [], []] == found
    assert [] == said(state, Answer.UNCLEAR, seconds=599)
    assert [Template.WHICH_ONE] == said(state, Answer.UNCLEAR, seconds=1300)


def test_every_text_that_leads_nowhere_counts() -> None:
    """An answering machine that says 收到 to each of our texts is no different."""
    state = asked(("h1", 3))
    community.close(state, "h1-smoke-1", NOW)
    found = [said(state, Answer.HEARD, seconds=n) for n in range(8)]
    assert [[Template.ALREADY_CLOSED]] * 5 + [["responder_unclear"], [], []] == found


def test_stop_is_always_told_to_the_desk() -> None:
    """Also in the quiet, when the person gets nothing back."""
    state = doubly_asked()
    assert [Template.STOPPED, "responder_stopped"] == said(state, Answer.STOP)
    for n in range(10):
        said(state, Answer.UNCLEAR, seconds=n)
    assert ["responder_stopped"] == said(state, Answer.STOP, seconds=11)


def test_a_text_counts_once() -> None:
    """Its id is the carrier's; 64 of them are remembered."""
    state = asked(("h1", 3))
    reply = ReplyReceived("n01", Answer.GOING, text_id="t0")
    assert isinstance(community.resolve(state, reply, NOW), AnswerGiven)
    assert [] == community.resolve(state, reply, NOW)
    for n in range(100):
        community.resolve(state, msgspec.structs.replace(reply, text_id=f"t{n}"), NOW)
    assert 64 == len(state.text_ids)


@given(
    st.lists(
        st.tuples(st.sampled_from(Answer), st.one_of(st.none(), st.integers(-3, 12))), max_size=40
    ),
)
def test_keys_differ_and_memory_is_bounded(texts: list[tuple[Answer, int | None]]) -> None:
    """Every text back has a key of its own, also two in one instant."""
    state = doubly_asked()
    keys: list[str] = []
    for answer, slot in texts:
        found = community.resolve(state, ReplyReceived("n01", answer, slot), NOW)
        if isinstance(found, list):
            keys += [effect.key for effect in found if isinstance(effect, Submit | Log)]
    assert len(set(keys)) == len(keys)
    assert len(state.wrong.get("n01", [])) <= 7


def sent(state: CommunityState, seconds: float) -> AnswerGiven | list[Effect]:
    """Let a 1 arrive that was sent so long after the alarm was raised, or before it."""
    reply = ReplyReceived("n01", Answer.GOING, sent_at=NOW + timedelta(seconds=seconds))
    return community.resolve(state, reply, NOW + timedelta(seconds=60))


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 30.0])
def test_a_text_sent_after_the_alarm_is_its_answer(seconds: float) -> None:
    """A second less is what two clocks may be apart."""
    assert isinstance(sent(asked(("h1", 3)), seconds), AnswerGiven)


def test_a_text_sent_before_the_alarm_holds_nothing() -> None:
    """It lay in the network for ten minutes; they are told, and asked anew, with their digits."""
    back = sent(asked(("h1", 3)), -600.0)
    assert isinstance(back, list)
    assert [Template.SENT_BEFORE] == [one.template for one in back if isinstance(one, Submit)]
    back = sent(doubly_asked(), -600.0)
    assert isinstance(back, list)
    assert [5] == [one.slot for one in back if isinstance(one, Submit)]


def test_a_text_sent_between_two_alarms_is_about_the_first() -> None:
    """Though the second is the newer one, and open."""
    state = asked(("h1", 3))
    later = msgspec.structs.replace(submit("h2"), raised_at=NOW + timedelta(seconds=50))
    community.assign(state, later, 5)
    found = sent(state, 10.0)
    assert isinstance(found, AnswerGiven)
    assert "h1" == found.home_id
