"""What people answer, and when two answers meet."""

from datetime import timedelta

from alerting.alarm import State
from alerting.effect import Medium, Submit, Template
from alerting.event import Answer, Outcome, ReplyReceived, Verb
from tests.stories.world import World, home, patient

SMS, VOICE, CONSOLE = Medium.SMS, Medium.VOICE, Medium.CONSOLE


def two_fires() -> World:
    """Two homes that share their neighbours burn; everything has arrived."""
    world = World(home("h0001", slot_hint=3), home("h0002", slot_hint=5), settings=patient())
    world.smoke("h0001")
    world.deliver()
    world.smoke("h0002")
    world.deliver()
    return world


def asked_at(world: World, home_id: str) -> Submit:
    """Give the first text to the first neighbour about a home's alarm."""
    return next(
        s
        for s in world.asked
        if (s.home_id, s.person_id, s.medium, s.template) == (home_id, "n01", SMS, Template.ALARM)
    )


def test_one_alarm_is_answered_with_one_digit() -> None:
    """The first text has no slot, the second asks for two digits."""
    world = two_fires()
    assert None is asked_at(world, "h0001").slot
    assert 5 == asked_at(world, "h0002").slot


def two_old_fires() -> World:
    """The same a round later: every text still out asks for two digits."""
    world = two_fires()
    for _ in range(22):
        world.deliver(voice=Outcome.NO_ANSWER)
        world.wait(10)
    world.forget()
    return world


def test_one_digit_answers_the_text_that_asked_for_one() -> None:
    """A bare 1 is the answer to the first text, also when another alarm has opened since."""
    world = two_fires()
    world.texts("n01", Answer.GOING)
    assert State.ACKNOWLEDGED.value == world.state("h0001")
    assert State.RAISED.value == world.state("h0002")
    assert 3 == world.sent("n01", SMS, Template.GOING).slot


def test_one_digit_for_two_alarms_is_asked_back() -> None:
    """A bare 1 where both texts asked for two holds neither, and the text back names both."""
    world = two_old_fires()
    world.texts("n01", Answer.GOING)
    back = world.sent("n01", SMS, Template.WHICH_ONE)
    world.quiet()
    assert ((31, "h0001"), (51, "h0002")) == back.mates
    assert {State.RAISED.value} == {world.state("h0001"), world.state("h0002")}


def test_two_digits_find_their_alarm() -> None:
    """51 holds the second alarm and leaves the first one burning."""
    world = two_fires()
    world.texts("n01", Answer.GOING, 5)
    assert State.ACKNOWLEDGED.value == world.state("h0002")
    assert State.RAISED.value == world.state("h0001")
    assert "h0002" == world.sent("n01", SMS, Template.GOING).home_id


def test_two_digits_for_the_one_that_is_over() -> None:
    """31 for an alarm that has been closed says so, and does not touch the other."""
    world = two_fires()
    world.operator(Verb.CLOSE, "false_alarm", "h0001")
    world.forget()
    world.texts("n01", Answer.GOING, 3)
    assert "h0001" == world.sent("n01", SMS, Template.ALREADY_CLOSED).home_id
    world.quiet()
    assert State.RAISED.value == world.state("h0002")


def test_a_slot_nobody_has() -> None:
    """71 where 3 and 5 are open is asked back."""
    world = two_fires()
    world.texts("n01", Answer.GOING, 7)
    world.sent("n01", SMS, Template.WHICH_ONE)


def test_a_late_reply_is_thanked() -> None:
    """A 1 after it is over says so and opens nothing."""
    world = World(settings=patient())
    world.smoke()
    world.deliver()
    world.operator(Verb.CLOSE, "false_alarm")
    world.forget()
    world.texts("n01", Answer.GOING)
    world.sent("n01", SMS, Template.ALREADY_CLOSED)
    world.quiet()
    assert State.CLOSED.value == world.state()


def test_a_late_key_is_thanked() -> None:
    """The same for a key in a call that was still up."""
    world = World()
    world.smoke()
    world.deliver()
    world.operator(Verb.CLOSE, "false_alarm")
    world.forget()
    world.says("n01", Answer.GOING)
    world.sent("n01", SMS, Template.ALREADY_CLOSED)
    world.quiet()


def test_two_go() -> None:
    """A second promise is thanked too; nobody is sent home twice, the family hears once."""
    world = World()
    world.smoke()
    world.deliver()
    world.says("n01", Answer.GOING)
    world.deliver()
    world.wait(60)
    world.says("n02", Answer.GOING)
    world.sent("n02", SMS, Template.GOING)
    world.quiet()


def test_one_of_two_does_not_go() -> None:
    """While another is still on the way a promise taken back calls nobody; the last one does."""
    world = World()
    world.smoke()
    world.deliver()
    world.says("n01", Answer.GOING)
    world.says("n02", Answer.GOING)
    world.deliver()
    world.says("n02", Answer.CANNOT)
    world.quiet()
    assert State.ACKNOWLEDGED.value == world.state()
    world.says("n01", Answer.CANNOT)
    assert State.RAISED.value == world.state()
    assert {("n03", "voice"), ("n04", "voice"), ("d01", "voice")} <= world.people()


