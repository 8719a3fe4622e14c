"""The load: a village's registry, and its readings from a process of its own."""

import asyncio
import json
import sys
from pathlib import Path

from bench.contestants import Course
from tests.brokers import VILLAGE

FULL_SPEED = 1e6
"""Readings a second that no broker takes: the generator sends as fast as it is let."""


async def registry(homes: int, path: Path) -> None:
    """Write the registry of so many homes."""
    words = ("village", "--homes", str(homes), "--seed", "1", "--out", str(path))
    await _simulators(*words)


async def flood(
    course: Course, rate: float, count: int, smokes: float, record: Path | None = None
) -> dict[str, float]:
    """Send `count` readings at `rate` a second, of them `smokes` a second smoke; gives its tally.

    `late_ms` of the tally is how late the generator was at worst: where it is large, it or the
    broker was the bottleneck, and not who is measured.
    """
    options = {
        "--mqtt": f"mqtt://127.0.0.1:{course.broker.port}",
        "--registry": str(course.registry),
        "--rate": str(rate),
        "--seconds": str(count / rate),
        "--smokes": str(smokes),
        "--username": VILLAGE.username,
        "--password": VILLAGE.password,
    }
    if record is not None:
        options["--record"] = str(record)
    return await _simulators("flood", *(f"{option}={value}" for option, value in options.items()))


async def _simulators(*words: str) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators", *words), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    tally: dict[str, float] = json.loads(said.splitlines()[-1])
    return tally
