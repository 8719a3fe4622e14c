"""water_leak: the resident is asked first, and a neighbour goes when nobody answers."""

from alerting.effect import Medium, Template
from alerting.event import Answer, Outcome
from alerting.message import Facts, render
from sensors.reading import Kind
from tests.stories.world import World, patient

SMS, VOICE, CONSOLE = Medium.SMS, Medium.VOICE, Medium.CONSOLE
FACTS = Facts("昭觉社区", "84310000", "3栋2单元502", "张桂芳", "19:40")


def leaking() -> World:
    """Water on the bathroom floor."""
    world = World(settings=patient())
    world.hear("leak", Kind.WATER_LEAK)
    return world


def test_the_resident_is_asked_first() -> None:
    """The resident is rung about the tap and the desk is shown; nobody else hears."""
    world = leaking()
    assert "water_leak" == world.log[0].kind
    said = render(world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK), FACTS)
    assert "您家漏水报警了，请看看水龙头和水管。没事按1，要人来按9" in said
    world.sent("d01", CONSOLE, Template.ALARM)
    world.quiet()


def test_one_from_the_resident_ends_it() -> None:
    """A tap left running: closed, and nobody hears of it."""
    world = leaking()
    world.deliver()
    world.says("r-h0001", Answer.GOING)
    assert "closed" == world.state()
    world.wait(3600)
    world.quiet()


def test_nobody_answers_and_neighbours_are_called() -> None:
    """After two minutes, with a text that asks to go and look; the family comes later."""
    world = leaking()
    world.deliver(voice=Outcome.NO_ANSWER)
    world.wait(119)
    world.quiet()
    world.wait(1)
    text = render(world.sent("n01", SMS), FACTS)
    assert (
        "【昭觉社区】请去看看3栋2单元502张桂芳，家里漏水报警，电话没人接。"
        "能去回1，不能回2。值班室84310000"
    ) == text
    assert ("f-h0001", "sms") not in world.people()


def test_a_sensor_that_says_it_again_cuts_nobody_short() -> None:
    """Wet is wet: the resident keeps the two minutes."""
    world = leaking()
    world.deliver()
    for minute in range(2, 6):
        world.wait(20)
        world.hear("leak", Kind.WATER_LEAK, digest=minute)
    world.quiet()
    assert "pre_alarm" == world.state()


def test_a_second_sensor_ends_the_waiting() -> None:
    """Water in two rooms is no tap."""
    world = leaking()
    world.deliver()
    world.wait(20)
    world.hear("leak2", Kind.WATER_LEAK)
    assert {("n01", "voice"), ("n02", "voice")} <= world.people()


def test_dry_again_closes_nothing() -> None:
    """It is written down; the resident is still asked."""
    world = leaking()
    world.deliver()
    world.hear("leak", Kind.WATER_LEAK, value=False, digest=2)
    assert "restored" == world.verbs()[-1]
    assert "pre_alarm" == world.state()
    world.quiet()


def test_a_floor_dries_slowly() -> None:
    """After a 1 the sensor that is still wet asks nobody again for an hour; then it does."""
    world = leaking()
    world.deliver()
    world.says("r-h0001", Answer.GOING)
    for minute in range(2, 11):
        world.wait(360)
        world.hear("leak", Kind.WATER_LEAK, digest=minute)
    world.quiet()
    world.wait(360)
    world.hear("leak", Kind.WATER_LEAK, digest=11)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


def test_dry_and_wet_again_is_a_new_leak() -> None:
    """Nor is another sensor quiet because the first was."""
    world = leaking()
    world.deliver()
    world.says("r-h0001", Answer.GOING)
    world.hear("leak", Kind.WATER_LEAK, value=False, digest=2)
    world.wait(60)
    world.hear("leak", Kind.WATER_LEAK, digest=3)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)
    world.deliver()
    world.says("r-h0001", Answer.GOING)
    world.hear("leak2", Kind.WATER_LEAK)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)
