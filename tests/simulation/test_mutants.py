"""A simulation that cannot fail proves nothing: each mistake turns a seed red."""

import pytest

from tests.simulation.mutants import MUTANTS
from tests.simulation.plan import Harm
from tests.simulation.world import Options, run

SEEDS = 20
CRASHES = Options(hours=1.5, homes=8, harms=frozenset({Harm.CRASH}))
FLAPS = Options(hours=1.5, homes=12, harms=frozenset({Harm.BROKER, Harm.DISK}))
SHOWN = {  # what must go wrong for a mistake to show
    "acknowledges_before_commit": CRASHES,
    "drops_an_order": CRASHES,
    "honours_stale_tokens": FLAPS,
    "keeps_timers_in_memory_only": CRASHES,
    "posts_again_after_a_restart": CRASHES,
    "posts_before_sending_is_committed": CRASHES,
}


def test_every_mutant_has_its_faults() -> None:
    """No mutant is left out."""
    assert sorted(MUTANTS) == sorted(SHOWN)


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_a_mistake_turns_a_seed_red(name: str) -> None:
    """One of the first seeds finds it, and the real gateway holds on that seed."""
    options = SHOWN[name]
    for seed in range(SEEDS):
        if run(seed, options, MUTANTS[name]).violation:
            assert "" == run(seed, options).violation
            return
    pytest.fail(f"{name} was not found in {SEEDS} seeds")
