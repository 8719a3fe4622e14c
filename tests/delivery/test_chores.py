"""What only concerns calls already made never stands in the way of a new alarm."""

from pathlib import Path

from alerting.effect import Medium, Resolve
from gateway.courier import CHORES, PARALLEL
from simulators.carrier import Fault
from tests.delivery.rig import N1, site

SOON = 5.0
"""Ten times as fast as the wall clock, and well below the carrier's time limit of ten seconds."""


async def test_a_thousand_look_ups_that_hang_delay_no_alarm(tmp_path: Path) -> None:
    """As after a crash with thousands of calls under way: the next fire's text leaves at once."""
    async with site(tmp_path) as place, place.life() as life:
        place.carrier.switch_on(Fault("hang", only="call"))
        life.smoke("h1")
        await life.until(lambda: place.asked(N1) > 0)
        call = life.notification("n1", Medium.VOICE)
        life.courier.take(
            Resolve(f"look_up.{number}", call.attempt_id, "h1", "", life.clock.now())
            for number in range(1000)
        )
        await life.until(lambda: len(place.looked_up()) >= CHORES)
        await life.clock.sleep(1.0)
        assert len(place.looked_up()) < PARALLEL
        texts = len(place.texts())
        life.smoke("h2")
        await life.until(lambda: len(place.texts()) > texts, SOON)
