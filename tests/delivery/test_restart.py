"""The gateway is killed between a call and the word of what came of it."""

from pathlib import Path

import pytest

from alerting.effect import Medium
from alerting.event import Outcome
from simulators.carrier import Fault
from tests.delivery.rig import N1, N2, Life, Site, site

SOON = 15.0
"""Ten seconds after a restart a call that was never taken is made again; at ten times the speed
the machine's own delays weigh ten times as much."""


async def lose(place: Site, life: Life, fault: str, home_id: str = "h1") -> None:
    """Let it burn, and wait until the first neighbour's call has met the fault."""
    place.carrier.switch_on(Fault(fault, only="call"))
    before = place.asked(N1)
    life.smoke(home_id)
    await life.until(lambda: place.asked(N1) > before)
    await life.clock.sleep(0.5)


async def test_a_call_the_carrier_never_took_is_made_again(tmp_path: Path) -> None:
    """Killed while the request hung: looked up, not found, and called under a new id."""
    async with site(tmp_path) as place:
        async with place.life() as first:
            await lose(place, first, "hang")
            first_id = first.notification("n1", Medium.VOICE).attempt_id
        place.carrier.exchange.faults.clear()
        async with place.life() as second:
            await second.until(lambda: place.called(N1) > 0, SOON)
            assert first_id != second.notification("n1", Medium.VOICE).attempt_id
            await second.until(lambda: place.called(N2) > 0, SOON)


async def test_a_call_the_carrier_took_counts(tmp_path: Path) -> None:
    """Killed after the carrier had taken it in silence: it is found, and its end is the end."""
    async with site(tmp_path, "asleep", "busy", "asleep") as place:
        async with place.life() as first:
            await lose(place, first, "close_after_accept")
        place.carrier.exchange.faults.clear()
        async with place.life() as second:
            call = second.notification("n1", Medium.VOICE)
            await second.until(lambda: call.outcome is Outcome.BUSY, SOON)
    assert 1 == place.called(N1)


async def test_one_call_of_two_that_nothing_tells_apart(tmp_path: Path) -> None:
    """Two homes, one neighbour, one call taken: nobody's alarm is left without its call."""
    async with site(tmp_path) as place:
        async with place.life() as first:
            await lose(place, first, "close_after_accept", "h1")
            place.carrier.exchange.faults.clear()
            await lose(place, first, "hang", "h2")
        taken = place.called(N1)
        place.carrier.exchange.faults.clear()
        async with place.life() as second:
            await second.until(lambda: place.called(N1) == taken + 2, SOON + 2)
            calls = [second.notification("n1", Medium.VOICE, home) for home in ("h1", "h2")]
            await second.until(lambda: all(call.attempt > 1 for call in calls), 1.0)


async def test_a_call_that_ended_is_not_taken_for_another(tmp_path: Path) -> None:
    """One home's call was busy and is over; the other's was never taken, and is made anew."""
    async with site(tmp_path, "asleep", "busy", "asleep") as place:
        async with place.life() as first:
            first.smoke("h1")
            call = first.notification
            await first.until(lambda: bool(place.called(N1)))
            await first.until(lambda: call("n1", Medium.VOICE).outcome is Outcome.BUSY)
            await lose(place, first, "hang", "h2")
        taken = place.called(N1)
        place.carrier.exchange.faults.clear()
        async with place.life() as second:
            await second.until(lambda: place.called(N1) > taken, SOON)
            assert 2 == second.notification("n1", Medium.VOICE, "h2").attempt


@pytest.mark.parametrize("down_seconds", [0.0, 15.0])
async def test_a_look_up_that_got_lost_is_made_again(tmp_path: Path, down_seconds: float) -> None:
    """Killed between the question and its answer, for longer than we wait for one."""
    async with site(tmp_path) as place:
        async with place.life() as first:
            await lose(place, first, "hang")
            place.carrier.switch_on(Fault("hang"))
            voice = first.notification("n1", Medium.VOICE)
            await first.until(lambda: voice.outcome is Outcome.UNKNOWN)
            await first.until(lambda: voice.look_up_at is None)
        await place.clock.sleep(down_seconds)
        place.carrier.exchange.faults.clear()
        async with place.life() as second:
            await second.until(lambda: place.called(N1) > 0, SOON)
