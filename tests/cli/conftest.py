"""A running gateway for each test that wants one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cli.rig import Yard, running


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    """A gateway with two homes."""
    async with running(tmp_path) as opened:
        yield opened
