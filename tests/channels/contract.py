"""What every channel promises, as tests: subclass with a fixture `rig`."""

import asyncio
from datetime import timedelta
from typing import NamedTuple, Protocol

import msgspec
import pytest

from alerting.channels import discover
from alerting.channels.contract import Channel, Order, Progress
from alerting.event import Outcome
from gateway.clock import SystemClock
from tests.channels.fake_twilio import ShiftedClock

END = timedelta(minutes=6)


class Rig(Protocol):
    """A channel, the far end of its wire, and a way to disturb it."""

    channel: Channel
    clock: ShiftedClock
    running: "Running | None"
    """The channel at work, where its wire has to be open before anything can be asked of it."""

    def order(self, attempt_id: str = "a1") -> Order:
        """An order that would reach somebody."""

    def made(self) -> int:
        """How many attempts the far end has seen."""

    def deliver(self) -> None:
        """Let the far end deliver what it has."""

    @property
    def delivered(self) -> Outcome:
        """The outcome of a delivery."""


class ProviderRig(Rig, Protocol):
    """A far end that can fail."""

    async def fail(self, how: str) -> None:
        """Meet the next request with `limit`, `break`, `hang`, `drop` or `refuse`; empty mends."""

    def status(self, attempt_id: str, status: str) -> Progress | None:
        """Have the provider call back with `accepted`, `delivered` or `failed`."""


class ChannelContract:
    """For every channel."""

    def test_it_is_found(self, rig: Rig) -> None:
        """Discovery knows it by its name, and it says what it carries."""
        assert rig.channel.name in discover()
        assert rig.channel.media
        assert rig.channel.health().is_up

    async def test_a_delivery_is_reported(self, rig: Rig) -> None:
        """The outcome comes with the submission or through `run`."""
        running, reports = started(rig)
        outcomes = [(await rig.channel.submit(rig.order())).outcome]
        rig.deliver()
        async with SystemClock().timeout(1.5):
            while rig.delivered not in outcomes:
                await SystemClock().sleep(0.01)
                outcomes += [one.outcome for one in reports]
        await ended(running)
        assert {"a1"} >= {one.attempt_id for one in reports}

    async def test_an_attempt_is_made_once(self, rig: Rig) -> None:
        """Submitted again it says where it stands."""
        first = await rig.channel.submit(rig.order())
        assert first == (await rig.channel.submit(rig.order()))._replace(detail="")
        assert 1 == rig.made()

    async def test_an_expired_order_is_not_made(self, rig: Rig) -> None:
        """What it says is no longer true."""
        order = rig.order()
        rig.clock.shift = END
        assert Outcome.EXPIRED is (await rig.channel.submit(order)).outcome
        assert 0 == rig.made()

    @pytest.mark.parametrize("number", ["120", "+86119", "+86571110", "１２０", "0571-120"])
    async def test_an_emergency_number_is_refused(self, rig: Rig, number: str) -> None:
        """No channel dials one by itself."""
        order = msgspec.structs.replace(rig.order(), to=number)
        assert Outcome.RECIPIENT_FAULT is (await rig.channel.submit(order)).outcome
        assert 0 == rig.made()

    async def test_what_was_never_made_is_not_found(self, rig: Rig) -> None:
        """A look-up and a cancellation say so."""
        assert Outcome.NOT_FOUND is (await rig.channel.resolve(rig.order())).outcome
        assert Outcome.NOT_FOUND is (await rig.channel.cancel(rig.order())).outcome

    async def test_what_was_made_is_found(self, rig: Rig) -> None:
        """With the provider's id of its submission."""
        made = await rig.channel.submit(rig.order())
        assert made == (await rig.channel.resolve(rig.order()))._replace(detail="")

    async def test_a_cancellation_says_where_it_stands(self, rig: Rig) -> None:
        """Taken back or not, it is the same attempt."""
        made = await rig.channel.submit(rig.order())
        assert made.provider_id == (await rig.channel.cancel(rig.order())).provider_id

    async def test_a_tracked_attempt_is_not_made_again(self, rig: Rig) -> None:
        """One of an earlier run only comes back to be watched."""
        rig.channel.track(msgspec.structs.replace(rig.order(), provider_id="SM1"))
        assert 0 == rig.made()

    async def test_it_stops(self, rig: Rig) -> None:
        """`run` ends when it is cancelled, and not before."""
        running, _ = started(rig)
        await SystemClock().sleep(0.05)
        assert not running.done()
        await ended(running)


