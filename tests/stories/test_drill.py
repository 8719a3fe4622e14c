"""A drill: everything as if, and everybody knows it is not."""

from alerting.alarm import Disposition, State
from alerting.effect import Medium, Template
from alerting.event import Answer, Outcome, Verb
from alerting.message import Facts, render
from tests.stories.world import World, patient

SMS, VOICE = Medium.SMS, Medium.VOICE
FACTS = Facts("昭觉社区", "84310000", "3栋2单元502", "张桂芳", "19:40")


def test_everything_that_is_said_says_drill() -> None:
    """From the first text to the last, to whomever, in writing and by voice."""
    world = World(settings=patient())
    world.drill("smoke")
    for _ in range(50):
        world.deliver(voice=Outcome.NO_ANSWER)
        world.wait(10)
    world.says("n01", Answer.HEARD)
    world.says("n01", Answer.COMING)
    world.says("n01", Answer.UNCLEAR)
    world.says("n01", Answer.GOING)
    world.says("n01", Answer.NOBODY_OPENS)
    world.says("n01", Answer.AMBULANCE)
    world.says("n01", Answer.SAFE)
    world.says("n02", Answer.GOING)
    assert len({submit.template for submit in world.asked}) >= 10
    assert [] == [s for s in world.asked if "演练" not in render(s, FACTS)]


def test_the_family_is_left_in_peace() -> None:
    """No family member hears of a drill, at no stage."""
    world = World(settings=patient())
    world.drill("smoke")
    world.deliver()
    world.says("n01", Answer.GOING)
    world.says("n01", Answer.ARRIVED)
    world.says("n01", Answer.SAFE)
    assert "f-h0001" not in {submit.person_id for submit in world.asked}


def test_no_hand_over_is_real() -> None:
    """Each hand-over of a drill says that it is one."""
    world = World(settings=patient())
    world.drill("smoke")
    for _ in range(60):
        world.deliver(voice=Outcome.NO_ANSWER)
        world.wait(10)
    world.says("n01", Answer.AMBULANCE)
    assert {"119", "120"} == {order.service for order in world.handed}
    assert {True} == {order.is_drill for order in world.handed}


def test_a_one_is_all_that_is_asked() -> None:
    """Who answered is thanked and need not leave the house; the drill ends by itself."""
    world = World(settings=patient())
    world.drill("smoke")
    world.deliver()
    world.says("n01", Answer.GOING)
    assert "不用出门" in render(world.sent("n01", SMS, Template.GOING), FACTS)
    world.deliver()
    world.wait(3600)
    assert State.CLOSED.value == world.state()
    ends = [line.facts["disposition"] for line in world.log if line.verb == "closed"]
    assert [Disposition.DRILL] == ends
    assert {Template.STAND_DOWN.value} >= {s.template.value for s in world.waiting}


def test_played_to_the_end() -> None:
    """Going, arrived, safe: closed as a drill."""
    world = World(settings=patient())
    world.drill("help_call")
    world.deliver()
    world.wait(30)
    world.deliver()
    world.says("n01", Answer.GOING)
    world.says("n01", Answer.ARRIVED)
    world.says("n01", Answer.SAFE)
    assert Disposition.DRILL == world.log[-1].facts["disposition"]


def test_closed_by_the_desk_it_is_a_drill() -> None:
    """If nothing else is said."""
    world = World(settings=patient())
    world.drill("smoke")
    world.operator(Verb.CLOSE)
    assert Disposition.DRILL == world.log[-1].facts["disposition"]


def test_every_line_of_its_log_says_drill() -> None:
    """The log of a soft alarm's drill cannot be taken for the real thing either."""
    world = World(settings=patient())
    world.drill("no_motion")
    world.wait(600)
    assert {"yes"} == {line.facts.get("drill") for line in world.log}


def test_no_second_drill_and_none_beside_the_real_thing() -> None:
    """One at a time, and never of a kind that is open."""
    world = World(settings=patient())
    assert "" == world.drill("smoke").refusal
    assert "" != world.drill("smoke").refusal
    world.operator(Verb.CLOSE)
    world.smoke()
    assert "" != world.drill("smoke").refusal


def test_what_has_no_ladder_is_not_rehearsed() -> None:
    """A trouble, or a word that is no kind, is refused."""
    world = World(settings=patient())
    assert "" != world.drill("device_lost").refusal
    assert "" != world.drill("earthquake").refusal
    world.quiet()
