"""Killed at any instant: what was said to be kept is kept, and nothing is half there."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.journal.committer import ENTRIES
from tests.journal.rows import entry, file_journal, read_all

ROOT = Path(__file__).parents[2]


def killed_after(path: Path, commits: int) -> int:
    """Run the committer, kill it after so many commits, and give the last seq it printed."""
    command = [sys.executable, "-m", "tests.journal.committer", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as committer:
        assert committer.stdout is not None
        for _ in range(commits):
            committer.stdout.readline()
        committer.kill()
        rest = committer.stdout.read().split("\n")
        committer.wait()
    # What follows the last line break is a number cut short. The first ones have been read.
    return max((int(seq) for seq in rest[:-1]), default=0)


@pytest.mark.parametrize("commits", [1, 40])
async def test_whatever_was_said_to_be_kept_is_kept(tmp_path: Path, commits: int) -> None:
    """Twice on the same file; every batch is there whole or not at all."""
    path = tmp_path / "journal.db"
    for _ in range(2):
        said = killed_after(path, commits)
        async with file_journal(path) as journal:
            bodies = await read_all(journal)
            batches = len(bodies) // ENTRIES
            assert len(bodies) >= max(said, commits * ENTRIES)
            assert [entry(n).body for n in range(1, batches + 1) for _ in range(3)] == bodies
            assert [f"o{batches}"] == [order.key for order in await journal.open_orders()]
            verdict = await journal.verify_log()
            assert (True, batches) == (verdict.is_sound, verdict.lines)
