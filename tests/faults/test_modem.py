"""Without the Internet or the modem smokes are on phones; without both the desk is told."""

from pathlib import Path

import pytest

from tests.faults import modem


@pytest.mark.timeout(180)
@pytest.mark.parametrize("case", modem.CASES)
async def test_a_smoke_finds_another_way(case: str, tmp_path: Path) -> None:
    """48 smokes, and not one is told to nobody."""
    reached = await modem.run(case, tmp_path)
    assert modem.is_good(case, reached), reached
