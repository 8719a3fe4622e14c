"""Carriers that are dead, slow, wrong, or say so late."""

import pytest

from alerting.effect import Medium, Submit, Template
from alerting.event import Answer, Outcome, Verb
from tests.stories.world import World, home, patient

SMS, VOICE, CONSOLE = Medium.SMS, Medium.VOICE, Medium.CONSOLE
DEAD = [Outcome.UNKNOWN, Outcome.NOT_SENT, Outcome.RETRY, Outcome.CHANNEL_FAULT]


@pytest.mark.parametrize("outcome", DEAD)
def test_with_no_provider_everybody_is_tried_and_119_is_reached(outcome: Outcome) -> None:
    """Nothing gets out for ten minutes: all are tried, none is forgotten, the desk sees it."""
    world = World(settings=patient())
    world.smoke()
    for _ in range(600):
        world.deliver(voice=outcome, text=outcome)
        world.wait(1)
    tried = {submit.person_id for submit in world.asked}
    assert {"d01", "r-h0001", "n01", "n02", "n03", "n04", "p01", "f-h0001"} == tried
    assert "119" in {order.service for order in world.handed}
    assert 1 < len({s.key for s in world.asked if (s.person_id, s.medium) == ("d01", CONSOLE)})


@pytest.mark.parametrize("outcome", DEAD)
def test_no_call_is_posted_twice(outcome: Outcome) -> None:
    """Whatever happens, each attempt has an id of its own."""
    world = World(settings=patient())
    world.smoke()
    for _ in range(300):
        world.deliver(voice=outcome, text=outcome)
        for order in world.looked_up:
            world.found(order.attempt_id, Outcome.NOT_FOUND)
        world.looked_up.clear()
        world.wait(1)
    keys = [submit.key for submit in world.asked]
    assert len(set(keys)) == len(keys)


def test_the_provider_comes_back() -> None:
    """After a minute of nothing what is still true goes out at the next try, and then no more."""
    world = World()
    world.smoke()
    for _ in range(60):
        world.deliver(voice=Outcome.NOT_SENT, text=Outcome.NOT_SENT)
        world.wait(1)
    world.wait(15)
    assert {("n01", "sms"), ("n01", "voice")} <= world.people()
    world.deliver()
    world.wait(30)
    assert ("n01", "sms") not in world.people()


def test_a_channel_at_fault_is_not_tried_again_this_round() -> None:
    """A refused signature: no retry; the next people are called at once."""
    world = World()
    world.smoke()
    text = world.sent("n01", SMS)
    world.forget()
    world.report(text, Outcome.CHANNEL_FAULT)
    assert {("n03", "sms"), ("n03", "voice")} == world.people()
    world.forget()
    world.wait(29)
    assert ("n01", "sms") not in world.people()


def test_a_refused_number_is_not_called_again() -> None:
    """A number the network refuses is left out of later alarms, until the registry changes."""
    world = World(settings=patient())
    world.smoke()
    world.report(world.sent("n01", VOICE), Outcome.RECIPIENT_FAULT)
    assert "number_refused" in world.verbs()
    world.deliver()
    world.operator(Verb.CLOSE)
    world.forget()
    world.wait(60)
    world.smoke()
    assert ("n01", "sms") in world.people()
    assert ("n01", "voice") not in world.people()
    world.operator(Verb.CLOSE)
    world.forget()
    world.enter(home())
    world.wait(60)
    world.smoke()
    assert ("n01", "voice") in world.people()


def test_who_cannot_be_reached_takes_nobodys_place() -> None:
    """A neighbour all of whose numbers are refused is passed over, at every rung."""
    world = World(settings=patient())
    world.smoke()
    world.report(world.sent("n01", VOICE), Outcome.RECIPIENT_FAULT)
    world.report(world.sent("n01", SMS), Outcome.RECIPIENT_FAULT)
    world.deliver()
    world.operator(Verb.CLOSE)
    world.forget()
    world.wait(60)
    world.smoke()
    assert {("n02", "voice"), ("n03", "voice")} <= world.people()
    world.report(world.sent("n02", VOICE), Outcome.NO_ANSWER)
    assert ("n04", "voice") in world.people()


def unknown_call(world: World) -> Submit:
    """Raise a fire in which the first neighbour's call may or may not have been taken."""
    world.smoke()
    call = world.sent("n01", VOICE)
    world.deliver()
    world.report(call, Outcome.UNKNOWN)
    world.forget()
    return call


