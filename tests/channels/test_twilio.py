"""What the channel asks of Twilio, and what it makes of the answers, on a real socket."""

import asyncio
import socket
from datetime import timedelta
from xml.etree import ElementTree as ET

import msgspec
import pytest
from aiohttp import web

from alerting.channels.twilio import TwilioChannel
from alerting.effect import Medium
from alerting.event import Outcome
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

SECOND = timedelta(seconds=1)


# --- requests --------------------------------------------------------------------------------


async def test_a_text_says_how_long_it_is_worth_sending(
    fake: FakeTwilio, channel: TwilioChannel
) -> None:
    """The seconds left, 300 at most, and where to call back."""
    order = order_at(CLOCK.now())
    await channel.submit(order)
    short = msgspec.structs.replace(order, attempt_id="a2", expires_at=CLOCK.now() + 9.5 * SECOND)
    await channel.submit(short)
    long = msgspec.structs.replace(order, attempt_id="a3", expires_at=CLOCK.now() + 999 * SECOND)
    await channel.submit(long)
    assert ["299", "9", "300"] == [one.field("ValidityPeriod")[0] for one in fake.asked]
    assert [f"{PUBLIC}/twilio/sms-status?attempt=a1"] == fake.asked[0].field("StatusCallback")
    assert [order.text] == fake.asked[0].field("Body")


async def test_a_call_asks_for_a_key(fake: FakeTwilio, channel: TwilioChannel) -> None:
    """It rings for 25 s, says the text twice and sends the key to us."""
    order = order_at(CLOCK.now(), "alarm/1.2", Medium.VOICE)
    await channel.submit(order)
    asked = fake.asked[0]
    assert ["25"] == asked.field("Timeout")
    assert ["answered", "completed"] == asked.field("StatusCallbackEvent")
    gather = ET.fromstring(asked.field("Twiml")[0])[0]  # noqa: S314 - our own
    assert ("Gather", "1") == (gather.tag, gather.get("numDigits"))
    assert f"{PUBLIC}/twilio/keypad?attempt=alarm%2F1.2" == gather.get("action")
    assert [order.text] * 2 == [say.text for say in gather.iter("Say")]
    assert {"zh-CN"} == {say.get("language") for say in gather.iter("Say")}


async def test_without_a_public_address_a_call_only_speaks(
    fake: FakeTwilio, secluded: TwilioChannel
) -> None:
    """Nothing could receive the key, nor a status."""
    await secluded.submit(order_at(CLOCK.now(), "a1", Medium.VOICE))
    asked = fake.asked[0]
    assert ([], []) == (asked.field("StatusCallback"), asked.field("StatusCallbackEvent"))
    document = ET.fromstring(asked.field("Twiml")[0])  # noqa: S314 - our own
    assert ["Say", "Pause", "Say"] == [verb.tag for verb in document]


async def test_a_connection_is_kept(fake: FakeTwilio, channel: TwilioChannel) -> None:
    """Twenty requests, one connection: the SDK really uses the one session."""
    for number in range(20):
        await channel.submit(order_at(CLOCK.now(), f"a{number}"))
    assert (20, 1) == (len(fake.made()), len(fake.connections))


async def test_hostile_text_stays_text(fake: FakeTwilio, channel: TwilioChannel) -> None:
    """Markup is spoken, control signs are not."""
    order = order_at(CLOCK.now(), "a1", Medium.VOICE)
    text = '</Say><Dial>120</Dial>"&\x00\x0b\ud800' + "长" * 5000
    await channel.submit(msgspec.structs.replace(order, text=text))
    twiml = fake.asked[0].field("Twiml")[0]
    said = next(ET.fromstring(twiml).iter("Say")).text or ""  # noqa: S314 - our own
    assert said.startswith('</Say><Dial>120</Dial>"&长')
    assert len(twiml) <= 4000


# --- failures --------------------------------------------------------------------------------


@pytest.mark.parametrize("medium", [Medium.SMS, Medium.VOICE])
async def test_nothing_leaves_without_a_name(medium: Medium) -> None:
    """A host that does not exist."""
    channel = open_channel("http://twilio.invalid", CLOCK, timeout_seconds=5)
    submitted = await channel.submit(order_at(CLOCK.now(), "a1", medium))
    await channel.close()
    assert Outcome.NOT_SENT is submitted.outcome


