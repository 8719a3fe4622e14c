"""The gateway stops and starts in the middle of things: nothing is lost, nothing said twice."""

from datetime import timedelta

from alerting.alarm import State
from alerting.effect import Medium, Template
from alerting.event import Answer, Outcome
from sensors.reading import Kind
from tests.stories.world import World, patient

SMS, VOICE = Medium.SMS, Medium.VOICE


def test_the_next_rung_comes_at_its_time() -> None:
    """A restart between two rungs neither repeats the first nor delays the second."""
    world = World()
    world.smoke()
    world.deliver()
    world.wait(20)
    world.restart()
    world.wait(9)
    world.quiet()
    world.wait(1)
    assert {"n03", "n04"} == {person for person, _ in world.people()}


def test_a_lease_survives() -> None:
    """A promise made before the restart runs out when it would have."""
    world = World()
    world.smoke()
    world.deliver()
    world.says("n01", Answer.GOING)
    world.deliver()
    world.wait(200)
    world.restart()
    world.wait(99)
    world.quiet()
    world.wait(1)
    assert State.RAISED.value == world.state()


def test_a_retry_survives() -> None:
    """A busy line is tried again 30 s later, whatever happened to us meanwhile."""
    world = World()
    world.smoke()
    call = world.sent("n01", VOICE)
    world.deliver()
    world.report(call, Outcome.BUSY)
    world.deliver()
    world.restart()
    world.wait(30)
    world.sent("n01", VOICE, Template.ALARM)


def test_a_window_survives() -> None:
    """The resident's two minutes go on counting."""
    world = World(settings=patient())
    world.wait(8 * 3600)
    world.deliver()
    world.wait(60)
    world.restart()
    world.wait(60)
    assert ("n01", "voice") in world.people()


def test_what_came_due_while_down_is_done_at_once() -> None:
    """Down over two rungs: the first that was missed is climbed at the start."""
    world = World()
    world.smoke()
    world.deliver()
    world.wait(1)
    world.restart()
    world.now += timedelta(seconds=300)
    world.wait(0)
    assert ("n03", "voice") in world.people()


def test_slots_survive() -> None:
    """An answer to a text of before the restart finds its alarm."""
    world = World(settings=patient())
    world.smoke()
    world.deliver()
    world.restart()
    world.texts("n01", Answer.GOING)
    assert State.ACKNOWLEDGED.value == world.state()


def test_a_redelivery_over_the_restart_raises_once() -> None:
    """What the broker says again after the restart is known."""
    world = World()
    world.hear("smoke", Kind.SMOKE, boot="b1", seq=7)
    world.deliver()
    world.restart()
    assert "duplicate" == world.hear("smoke", Kind.SMOKE, boot="b1", seq=7).mark
    world.quiet()


def test_the_order_of_things_survives() -> None:
    """After a restart two alarms of a home go on in the same order as without one."""
    stories = []
    for restarts in (False, True):
        world = World(settings=patient())
        world.smoke()
        world.press()
        world.deliver()
        if restarts:
            world.restart()
        world.forget()
        world.wait(600)
        stories.append([(s.key, s.slot) for s in world.waiting] + [x.key for x in world.log])
    assert stories[0] == stories[1]
