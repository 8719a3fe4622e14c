"""A carrier that fails for five seconds delays an alarm and loses none."""

from pathlib import Path

import pytest

from tests.faults import carrier
from tests.faults.latency import first_requests

SLOW_MACHINE_MS = 1000.0
"""The bar is 20 ms (`python -m tests.faults.latency`); here anything may run beside it."""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("broker", ["nats", "mosquitto"])
@pytest.mark.parametrize("fault", carrier.FAULTS)
async def test_every_smoke_is_shown_after_the_fault(
    fault: str, broker: str, tmp_path: Path
) -> None:
    """48 smokes during 5 s of a fault: each is on a phone within 15 s after it."""
    shown = await carrier.run(fault, broker, tmp_path)
    assert (48, 48, 48) == (shown.smokes, shown.in_fault, shown.in_time)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("broker", ["nats", "mosquitto"])
async def test_a_smoke_reaches_the_carrier_at_once(broker: str, tmp_path: Path) -> None:
    """Five alarms a second before a carrier of 300 ms: each is submitted without its queue."""
    waits = await first_requests(broker, tmp_path, alarms=40)
    assert (40, True) == (len(waits), waits[int(0.95 * len(waits))] < SLOW_MACHINE_MS)
