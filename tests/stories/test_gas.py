"""gas and co: everybody at once, nobody rings the bell, and nobody goes in."""

import pytest

from alerting.effect import Medium, Template
from alerting.event import Answer, Outcome
from alerting.message import Facts, render
from sensors.reading import Flag, Kind
from tests.stories.world import World, patient

SMS, VOICE, CONSOLE = Medium.SMS, Medium.VOICE, Medium.CONSOLE
FACTS = Facts("昭觉社区", "84310000", "3栋2单元502", "张桂芳", "19:40", "李明")
BOTH = pytest.mark.parametrize("kind", [Kind.GAS, Kind.CO], ids=["gas", "co"])


@BOTH
def test_everybody_hears_at_once(kind: Kind) -> None:
    """Desk, resident, two neighbours, gatehouse and family in the same instant, and nobody else."""
    world = World(settings=patient())
    world.hear(kind, kind)
    assert str(kind) == world.log[0].kind
    world.sent("d01", CONSOLE, Template.ALARM)
    world.sent("d01", VOICE, Template.ALARM)
    world.sent("r-h0001", VOICE, Template.RESIDENT_HEARD)
    world.sent("f-h0001", SMS, Template.FAMILY_START)
    for neighbour in ("n01", "n02", "p01"):
        world.sent(neighbour, SMS, Template.ALARM)
        world.sent(neighbour, VOICE, Template.ALARM)
    world.quiet()


def test_the_neighbour_is_told_how_not_to_blow_up_the_house() -> None:
    """The page's text to the letter, and the same by voice."""
    world = World(settings=patient())
    world.hear("gas", Kind.GAS)
    text = render(world.sent("n01", SMS), FACTS)
    assert (
        "【昭觉社区】急！3栋2单元502燃气报警。别按门铃别开灯别进屋，敲门喊人出来，"
        "到楼外打119。能去回1，不能回2"
    ) == text
    assert "别按门铃，别开灯，别进屋" in render(world.sent("n01", VOICE), FACTS)


@BOTH
def test_the_resident_is_sent_out_at_every_step(kind: Kind) -> None:
    """When it comes in, when somebody comes, when they are there; no light and no flame for gas."""
    world = World(settings=patient())
    world.hear(kind, kind)
    said = [render(world.sent("r-h0001", VOICE, Template.RESIDENT_HEARD), FACTS)]
    world.says("n01", Answer.GOING)
    said.append(render(world.sent("r-h0001", VOICE, Template.RESIDENT_COMING), FACTS))
    world.says("n01", Answer.ARRIVED)
    said.append(render(world.sent("r-h0001", VOICE, Template.RESIDENT_ARRIVED), FACTS))
    assert [] == [text for text in said if "马上" not in text or "出" not in text]
    assert ("别开灯，别点火" in said[0]) == (kind is Kind.GAS)


@BOTH
def test_nobody_answers_and_119_is_next(kind: Kind) -> None:
    """The ladder ends at the fire brigade and begins again."""
    world = World(settings=patient())
    world.hear(kind, kind)
    for _ in range(60):
        world.deliver(voice=Outcome.NO_ANSWER)
        world.wait(10)
    assert {"119"} == {order.service for order in world.handed}
    world.forget()
    world.wait(300)
    assert ("d01", "voice") in world.people()


@BOTH
def test_a_test_press_and_the_end_of_it_wake_nobody(kind: Kind) -> None:
    """An installer's press is a line of the log; a clear without an alarm is nothing at all."""
    world = World(settings=patient())
    world.hear(kind, kind, flags=(Flag.TEST,))
    world.hear(kind, kind, value=False, digest=2)
    world.wait(3600)
    world.quiet()
    assert ["tested"] == world.verbs()


@BOTH
def test_clean_air_closes_nothing(kind: Kind) -> None:
    """Somebody has to have looked."""
    world = World(settings=patient())
    world.hear(kind, kind)
    world.deliver()
    world.hear(kind, kind, value=False, digest=2)
    assert "restored" == world.verbs()[-1]
    assert "raised" == world.state()
    world.quiet()


@BOTH
def test_it_is_never_asked_first(kind: Kind) -> None:
    """A 1 from the resident takes nobody's call back."""
    world = World(settings=patient())
    world.hear(kind, kind)
    world.deliver()
    world.says("r-h0001", Answer.GOING)
    assert "raised" == world.state()
