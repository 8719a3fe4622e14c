"""Several channels as one: who is asked next, what is never doubled, who has an attempt."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from alerting.channels.contract import Channel, Order
from alerting.effect import Medium
from alerting.event import Outcome
from gateway.clock import SystemClock
from gateway.router import Breaker, Router
from tests.channels.fake_twilio import (
    FakeTwilio,
    ShiftedClock,
    drop,
    hang,
    open_channel,
    order_at,
    refuse,
    serving,
)
from tests.channels.modem_rig import ModemRig, modem


class Both:
    """A cloud channel first and a modem behind it, for texts and for calls."""

    def __init__(self, cloud: FakeTwilio, box: ModemRig) -> None:
        self.cloud, self.box, self.clock = cloud, box, ShiftedClock()
        self.twilio = open_channel(cloud.url, self.clock)
        self.channels: list[Channel] = [self.twilio, box.channel]
        self.texts = Router(Medium.SMS, self.channels, self.clock)
        self.calls = Router(Medium.VOICE, self.channels, self.clock)

    def order(self, attempt_id: str = "a.1", medium: Medium = Medium.SMS) -> Order:
        """An order to a neighbour."""
        return order_at(self.clock.now(), attempt_id, medium)


@pytest.fixture(name="both")
async def _both(tmp_path: Path) -> AsyncIterator[Both]:
    async with AsyncExitStack() as stack:
        cloud = await stack.enter_async_context(serving())
        box = await stack.enter_async_context(modem(tmp_path))
        both = Both(cloud, box)
        stack.push_async_callback(both.twilio.close)
        yield both


async def test_the_first_carries_while_it_can(both: Both) -> None:
    """The second is not asked."""
    assert Outcome.ACCEPTED is (await both.texts.submit(both.order())).outcome
    assert (1, 0) == (len(both.cloud.made()), both.box.made())


@pytest.mark.parametrize(
    ("http", "code", "carried"),
    [(401, 20003, 1), (400, 30008, 1), (400, 21211, 0), (429, 20429, 0)],
)
async def test_a_refusal_goes_on_by_the_table(
    both: Both, http: int, code: int, carried: int
) -> None:
    """A fault of the channel or a failure does; a wrong number and a short wait do not."""
    both.cloud.acts.append(refuse(http, code))
    await both.texts.submit(both.order())
    assert carried == both.box.made()


async def test_a_long_wait_is_not_waited_for(both: Both) -> None:
    """And one that has been asked for three times within ten seconds is not either."""
    both.cloud.acts += [refuse(429, 20429, Retry_After="60")]
    assert Outcome.ACCEPTED is (await both.texts.submit(both.order())).outcome
    both.cloud.acts += [refuse(429, 20429)] * 3
    found = [(await both.texts.submit(both.order(f"b.{n}"))).outcome for n in range(3)]
    assert [Outcome.RETRY, Outcome.RETRY, Outcome.ACCEPTED] == found


@pytest.mark.parametrize("medium", [Medium.SMS, Medium.VOICE])
async def test_what_never_left_goes_another_way(both: Both, medium: Medium) -> None:
    """Nobody listens at the cloud's address."""
    await both.cloud.deafen()
    router = both.texts if medium is Medium.SMS else both.calls
    submitted = await router.submit(both.order(medium=medium))
    assert (Outcome.ACCEPTED, "modem-a.1") == submitted[:2]
    assert 1 == both.box.made()


async def test_a_text_of_unknown_fate_goes_twice(both: Both) -> None:
    """A second copy is harmless."""
    both.cloud.acts.append(drop(both.cloud))
    submitted = await both.texts.submit(both.order())
    assert (Outcome.ACCEPTED, "modem-a.1") == submitted[:2]
    assert (1, 1) == (len(both.cloud.made()), both.box.made())


async def test_a_call_of_unknown_fate_is_looked_up(both: Both) -> None:
    """It may be ringing: nobody else calls for it, and its own channel is asked."""
    both.cloud.acts.append(drop(both.cloud))
    order = both.order(medium=Medium.VOICE)
    assert Outcome.UNKNOWN is (await both.calls.submit(order)).outcome
    assert Outcome.ACCEPTED is (await both.calls.resolve(order)).outcome
    assert 0 == both.box.made()


async def test_a_call_a_dead_carrier_may_have_is_made_anew(both: Both) -> None:
    """After ten seconds, and only where another channel lives: rather two calls than none."""
    order = both.order(medium=Medium.VOICE)
    both.cloud.acts.append(hang)
    assert Outcome.UNKNOWN is (await both.calls.submit(order)).outcome
    await both.cloud.deafen()
    for number in range(3):
        await both.twilio.submit(both.order(f"x{number}"))
    assert Outcome.UNKNOWN is (await both.calls.resolve(order)).outcome
    both.clock.shift = timedelta(seconds=10)
    assert Outcome.NOT_FOUND is (await both.calls.resolve(order)).outcome


async def test_a_dead_channel_is_asked_last(both: Both) -> None:
    """After three failures running nobody waits for the cloud any more."""
    both.cloud.acts += [hang] * 3
    for number in range(3):
        await both.texts.submit(both.order(f"a{number}.1"))
    asked = len(both.cloud.asked)
    await both.texts.submit(both.order("b.1"))
    assert (asked, 4) == (len(both.cloud.asked), both.box.made())
    both.box.there.pull()
    await both.box.until(lambda: not both.box.channel.health().is_up)
    assert Outcome.ACCEPTED is (await both.texts.submit(both.order("c.1"))).outcome
    assert asked < len(both.cloud.asked)


async def test_all_dead_is_said_as_what_leaves_most_to_hope_for(both: Both) -> None:
    """Not sent is tried again; a fault of the channel would end it."""
    both.box.there.pull()
    await both.box.until(lambda: not both.box.channel.health().is_up)
    both.cloud.acts.append(refuse(401, 20003))
    assert Outcome.NOT_SENT is (await both.texts.submit(both.order())).outcome
    assert not both.texts.health().is_up


async def test_an_attempt_of_an_earlier_run_has_its_channel(both: Both) -> None:
    """Its provider's id tells whose it is."""
    sid = both.cloud.add("messages", "+8613800001234", "+15005550006")["sid"]
    theirs = msgspec.structs.replace(both.order("old.1"), provider_id=sid)
    both.texts.track(theirs)
    assert sid == (await both.texts.resolve(theirs)).provider_id
    ours = msgspec.structs.replace(both.order("old.2"), provider_id="modem-old.2")
    assert Outcome.NOT_FOUND is (await both.texts.resolve(ours)).outcome
    assert 1 == len(both.cloud.asked)


async def test_a_call_is_taken_back_from_whoever_has_it(both: Both) -> None:
    """The cloud's or the modem's."""
    order = both.order(medium=Medium.VOICE)
    await both.calls.submit(order)
    assert Outcome.CANCELLED is (await both.calls.cancel(order)).outcome
    assert Outcome.NOT_FOUND is (await both.calls.cancel(both.order("b.1", Medium.VOICE))).outcome


def test_a_breaker_opens_after_three_failures() -> None:
    """It closes by itself after a while, and at once by a success."""
    breaker, now = Breaker(), SystemClock().now()
    for _ in range(2):
        breaker.note(Outcome.NOT_SENT, now)
    assert not breaker.is_open(now)
    breaker.note(Outcome.UNKNOWN, now)
    assert breaker.is_open(now)
    assert not breaker.is_open(now + timedelta(seconds=15))
    breaker.note(Outcome.ACCEPTED, now)
    assert not breaker.is_open(now)
