"""One trial: a county is written, the checker looks at it, and both lists are compared."""

import json
import resource
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from gateway.schema import migrate
from tests.coverage.county import County, Known

WITHIN = 400
"""Seconds: the soft ladders reach the gatehouse 300 s after the window, and a call has 90 s."""

_CONFIG = f"""
[community]
name = "昭觉社区"
landline = "84310000"

[channels.twilio]
account_sid = "AC{"5" * 32}"
auth_token = "hunter-two"
from_number = "+15005550006"
public_url = "https://care.example.org"
"""
_HOURS = {9 * 7: (True,), 15 * 7: (False,), 24 * 7: (False, True)}
"""What so many hours of a week are: the nights (22 to 7), the days, or all."""


class Verdict(NamedTuple):
    """What came of a trial: what was not found, what was invented, how long the command took."""

    known: int
    missed: set[Known]
    invented: set[Known]
    sorts: int
    seconds: float = 0.0
    cpu_seconds: float = 0.0


def install(folder: Path, county: County) -> Path:
    """Write a configuration and a state folder with this county; gives the configuration."""
    (folder / "state").mkdir(parents=True)
    path = folder / "config.toml"
    path.write_text(_CONFIG, encoding="utf-8")
    database = folder / "state" / "journal.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        migrate(connection)
        county.write(connection)
    return path


def judge(folder: Path, county: County) -> Verdict:
    """Run the command on a county and compare what it says with what was made."""
    config = install(folder, county)
    before, began = _children(), time.perf_counter()
    words = ("check", "--coverage", "--json", "--within", str(WITHIN), "-c", str(config))
    ran = subprocess.run(
        [sys.executable, "-m", "gateway.cli", *words], stdout=subprocess.PIPE, check=False
    )
    seconds = time.perf_counter() - began
    verdict = compare(json.loads(ran.stdout), county)
    return verdict._replace(seconds=seconds, cpu_seconds=_children() - before)


def compare(told: dict[str, Any], county: County) -> Verdict:
    """Hold what the checker says, as JSON, against what was made."""
    found = {
        Known(home, gap["lack"], kind, is_night)
        for gap in told["gaps"]
        for kind in gap["kinds"] or [""]
        for is_night in _HOURS[gap["hours"]]
        for home in gap["homes"]
    }
    missed, invented = county.known - found, found - county.known
    return Verdict(len(county.known), missed, invented, told["sorts"])


def _children() -> float:
    """Give the processor time of the commands that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
