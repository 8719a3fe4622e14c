"""Two thousand watches at once, each keeping alive, and twenty of them crying every second.

    python -m tests.faults.watches --watches 2000 --sos 20 --seconds 60

A real gateway on the loopback. The watches call, keep alive for a while, then cry one after the
other. Each cry must be answered and must have raised an alarm by the end, and the gateway's memory
must stay flat: neither connections nor frames leave anything behind. Exit status 1 otherwise.
"""

import argparse
import asyncio
import json
import random
import resource
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import tomli_w

from simulators.devices.watch3g import Watch
from tests.brokers import free_port
from tests.kill import books
from tests.kill.daemon import CLOCK, Daemon, Place
from tests.kill.site import accepting, site

ALIVE_SECONDS = 30.0
"""How often a watch keeps alive here; those in the field do it every few minutes."""

BEFORE_SECONDS, AFTER_SECONDS = 20.0, 40.0
"""How long everybody only keeps alive, before and after."""

SETTLE_SECONDS = 3.0
GROWTH_LIMIT_KIB = 24 * 1024
"""What the gateway may grow by while so many alarms are raised; an open alarm is state."""

QUIET_LIMIT_KIB = 1024
"""What it may grow by while everybody only keeps alive."""

_FILES = 20_000


@dataclass
class Tally:
    """What the watches have seen."""

    cried: set[str] = field(default_factory=set)
    waits_ms: list[float] = field(default_factory=list)
    alive: int = 0
    alive_answered: int = 0
    lost: int = 0


class Wearer:
    """One watch on its connection."""

    def __init__(self, number: int, tally: Tally) -> None:
        self.watch = Watch(f"88{number:08}", battery=80)
        self._tally = tally
        self._writer: asyncio.StreamWriter | None = None
        self._cried_at = CLOCK.now()

    async def live(self, port: int, rng: random.Random) -> None:
        """Call, keep alive, and read what is answered, until cancelled."""
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        alive = asyncio.create_task(self._keep_alive(rng.uniform(0, ALIVE_SECONDS)))
        try:
            while answer := await reader.readuntil(b"]"):
                if answer.endswith(b"*AL]"):
                    waited = CLOCK.now() - self._cried_at
                    self._tally.waits_ms.append(waited / timedelta(milliseconds=1))
                elif answer.endswith(b"*LK]"):
                    self._tally.alive_answered += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            self._tally.lost += 1
        finally:
            alive.cancel()
            self._writer.close()

    async def _keep_alive(self, first_seconds: float) -> None:
        await CLOCK.sleep(first_seconds)
        while True:
            self._say(self.watch.keep_alive())
            self._tally.alive += 1
            await CLOCK.sleep(ALIVE_SECONDS)

    def cry(self) -> None:
        """Press the button."""
        self._cried_at = CLOCK.now()
        self._tally.cried.add(self.watch.identity)
        self._say(self.watch.alarm(self._cried_at, "sos"))

    def _say(self, frame: bytes) -> None:
        assert self._writer is not None
        self._writer.write(frame)


def _write(place: Place, port: int, watches: int) -> Path:
    """Write the configuration and a village where everybody wears a watch."""
    config = {
        "community": {"name": "桂花社区", "landline": "84310000"},
        "state": {"folder": place.state.name},
        "tcp": [{"name": "watches", "family": "watch3g", "port": port}],
    }
    place.config.write_text(tomli_w.dumps(config), encoding="utf-8")
    rows: dict[str, Any] = {"version": 1, "homes": [], "residents": [], "devices": []}
    rows["responders"] = [
        {"id": "d01", "name": "值守台", "role": "desk", "phone": "+8616100000000"}
    ]
    for number in range(watches):
        home, resident = f"h{number:05}", f"r{number:05}"
        flat = {"building": "1栋", "unit": "1单元", "room": f"{number}"}
        rows["homes"].append({"id": home, "compound": "桂花苑", **flat})
        rows["residents"].append({"id": resident, "home": home, "name": "张桂芳"})
        watch = {"id": f"88{number:08}", "family": "watch3g", "class": "wristband"}
        rows["devices"].append({**watch, "home": home, "resident": resident})
    path = place.folder / "registry.toml"
    path.write_text(tomli_w.dumps(rows), encoding="utf-8")
    return path


