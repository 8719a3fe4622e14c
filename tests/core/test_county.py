"""What concerns every home of a county at once plans none of them at once."""

from datetime import datetime, timedelta

import pytest

from alerting.event import ConfigApplied, HoldSet
from alerting.settings import Settings
from tests.stories.world import World, home, patient

HOMES = 200
HOUR = 3600


@pytest.fixture
def county(monkeypatch: pytest.MonkeyPatch) -> tuple[World, list[str]]:
    """Many homes, and a list of those whose deadline is derived."""
    world = World(*(home(f"h{n:04}") for n in range(HOMES)), settings=patient())
    derived: list[str] = []
    due_of = world.engine._deadlines._due_of  # noqa: SLF001 -- counts what it costs

    def counted(home_id: str) -> datetime | None:
        derived.append(home_id)
        return due_of(home_id)

    monkeypatch.setattr(world.engine._deadlines, "_due_of", counted)  # noqa: SLF001 -- (the same)
    return world, derived


def test_a_hold_plans_nobody(county: tuple[World, list[str]]) -> None:
    """Neither when it is set, nor prolonged, nor over, while nobody is due."""
    world, derived = county
    for seconds in (30, 60, 0):
        world.do(HoldSet("mqtt", world.now + timedelta(seconds=seconds)))
    assert [] == world.engine.due_homes(world.now)
    assert [] == derived


def test_the_end_of_a_hold_plans_whom_it_has_put_off(county: tuple[World, list[str]]) -> None:
    """And they are asked at once, after the longest of outages."""
    world, derived = county
    world.wait(7 * HOUR)
    world.move("h0007")
    world.do(HoldSet("mqtt", world.now + timedelta(days=365)))
    world.wait(2 * HOUR)
    world.quiet()
    derived.clear()
    world.do(HoldSet("mqtt", world.now))
    assert [] == derived
    world.wait(0)
    assert HOMES - 1 == sum(verb == "pre_alarm" for _, verb in world.times)


def test_settings_that_are_in_force_already_plan_nobody(county: tuple[World, list[str]]) -> None:
    """They are applied anew at each start."""
    world, derived = county
    world.do(ConfigApplied(world.engine.settings.model_dump_json().encode()))
    assert [] == world.engine.due_homes(world.now)
    assert [] == derived


def test_shorter_limits_are_met(county: tuple[World, list[str]]) -> None:
    """Other settings are looked at home by home, as many as the caller wants at once."""
    world, derived = county
    world.wait(5 * HOUR)
    other = Settings.model_validate(
        {**world.engine.settings.model_dump(), "rules": {"no_motion": {"day_hours": 4.0}}}
    )
    world.do(ConfigApplied(other.model_dump_json().encode()))
    assert [] == derived
    assert 3 == len(world.engine.due_homes(world.now, 3))
    assert 3 == len(derived)
    world.wait(0)
    assert HOMES - 3 == sum(verb == "pre_alarm" for _, verb in world.times)
