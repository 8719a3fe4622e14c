"""The webhooks: signed, bounded, answered after the commit, told once."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import httpx
import pytest

from alerting.channels.desk import Spoken
from alerting.effect import Medium
from alerting.event import Outcome
from gateway import answers
from gateway.answers import NOT_KEPT, NOT_KNOWN, Answers
from gateway.clock import SystemClock
from gateway.web import Web
from simulators.carrier.webhooks import sign
from tests.answers.desk import NotingDesk, Texted
from tests.channels.contract import ended
from tests.channels.fake_twilio import MOBILE, PUBLIC, TOKEN, ShiftedClock, open_channel, order_at

SID = "CA" + "1" * 32
NEVER = "http://127.0.0.1:1"


class Front:
    """The routes, as the carrier and anybody else may ask them."""

    def __init__(self, public_url: str | None = PUBLIC) -> None:
        self.clock, self.desk = ShiftedClock(), NotingDesk()
        self.channel = open_channel(NEVER, self.clock, public_url=public_url)
        self.answers = Answers(self.desk, self.channel, self.clock)
        transport = httpx.ASGITransport(self.answers.application())
        self.client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")

    async def post(
        self, route: str, form: Mapping[str, str], signed_for: str | None = None
    ) -> httpx.Response:
        """Post a form, signed for our public address."""
        signature = sign(TOKEN, signed_for or PUBLIC + route, form)
        return await self.client.post(
            route,
            content=urlencode(form),
            headers={
                "X-Twilio-Signature": signature,
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )

    async def status(self, status: str, attempt: str = "a1") -> httpx.Response:
        """A call has moved."""
        form = {"CallSid": SID, "CallStatus": status}
        return await self.post(f"/twilio/call-status?attempt={attempt}", form)

    async def press(self, digits: str, attempt: str = "a1", more: str = "") -> httpx.Response:
        """A key was pressed."""
        route = f"/twilio/keypad?attempt={attempt}{more}"
        return await self.post(route, {"CallSid": SID, "Digits": digits})

    def placed(self) -> None:
        """Have a call under way, answered a while ago."""
        self.channel.track(order_at(self.clock.now(), "a1", Medium.VOICE))
        progress = self.channel.heard("a1", Medium.VOICE, SID, "in-progress")
        assert progress is not None
        self.channel.settle(progress)
        self.clock.shift += timedelta(seconds=3)


@pytest.fixture(name="front")
async def _front() -> AsyncIterator[Front]:
    front = Front()
    async with front.client:
        yield front


def verbs(answer: httpx.Response) -> list[str]:
    """The verbs of a document for a person on the line."""
    assert (200, True) == (
        answer.status_code,
        answer.headers["Content-Type"].startswith("text/xml"),
    )
    return [element.tag for element in ET.fromstring(answer.text)]  # noqa: S314 - our own


def said(answer: httpx.Response) -> str:
    """What is said first."""
    return next(ET.fromstring(answer.text).iter("Say")).text or ""  # noqa: S314 - our own


def action(answer: httpx.Response) -> str:
    """Where the key goes."""
    return ET.fromstring(answer.text)[0].get("action") or ""  # noqa: S314 - our own


# --- statuses --------------------------------------------------------------------------------


async def test_a_step_is_told(front: Front) -> None:
    """With the provider's id, to the attempt of the address."""
    assert 204 == (await front.status("ringing")).status_code
    assert [("a1", Outcome.RINGING, SID)] == [one[:3] for one in front.desk.progress]


async def test_the_answer_waits_for_the_commit(front: Front) -> None:
    """Nothing is acknowledged to the carrier before the fact is kept."""
    front.desk.is_open.clear()
    answer = asyncio.create_task(front.status("ringing"))
    await front.clock.sleep(0.05)
    assert not answer.done()
    front.desk.is_open.set()
    assert 204 == (await answer).status_code


async def test_a_replayed_step_is_told_once(front: Front) -> None:
    """The same signed request validates again and changes nothing."""
    front.placed()
    answers = [await front.status("completed") for _ in range(3)]
    assert [204] * 3 == [answer.status_code for answer in answers]
    assert [Outcome.VOICEMAIL] == [one.outcome for one in front.desk.progress]
    assert 2 == front.answers.counts["repeated"]


async def test_a_late_step_is_dropped(front: Front) -> None:
    """Ringing after the answer is no news."""
    front.placed()
    assert 204 == (await front.status("ringing")).status_code
    assert [] == front.desk.progress


@pytest.mark.parametrize("how", ["late", "failing"])
async def test_a_step_that_was_not_kept_comes_again(front: Front, how: str) -> None:
    """The carrier or the polling repeats it, and it is news then."""
    front.placed()
    front.desk.is_failing = how == "failing"
    if how == "late":
        front.desk.is_open.clear()
    assert 503 == (await front.status("completed")).status_code
    front.desk.is_open.set()
    front.desk.is_failing = False
    assert 204 == (await front.status("completed")).status_code
    assert [Outcome.VOICEMAIL] == [one.outcome for one in front.desk.progress]


