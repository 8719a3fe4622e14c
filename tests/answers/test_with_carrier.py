"""Channel, webhooks and server against the simulated carrier and the people at its far end."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from alerting.channels import Inbound
from alerting.channels.contract import Progress
from alerting.channels.desk import Spoken
from alerting.channels.twilio import TwilioChannel
from alerting.effect import Medium
from alerting.event import Outcome
from gateway.answers import Answers
from gateway.web import Web
from simulators.carrier import Carrier, Fault, Settings
from simulators.clock import Clock as SimulatedClock
from tests.answers.desk import NotingDesk
from tests.channels.contract import ended
from tests.channels.fake_twilio import ACCOUNT, CLOCK, ME, PUBLIC, TOKEN, open_channel, order_at
from tests.simulators.carrier_world import LI, phone

ENDS = {Outcome.DELIVERED, Outcome.UNDELIVERED, Outcome.VOICEMAIL, Outcome.BUSY}


@dataclass
class Scene:
    """Everything between the desk and a neighbour's phone."""

    carrier: Carrier
    channel: TwilioChannel
    desk: NotingDesk
    polled: list[Progress]
    inbound: list[Inbound]
    shown: list[str]

    def outcomes(self) -> list[Outcome]:
        """What was told, called back or polled."""
        return [one.outcome for one in [*self.desk.progress, *self.polled]]


@asynccontextmanager
async def scene(temperament: str = "willing", *, is_public: bool = True) -> AsyncIterator[Scene]:
    """A gateway's part, a carrier at fifty times the speed, and one neighbour."""
    desk, inbound, polled, shown = NotingDesk(), list[Inbound](), list[Progress](), list[str]()
    public_url = PUBLIC if is_public else None
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    settings = Settings(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        numbers=(ME,),
        public_url=public_url or "",
        reach_url=f"http://127.0.0.1:{port}",
        latency=timedelta(0),
    )
    neighbour = phone(LI, temperament)
    async with Carrier(
        settings, SimulatedClock(50), [neighbour], lambda _, text: shown.append(text)
    ) as carrier:
        channel = open_channel(carrier.url, CLOCK, inbound, public_url=public_url)
        web = Web(Answers(desk, channel, CLOCK).application(), port=port)
        serving = asyncio.create_task(web.run())
        polling = asyncio.create_task(channel.run(polled.append))
        yield Scene(carrier, channel, desk, polled, inbound, shown)
        await ended(polling)
        await ended(serving)


async def test_a_neighbour_presses_a_key() -> None:
    """The key reaches the desk, the neighbour hears the confirmation, and it is no voicemail."""
    async with scene() as here:
        await here.channel.submit(order_at(CLOCK.now(), "a1", Medium.VOICE, LI))
        await until(lambda: "挂断" in here.shown)
        await CLOCK.sleep(0.1)
    assert [("a1", "1")] == here.desk.keys
    assert any("好的，1。" in text for text in here.shown)
    assert {Outcome.RINGING, Outcome.ANSWERED} == set(here.outcomes())


async def test_a_machine_picks_up() -> None:
    """Answered without a key is voicemail."""
    async with scene("voicemail") as here:
        await here.channel.submit(order_at(CLOCK.now(), "a1", Medium.VOICE, LI))
        await until(lambda: Outcome.VOICEMAIL in here.outcomes())
    assert [] == here.desk.keys


async def test_a_text_is_delivered_and_answered() -> None:
    """Through the webhooks: delivered, then the neighbour's answer, once."""
    async with scene() as here:
        await here.channel.submit(order_at(CLOCK.now(), "a1", Medium.SMS, LI))
        await until(lambda: bool(here.desk.texts or here.inbound))
        await CLOCK.sleep(0.1)
    assert 1 == len(here.desk.texts) + len(here.inbound)
    assert Outcome.DELIVERED in here.outcomes()


async def test_behind_a_router_everything_is_polled() -> None:
    """No webhook reaches us, and yet we hear that it was delivered, and the answer."""
    async with scene(is_public=False) as here:
        await here.channel.submit(order_at(CLOCK.now(), "a1", Medium.SMS, LI))
        await until(lambda: bool(here.inbound))
    assert ([], []) == (here.desk.progress, here.desk.texts)
    assert Outcome.DELIVERED in here.outcomes()
    assert (LI, "1") == (here.inbound[0].from_number, here.inbound[0].text)


async def test_callbacks_that_get_lost_are_made_good() -> None:
    """Polling is the safety net."""
    async with scene() as here:
        here.carrier.switch_on(Fault("callbacks_dropped"))
        await here.channel.submit(order_at(CLOCK.now(), "a1", Medium.SMS, LI))
        await until(lambda: Outcome.DELIVERED in here.outcomes())
    assert [] == here.desk.progress


@pytest.mark.parametrize("kind", ["callbacks_duplicated", "callbacks_reordered"])
async def test_callbacks_in_disorder_move_forward_only(kind: str) -> None:
    """However they come, no step is told that is not forward."""
    async with scene("busy") as here:
        here.carrier.switch_on(Fault(kind))
        await here.channel.submit(order_at(CLOCK.now(), "a1", Medium.VOICE, LI))
        await until(lambda: Outcome.BUSY in here.outcomes())
        await CLOCK.sleep(0.1)
    assert 1 == len([one for one in here.outcomes() if one in ENDS])


async def test_a_neighbour_calls_back() -> None:
    """They hear their alarm and press a key."""
    async with scene() as here:
        here.desk.greeting = Spoken("3栋2单元502烟雾报警，能去按1", wants_key=True, attempt_id="a1")
        here.carrier.calls.ring_in(LI)
        await until(lambda: "挂断" in here.shown)
    assert [("a1", "1")] == here.desk.keys


async def test_an_unanswered_post_is_found_by_its_call() -> None:
    """The carrier took the call and its answer was lost: it is not posted again but found."""
    async with scene("asleep") as here:
        here.carrier.switch_on(Fault("close_after_accept", seconds=1))
        order = order_at(CLOCK.now(), "a1", Medium.VOICE, LI)
        submitted = await here.channel.submit(order)
        found = await here.channel.resolve(order)
    assert Outcome.UNKNOWN is submitted.outcome
    assert {found.provider_id} == set(here.carrier.calls.records)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds, six seconds at most."""
    async with CLOCK.timeout(6):
        while not condition():
            await CLOCK.sleep(0.01)
