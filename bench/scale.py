"""What a county costs: import, memory, processor time a reading, and a restart, by homes."""

from datetime import timedelta
from pathlib import Path

from bench import village
from bench.brokers import started
from bench.contestants import READY, Course, end, imported, resumed
from bench.latency import Figures
from bench.machine import cpu_seconds, megabytes
from bench.sink import CLOCK, Sink
from simulators.village import load
from tests.links.rig import publish

RATE, SECONDS = 1000.0, 20.0
SETTLED = timedelta(seconds=8)
POLL = timedelta(milliseconds=5)
PATIENCE_SECONDS = 120.0


async def measure(broker: str, folder: Path, homes: int) -> Figures:
    """Measure a gateway of so many homes; seconds, megabytes."""
    registry, sink = folder / "village.toml", Sink()
    await village.registry(homes, registry)
    await sink.start()
    async with started(broker, folder) as running:
        course = Course(folder, running, sink.port, registry)
        began = _now_us()
        await imported(course)
        import_seconds = (_now_us() - began) / 1e6
        process = await resumed(course)
        await CLOCK.wait(READY + SETTLED)
        before = cpu_seconds(process.pid)
        await village.flood(course, RATE, round(RATE * SECONDS), 0.0)
        await CLOCK.wait(READY)
        used, memory = cpu_seconds(process.pid) - before, megabytes(process.pid)
        process.kill()
        await process.wait()
        restart_seconds = await _restarted(course, sink)
    await sink.stop()
    return {
        "part": "scale",
        "broker": broker,
        "contestant": "gateway",
        "homes": homes,
        "import_seconds": import_seconds,
        "megabytes": memory,
        "cpu_s_per_100k": used / (RATE * SECONDS) * 100_000,
        "restart_to_first_alarm_seconds": restart_seconds,
    }


async def _restarted(course: Course, sink: Sink) -> float:
    """Start the killed gateway with a smoke waiting; the seconds until its first request."""
    home = load(course.registry)[0]
    (device, *_) = home.of_class("smoke")
    topic = f"care/v1/{home.id}/{device.id}/smoke"
    await publish(course.broker, [b'{"v":1,"value":true}'], topic)
    began = _now_us()
    process = await resumed(course)
    try:
        while home.id not in sink.arrivals:
            if _now_us() > began + PATIENCE_SECONDS * 1e6:
                raise RuntimeError("the smoke that waited was never told")
            await CLOCK.wait(POLL)
        return (sink.arrivals[home.id][0] - began) / 1e6
    finally:
        await end(process)


def _now_us() -> int:
    return round(CLOCK.now().timestamp() * 1e6)
