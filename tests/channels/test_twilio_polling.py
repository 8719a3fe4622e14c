"""What the channel finds out by itself: how attempts go, and what people send."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import msgspec

from alerting.channels import Inbound
from alerting.channels.contract import Progress
from alerting.channels.twilio import TwilioChannel
from alerting.effect import Medium
from alerting.event import Outcome
from gateway.clock import SystemClock
from tests.channels.contract import ended
from tests.channels.fake_twilio import (
    CLOCK,
    ME,
    MOBILE,
    PUBLIC,
    FakeTwilio,
    hang,
    open_channel,
    order_at,
    refuse,
)


async def test_every_step_is_polled(fake: FakeTwilio, secluded: TwilioChannel) -> None:
    """Each state once, until the end, and no request after it."""
    reports: list[Progress] = []
    await secluded.submit(order_at(CLOCK.now(), "a1", Medium.VOICE))
    running = asyncio.create_task(secluded.run(reports.append))
    for status in ("ringing", "in-progress", "completed"):
        fake.made()[0]["status"] = status
        await until(lambda: len(reports) > ["ringing", "in-progress", "completed"].index(status))  # noqa: B023 - awaited here
    count = shown(fake)
    await SystemClock().sleep(0.1)
    assert count == shown(fake)
    await ended(running)
    expected = [Outcome.RINGING, Outcome.ANSWERED, Outcome.VOICEMAIL]
    assert expected == [one.outcome for one in reports]


async def test_an_attempt_of_an_earlier_run_is_polled(
    fake: FakeTwilio, secluded: TwilioChannel
) -> None:
    """`track` gives its provider's id."""
    reports: list[Progress] = []
    sid = fake.add("messages", MOBILE, ME, status="undelivered", error_code=30003)["sid"]
    secluded.track(msgspec.structs.replace(order_at(CLOCK.now()), provider_id=sid))
    running = asyncio.create_task(secluded.run(reports.append))
    await until(lambda: len(reports) == 1)
    await ended(running)
    assert [Progress("a1", Outcome.UNDELIVERED, sid, "code 30003")] == reports


async def test_polling_outlives_the_provider(fake: FakeTwilio, secluded: TwilioChannel) -> None:
    """Refusals, hangs and nonsense end nothing."""
    reports: list[Progress] = []
    await secluded.submit(order_at(CLOCK.now()))
    fake.acts += [refuse(503, 20503), hang, refuse(401, 20003), refuse(429, 20429)] * 2
    running = asyncio.create_task(secluded.run(reports.append))
    fake.made()[0]["status"] = "delivered"
    await until(lambda: len(reports) == 1)
    await ended(running)
    assert secluded.health().is_up


async def test_what_people_send_is_listed(fake: FakeTwilio) -> None:
    """Each once, oldest first, with whom it is from; what came before is another run's."""
    inbound: list[Inbound] = []
    channel = open_channel(fake.url, CLOCK, inbound)
    for text in ("1", "去"):
        fake.add("messages", ME, MOBILE, direction="inbound", status="received", body=text)
    fake.add("calls", ME, MOBILE, direction="inbound", status="ringing")
    running = asyncio.create_task(channel.run(lambda _progress: None))
    await until(lambda: len(inbound) == 3)
    await SystemClock().sleep(0.1)
    await ended(running)
    assert {("sms", "1"), ("sms", "去"), ("call", "")} == {(one.kind, one.text) for one in inbound}
    assert ["1", "去"] == [one.text for one in inbound if one.kind == "sms"]
    assert {MOBILE} == {one.from_number for one in inbound}
    assert all(abs(one.sent_at - CLOCK.now()) < timedelta(seconds=5) for one in inbound)
    since = next(one.query for one in fake.asked if one.path.endswith("Messages.json"))
    assert "DateSent>" in since


async def test_a_text_seen_by_a_webhook_is_not_polled(fake: FakeTwilio) -> None:
    """Both ways in share what was seen."""
    inbound: list[Inbound] = []
    channel = open_channel(fake.url, CLOCK, inbound, public_url=PUBLIC)
    text = fake.add("messages", ME, MOBILE, direction="inbound", status="received", body="1")
    assert channel.claim(text["sid"])
    running = asyncio.create_task(channel.run(lambda _progress: None))
    await SystemClock().sleep(0.1)
    await ended(running)
    assert [] == inbound


def shown(fake: FakeTwilio) -> int:
    """How often single records were asked for."""
    return len([one for one in fake.asked if "/CA" in one.path])


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds, two seconds at most."""
    async with SystemClock().timeout(2):
        while not condition():
            await SystemClock().sleep(0.01)