async def test_nothing_leaves_without_tls(fake: FakeTwilio) -> None:
    """The far end does not speak TLS."""
    channel = open_channel(fake.url.replace("http:", "https:"), CLOCK, timeout_seconds=5)
    submitted = await channel.submit(order_at(CLOCK.now()))
    await channel.close()
    assert Outcome.NOT_SENT is submitted.outcome


async def test_nothing_leaves_while_connecting() -> None:
    """Time runs out in the handshake: the request was never written."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        channel = open_channel(url, CLOCK, timeout_seconds=0.1)
        submitted = await channel.submit(order_at(CLOCK.now()))
        await channel.close()
    assert Outcome.NOT_SENT is submitted.outcome


async def test_a_kept_connection_that_dies_leaves_it_open(
    fake: FakeTwilio, channel: TwilioChannel
) -> None:
    """The second request went into a connection the far end resets."""
    await channel.submit(order_at(CLOCK.now(), "a1", Medium.VOICE))

    async def reset(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    fake.acts.append(reset)
    submitted = await channel.submit(order_at(CLOCK.now(), "a2", Medium.VOICE))
    assert (Outcome.UNKNOWN, 1) == (submitted.outcome, len(fake.made()))


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", "3", '{"sid": null}', '{"sid": "../x"}', "[" * 100_000, "\x00"]
)
async def test_nonsense_leaves_it_open(fake: FakeTwilio, channel: TwilioChannel, body: str) -> None:
    """A success that cannot be read may have been one."""

    async def babble(_request: web.Request) -> web.StreamResponse:
        return web.Response(text=body, status=201)

    fake.acts.append(babble)
    assert Outcome.UNKNOWN is (await channel.submit(order_at(CLOCK.now()))).outcome


@pytest.mark.parametrize("to", ["desk", "13800001234", "+86 13800001234", "+", "client:x", ""])
async def test_what_is_no_number_is_not_dialled(
    fake: FakeTwilio, channel: TwilioChannel, to: str
) -> None:
    """Only E.164 leaves the box."""
    order = msgspec.structs.replace(order_at(CLOCK.now()), to=to)
    assert Outcome.RECIPIENT_FAULT is (await channel.submit(order)).outcome
    assert [] == fake.asked


@pytest.mark.parametrize(("code", "is_up"), [(20003, False), (21606, False), (21408, True)])
async def test_a_fault_of_the_account_is_bad_health(
    fake: FakeTwilio, channel: TwilioChannel, code: int, *, is_up: bool
) -> None:
    """One foreign number that is not allowed takes nobody else's texts away."""
    fake.acts.append(refuse(400, code))
    assert Outcome.CHANNEL_FAULT is (await channel.submit(order_at(CLOCK.now()))).outcome
    assert is_up is channel.health().is_up


async def test_a_mended_account_is_good_health(fake: FakeTwilio, channel: TwilioChannel) -> None:
    """A text that went out shows it."""
    fake.acts.append(refuse(400, 21606))
    await channel.submit(order_at(CLOCK.now()))
    await channel.submit(order_at(CLOCK.now(), "a2"))
    assert channel.health().is_up


async def test_a_patience_of_its_own_ends_a_request(
    fake: FakeTwilio, channel: TwilioChannel
) -> None:
    """The SDK's time limit does nothing; the clock's does."""
    fake.acts.append(hang)
    async with CLOCK.timeout(1):
        submitted = await channel.submit(order_at(CLOCK.now()))
    assert (Outcome.UNKNOWN, "TimeoutError") == (submitted.outcome, submitted.detail)


def test_the_secret_is_not_shown() -> None:
    """Neither settings nor channel print it."""
    channel = open_channel("http://127.0.0.1:1", CLOCK)
    assert "secret" not in f"{channel!r} {vars(channel)!r}"


# --- looking up ------------------------------------------------------------------------------


async def test_two_unknown_calls_to_one_number_keep_apart(
    fake: FakeTwilio, channel: TwilioChannel
) -> None:
    """One was taken, one was not: neither claims it; when the callback names one, all is clear."""
    now = CLOCK.now()
    first, second = (order_at(now, name, Medium.VOICE) for name in ("a1", "a2"))
    fake.acts += [hang, hang]
    await asyncio.gather(channel.submit(first), channel.submit(second))
    sid = fake.add("calls", MOBILE, ME, status="ringing")["sid"]
    assert Outcome.UNKNOWN is (await channel.resolve(first)).outcome
    assert Outcome.UNKNOWN is (await channel.resolve(second)).outcome
    assert channel.heard("a2", Medium.VOICE, sid, "ringing") is not None
    assert Outcome.NOT_FOUND is (await channel.resolve(first)).outcome
    assert (Outcome.RINGING, sid) == (await channel.resolve(second))[:2]


