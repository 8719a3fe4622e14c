"""cold and heat_wave: a room that stays so for hours is a line on the list, and wakes nobody."""

import pytest

from alerting.effect import Medium
from alerting.event import Verb
from alerting.record import DeviceRecord, HomeRecord
from sensors.reading import Flag, Kind
from tests.stories.world import World, home, patient

HOUR = 3600
KINDS = {"cold": 9.5, "heat_wave": 33.0}


def roomy(room: str = "卧室") -> World:
    """A home with a thermometer in this room."""
    record = home()
    devices = (*record.devices, DeviceRecord("own-temp-h0001", "temperature", room))
    fixed: dict[str, object] = {"day_hours": 72.0, "night_hours": 72.0}
    return World(
        HomeRecord(record.id, record.residents, devices, record.responders),
        settings=patient(no_motion=fixed),
    )


def stays(world: World, celsius: float, hours: float, flags: tuple[Flag, ...] = ()) -> None:
    """Let the room be so for hours, said every half hour."""
    for _ in range(round(2 * hours)):
        digest = int(world.now.timestamp())
        world.hear("temp", Kind.TEMPERATURE, celsius, flags=flags, digest=digest)
        world.wait(HOUR / 2)


def raised(world: World) -> list[str]:
    """What stands on the list."""
    return [line.kind for line, _ in world.raised()]


@pytest.mark.parametrize("kind", ["cold", "heat_wave"])
def test_hours_of_it_are_a_line_on_the_list(kind: str) -> None:
    """After six hours, with what was measured; nobody is rung, and it ends by itself."""
    world = roomy()
    stays(world, KINDS[kind], 6)
    assert [] == raised(world)
    stays(world, KINDS[kind], 0.5)
    assert [kind] == raised(world)
    (line, _), *_ = world.raised()
    assert f"{KINDS[kind]:.1f}" == line.facts["celsius"]
    assert {Medium.CONSOLE} == {submit.medium for submit in world.asked}
    stays(world, 21.0, 1)
    assert "closed" == world.state()


@pytest.mark.parametrize("kind", ["cold", "heat_wave"])
def test_airing_is_none(kind: str) -> None:
    """A window open for an hour, again and again."""
    world = roomy()
    for _ in range(6):
        stays(world, KINDS[kind], 1)
        stays(world, 21.0, 1)
    assert [] == raised(world)


def test_a_thermometer_that_fell_silent_says_nothing_of_now() -> None:
    """The last word of one that burned or ran down is no heat-wave."""
    world = roomy()
    stays(world, 45.0, 1)
    world.wait(24 * HOUR)
    stays(world, 45.0, 1)
    assert "heat_wave" not in raised(world)


@pytest.mark.parametrize("room", ["厨房冰箱", "阳台", "Freezer"])
def test_a_fridge_is_no_room(room: str) -> None:
    """Nor is a balcony."""
    world = roomy(room)
    stays(world, 4.0, 12)
    assert [] == raised(world)


def test_a_suspect_zero_is_not_cold() -> None:
    """A sensor that says 0 before it knows better."""
    world = roomy()
    stays(world, 0.0, 8, (Flag.SUSPECT,))
    assert [] == raised(world)


def test_who_has_closed_it_is_told_again_after_as_long() -> None:
    """It is still cold."""
    world = roomy()
    stays(world, 9.0, 6.5)
    world.operator(Verb.CLOSE, "assisted")
    stays(world, 9.0, 5.5)
    assert ["cold"] == raised(world)
    stays(world, 9.0, 1)
    assert ["cold", "cold"] == raised(world)
