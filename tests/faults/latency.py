"""From a smoke's publication to its first request at a slow carrier.

    python -m tests.faults.latency --alarms 150 --broker both

The carrier answers after 300 ms, five alarms a second begin beside twenty other readings, with the
usual ladder: a smoke starts eight requests or more. Exit status 1 when the 95th percentile is not
under 20 ms.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from simulators.village import registry
from tests.kill import books
from tests.kill.daemon import CLOCK
from tests.kill.installation import installed
from tests.kill.verdict import home_of, is_smoke

ALARMS_A_SECOND, OTHERS_A_SECOND = 5.0, 20.0
BAR_MS = 20.0


async def first_requests(broker: str, folder: Path, alarms: int) -> list[float]:
    """Give the waits in milliseconds of so many alarms, in order of length."""
    rows = registry(alarms, seed=7, neighbours=max(12, alarms // 2))
    async with installed(broker, folder, rows, speed=1.0) as installation:
        village, rate = installation.village, ALARMS_A_SECOND + OTHERS_A_SECOND
        seconds = alarms / ALARMS_A_SECOND
        login = installation.site.login()
        village.start(login, rate=rate, smokes=ALARMS_A_SECOND, seconds=seconds)
        await village.ended()
        await CLOCK.sleep(1.0)
        with books.opened(installation.place.journal) as connection:
            raised = books.alarms(connection, "smoke")
        posts = installation.carrier.first_posts()
        sent = {home_of(p.topic): p.sent for p in village.published() if is_smoke(p.topic)}
        return sorted((posts[a.id] - sent[a.home]) / 1000 for a in raised if a.id in posts)


def _figures(waits: list[float], alarms: int) -> dict[str, float]:
    shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "worst_ms": 1.0}
    ranks = {name: min(len(waits) - 1, int(share * len(waits))) for name, share in shares.items()}
    return {
        "alarms": alarms,
        "submitted": len(waits),
        **{name: round(waits[rank], 1) for name, rank in ranks.items()},
    }


def main() -> int:
    """Measure and print; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.latency", description=__doc__)
    parser.add_argument("--alarms", type=int, default=150)
    parser.add_argument("--broker", choices=["nats", "mosquitto", "both"], default="both")
    options = parser.parse_args()
    names = ["nats", "mosquitto"] if options.broker == "both" else [options.broker]
    status = 0
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            waits = asyncio.run(first_requests(name, Path(folder), options.alarms))
        figures = _figures(waits, options.alarms)
        is_met = len(waits) == options.alarms and figures["p95_ms"] < BAR_MS
        status |= not is_met
        sys.stdout.write(json.dumps({"broker": name, **figures, "is_met": is_met}) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