async def test_a_call_of_a_known_attempt_is_not_taken(
    fake: FakeTwilio, channel: TwilioChannel
) -> None:
    """The same number was called a moment ago about something else."""
    await channel.submit(order_at(CLOCK.now(), "a1", Medium.VOICE))
    fake.acts.append(hang)
    lost = order_at(CLOCK.now(), "a2", Medium.VOICE)
    await channel.submit(lost)
    assert Outcome.NOT_FOUND is (await channel.resolve(lost)).outcome


async def test_a_text_is_known_by_its_words(fake: FakeTwilio, channel: TwilioChannel) -> None:
    """Another text to the same number is not it."""
    fake.acts.append(hang)
    order = order_at(CLOCK.now())
    await channel.submit(order)
    fake.add("messages", MOBILE, ME, body="something else")
    assert Outcome.NOT_FOUND is (await channel.resolve(order)).outcome
    sid = fake.add("messages", MOBILE, ME, body=order.text, status="sent")["sid"]
    assert (Outcome.ACCEPTED, sid) == (await channel.resolve(order))[:2]


async def test_a_wrong_clock_hides_no_call(fake: FakeTwilio, channel: TwilioChannel) -> None:
    """The provider's Date tells how wrong ours is."""
    fake.skew = timedelta(hours=9)
    order = order_at(CLOCK.now(), "a1", Medium.VOICE)
    sid = fake.add("calls", MOBILE, ME, status="ringing")["sid"]
    assert (Outcome.RINGING, sid) == (await channel.resolve(order))[:2]


async def test_a_look_up_that_fails_says_nothing(fake: FakeTwilio, channel: TwilioChannel) -> None:
    """A limit on the look-up is none on the attempt."""
    fake.acts.append(refuse(429, 20429, Retry_After="3"))
    found = await channel.resolve(order_at(CLOCK.now(), "a1", Medium.VOICE))
    assert (Outcome.UNKNOWN, 3.0) == (found.outcome, found.retry_after_seconds)


async def test_a_call_that_only_speaks_is_heard_out(
    fake: FakeTwilio, channel: TwilioChannel
) -> None:
    """It wants no key: completed is the end it is made for, and no voicemail."""
    order = order_at(CLOCK.now(), "a1", Medium.VOICE)
    await channel.submit(msgspec.structs.replace(order, wants_key=False))
    told = channel.heard("a1", Medium.VOICE, fake.made()[0]["sid"], "completed")
    assert told is not None
    assert Outcome.DELIVERED is told.outcome


# --- cancelling ------------------------------------------------------------------------------


async def test_a_ringing_call_is_taken_back(fake: FakeTwilio, channel: TwilioChannel) -> None:
    """And its callback tells nothing new."""
    order = order_at(CLOCK.now(), "a1", Medium.VOICE)
    await channel.submit(order)
    assert Outcome.CANCELLED is (await channel.cancel(order)).outcome
    assert "canceled" == fake.made()[0]["status"]
    assert channel.heard("a1", Medium.VOICE, fake.made()[0]["sid"], "canceled") is None


async def test_a_conversation_is_not_cut_off(fake: FakeTwilio, channel: TwilioChannel) -> None:
    """A cancellation comes too late; hanging up has to be asked for."""
    order = order_at(CLOCK.now(), "a1", Medium.VOICE)
    await channel.submit(order)

    async def talk(request: web.Request) -> web.StreamResponse:
        await request.post()
        fake.made()[0]["status"] = "in-progress"
        return web.json_response(fake.made()[0])

    fake.acts.append(talk)
    assert Outcome.ANSWERED is (await channel.cancel(order)).outcome
    fake.acts.append(talk)
    assert Outcome.VOICEMAIL is (await channel.cancel(order, hang_up=True)).outcome


async def test_a_call_that_is_over_is_looked_at(fake: FakeTwilio, channel: TwilioChannel) -> None:
    """The provider refuses to cancel it, and says how it ended."""
    order = order_at(CLOCK.now(), "a1", Medium.VOICE)
    await channel.submit(order)
    fake.made()[0]["status"] = "busy"
    fake.acts.append(refuse(400, 21220))
    assert Outcome.BUSY is (await channel.cancel(order)).outcome
