"""Both journals, for tests that hold either to the port's promises."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.journal import Journal
from gateway.log_port import Log
from tests.journal.rows import file_journal, memory_journal


@pytest.fixture(params=["file", "memory"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    """Each of the two in turn."""
    opened = file_journal(tmp_path / "journal.db") if request.param == "file" else memory_journal()
    async with opened as journal:
        yield journal


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    """The one in a file."""
    async with file_journal(tmp_path / "journal.db") as opened:
        yield opened