def test_an_unknown_call_is_looked_up_and_somebody_else_is_called() -> None:
    """Meanwhile is now: the next neighbour rings while the provider is asked."""
    world = World()
    world.smoke()
    call = world.sent("n01", VOICE)
    world.deliver()
    world.report(call, Outcome.UNKNOWN)
    assert {("n03", "sms"), ("n03", "voice")} == world.people()
    world.forget()
    world.wait(1)
    assert [call.key] == [order.attempt_id for order in world.looked_up]
    assert ("n01", "voice") not in world.people()


def test_not_found_too_early_is_unknown() -> None:
    """A provider lists a call late: "not found" within 10 s does not mean "not posted"."""
    world = World()
    call = unknown_call(world)
    world.wait(5)
    world.found(call.key, Outcome.NOT_FOUND)
    world.wait(2)
    assert ("n01", "voice") not in world.people()
    assert 2 == len([o for o in world.looked_up if o.attempt_id == call.key])


def test_not_found_after_ten_seconds_is_a_new_attempt() -> None:
    """Then it was not posted, and the call is made, under a new id."""
    world = World()
    call = unknown_call(world)
    world.wait(10)
    world.found(call.key, Outcome.NOT_FOUND)
    world.wait(0)
    again = world.sent("n01", VOICE)
    assert call.key != again.key
    assert call.key.rsplit(".", 1)[0] == again.key.rsplit(".", 1)[0]


def test_a_call_found_ringing_is_not_made_again() -> None:
    """The provider has it after all."""
    world = World()
    call = unknown_call(world)
    world.wait(2)
    world.found(call.key, Outcome.RINGING)
    world.wait(20)
    assert ("n01", "voice") not in world.people()


@pytest.mark.parametrize("doubt", [Outcome.UNKNOWN, Outcome.NOT_FOUND])
def test_a_ringing_call_is_not_doubted(doubt: Outcome) -> None:
    """The callback was faster than our own time-out: the phone rings, so it was posted."""
    world = World()
    world.smoke()
    call = world.sent("n01", VOICE)
    world.deliver()
    world.report(call, Outcome.RINGING)
    world.wait(15)
    world.report(call, doubt)
    world.wait(10)
    world.quiet()
    assert [] == world.looked_up


def test_news_of_an_old_attempt_is_history() -> None:
    """A busy of the first attempt, told again during the second, changes nothing."""
    world = World()
    world.smoke()
    call = world.sent("n01", VOICE)
    world.deliver()
    world.report(call, Outcome.BUSY)
    world.deliver()
    world.wait(30)
    world.sent("n01", VOICE)
    world.deliver()
    world.report(call, Outcome.BUSY)
    world.wait(31)
    assert 2 == len({s.key for s in world.asked if (s.person_id, s.medium) == ("n01", VOICE)})


def test_a_carrier_that_asks_us_to_wait_for_ever() -> None:
    """A Retry-After beyond reason ends the attempt and stops nothing else."""
    world = World()
    world.smoke()
    for retry_after in (1e300, float("inf"), float("nan"), -5.0):
        text = world.sent(*next((s.person_id, s.medium) for s in world.waiting))
        world.report(text, Outcome.RETRY, retry_after)
    world.wait(60)
    assert ("n03", "voice") in {(s.person_id, s.medium.value) for s in world.asked}


def test_a_text_without_a_report_is_a_failure_after_30_seconds() -> None:
    """No final status by the attempt's deadline calls the next in line."""
    world = World()
    world.smoke()
    text = world.sent("n01", SMS)
    world.deliver()
    world.report(text, Outcome.ACCEPTED)
    world.wait(29)
    world.quiet()
    world.wait(1)
    assert Template.ALARM.value in world.templates("n03")


def test_a_failed_courtesy_calls_nobody() -> None:
    """That somebody did not hear they hold nothing is no reason to wake the next."""
    world = World()
    world.smoke()
    world.deliver()
    world.says("n01", Answer.HEARD)
    world.report(world.sent("n01", SMS, Template.NOT_HELD), Outcome.UNDELIVERED)
    world.quiet()


def test_a_number_is_barred_once() -> None:
    """Two refusals of one number are one fact."""
    world = World()
    world.smoke()
    alarm = world.sent("n01", SMS)
    world.says("n01", Answer.HEARD)
    courtesy = world.sent("n01", SMS, Template.NOT_HELD)
    for text in (alarm, courtesy):
        world.report(text, Outcome.RECIPIENT_FAULT)
    assert 1 == len(world.engine.homes["h0001"].barred)