class ProviderContract(ChannelContract):
    """For every channel with a provider behind it."""

    @pytest.mark.parametrize(
        ("how", "expected"),
        [
            ("limit", Outcome.RETRY),
            ("break", Outcome.UNKNOWN),
            ("hang", Outcome.UNKNOWN),
            ("drop", Outcome.UNKNOWN),
            ("refuse", Outcome.NOT_SENT),
        ],
    )
    async def test_a_failure_says_what_may_have_happened(
        self, rig: ProviderRig, how: str, expected: Outcome
    ) -> None:
        """A limit was not processed, a refused connection carried nothing, the rest is open."""
        await rig.fail(how)
        submitted = await rig.channel.submit(rig.order())
        assert expected is submitted.outcome
        assert (2.0 if how == "limit" else None) == submitted.retry_after_seconds

    @pytest.mark.parametrize("how", ["break", "hang", "drop"])
    async def test_what_may_have_been_made_is_not_made_again(
        self, rig: ProviderRig, how: str
    ) -> None:
        """The same attempt is never posted twice; it is looked up."""
        await rig.fail(how)
        await rig.channel.submit(rig.order())
        before = rig.made()
        assert Outcome.UNKNOWN is (await rig.channel.submit(rig.order())).outcome
        assert before == rig.made()

    async def test_what_was_taken_in_silence_is_found(self, rig: ProviderRig) -> None:
        """The connection died after the provider had taken it."""
        await rig.fail("drop")
        await rig.channel.submit(rig.order())
        assert 1 == rig.made()
        found = await rig.channel.resolve(rig.order())
        assert (Outcome.ACCEPTED, True) == (found.outcome, bool(found.provider_id))

    async def test_what_was_not_taken_is_not_found(self, rig: ProviderRig) -> None:
        """The connection died before."""
        await rig.fail("hang")
        await rig.channel.submit(rig.order())
        assert Outcome.NOT_FOUND is (await rig.channel.resolve(rig.order())).outcome

    @pytest.mark.parametrize("how", ["limit", "refuse"])
    async def test_what_was_never_taken_may_be_made(self, rig: ProviderRig, how: str) -> None:
        """Asking again is safe, and allowed."""
        await rig.fail(how)
        await rig.channel.submit(rig.order())
        await rig.fail("")
        assert Outcome.ACCEPTED is (await rig.channel.submit(rig.order())).outcome

    async def test_a_repeated_status_is_dropped(self, rig: ProviderRig) -> None:
        """Progress is told once."""
        await rig.channel.submit(rig.order())
        assert rig.status("a1", "delivered") is not None
        assert rig.status("a1", "delivered") is None

    @pytest.mark.parametrize("late", ["accepted", "failed"])
    async def test_a_late_status_is_dropped(self, rig: ProviderRig, late: str) -> None:
        """An attempt moves forward only, and its first end stays."""
        await rig.channel.submit(rig.order())
        rig.status("a1", "delivered")
        assert rig.status("a1", late) is None

    async def test_three_failures_are_bad_health(self, rig: ProviderRig) -> None:
        """The courier need not try a fourth time; a success mends it."""
        for number in range(3):
            assert rig.channel.health().is_up
            await rig.fail("break")
            await rig.channel.submit(rig.order(f"b{number}"))
        assert not rig.channel.health().is_up
        await rig.channel.submit(rig.order("b9"))
        assert rig.channel.health().is_up


class Running(NamedTuple):
    """A channel at work, and what it has reported."""

    task: asyncio.Task[None]
    reports: list[Progress]


def started(rig: Rig) -> Running:
    """Start a channel, unless the rig has."""
    if rig.running is not None:
        return rig.running
    reports: list[Progress] = []
    return Running(asyncio.create_task(rig.channel.run(reports.append)), reports)


async def ended(running: asyncio.Task[None]) -> None:
    """Cancel and wait."""
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
