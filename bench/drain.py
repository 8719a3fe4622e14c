"""How many readings a second go through: from a publisher at full speed, and from a queue.

A smoke of a home that has said nothing yet is published behind everything else, and its request
at the carrier ends the clock; so all contestants are timed alike, from outside.
"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path

from bench import village
from bench.brokers import started
from bench.contestants import CONTESTANTS, READY, Course, end, imported, resumed
from bench.latency import Figures
from bench.machine import cpu_seconds
from bench.sink import CLOCK, Sink
from simulators.village import load
from tests.links.rig import publish

POLL = timedelta(milliseconds=20)
PATIENCE_SECONDS = 300.0
FEW = 10
"""Entries that a start writes of itself."""


async def publisher(name: str, broker: str, folder: Path, registry: Path, count: int) -> Figures:
    """Let one contestant take what a publisher sends as fast as the broker takes it."""
    async with _course(broker, folder, registry) as (course, sink):
        process = await CONTESTANTS[name](course)
        used, began = cpu_seconds(process.pid), _now_us()
        await village.flood(course, village.FULL_SPEED, count, 0.0)
        taken = _now_us()
        ended = await _last_smoke(course, sink)
        used = cpu_seconds(process.pid) - used
        await end(process)
    return {
        "part": "drain",
        "broker": broker,
        "contestant": name,
        "readings": count,
        "per_second": count / (ended - began) * 1e6,
        "broker_took_per_second": count / (taken - began) * 1e6,
        "cpu_s_per_100k": used / count * 100_000,
    }


async def queue(broker: str, folder: Path, registry: Path, count: int) -> Figures:
    """Let the gateway come back to so many readings that wait in its session.

    The clock runs from its first commit to its last, as its journal tells an onlooker.
    """
    async with _course(broker, folder, registry) as (course, sink):
        await imported(course)
        process = await resumed(course)
        await CLOCK.wait(READY)
        await end(process)
        await village.flood(course, village.FULL_SPEED, count, 0.0)
        process = await resumed(course)
        first, last = await _folded(folder / "state" / "journal.db", count)
        ended = await _last_smoke(course, sink)
        await end(process)
    return {
        "part": "queue",
        "broker": broker,
        "contestant": "gateway",
        "readings": count,
        "per_second": count / (last - first) * 1e6,
        "last_smoke_us": ended - last,
    }


@asynccontextmanager
async def _course(broker: str, folder: Path, registry: Path) -> AsyncIterator[tuple[Course, Sink]]:
    sink = Sink()
    await sink.start()
    async with started(broker, folder) as running:
        yield Course(folder, running, sink.port, registry), sink
    await sink.stop()


async def _last_smoke(course: Course, sink: Sink) -> int:
    """Publish the smoke behind everything, and give the instant of its request."""
    home = load(course.registry)[-1]
    (device, *_) = home.of_class("smoke")
    topic = f"care/v1/{home.id}/{device.id}/smoke"
    await publish(course.broker, [b'{"v":1,"value":true}'], topic)
    deadline = _now_us() + PATIENCE_SECONDS * 1e6
    while home.id not in sink.arrivals:
        if _now_us() > deadline:
            raise RuntimeError("the last smoke never came through")
        await CLOCK.wait(POLL)
    return sink.arrivals[home.id][0]


async def _folded(journal: Path, count: int) -> tuple[int, int]:
    """Wait until so many reports are in the journal; when the first came, and the last."""
    query = "SELECT ifnull(max(seq), 0) FROM journal"
    before: int | None = None
    first, deadline = 0, _now_us() + PATIENCE_SECONDS * 1e6
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as onlooker:
        while _now_us() < deadline:
            (seen,) = onlooker.execute(query).fetchone()
            before = seen if before is None else before
            if seen > before + FEW and not first:
                first = _now_us()
            if seen >= before + count:
                return first, _now_us()
            await CLOCK.wait(POLL)
    raise RuntimeError(f"only {seen - (before or 0)} of {count} readings came through")


def _now_us() -> int:
    return round(CLOCK.now().timestamp() * 1e6)
