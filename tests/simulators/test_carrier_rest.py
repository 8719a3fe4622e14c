"""The carrier's REST API, driven by the real SDK."""

from datetime import timedelta

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from simulators.clock import Clock
from tests.simulators.carrier_world import ACCOUNT, LI, OWN, WANG, phone, until, world


async def refusal_of(form: dict[str, str], kind: str = "messages") -> tuple[int, int]:
    """(HTTP status, code) with which a create request is refused."""
    async with world(phone()) as here:
        with pytest.raises(TwilioRestException) as caught:
            await getattr(here.client, kind).create_async(**form)
        return caught.value.status, caught.value.code or 0


async def test_a_wrong_token_is_refused() -> None:
    """Basic authentication: 401 and code 20003."""
    async with world() as here, AsyncTwilioHttpClient() as wire:
        client = Client(ACCOUNT, "wrong", http_client=wire)
        client.api.base_url = here.carrier.url
        with pytest.raises(TwilioRestException) as caught:
            await client.messages.create_async(to=LI, from_=OWN, body="x")
    assert (401, 20003) == (caught.value.status, caught.value.code)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"to": "120", "from_": OWN, "body": "x"}, (400, 21211)),
        ({"to": LI, "from_": WANG, "body": "x"}, (400, 21606)),
        ({"to": LI, "from_": OWN}, (400, 21602)),
        ({"to": LI, "from_": OWN, "body": "x" * 1601}, (400, 21617)),
        ({"to": LI, "from_": OWN, "body": "x", "validity_period": "soon"}, (400, 20001)),
    ],
)
async def test_bad_texts_are_refused(form: dict[str, str], expected: tuple[int, int]) -> None:
    """Each mistake in a text has Twilio's code."""
    assert expected == await refusal_of(form)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"to": "+", "from_": OWN, "url": "http://x"}, (400, 21211)),
        ({"to": LI, "from_": WANG, "url": "http://x"}, (400, 21210)),
        ({"to": LI, "from_": OWN}, (400, 21205)),
    ],
)
async def test_bad_calls_are_refused(form: dict[str, str], expected: tuple[int, int]) -> None:
    """Each mistake in a call has Twilio's code."""
    assert expected == await refusal_of(form, "calls")


async def test_a_text_is_delivered() -> None:
    """A polled text goes from queued to delivered, and its phone shows it."""
    async with world(phone(), is_polling=True) as here:
        sid = await here.send("您好")
        await until(lambda: "delivered" in here.statuses(sid))
        fetched = await here.client.messages(sid).fetch_async()
    assert "delivered" == str(fetched.status)
    assert ["sending", "sent", "delivered"] == here.statuses(sid)
    assert "收到短信：您好" in here.shown


async def test_a_number_without_a_phone_is_undelivered() -> None:
    """Code 30005 stands in the resource."""
    async with world() as here:
        sid = await here.send()
        await until(lambda: "undelivered" in here.statuses(sid))
        fetched = await here.client.messages(sid).fetch_async()
    assert ("undelivered", 30005) == (str(fetched.status), fetched.error_code)


async def test_a_phone_without_signal_shows_the_text_later() -> None:
    """The report says undelivered, and stays so when the handset is back and shows the text."""
    async with world(phone(temperament="no_signal"), speed=1000, is_polling=True) as here:
        sid = await here.send()
        await until(lambda: bool(here.shown))
    assert ["sending", "sent", "undelivered"] == here.statuses(sid)


async def test_an_expired_text_is_never_shown() -> None:
    """A text whose validity ended before the handset was back is dropped."""
    async with world(phone(temperament="no_signal"), speed=2000, is_polling=True) as here:
        sid = await here.send(validity_period="60")
        await until(lambda: "undelivered" in here.statuses(sid))
        await Clock().wait(timedelta(seconds=0.6))
    assert [] == here.shown


