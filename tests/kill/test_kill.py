"""A short siege on each broker; `make kill` has the long one."""

from pathlib import Path

import pytest

from tests.kill.__main__ import besiege, cut_power

KILLS = 10


@pytest.mark.timeout(240)
@pytest.mark.parametrize("broker", ["nats", "mosquitto"])
async def test_nothing_is_lost_over_kills(broker: str, tmp_path: Path) -> None:
    """No acknowledged reading, no smoke's text or call; no call is posted twice."""
    verdict = await besiege(broker, tmp_path, KILLS)
    assert [] == verdict.violations


@pytest.mark.timeout(120)
async def test_nothing_is_lost_over_a_power_cut(tmp_path: Path) -> None:
    """What is acknowledged has been through fsync."""
    verdict = await cut_power("nats", tmp_path, count=2)
    assert [] == verdict.violations
