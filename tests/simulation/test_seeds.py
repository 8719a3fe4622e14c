"""Seeds of the village that must hold, and that a seed is a whole run."""

import json
import os
import subprocess
import sys

import pytest

from tests.simulation.plan import Harm
from tests.simulation.world import Options, run

REACHED_SECONDS = 30.0


@pytest.mark.parametrize("seed", range(6))
def test_a_village_with_every_fault(seed: int) -> None:
    """Crashes, carrier, broker and disk: nothing is lost, doubled, forgotten or made up."""
    report = run(seed, Options(hours=2.0, homes=15))
    assert "" == report.violation, "\n".join(report.last)


def test_a_day_in_which_somebody_falls_silent() -> None:
    """Long enough for silence to become an alarm, through every fault."""
    report = run(1, Options(hours=21.0, homes=3))
    assert "" == report.violation, "\n".join(report.last)


@pytest.mark.parametrize("seed", range(3))
def test_without_faults_somebody_is_reached_at_once(seed: int) -> None:
    """Every fire and every press is on somebody's phone within half a minute."""
    report = run(seed, Options(hours=1.5, homes=15, harms=frozenset()))
    assert "" == report.violation, "\n".join(report.last)
    assert report.counts["lives"] == len(report.reached_seconds) > 0
    assert [] == [seconds for seconds in report.reached_seconds if seconds > REACHED_SECONDS]


def _steps_elsewhere(hash_seed: str) -> object:
    """Play a seed in a process of its own, with its own order of every set."""
    program = (
        "import json; from tests.simulation.world import Options, run;"
        "report = run(7, Options(hours=1.0, homes=6));"
        "print(json.dumps([report.steps, report.digest]))"
    )
    played = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(played.stdout)


def test_a_seed_is_a_whole_run() -> None:
    """In two processes, each with another order of every set, a seed takes the same steps."""
    assert _steps_elsewhere("1") == _steps_elsewhere("4711")


def test_another_seed_is_another_run() -> None:
    """The digest tells runs apart."""
    options = Options(hours=1.0, homes=3, harms=frozenset({Harm.CRASH}))
    assert run(1, options).digest != run(2, options).digest
