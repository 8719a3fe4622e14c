"""low_battery, tamper, fault: the operator's list, silent to neighbours, ended by the device."""

from datetime import timedelta

import pytest

from alerting.alarm import Disposition
from alerting.effect import Medium, Template
from alerting.event import Verb
from sensors.reading import Flag, Kind, Replay
from tests.stories.world import World, patient

CONSOLE = Medium.CONSOLE
DAY = timedelta(days=1).total_seconds()

TROUBLES = [
    ("low_battery", Kind.BATTERY_LOW, True, False),
    ("low_battery", Kind.BATTERY, 12, 100),
    ("tamper", Kind.TAMPER, True, False),
    ("fault", Kind.FAULT, True, False),
]
EACH = pytest.mark.parametrize(("name", "kind", "bad", "good"), TROUBLES)
Value = bool | int


def calm() -> World:
    """A home that nobody misses a movement in, so that only its devices can be in trouble."""
    return World(settings=patient(no_motion={"day_hours": 72.0, "night_hours": 72.0}))


@EACH
def test_only_the_desk_is_shown(name: str, kind: Kind, bad: Value, good: Value) -> None:
    """One line on the console, within the same instant; a day of it is still one line."""
    del good
    world = calm()
    world.hear("smoke", kind, bad)
    world.sent("d01", CONSOLE, Template.ALARM)
    for number in range(2, 24):
        world.wait(3600)
        world.hear("smoke", kind, bad, digest=number)
    world.quiet()
    assert name == world.log[0].kind
    assert 1 == len(list(world.raised()))


@EACH
def test_the_device_ends_it(name: str, kind: Kind, bad: Value, good: Value) -> None:
    """A later reading that says otherwise closes it, and nobody hears of that."""
    del name
    world = calm()
    world.hear("smoke", kind, bad)
    world.deliver()
    world.hear("smoke", kind, good, digest=2)
    assert "closed" == world.state()
    assert Disposition.DEVICE_FAULT == world.log[-1].facts["disposition"]
    world.quiet()


@EACH
def test_each_device_has_its_own(name: str, kind: Kind, bad: Value, good: Value) -> None:
    """Two devices are two troubles, and one that ends leaves the other."""
    world = calm()
    world.hear("smoke", kind, bad)
    world.hear("pir", kind, bad)
    world.hear("smoke", kind, good, digest=2)
    home = world.engine.homes["h0001"]
    assert home.open_alarm(name, "own-pir-h0001") is not None
    assert home.open_alarm(name, "own-smoke-h0001") is None


@EACH
def test_closed_by_hand_it_is_quiet_for_a_day(
    name: str, kind: Kind, bad: Value, good: Value
) -> None:
    """The operator has written it down; if nothing is done it comes back a day later."""
    del name, good
    world = calm()
    world.hear("smoke", kind, bad)
    world.operator(Verb.CLOSE, Disposition.DEVICE_FAULT)
    for number in range(2, 8):
        world.wait(3600)
        world.hear("smoke", kind, bad, digest=number)
    assert 1 == len(list(world.raised()))
    world.wait(DAY)
    world.hear("smoke", kind, bad, digest=9)
    world.hear("smoke", kind, bad, digest=10)
    assert 2 == len(list(world.raised()))


@pytest.mark.parametrize("kind", [Kind.TAMPER, Kind.FAULT])
def test_opened_again_is_told_again(kind: Kind) -> None:
    """Closed by the operator, shut, opened once more within the hour: a new trouble."""
    world = calm()
    world.hear("smoke", kind)
    world.operator(Verb.CLOSE, Disposition.DEVICE_FAULT)
    world.wait(60)
    world.hear("smoke", kind, value=False, digest=2)
    world.wait(60)
    world.hear("smoke", kind, digest=3)
    assert 2 == len(list(world.raised()))


@pytest.mark.parametrize("kind", [Kind.TAMPER, Kind.FAULT, Kind.BATTERY_LOW])
def test_what_the_broker_kept_is_no_trouble(kind: Kind) -> None:
    """An old state shown at each start is not the device's word of now."""
    world = calm()
    world.hear("smoke", kind, replay=Replay.RETAINED)
    world.quiet()
    assert [] == world.log


def test_between_low_and_fine_nothing_changes() -> None:
    """A battery that swings with the cold is told once, and is not fine at 20 per cent."""
    world = calm()
    for number, level in enumerate((16, 14, 16, 20, 14, 29)):
        world.wait(60)
        world.hear("smoke", Kind.BATTERY, level, digest=number)
    assert 1 == len(world.log) - world.verbs().count("attempt_ended")
    world.hear("smoke", Kind.BATTERY, 31, digest=9)
    assert "closed" == world.state()


def test_the_devices_own_word_counts_before_its_per_cent() -> None:
    """A cell that shows 100 % and says low is low."""
    world = calm()
    world.hear("smoke", Kind.BATTERY_LOW, beside=((Kind.BATTERY, 100),))
    assert "low_battery" == world.log[0].kind


def test_a_value_nobody_believes_is_no_battery() -> None:
    """A reading marked invalid says nothing."""
    world = calm()
    world.hear("smoke", Kind.BATTERY, 0, flags=(Flag.INVALID,))
    assert [] == world.log


def test_low_battery_hides_no_help_call() -> None:
    """A dying button that is pressed is a help call, and the trouble beside it is only listed."""
    world = calm()
    world.hear("help", Kind.HELP_CALL, "press", beside=((Kind.BATTERY_LOW, True),))
    kinds = [line.kind for line in world.log if line.verb == "raised"]
    assert ["help_call", "low_battery"] == kinds
    assert ("d01", "voice") in world.people()
