"""A carrier that fails for five seconds delays an alarm and loses none."""

import re
from pathlib import Path

import pytest

from simulators.village import Registry, registry
from tests.faults.latency import first_requests
from tests.kill.daemon import CLOCK, now_us
from tests.kill.installation import Installation, installed
from tests.kill.verdict import SECOND

SMOKES = 48
FAULT_SECONDS = 5.0
SHOWN_WITHIN = 15 * SECOND
FAULTS = ["http_503", "hang", "refuse", "close_after_accept"]
DOOR = re.compile(r"\d+栋\d+单元\d+")
SLOW_MACHINE_MS = 150.0
"""The bar is 20 ms (`python -m tests.faults.latency`); here other tests run beside it."""


def doors(rows: Registry) -> set[str]:
    """The addresses that texts give."""
    return {f"{home['building']}{home['unit']}{home['room']}" for home in rows["homes"]}


def shown(installation: Installation) -> dict[str, int]:
    """When each address was first shown on a phone or heard in a call."""
    first: dict[str, int] = {}
    for at, text in installation.carrier.displays():
        for door in DOOR.findall(text):
            first.setdefault(door, at)
    return first


@pytest.mark.parametrize("broker", ["nats", "mosquitto"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_every_smoke_is_shown_after_the_fault(
    fault: str, broker: str, tmp_path: Path
) -> None:
    """48 smokes during 5 s of a fault: each is on a phone within 15 s after it."""
    rows = registry(SMOKES, seed=7, neighbours=24)
    async with installed(broker, tmp_path, rows, speed=1.0) as installation:
        village = installation.village
        await installation.carrier.fault(fault, seconds=FAULT_SECONDS)
        end = now_us() + int(FAULT_SECONDS * SECOND)
        village.start(installation.site.login(), rate=16.0, smokes=16.0, seconds=SMOKES / 16)
        await village.ended()
        while doors(rows) - shown(installation).keys() and now_us() < end + SHOWN_WITHIN:
            await CLOCK.sleep(0.2)
        late = [d for d in doors(rows) if shown(installation).get(d, end * 2) > end + SHOWN_WITHIN]
        assert (SMOKES, []) == (len(village.published()), late)


@pytest.mark.parametrize("broker", ["nats", "mosquitto"])
async def test_a_smoke_reaches_the_carrier_at_once(broker: str, tmp_path: Path) -> None:
    """Five alarms a second before a carrier of 300 ms: each is submitted without waiting."""
    waits = await first_requests(broker, tmp_path, alarms=40)
    assert (40, True) == (len(waits), waits[int(0.95 * len(waits))] < SLOW_MACHINE_MS)