def test_a_promise_at_the_instant_of_a_step() -> None:
    """The ladder was a hair faster: those just called are taken back and stood down."""
    world = World()
    world.smoke()
    world.deliver()
    world.wait(30)
    called = {s.key for s in world.waiting if s.person_id == "n03"}
    assert 2 == len(called)
    world.deliver()
    world.says("n01", Answer.GOING)
    world.sent("n03", SMS, Template.STAND_DOWN)
    taken_back = {cancel.attempt_id for cancel in world.taken_back}
    assert {key for key in called if ".voice." in key} <= taken_back


def test_a_step_at_the_instant_of_a_promise() -> None:
    """The neighbour was a hair faster: the step due at that instant calls nobody."""
    world = World()
    world.smoke()
    world.deliver()
    world.now += timedelta(seconds=30)
    world.says("n01", Answer.GOING)
    world.forget()
    world.wait(0)
    world.quiet()


def test_cannot_and_then_going() -> None:
    """Who has said 2 and then 1 goes, and is one of those who are asked from then on."""
    world = World()
    world.smoke()
    world.deliver()
    world.says("n01", Answer.CANNOT)
    world.says("n01", Answer.GOING)
    assert State.ACKNOWLEDGED.value == world.state()
    world.forget()
    world.wait(301)
    assert ("n01", "voice") in world.people()


def test_who_is_there_is_not_sent_home() -> None:
    """A 1 from someone who has arrived does not tell them they are not needed."""
    world = World()
    world.smoke()
    world.deliver()
    world.says("n01", Answer.ARRIVED)
    world.deliver()
    world.says("n01", Answer.GOING)
    world.quiet()


def test_going_after_somebody_arrived() -> None:
    """A 1 once somebody is there is told that they are not needed."""
    world = World()
    world.smoke()
    world.deliver()
    world.says("n02", Answer.ARRIVED)
    world.forget()
    world.says("n03", Answer.GOING)
    world.sent("n03", SMS, Template.STAND_DOWN)


def test_everybody_cannot() -> None:
    """When the last one says 2 and nobody is being reached, the next rung starts at once."""
    world = World(home(neighbours=("n01",)))
    world.smoke()
    world.report(world.sent("d01", VOICE), Outcome.NO_ANSWER)
    world.deliver(voice=Outcome.RINGING)
    world.says("p01", Answer.CANNOT)
    assert [] == world.handed
    world.says("n01", Answer.CANNOT)
    assert ["119"] == [order.service for order in world.handed]


def test_a_text_is_taken_once() -> None:
    """Polled and delivered, the same text counts once."""
    world = World()
    world.smoke()
    world.deliver()
    for _ in range(2):
        world.do(ReplyReceived("n01", Answer.CANNOT, text_id="SM1"))
    assert 1 == len([line for line in world.log if line.verb == "answered"])


def test_two_machines_do_not_talk_for_ever() -> None:
    """A phone that answers every text by itself gets five back, and the desk is told once."""
    world = two_old_fires()
    for _ in range(100):
        world.texts("n01", Answer.HEARD)
        world.wait(2)
    back = [s for s in world.asked if s.template is Template.WHICH_ONE]
    assert 5 == len(back)
    assert ["n01"] == [x.facts["person"] for x in world.log if x.verb == "responder_unclear"]


def test_after_ten_minutes_of_quiet_texts_are_answered_again() -> None:
    """The silence towards a person ends ten minutes after their last such text."""
    world = two_old_fires()
    for _ in range(10):
        world.texts("n01", Answer.UNCLEAR)
    world.forget()
    world.texts("n01", Answer.UNCLEAR)
    world.quiet()
    world.wait(601)
    world.forget()
    world.texts("n01", Answer.UNCLEAR)
    world.sent("n01", SMS, Template.WHICH_ONE)


def test_a_promise_counts_in_the_quiet() -> None:
    """Garbage does not cost anybody the word that counts."""
    world = two_old_fires()
    for _ in range(10):
        world.texts("n01", Answer.UNCLEAR)
    world.texts("n01", Answer.GOING, 5)
    assert State.ACKNOWLEDGED.value == world.state("h0002")


def test_stop_is_told_to_the_desk() -> None:
    """A volunteer who wants no more texts hears that somebody will call, and the desk is told."""
    world = World(settings=patient())
    world.texts("n01", Answer.STOP)
    world.sent("n01", SMS, Template.STOPPED)
    assert ["responder_stopped"] == world.verbs()


def test_words_for_coming_are_asked_for_a_one() -> None:
    """马上 is no promise; it is asked for a 1 and the ladder goes on."""
    world = World()
    world.smoke()
    world.deliver()
    world.texts("n01", Answer.COMING)
    world.sent("n01", SMS, Template.SAY_ONE)
    assert State.RAISED.value == world.state()


def test_a_text_out_of_the_blue_is_left_alone() -> None:
    """Who was asked nothing gets nothing back."""
    world = World(settings=patient())
    world.texts("n01", Answer.GOING)
    world.texts("n01", Answer.UNCLEAR)
    world.quiet()


def test_the_family_is_not_sent() -> None:
    """The daughter's 1 from another city holds nothing: she was told, not asked."""
    world = World()
    world.smoke()
    world.deliver()
    world.texts("f-h0001", Answer.GOING)
    assert State.RAISED.value == world.state()