@asynccontextmanager
async def _running(folder: Path, watches: int) -> AsyncIterator[tuple[Daemon, int]]:
    """Run a gateway with these watches claimed."""
    place, port = Place(folder), free_port()
    registry = _write(place, port, watches)
    async with site("nats", place):
        daemon = Daemon(place)
        await daemon.call("registry", "import", str(registry), "--config", str(place.config))
        daemon.start()
        try:
            await daemon.ready()
            await accepting(port)
            yield daemon, port
        finally:
            await daemon.stop()


async def run(folder: Path, watches: int, sos: float, seconds: float) -> dict[str, float]:
    """Do it, and give the figures."""
    tally, rng = Tally(), random.Random(7)
    async with _running(folder, watches) as (daemon, port):
        wearers = [Wearer(number, tally) for number in range(watches)]
        lives = []
        for wearer in wearers:
            lives.append(asyncio.create_task(wearer.live(port, rng)))
            if len(lives) % 50 == 0:
                await CLOCK.sleep(0.01)
        await CLOCK.sleep(BEFORE_SECONDS)
        before = daemon.memory_kib()
        for number in range(min(watches, round(sos * seconds))):
            wearers[number].cry()
            await CLOCK.sleep(1 / sos)
        await CLOCK.sleep(SETTLE_SECONDS)
        after = daemon.memory_kib()
        await CLOCK.sleep(AFTER_SECONDS)
        quiet = daemon.memory_kib()
        open_now = sum(not life.done() for life in lives)
        for life in lives:
            life.cancel()
        await asyncio.wait(lives)
        with books.opened(daemon.place.journal) as connection:
            raised = {alarm.home for alarm in books.alarms(connection, "help_call")}
    return _figures(tally, raised, open_now, (before, after, quiet))


def _figures(
    tally: Tally, raised: set[str], open_now: int, memory: tuple[int, int, int]
) -> dict[str, float]:
    waits = sorted(tally.waits_ms) or [float("inf")]
    return {
        "connected": open_now,
        "lost": tally.lost,
        "kept_alive": tally.alive,
        "kept_alive_answered": tally.alive_answered,
        "cried": len(tally.cried),
        "answered": len(tally.waits_ms),
        "raised": len(raised),
        "p50_ms": round(waits[len(waits) // 2], 1),
        "p99_ms": round(waits[int(len(waits) * 0.99)], 1),
        "worst_ms": round(waits[-1], 1),
        "memory_before_kib": memory[0],
        "memory_after_kib": memory[1],
        "memory_quiet_kib": memory[2],
    }


def is_met(figures: dict[str, float], watches: int) -> bool:
    """Say whether everybody was heard, and nothing was left behind."""
    return (
        figures["connected"] == watches
        and figures["cried"] == figures["answered"] == figures["raised"]
        and figures["memory_after_kib"] - figures["memory_before_kib"] <= GROWTH_LIMIT_KIB
        and figures["memory_quiet_kib"] - figures["memory_after_kib"] <= QUIET_LIMIT_KIB
    )


def main() -> int:
    """Measure and print; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.watches", description=__doc__)
    parser.add_argument("--watches", type=int, default=2000)
    parser.add_argument("--sos", type=float, default=20.0, help="cries a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(_FILES, most), most))
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(run(Path(folder), options.watches, options.sos, options.seconds))
    met = is_met(figures, options.watches)
    sys.stdout.write(json.dumps({**figures, "is_met": met}) + "\n")
    return not met


if __name__ == "__main__":
    sys.exit(main())
