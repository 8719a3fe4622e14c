"""An installation test: each device is tried, the installer hears of it, and nobody is woken."""

from datetime import datetime, timedelta

import pytest

from alerting import walk_test
from alerting.effect import Medium, Submit, Template
from alerting.event import DrillOrdered, HomeRemoved, Verb, WalkTestBegun, WalkTestEnded
from sensors.reading import Flag, Kind, Replay
from tests.stories.world import World, home, patient

SMS, CONSOLE = Medium.SMS, Medium.CONSOLE
MINUTE = 60


def trying(*, minutes: float = 30) -> World:
    """An installer on a ladder at one of two homes."""
    world = World(home("h0001"), home("h0002"), settings=patient())
    until = world.now + timedelta(minutes=minutes)
    refusal = world.do(WalkTestBegun("h0001", "i01", until, "i01")).refusal
    assert refusal == ""
    begun = world.sent("i01", SMS, Template.INSTALLER_BEGUN)
    assert until == begun.raised_at
    return world


def heard(world: World) -> Submit:
    """Expect that the installer hears of a device."""
    return world.sent("i01", SMS, Template.INSTALLER_HEARD)


def test_a_press_on_a_smoke_head_goes_to_installer_and_desk_alone() -> None:
    """It looks like a fire, and only this mode tells it from one."""
    world = trying()
    world.smoke()
    told = heard(world)
    assert (("own-smoke-h0001",), "smoke") == (told.device_ids, told.kind)
    world.sent("d01", CONSOLE, Template.TESTED)
    world.wait(10 * MINUTE)
    world.quiet()
    assert "test_raised" in world.verbs()
    assert "raised" not in world.verbs()


def test_a_head_that_says_test_is_answered_too() -> None:
    """Some models do; that is no alarm anywhere."""
    world = trying()
    world.hear("smoke", Kind.SMOKE, flags=(Flag.TEST,))
    heard(world)
    world.quiet()


def test_a_help_call_goes_to_installer_and_desk_alone() -> None:
    """The button is tried like everything else."""
    world = trying()
    world.press()
    heard(world)
    world.sent("d01", CONSOLE, Template.TESTED)
    world.wait(29 * MINUTE)
    world.quiet()


def test_a_sensor_is_answered_once() -> None:
    """Walking up and down before a motion sensor is not fifty texts."""
    world = trying()
    for _ in range(50):
        world.move()
        world.wait(5)
    heard(world)
    world.quiet()


def test_what_a_device_says_by_itself_is_no_answer() -> None:
    """A heartbeat, a battery, a temperature beside something else, and old news prove nothing."""
    world = trying()
    world.hear("pir", Kind.BATTERY, 80)
    world.hear("pir", Kind.TEMPERATURE, 21.5)
    world.hear("pir", Kind.MOTION, replay=Replay.RETAINED)
    world.hear("smoke", Kind.SMOKE, value=False)
    world.quiet()


def test_other_homes_are_what_they_always_are() -> None:
    """A fire next door calls everybody."""
    world = trying()
    world.smoke("h0002")
    assert {("d01", "voice"), ("n01", "voice"), ("f-h0002", "sms")} <= world.people()


def test_it_ends_by_itself_and_says_what_was_not_heard() -> None:
    """Half an hour on, with the devices that have said nothing."""
    world = trying()
    world.press()
    world.forget()
    world.wait(30 * MINUTE)
    done = world.sent("i01", SMS, Template.INSTALLER_DONE)
    assert ("own-smoke-h0001", "own-pir-h0001") == done.device_ids
    world.quiet()
    assert "closed" == world.state()
    assert "drill" == [x for x in world.log if x.verb == "closed"][-1].facts["disposition"]


def test_after_it_an_alarm_is_an_alarm() -> None:
    """The same press, a minute later, calls everybody."""
    world = trying()
    world.do(WalkTestEnded("h0001", "i01"))
    world.forget()
    world.wait(MINUTE)
    world.press()
    assert ("d01", "voice") in world.people()


def test_what_still_cries_when_it_ends_is_a_fire() -> None:
    """Nobody can tell it from one: everybody is called."""
    world = trying(minutes=5)
    world.smoke()
    world.forget()
    world.wait(5 * MINUTE)
    assert {("d01", "voice"), ("n01", "voice"), ("n02", "voice")} <= world.people()
    raised = [line for line in world.log if line.verb == "raised"]
    assert ["cries_after_test"] == [line.facts["reason"] for line in raised]


@pytest.mark.parametrize("is_cooled", [False, True])
def test_a_thermometer_that_was_too_hot_is_a_fire_until_it_has_cooled(*, is_cooled: bool) -> None:
    """It says no state that could be taken back, and one that has burned says nothing more."""
    world = trying(minutes=5)
    world.hear("pir", Kind.TEMPERATURE, 63.0)
    assert ["own-pir-h0001"] == crying(world)
    if is_cooled:
        world.wait(60)
        world.hear("pir", Kind.TEMPERATURE, 24.0)
        assert [] == crying(world)
    world.forget()
    world.wait(5 * MINUTE)
    assert is_cooled == ("raised" not in world.verbs())
    assert is_cooled == (("n01", "voice") not in world.people())


