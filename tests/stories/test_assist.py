"""A person calls 119 or 120, says so with a 9, and everybody hears that it is done."""

from datetime import UTC, datetime

import pytest

from alerting.effect import Medium, Submit, Template
from alerting.event import Answer, Outcome, Verb
from alerting.message import Facts, render, units
from alerting.settings import Settings
from tests.stories.world import World

SMS, VOICE, CONSOLE = Medium.SMS, Medium.VOICE, Medium.CONSOLE
ASSISTS = Settings(assists=True)


def scripts(world: World) -> set[tuple[str, str]]:
    """Who waits for the script, and over what."""
    return {(s.person_id, s.medium.value) for s in world.waiting if s.template is Template.SCRIPT}


def told(world: World) -> dict[str, Submit]:
    """Who waits to hear that it is done."""
    return {s.person_id: s for s in world.waiting if s.template is Template.CALLED}


def asked_from_the_scene() -> World:
    """N01 is with the person and asks for an ambulance."""
    world = World(settings=ASSISTS)
    world.press()
    world.wait(31)
    world.deliver()
    world.says("n01", Answer.ARRIVED)
    world.forget()
    world.says("n01", Answer.AMBULANCE)
    return world


def test_nine_gives_the_desk_and_the_one_on_the_scene_what_to_read() -> None:
    """The desk is rung, texted and shown; the one who asked is texted."""
    world = asked_from_the_scene()
    desk = {("d01", "console"), ("d01", "sms"), ("d01", "voice")}
    assert desk | {("n01", "sms")} == scripts(world)


def test_without_the_mode_nobody_is_asked_to_call() -> None:
    """`dry_run` writes the script, as before."""
    world = World()
    world.press()
    world.says("n01", Answer.AMBULANCE)
    world.wait(300)
    assert set() == scripts(world)
    assert ["120"] == [order.service for order in world.handed][:1]


def test_the_desk_confirms_and_everybody_hears_it() -> None:
    """Who called, and when; the person who called is not told their own deed, and nobody asks."""
    world = asked_from_the_scene()
    world.deliver()
    world.wait(20)
    at = world.now
    world.says("d01", Answer.AMBULANCE)
    heard = told(world)
    assert {"n01", "n02", "d01", "f-h0001", "r-h0001"} == set(heard)
    assert {("120", at, "d01", True)} == {
        (s.service, s.confirmed_at, s.actor_id, s.is_by_desk) for s in heard.values()
    }
    assert "called" in world.verbs()
    world.forget()
    world.wait(400)
    assert set() == scripts(world)


def test_the_one_on_the_scene_confirms() -> None:
    """A 9 from who has the script means that it is called."""
    world = asked_from_the_scene()
    world.deliver()
    world.wait(40)
    world.says("n01", Answer.AMBULANCE)
    heard = told(world)
    assert not heard["n02"].is_by_desk
    assert "n01" == heard["n02"].actor_id
    assert "n01" not in heard


def test_a_nine_pressed_twice_is_not_a_call() -> None:
    """Whoever presses 9 again at once has not called: all would think that help is coming."""
    world = asked_from_the_scene()
    world.wait(3)
    world.says("n01", Answer.AMBULANCE)
    assert {} == told(world)
    assert "called" not in world.verbs()


def test_somebody_without_the_script_cannot_confirm() -> None:
    """Another neighbour's 9 asks; it says nothing of a call."""
    world = asked_from_the_scene()
    world.wait(20)
    world.says("n02", Answer.AMBULANCE)
    assert {} == told(world)
    assert ("n02", "sms") in scripts(world)


def test_nobody_confirms_and_is_asked_every_minute() -> None:
    """Neither desk nor scene says that it is done: both are asked again, by ids of their own."""
    world = asked_from_the_scene()
    for _ in range(4):
        world.deliver(voice=Outcome.NO_ANSWER)
        world.wait(60)
    rings = [s.key for s in world.asked if s.template is Template.SCRIPT and s.medium is VOICE]
    assert len(rings) >= 4
    assert len(set(rings)) == len(rings)
    assert "not_called" in world.verbs()


def test_the_last_rung_of_a_fire_asks_for_119() -> None:
    """Nobody has answered: the desk is asked to call the fire brigade, and goes on calling."""
    world = World(settings=ASSISTS)
    world.smoke()
    for _ in range(10):
        world.deliver()
        world.wait(10)
    assert {"119"} == {s.service for s in world.asked if s.template is Template.SCRIPT}
    world.says("d01", Answer.AMBULANCE)
    assert "raised" == world.state()
    world.forget()
    world.wait(200)
    assert world.waiting != []  # that 119 comes ends no search for somebody near


def test_the_operator_says_it() -> None:
    """By command too, in any mode; a service that is none is refused, and one of a closed alarm."""
    world = World()
    world.press()
    world.deliver()
    assert world.operator(Verb.CALLED, "114").refusal != ""
    world.operator(Verb.CALLED)
    assert ("120", True) == (told(world)["d01"].service, told(world)["d01"].is_by_desk)
    world.operator(Verb.CLOSE, "handed_to_120")
    assert world.operator(Verb.CALLED).refusal != ""


def test_a_closed_alarm_asks_no_more() -> None:
    """The desk closed it: nobody is rung about 120 any longer."""
    world = asked_from_the_scene()
    world.deliver()
    world.operator(Verb.CLOSE, "handed_to_120")
    world.forget()
    world.wait(600)
    world.quiet()


def test_a_drill_asks_nobody_to_call() -> None:
    """No rehearsal sends a person to the real 119."""
    world = World(settings=ASSISTS)
    world.drill("smoke")
    world.wait(1200)
    assert [] == [s for s in world.asked if s.template is Template.SCRIPT]


def test_it_survives_a_restart() -> None:
    """Who is asked to call is asked again after a restart at the time it was due."""
    world = asked_from_the_scene()
    world.deliver()
    world.wait(50)
    body = world.engine.snapshot()
    assert world.engine.restore(body)
    world.wait(11)
    assert ("d01", "sms") in scripts(world)


FACTS = Facts(
    "昭觉社区",
    "84310000",
    "3栋2单元502",
    "张桂芳",
    "18:40",
    actor="王芳",
    script=("地址：四川省昭觉县新城镇幸福路昭觉社区3栋2单元502", "楼层：5楼；电梯：无"),
    number="120",
    called_at="18:52",
    gate="小区东门",
)


@pytest.mark.parametrize("by_desk", [True, False])
def test_the_words(*, by_desk: bool) -> None:
    """As the people who asked for it wrote it, in one segment."""
    now = datetime(2026, 3, 2, 10, 40, tzinfo=UTC)
    order = Submit(
        *("k", "h0001", "a", "n02", SMS, Template.CALLED, "help_call", now, now, now),
        service="120",
        confirmed_at=now,
        is_by_desk=by_desk,
    )
    text = render(order, FACTS)
    by = "值班员王芳" if by_desk else "王芳"
    assert f"120已叫好，18:52，{by}打的，请勿重复拨打。请到小区东门接车" in text
    assert units(text) <= 70


def test_the_script_in_one_text() -> None:
    """The address in whole before anything else, and how to say that it is done."""
    world = asked_from_the_scene()
    text = render(world.sent("n01", SMS, Template.SCRIPT), FACTS)
    assert "请马上打120：" in text
    assert "幸福路昭觉社区3栋2单元502" in text
    assert text.endswith("回9")
    assert units(text) <= 70
    spoken = render(world.sent("d01", VOICE, Template.SCRIPT), FACTS)
    assert "楼层：5楼" in spoken
    assert "请按9" in spoken
