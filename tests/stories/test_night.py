"""At night those come first who agreed to be woken."""

from datetime import timedelta

from alerting.effect import Medium
from alerting.event import Outcome
from tests.stories.world import MORNING, World, home, patient

MIDNIGHT = MORNING + timedelta(hours=15)


def callers(world: World) -> list[str]:
    """Neighbours in the order in which they were called."""
    called = [s for s in world.asked if s.medium is Medium.VOICE]
    return [s.person_id for s in called if s.person_id.startswith("n")]


def test_by_day_the_order_is_that_of_the_registry() -> None:
    """Who sleeps at night is awake by day."""
    world = World(home(asleep=("n01", "n02")))
    world.smoke()
    assert ["n01", "n02"] == callers(world)


def test_at_night_those_who_agreed_come_first() -> None:
    """The two who agreed are called, the two who did not are let sleep."""
    world = World(home(asleep=("n01", "n03")), start=MIDNIGHT)
    world.smoke()
    assert ["n02", "n04"] == callers(world)


def test_nobody_sleeps_through_a_fire_nobody_else_answers() -> None:
    """When those who agreed do not answer, the others are woken after all."""
    world = World(home(asleep=("n01", "n03")), start=MIDNIGHT)
    world.smoke()
    world.deliver(voice=Outcome.NO_ANSWER)
    assert ["n02", "n04", "n01", "n03"] == callers(world)


def test_the_night_ends_at_seven() -> None:
    """The order is decided when somebody is called, not when the alarm was raised."""
    world = World(home(asleep=("n01",)), settings=patient(), start=MIDNIGHT + timedelta(hours=7))
    world.smoke()
    assert ["n01", "n02"] == callers(world)