async def test_a_step_of_an_unknown_attempt_is_turned_away(front: Front) -> None:
    """The desk knows no such attempt."""
    assert 404 == (await front.status("ringing", "zz")).status_code
    assert 1 == front.answers.counts["unknown_attempt"]


async def test_a_text_that_failed_says_why(front: Front) -> None:
    """The error code decides what it means."""
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005"}
    await front.post("/twilio/sms-status?attempt=a1", form)
    expected = [(Outcome.RECIPIENT_FAULT, "code 30005")]
    assert expected == [(one.outcome, one.detail) for one in front.desk.progress]


@pytest.mark.parametrize("code", ["", "x", "-1", "１", "9" * 30, "1.5"])
async def test_a_strange_code_is_no_code(front: Front, code: str) -> None:
    """The status counts."""
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": code}
    await front.post("/twilio/sms-status?attempt=a1", form)
    assert [Outcome.UNDELIVERED] == [one.outcome for one in front.desk.progress]


# --- who may speak ---------------------------------------------------------------------------

FORM = {"CallSid": SID, "CallStatus": "ringing"}
ROUTE = "/twilio/call-status?attempt=a1"


@pytest.mark.parametrize(
    "signed_for",
    [
        f"http://care.example.org{ROUTE}",
        f"https://other.example.org{ROUTE}",
        f"{PUBLIC}/twilio/call-status?attempt=a2",
        f"{PUBLIC}/twilio/call-status",
        f"http://127.0.0.1{ROUTE}",
    ],
)
async def test_a_signature_for_another_address_is_refused(front: Front, signed_for: str) -> None:
    """The scheme, the host and the query are part of what is signed."""
    assert 403 == (await front.post(ROUTE, FORM, signed_for)).status_code
    assert ([], 1) == (front.desk.progress, front.answers.counts["bad_signature"])


@pytest.mark.parametrize("signature", ["", "x", "é" * 28, "A" * 10_000])
async def test_a_wrong_signature_is_refused(front: Front, signature: str) -> None:
    """So is none."""
    headers = {b"X-Twilio-Signature": signature.encode()}
    answer = await front.client.post(ROUTE, content=urlencode(FORM), headers=headers)
    assert 403 == answer.status_code


async def test_a_changed_form_is_refused(front: Front) -> None:
    """A signature is for its parameters."""
    headers = {"X-Twilio-Signature": sign(TOKEN, PUBLIC + ROUTE, FORM)}
    changed = urlencode(FORM | {"CallStatus": "busy"})
    assert 403 == (await front.client.post(ROUTE, content=changed, headers=headers)).status_code


async def test_without_a_public_address_nobody_may_speak() -> None:
    """There is nothing a signature could be for."""
    front = Front(public_url=None)
    async with front.client:
        assert 403 == (await front.post(ROUTE, FORM)).status_code
        assert 403 == (await front.post(ROUTE, FORM, f"None{ROUTE}")).status_code


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x" * (64 * 1024 + 1), 413),
        (b"x" * (64 * 1024), 403),
        (b"&".join([b"a=b"] * 300), 400),
        (b"\xff\xfe", 400),
        (b"", 403),
        (b"%zz=%00&&&===", 403),
    ],
)
async def test_a_strange_body_is_turned_away(front: Front, body: bytes, status: int) -> None:
    """By its size, its shape or its signature; never with an error of ours."""
    assert status == (await front.client.post(ROUTE, content=body)).status_code


