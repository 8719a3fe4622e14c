"""The Internet gone, the modem pulled out, or both: does every smoke still reach a telephone?

    python -m tests.faults.modem

48 homes burn within three seconds, with the usual ladder, a cloud carrier and a simulated module
that takes half a second a text. Without the cloud each smoke must be on a phone by the module;
without the module by the cloud; with both gone the desk's terminal must say within 90 s that nobody
is called. Exit status 1 when not.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from simulators.clock import Clock as SimulatedClock
from simulators.modem.network import Network
from simulators.modem.rig import Plugged, plugged
from simulators.village import registry
from tests.faults.carrier import DOOR, RATE, SMOKES
from tests.kill.daemon import CLOCK
from tests.kill.installation import Installation, installed

SECONDS_A_TEXT = 0.5
WITHIN_SECONDS = 90.0
NOBODY_IS_CALLED = "打不出电话"
CASES = ("no_cloud", "no_modem", "neither")


class Reached(NamedTuple):
    """How many homes were on a phone, by which way, and what the desk's terminal said."""

    by_modem: int
    by_cloud: int
    desk_told: bool
    seconds: float


async def run(case: str, folder: Path, broker: str = "nats") -> Reached:
    """Let 48 homes burn with ways out missing from before the first."""
    rows = registry(SMOKES, seed=7, neighbours=24)
    clock = SimulatedClock(speed=4.0)
    network = Network(clock, text_seconds=SECONDS_A_TEXT)
    path = folder / "ttyModem"
    tables = {"channels": {"modem": {"path": str(path.resolve())}}}
    async with (
        plugged(path, "simcom", network, clock) as there,
        installed(broker, folder, rows, speed=1.0, tables=tables) as installation,
    ):
        await CLOCK.sleep(3.0)  # the module has been opened
        if case != "no_modem":
            await installation.carrier.fault("refuse", seconds=600.0)
        if case != "no_cloud":
            there.pull()
        village, began = installation.village, CLOCK.now()
        seconds = SMOKES / RATE
        village.start(installation.site.login(), rate=RATE, smokes=RATE, seconds=seconds)
        await village.ended()
        with suppress(TimeoutError):
            async with CLOCK.timeout(WITHIN_SECONDS):
                while not _is_over(case, there, installation):
                    await CLOCK.sleep(0.2)
        return Reached(
            len(_by_modem(there)),
            len(_by_cloud(installation)),
            NOBODY_IS_CALLED in _terminal(installation),
            round((CLOCK.now() - began).total_seconds(), 1),
        )


def _is_over(case: str, there: Plugged, installation: Installation) -> bool:
    if case == "neither":
        return NOBODY_IS_CALLED in _terminal(installation)
    found: Callable[[], set[str]] = (
        (lambda: _by_modem(there)) if case == "no_cloud" else (lambda: _by_cloud(installation))
    )
    return len(found()) == SMOKES


def _terminal(installation: Installation) -> str:
    """Give what the gateway has written, its terminal and its log in one."""
    log = installation.place.folder / "gateway.log"
    return log.read_text(encoding="utf-8", errors="replace")


def _by_modem(there: Plugged) -> set[str]:
    heard = [words for _, words in there.network.spoken]
    return _doors([*(one.text for one in there.network.arrived), *heard])


def _by_cloud(installation: Installation) -> set[str]:
    return _doors(text for _, text in installation.carrier.displays())


def _doors(texts: Iterable[str]) -> set[str]:
    return {door for text in texts for door in DOOR.findall(text)}


def is_good(case: str, reached: Reached) -> bool:
    """Whether a case kept its promise."""
    if case == "neither":
        return reached.desk_told and reached.seconds <= WITHIN_SECONDS
    carried = reached.by_modem if case == "no_cloud" else reached.by_cloud
    return carried == SMOKES


def main() -> int:
    """Run every case and print a line for each; gives the exit status."""
    status = 0
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            reached = asyncio.run(run(case, Path(folder)))
        is_met = is_good(case, reached)
        status |= not is_met
        sys.stdout.write(json.dumps({"case": case, **reached._asdict(), "is_met": is_met}) + "\n")
        sys.stdout.flush()
    return status


if __name__ == "__main__":
    sys.exit(main())
