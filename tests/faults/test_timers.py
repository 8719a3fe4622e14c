"""Timers are data: they survive a kill with what the broker has kept meanwhile."""

from pathlib import Path

import pytest

from tests.faults import timers


@pytest.mark.timeout(120)
@pytest.mark.parametrize("broker", ["nats", "mosquitto"])
async def test_no_motion_timers_fire_after_a_kill(broker: str, tmp_path: Path) -> None:
    """Of 100 armed timers 100 fire, none early, none two seconds late once the queue is empty."""
    verdict = await timers.run(broker, tmp_path)
    assert [] == verdict.violations