def crying(world: World) -> list[str]:
    """What an installer sees before leaving."""
    state = world.engine.homes["h0001"]
    assert state.walk_test is not None
    return walk_test.crying(state.walk_test, state)


def test_a_danger_that_was_kept_for_us_is_a_fire_after_it() -> None:
    """It would have called everybody: of unknown age, and only the device itself takes it back."""
    world = trying(minutes=5)
    world.hear("smoke", Kind.SMOKE, replay=Replay.RETAINED)
    world.hear("smoke", Kind.SMOKE, value=False, replay=Replay.RETAINED, digest=2)
    world.forget()
    world.wait(5 * MINUTE)
    assert ("n01", "voice") in world.people()


def test_a_danger_known_to_be_old_is_none_after_it() -> None:
    """As without a test: the desk alone hears of it."""
    world = trying(minutes=5)
    old = world.now - timedelta(hours=3)
    world.hear("smoke", Kind.SMOKE, replay=Replay.RETAINED, device_time=old)
    world.wait(5 * MINUTE)
    assert "raised" not in world.verbs()


def test_what_was_taken_back_is_no_fire() -> None:
    """The head fell silent before the end."""
    world = trying(minutes=5)
    world.smoke()
    world.wait(20)
    world.hear("smoke", Kind.SMOKE, value=False)
    world.forget()
    world.wait(5 * MINUTE)
    world.sent("i01", SMS, Template.INSTALLER_DONE)
    world.quiet()


def test_a_second_fire_after_the_first_was_taken_back_counts() -> None:
    """What counts is what a device said last."""
    world = trying(minutes=5)
    for value in (True, False, True):
        world.hear("smoke", Kind.SMOKE, value=value, digest=int(value))
        world.wait(20)
    world.forget()
    world.wait(5 * MINUTE)
    assert ("n01", "voice") in world.people()


def test_a_head_that_never_takes_back_is_not_believed_afterwards() -> None:
    """Every test of such a head would end in a fire that is none."""
    world = trying(minutes=5)
    world.hear("smoke", Kind.SMOKE, flags=(Flag.NO_CLEAR,))
    world.forget()
    world.wait(5 * MINUTE)
    world.sent("i01", SMS, Template.INSTALLER_DONE)
    world.quiet()


def test_what_the_desk_has_closed_is_over() -> None:
    """Somebody has looked: it is not raised again when the test ends."""
    world = trying(minutes=5)
    world.smoke()
    world.operator(Verb.CLOSE, "drill")
    world.forget()
    world.wait(5 * MINUTE)
    world.sent("i01", SMS, Template.INSTALLER_DONE)
    world.quiet()


def test_silence_waits_for_the_end() -> None:
    """The installer is with the resident; what silence means is asked afterwards."""
    world = World(settings=patient())
    world.move()
    world.wait(7 * 3600 + 50 * MINUTE)
    world.do(WalkTestBegun("h0001", "i01", world.now + timedelta(minutes=30), "i01"))
    world.forget()
    world.wait(29 * MINUTE)
    world.quiet()
    world.wait(MINUTE)
    world.sent("r-h0001", Medium.VOICE, Template.RESIDENT_CHECK)


def test_it_survives_a_restart() -> None:
    """With what the installer has heard of, and with its end."""
    world = trying()
    world.move()
    world.forget()
    world.restart()
    world.move()
    world.quiet()
    world.wait(30 * MINUTE)
    world.sent("i01", SMS, Template.INSTALLER_DONE)


@pytest.mark.parametrize("minutes", [0, -1, 31])
def test_half_an_hour_at_most(minutes: float) -> None:
    """Nobody's alarms are redirected for longer."""
    world = World(settings=patient())
    until = world.now + timedelta(minutes=minutes)
    assert "30 minutes" in world.do(WalkTestBegun("h0001", "i01", until, "i01")).refusal


def test_not_beside_an_alarm_nor_a_drill_beside_it() -> None:
    """Who needs help is not hidden, and a rehearsal calls people."""
    world = World(settings=patient())
    until: datetime = world.now + timedelta(minutes=30)
    world.smoke()
    assert "is open" in world.do(WalkTestBegun("h0001", "i01", until, "i01")).refusal
    world.operator(Verb.CLOSE, "assisted")
    world.do(WalkTestBegun("h0001", "i01", until, "i01"))
    assert "runs already" in world.do(WalkTestBegun("h0001", "i01", until, "i01")).refusal
    assert "runs at this home" in world.do(DrillOrdered("h0001", "smoke", "wang")).refusal


def test_a_home_that_goes_takes_its_test_with_it() -> None:
    """Nothing is left to end."""
    world = trying()
    world.do(HomeRemoved("h0001"))
    assert "unknown_home" == world.do(WalkTestEnded("h0001", "i01")).refusal