async def test_inbound_texts_are_listed() -> None:
    """A client that only polls finds what phones sent, by direction, number and time."""
    async with world(phone(), is_polling=True) as here:
        here.carrier.texts.send_in(LI, "去")
        now = Clock().now()
        since = await here.client.messages.list_async(
            to=OWN, from_=LI, date_sent_after=now - timedelta(seconds=5)
        )
        later = await here.client.messages.list_async(date_sent_after=now + timedelta(seconds=5))
    assert [("inbound", "received", "去")] == [
        (str(m.direction), str(m.status), m.body) for m in since
    ]
    assert [] == later


async def test_calls_are_found_by_number_and_start_time() -> None:
    """The way to resolve a call whose answer was lost."""
    async with world(phone(temperament="asleep")) as here:
        before = Clock().now()
        sid = await here.ring()
        await until(lambda: "ringing" in here.statuses(sid))
        found = await here.client.calls.list_async(to=LI, start_time_after=before)
        other = await here.client.calls.list_async(to=WANG, start_time_after=before)
    assert [sid] == [one.sid for one in found]
    assert [] == other


async def test_lists_come_in_pages() -> None:
    """The SDK follows next_page_uri to the end, newest first."""
    async with world(phone(), is_polling=True) as here:
        sent = [here.carrier.texts.send_in(LI, str(number)).sid for number in range(5)]
        listed = await here.client.messages.list_async(page_size=2)
    assert sent[::-1] == [message.sid for message in listed]


async def test_a_ringing_call_is_canceled() -> None:
    """An acknowledgement elsewhere ends the ringing; the phone shows a missed call."""
    async with world(phone(temperament="asleep"), is_polling=True) as here:
        sid = await here.ring()
        await until(lambda: "ringing" in here.statuses(sid))
        updated = await here.client.calls(sid).update_async(status="canceled")
    assert "canceled" == str(updated.status)
    assert f"未接来电 {OWN}" in here.shown


async def test_a_call_that_is_over_cannot_be_canceled() -> None:
    """Code 21220."""
    async with world(phone(temperament="busy")) as here:
        sid = await here.ring()
        await until(lambda: "busy" in here.statuses(sid))
        with pytest.raises(TwilioRestException) as caught:
            await here.client.calls(sid).update_async(status="canceled")
    assert 21220 == caught.value.code


async def test_a_queued_text_is_canceled() -> None:
    """Before it left, and only then."""
    async with world(phone(), speed=0.1) as here:
        sid = await here.send()
        updated = await here.client.messages(sid).update_async(status="canceled")
    assert "canceled" == str(updated.status)


async def test_a_number_that_said_stop_gets_no_more() -> None:
    """Code 21610 after TD, and no more after START."""
    async with world(phone(), is_polling=True) as here:
        here.carrier.texts.send_in(LI, "td")
        with pytest.raises(TwilioRestException) as caught:
            await here.client.messages.create_async(to=LI, from_=OWN, body="x")
        here.carrier.texts.send_in(LI, "START")
        taken = await here.client.messages.create_async(to=LI, from_=OWN, body="x")
    assert 21610 == caught.value.code
    assert "queued" == str(taken.status)


async def test_an_unknown_sid_is_not_found() -> None:
    """Code 20404."""
    async with world() as here:
        with pytest.raises(TwilioRestException) as caught:
            await here.client.calls("CA" + "0" * 32).fetch_async()
    assert (404, 20404) == (caught.value.status, caught.value.code)


@pytest.mark.parametrize(
    ("body", "expected"),
    [("烟" * 70, "1"), ("烟" * 71, "2"), ("x" * 160, "1"), ("x" * 161, "2"), ("烟" * 135, "3")],
)
async def test_segments_are_counted(body: str, expected: str) -> None:
    """70 UTF-16 units are one segment, 67 each when there are more."""
    async with world() as here:
        sid = await here.send(body)
        created = await here.client.messages(sid).fetch_async()
    assert expected == created.num_segments
