"""The core is a fold: the same history gives the same state and asks for the same things."""

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.engine import Decision, Engine
from tests.core.storm import STEPS, Step, calm, journaled
from tests.stories.world import World


def weathered(steps: list[Step]) -> World:
    """A world after a storm, and a minute after it."""
    world = calm()
    for step in steps:
        step.take(world)
    world.wait(60)
    return world


def fold(engine: Engine, world: World, since: int = 0, until: int | None = None) -> list[Decision]:
    """Fold the journal of a world from one entry to another."""
    entries = world.events[since:until]
    return [engine.handle(journaled(event), at) for at, event in entries]


@settings(max_examples=100)
@given(st.lists(STEPS, min_size=5, max_size=30))
def test_replay_is_live(steps: list[Step]) -> None:
    """Folding the journal gives the live state, byte for byte, and every effect again."""
    world = weathered(steps)
    replayed = Engine()
    assert world.decisions == fold(replayed, world)
    assert world.engine.snapshot() == replayed.snapshot()


@settings(max_examples=100)
@given(st.lists(STEPS, min_size=5, max_size=30), st.floats(0, 1))
def test_a_snapshot_and_the_rest_of_the_journal_are_live(steps: list[Step], part: float) -> None:
    """Wherever the snapshot was taken, what follows comes out the same."""
    world = weathered(steps)
    cut = round(part * len(world.events))
    early = Engine()
    fold(early, world, until=cut)
    late = Engine()
    assert late.restore(early.snapshot())
    assert world.decisions[cut:] == fold(late, world, since=cut)
    assert world.engine.snapshot() == late.snapshot()


@settings(max_examples=50)
@given(st.lists(STEPS, min_size=5, max_size=30))
def test_a_restart_changes_nothing_that_comes(steps: list[Step]) -> None:
    """With or without a restart after the storm, the next hours are the same."""
    stories = []
    for restarts in (False, True):
        world = weathered(steps)
        if restarts:
            world.restart()
        before = len(world.decisions)
        world.wait(1200)
        stories.append(sorted(str(d) for d in world.decisions[before:] if d.effects))
    assert stories[0] == stories[1]
