"""What the carrier posts to its customer: signed, in order, once, unless a fault says otherwise."""

from urllib.parse import parse_qs, urlsplit

from simulators.carrier import Fault
from tests.simulators.carrier_world import LI, OWN, PUBLIC, Webhook, phone, until, world

SMS_STATUS = f"{PUBLIC}/twilio/sms-status?attempt=a1"
CALL_STATUS = f"{PUBLIC}/twilio/call-status?attempt=a2"
EVERY_EVENT = ["initiated", "ringing", "answered", "completed"]
DELIVERY = ["sending", "sent", "delivered"]


def message_statuses(webhooks: list[Webhook]) -> list[str]:
    """The states that callbacks told, in the order of arrival."""
    return [webhook.form["MessageStatus"] for webhook in webhooks]


async def delivery_under(fault: str) -> list[str]:
    """The states a customer is told of one delivered text under a fault."""
    async with world(phone()) as here:
        here.carrier.switch_on(Fault(fault))
        sid = await here.send(status_callback=SMS_STATUS)
        await until(lambda: "delivered" in here.statuses(sid))
        if fault != "callbacks_dropped":
            await until(lambda: len(here.customer.webhooks) >= len(DELIVERY))
        return message_statuses(here.customer.at("/twilio/sms-status"))


async def test_a_delivery_is_told_in_order() -> None:
    """sending, sent, delivered; each signed over the public address with its query."""
    async with world(phone()) as here:
        await here.send(status_callback=SMS_STATUS)
        await until(lambda: len(here.customer.webhooks) == len(DELIVERY))
        told = here.customer.webhooks
    assert DELIVERY == message_statuses(told)
    assert [True] * len(told) == [webhook.is_signed for webhook in told]
    assert ["a1"] == parse_qs(urlsplit(told[0].path).query)["attempt"]


async def test_why_a_text_was_not_delivered_is_told() -> None:
    """A per-number fault's code travels in ErrorCode."""
    async with world(phone()) as here:
        here.carrier.switch_on(Fault("undelivered", number=LI, code=30008))
        await here.send(status_callback=SMS_STATUS)
        await until(lambda: "undelivered" in message_statuses(here.customer.webhooks))
        told = here.customer.webhooks[-1].form
    assert ("undelivered", "30008") == (told["MessageStatus"], told["ErrorCode"])


async def test_a_call_is_told_with_a_sequence() -> None:
    """All four events with running SequenceNumber; the last has the duration."""
    async with world(phone()) as here:
        await here.ring(status_callback=CALL_STATUS, status_callback_event=EVERY_EVENT)
        await until(lambda: len(here.customer.webhooks) == len(EVERY_EVENT))
        told = here.customer.webhooks
    assert ["initiated", "ringing", "in-progress", "completed"] == [
        webhook.form["CallStatus"] for webhook in told
    ]
    assert ["0", "1", "2", "3"] == [webhook.form["SequenceNumber"] for webhook in told]
    assert all(webhook.is_signed and "Timestamp" in webhook.form for webhook in told)
    assert "0" == told[-1].form["CallDuration"]


async def test_busy_is_told_as_a_completion() -> None:
    """Without events asked for, only the end is told, whichever it is."""
    async with world(phone()) as here:
        here.carrier.switch_on(Fault("busy", number=LI))
        await here.ring(status_callback=CALL_STATUS)
        await until(lambda: bool(here.customer.webhooks))
        told = here.customer.webhooks
    assert ["busy"] == [webhook.form["CallStatus"] for webhook in told]


async def test_duplicated_callbacks() -> None:
    """Each state is told twice."""
    doubled = await delivery_under("callbacks_duplicated")
    assert doubled[:2] == ["sending", "sending"]


async def test_reordered_callbacks() -> None:
    """A later state overtakes an earlier one, and none is lost."""
    reordered = await delivery_under("callbacks_reordered")
    assert reordered == ["sent", "sending", "delivered"]


async def test_dropped_callbacks() -> None:
    """The text is delivered and nobody is told."""
    assert [] == await delivery_under("callbacks_dropped")


async def test_an_inbound_text_is_handed_in() -> None:
    """Signed, with From, To, Body and MessageSid; the answer's <Message> goes back to the phone."""
    async with world(phone()) as here:
        here.customer.answers["/twilio/sms"] = "<Response><Message>没回1</Message></Response>"
        sid = here.carrier.texts.send_in(LI, "收到").sid
        await until(lambda: "收到短信：没回1" in here.shown)
        told = here.customer.at("/twilio/sms")[0]
    assert told.is_signed
    assert (LI, OWN, "收到", sid) == tuple(
        told.form[name] for name in ("From", "To", "Body", "MessageSid")
    )


async def test_a_callback_that_fails_is_not_posted_again() -> None:
    """One post for each state, whatever came of it."""
    async with world(phone()) as here:
        here.customer.failing.add("/twilio/sms-status")
        sid = await here.send(status_callback=SMS_STATUS)
        await until(lambda: len(here.carrier.log.entries("webhook")) == len(DELIVERY))
        answers = [entry["status"] for entry in here.carrier.log.entries("webhook")]
    assert DELIVERY == here.statuses(sid)
    assert [500, 500, 500] == answers


async def test_a_customer_that_is_away_is_survived() -> None:
    """A refused callback is logged with its reason, and the text is delivered."""
    async with world(phone()) as here:
        sid = await here.send(status_callback="http://127.0.0.1:9/")
        await until(lambda: "delivered" in here.statuses(sid))
        await until(lambda: bool(here.carrier.log.entries("webhook")))
        assert "ClientConnectorError" in str(here.carrier.log.entries("webhook")[0]["error"])


async def test_a_neighbour_goes_arrives_and_says_all_is_well() -> None:
    """A whole visit by text, with the two-digit answers of a second open alarm."""
    asked = {
        "31": "谢谢！您去3栋2单元502，10分钟内到。到了回33；去不了回32",
        "33": "见到张桂芳本人了吗？3栋2单元502，人没事回34，要救护车回39",
    }
    async with world(phone(), speed=5000, is_polling=True) as here:
        await here.send("急！3栋2单元502张桂芳家烟雾报警。能去回31，不能回32")
        for reply, answer in asked.items():
            await until(lambda reply=reply: f"发短信：{reply}" in here.shown)  # type: ignore[misc]
            await here.send(answer)
        await until(lambda: "发短信：34" in here.shown)
        listed = await here.client.messages.list_async(from_=LI)
    assert ["34", "33", "31"] == [message.body for message in listed]
