"""The power cut takes back what was not synced, and nothing else."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.kill import power

ROWS = 50
WRITER = """
import os, signal, sqlite3, sys
from tests.kill import power
power.record_writes()
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("PRAGMA synchronous = FULL")
connection.execute("CREATE TABLE written (number)")
connection.execute("PRAGMA synchronous = " + sys.argv[2])
for number in range(int(sys.argv[3])):
    connection.execute("INSERT INTO written VALUES (?)", (number,))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("synchronous", "left"), [("FULL", ROWS), ("NORMAL", 0)])
def test_only_what_was_synced_survives(synchronous: str, left: int, tmp_path: Path) -> None:
    """SIGKILL alone loses nothing in either mode; the cut tells them apart."""
    path = tmp_path / "file.db"
    killed = subprocess.run(
        [sys.executable, "-c", WRITER, path, synchronous, str(ROWS)],
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
        check=False,
    )
    power.cut(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM written").fetchone()
    assert (-signal.SIGKILL, left) == (killed.returncode, count)