async def test_a_body_that_does_not_come_is_given_up(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds a request open holds it for a while only."""
    monkeypatch.setattr(answers, "READ_SECONDS", 0.1)

    web = Web(front.answers.application())
    running = asyncio.create_task(web.run())
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(f"POST {ROUTE} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na".encode())
    async with SystemClock().timeout(3):
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
    writer.close()
    await ended(running)
    assert 1 == front.answers.counts["too_slow"]


async def test_a_body_that_is_cut_off_is_no_error_of_ours(
    front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    """A phone mast or a front that lets go is an ordinary day."""
    web = Web(front.answers.application())
    running = asyncio.create_task(web.run())
    _, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(f"POST {ROUTE} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na".encode())
    await writer.drain()
    await SystemClock().sleep(0.1)
    writer.close()
    await SystemClock().sleep(0.1)
    await ended(running)
    assert 1 == front.answers.counts["cut_off"]
    assert [] == [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(("method", "path"), [("GET", "/twilio/sms"), ("GET", "/docs")])
async def test_there_is_nothing_else(front: Front, method: str, path: str) -> None:
    """No other method and no description of the routes."""
    assert (await front.client.request(method, path)).status_code in {404, 405}


async def test_health_is_tiny(front: Front) -> None:
    """Anybody on the machine may ask."""
    answer = await front.client.get("/healthz")
    assert (200, "ok") == (answer.status_code, answer.text)


# --- keys ------------------------------------------------------------------------------------


@pytest.mark.parametrize("digits", list("123489"))
async def test_a_key_is_told_and_confirmed(front: Front, digits: str) -> None:
    """The person hears what was understood, twice."""
    front.placed()
    answer = await front.press(digits)
    assert ["Say", "Pause", "Say"] == verbs(answer)
    assert ([("a1", digits)], f"好的，{digits}。") == (front.desk.keys, said(answer))


async def test_a_wrong_key_is_asked_for_once_more(front: Front) -> None:
    """With the text; the second time the person is sent to the desk."""
    front.placed()
    answer = await front.press("5")
    assert ["Gather"] == verbs(answer)
    assert f"{PUBLIC}/twilio/keypad?attempt=a1&again=1" == action(answer)
    assert "烟雾报警" in said(answer)
    second = await front.press("5", more="&again=1")
    assert (["Say", "Pause", "Say"], NOT_KEPT) == (verbs(second), said(second))


async def test_a_key_that_was_not_kept_is_asked_for_again(front: Front) -> None:
    """Nobody is told "good, you go" before it is committed."""
    front.placed()
    front.desk.is_failing = True
    assert ["Gather"] == verbs(await front.press("1"))
    front.desk.is_failing = False
    assert "好的，1。" == said(await front.press("1", more="&again=1"))


async def test_a_key_in_the_first_second_is_ignored(front: Front) -> None:
    """It is the answering itself, or a machine."""
    front.placed()
    front.clock.shift -= timedelta(seconds=2.5)
    answer = await front.press("1")
    assert (["Gather"], []) == (verbs(answer), front.desk.keys)
    front.clock.shift += timedelta(seconds=2.5)
    await front.press("1", more="&again=1")
    assert [("a1", "1")] == front.desk.keys


async def test_a_key_of_an_unknown_attempt_is_answered_in_words(front: Front) -> None:
    """An HTTP error would be spoken in English."""
    answer = await front.press("1", "zz")
    assert (["Say", "Pause", "Say"], NOT_KNOWN) == (verbs(answer), said(answer))


async def test_a_call_without_a_key_is_voicemail(front: Front) -> None:
    """Somebody or something picked up, and nobody answered."""
    front.placed()
    await front.status("completed")
    assert [Outcome.VOICEMAIL] == [one.outcome for one in front.desk.progress]


async def test_a_call_with_a_key_is_not(front: Front) -> None:
    """The key has said more than the end of the call can."""
    front.placed()
    await front.press("1")
    await front.status("completed")
    assert [] == front.desk.progress


async def test_a_call_with_only_a_wrong_key_is_voicemail(front: Front) -> None:
    """Noise is no answer."""
    front.placed()
    await front.press("5")
    await front.status("completed")
    assert [Outcome.VOICEMAIL] == [one.outcome for one in front.desk.progress]


# --- texts and calls in ----------------------------------------------------------------------

TEXT = {"From": MOBILE, "To": "+15005550006", "Body": "去 ", "MessageSid": "SM7"}


async def test_a_text_is_told_once(front: Front) -> None:
    """However often the carrier delivers it; the answer is our own text, not TwiML."""
    answers = [await front.post("/twilio/sms", TEXT) for _ in range(2)]
    assert [[], []] == [verbs(answer) for answer in answers]
    assert [Texted(MOBILE, "去 ", "SM7")] == front.desk.texts


async def test_a_text_that_was_not_kept_comes_again(front: Front) -> None:
    """From the carrier or from the polling."""
    front.desk.is_failing = True
    assert 503 == (await front.post("/twilio/sms", TEXT)).status_code
    front.desk.is_failing = False
    await front.post("/twilio/sms", TEXT)
    assert [Texted(MOBILE, "去 ", "SM7")] == front.desk.texts


async def test_someone_with_an_open_alarm_may_press_a_key(front: Front) -> None:
    """The key goes to the attempt the desk gave."""
    front.desk.greeting = Spoken("3栋502烟雾报警，能去按1", wants_key=True, attempt_id="c 1&x")
    answer = await front.post("/twilio/call-in", {"From": MOBILE, "CallSid": SID})
    assert ["Gather"] == verbs(answer)
    assert f"{PUBLIC}/twilio/keypad?attempt=c%201%26x" == action(answer)


async def test_a_stranger_hears_whose_number_it_is(front: Front) -> None:
    """And is not asked for a key."""
    answer = await front.post("/twilio/call-in", {"From": "+8613999999999", "CallSid": SID})
    assert (["Say", "Pause", "Say"], "这里是值班室") == (verbs(answer), said(answer))
    assert not front.channel.claim(SID)


async def test_a_caller_is_not_left_without_words(front: Front) -> None:
    """Also when the desk fails."""
    front.desk.is_failing = True
    assert NOT_KEPT == said(await front.post("/twilio/call-in", {"From": MOBILE, "CallSid": SID}))
