"""A carrier that fails for five seconds while 48 homes burn: when is each shown on a phone?

    python -m tests.faults.carrier --broker both

The usual ladder, a village whose neighbours serve several homes, people of every temperament, and
one carrier. A smoke counts as shown when its address is in a text on a phone or was heard in a
call. Exit status 1 when one was not shown within 15 s after the fault's end.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from simulators.village import Registry, registry
from tests.kill.daemon import CLOCK, now_us
from tests.kill.installation import Installation, installed
from tests.kill.siege import LANES
from tests.kill.site import connections
from tests.kill.verdict import SECOND

FAULTS = ("http_503", "hang", "refuse", "close_after_accept")
SMOKES, RATE = 48, 16.0
FAULT_SECONDS = 5.0
SHOWN_WITHIN = 15 * SECOND
NEVER = 1 << 62
DOOR = re.compile(r"\d+栋\d+单元\d+")


class Shown(NamedTuple):
    """How many smokes there were, how many of them began under the fault, and were shown in time.

    `worst_seconds` is how long after the fault's end the last one was shown; it may be negative.
    """

    smokes: int
    in_fault: int
    in_time: int
    worst_seconds: float


async def run(fault: str, broker: str, folder: Path) -> Shown:
    """Let 48 homes burn under a fault."""
    rows = registry(SMOKES, seed=7, neighbours=24)
    async with installed(broker, folder, rows, speed=1.0) as installation:
        village, login = installation.village, installation.site.login()
        village.start(login, rate=RATE, smokes=RATE, seconds=SMOKES / RATE)
        with suppress(TimeoutError):
            async with CLOCK.timeout(10.0):
                while connections(login.port) <= LANES:
                    await CLOCK.sleep(0.005)
        begin = now_us()
        await installation.carrier.fault(fault, seconds=FAULT_SECONDS)
        end = now_us() + int(FAULT_SECONDS * SECOND)
        await village.ended()
        while _doors(rows) - _first(installation).keys() and now_us() < end + SHOWN_WITHIN:
            await CLOCK.sleep(0.2)
        first = _first(installation)
        shown = [first.get(door, NEVER) for door in _doors(rows)]
        sent = [publish.sent for publish in village.published()]
        return Shown(
            len(sent),
            sum(begin - SECOND // 10 <= at <= end for at in sent),
            sum(at <= end + SHOWN_WITHIN for at in shown),
            round((max(shown) - end) / SECOND, 1),
        )


def _doors(rows: Registry) -> set[str]:
    """The addresses that texts give."""
    return {f"{home['building']}{home['unit']}{home['room']}" for home in rows["homes"]}


def _first(installation: Installation) -> dict[str, int]:
    """When each address was first shown on a phone or heard in a call."""
    first: dict[str, int] = {}
    for at, text in installation.carrier.displays():
        for door in DOOR.findall(text):
            first.setdefault(door, at)
    return first


def main() -> int:
    """Run every fault and print a line for each; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.carrier", description=__doc__)
    parser.add_argument("--broker", choices=["nats", "mosquitto", "both"], default="both")
    options = parser.parse_args()
    brokers = ["nats", "mosquitto"] if options.broker == "both" else [options.broker]
    is_good = True
    for broker in brokers:
        for fault in FAULTS:
            with tempfile.TemporaryDirectory() as folder:
                shown = asyncio.run(run(fault, broker, Path(folder)))
            line = {"broker": broker, "fault": fault, **shown._asdict()}
            sys.stdout.write(json.dumps(line) + "\n")
            is_good &= shown.in_time == SMOKES
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
