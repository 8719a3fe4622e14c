"""From a smoke's publication to its first request at the carrier, beside other readings."""

import json
from datetime import timedelta
from pathlib import Path

from bench import village
from bench.brokers import started
from bench.contestants import CONTESTANTS, Course, end
from bench.machine import cpu_seconds, quantile
from bench.sink import CLOCK, Sink

SMOKES = 5.0
TAIL = timedelta(seconds=2)
Figures = dict[str, object]


async def measure(
    name: str, broker: str, folder: Path, registry: Path, rate: float, seconds: float
) -> Figures:
    """Run one contestant at one rate; times in milliseconds, processor time of its process."""
    sink, record = Sink(), folder / "record.jsonl"
    await sink.start()
    async with started(broker, folder) as running:
        course = Course(folder, running, sink.port, registry)
        process = await CONTESTANTS[name](course)
        before = cpu_seconds(process.pid)
        tally = await village.flood(course, rate, round(rate * seconds), SMOKES, record)
        await CLOCK.wait(TAIL)
        used = cpu_seconds(process.pid) - before
        await end(process)
    await sink.stop()
    waits, missing = _waits(record, sink)
    times = {f"p{round(s * 100)}_ms": quantile(waits, s) for s in (0.5, 0.95, 0.99) if waits}
    return {
        "part": "latency",
        "broker": broker,
        "contestant": name,
        "rate": rate,
        "smokes": len(waits) + missing,
        "missing": missing,
        **times,
        "cpu_s_per_100k": used / (rate * seconds) * 100_000,
        "generator_late_ms": tally["late_ms"],
    }


def _waits(record: Path, sink: Sink) -> tuple[list[float], int]:
    """Match each home's first smoke with its first request; milliseconds, and how many never."""
    first: dict[str, int] = {}
    for line in record.read_text().splitlines():
        said = json.loads(line)
        if said["kind"] == "smoke":
            first.setdefault(said["home"], said["sent_us"])
    found = [
        (sink.arrivals[home][0] - sent) / 1000
        for home, sent in first.items()
        if home in sink.arrivals
    ]
    return found, len(first) - len(found)
