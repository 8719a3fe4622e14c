"""The duty desk's hand: taking over, attending, closing, and what it is told."""

from datetime import timedelta

import pytest

from alerting.alarm import Disposition, State
from alerting.effect import Medium, Template
from alerting.event import Answer, Verb
from alerting.policy import LATE
from sensors.reading import Kind, Replay
from tests.stories.world import World, patient

SMS, VOICE, CONSOLE = Medium.SMS, Medium.VOICE, Medium.CONSOLE


def burning() -> World:
    """A fire of which everybody has heard."""
    world = World(settings=patient())
    world.smoke()
    world.deliver()
    return world


def test_taking_over_is_a_short_lease() -> None:
    """The desk's word holds the ladder for three minutes."""
    world = World(settings=patient())
    world.press()
    world.deliver()
    world.operator(Verb.ACKNOWLEDGE)
    world.wait(179)
    world.quiet()
    world.wait(1)
    assert State.RAISED.value == world.state()
    assert ("d01", "voice") in world.people()
    world.deliver()
    world.wait(30)
    assert ("n01", "voice") in world.people()


def test_taking_over_sends_nobody_home() -> None:
    """Neighbours already called stay called, and one who cannot is replaced by the next."""
    world = burning()
    world.operator(Verb.ACKNOWLEDGE)
    world.quiet()
    world.says("n01", Answer.CANNOT)
    assert {("n03", "sms"), ("n03", "voice")} == world.people()


def test_taking_over_does_not_shorten_a_promise() -> None:
    """A neighbour on the way keeps the neighbour's lease."""
    world = burning()
    world.says("n01", Answer.GOING)
    world.deliver()
    world.operator(Verb.ACKNOWLEDGE)
    world.wait(299)
    world.quiet()
    world.wait(1)
    assert "lease_expired" in world.verbs()


def test_taking_over_a_silence_in_its_window() -> None:
    """The desk may take a soft alarm while the resident is still being asked."""
    world = World(settings=patient())
    world.wait(8 * 3600)
    world.deliver()
    world.operator(Verb.ACKNOWLEDGE)
    world.wait(150)
    world.quiet()
    world.wait(30)
    assert ("n01", "voice") in world.people()


def test_nobody_opens() -> None:
    """An 8 from the door: the desk is told at once, and the ladder waits three minutes."""
    world = burning()
    world.says("n01", Answer.GOING)
    world.deliver()
    world.says("n01", Answer.NOBODY_OPENS)
    world.sent("d01", CONSOLE, Template.DESK_NOBODY_OPENS)
    world.quiet()
    assert State.ATTENDED.value == world.state()
    world.wait(179)
    world.quiet()
    world.wait(1)
    assert State.RAISED.value == world.state()
    world.sent("d01", CONSOLE, Template.DESK_UNANSWERED)


def test_nobody_opens_and_the_desk_finds_the_key() -> None:
    """The desk closes with what came of it."""
    world = burning()
    world.says("n01", Answer.NOBODY_OPENS)
    world.forget()
    world.operator(Verb.CLOSE, Disposition.NO_ACCESS)
    assert Disposition.NO_ACCESS == world.log[-1].facts["disposition"]


def test_an_ambulance_is_handed_over_once() -> None:
    """Two 9 from two people at the door are one hand-over."""
    world = burning()
    world.says("n01", Answer.AMBULANCE)
    world.says("n02", Answer.AMBULANCE)
    assert ["120"] == [order.service for order in world.handed]


def test_a_death_is_told_by_people() -> None:
    """No text goes to the family about it."""
    world = burning()
    world.says("n01", Answer.ARRIVED)
    world.forget()
    world.operator(Verb.CLOSE, Disposition.DECEASED)
    assert "f-h0001" not in {submit.person_id for submit in world.waiting}


def test_a_word_that_is_no_disposition_is_refused() -> None:
    """The alarm stays as it was."""
    world = burning()
    before = world.engine.snapshot()
    assert "'asdf' is no disposition" == world.operator(Verb.CLOSE, "asdf").refusal
    assert before == world.engine.snapshot()


@pytest.mark.parametrize("verb", [Verb.ACKNOWLEDGE, Verb.ATTEND, Verb.CLOSE])
def test_what_is_over_is_over(verb: Verb) -> None:
    """Nothing can be done to a closed alarm."""
    world = burning()
    world.operator(Verb.CLOSE)
    assert "" != world.operator(verb).refusal


def test_taking_over_what_is_attended_is_refused() -> None:
    """Somebody is there already."""
    world = burning()
    world.says("n01", Answer.ARRIVED)
    assert "" != world.operator(Verb.ACKNOWLEDGE).refusal


def test_the_desk_says_that_somebody_is_there() -> None:
    """An operator's word for "arrived" asks for an outcome like any other."""
    world = burning()
    world.operator(Verb.ATTEND)
    assert State.ATTENDED.value == world.state()
    world.wait(600)
    assert State.RAISED.value == world.state()


def test_an_old_cry_does_not_hide_a_fire() -> None:
    """Smoke known to be old is only shown; smoke of now, beside it, calls everybody."""
    world = World(settings=patient())
    said_at = world.now - timedelta(minutes=31)
    world.hear("smoke", Kind.SMOKE, replay=Replay.RETAINED, device_time=said_at)
    old = world.alarm()
    assert LATE == world.engine.homes["h0001"].alarms[old].policy
    world.forget()
    world.wait(60)
    new = world.smoke()
    assert old != new
    assert {("n01", "voice"), ("n02", "voice"), ("d01", "voice")} <= world.people()
    ends = [x.facts["disposition"] for x in world.log if x.verb == "closed"]
    assert [Disposition.DUPLICATE] == ends
