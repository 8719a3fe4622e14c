"""The webhook keeps the contract, against a loopback server; and what is on its wire."""

import json
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from pydantic import ValidationError

from alerting.channels import Ports
from alerting.channels.contract import Order, Submitted
from alerting.channels.webhook import WebhookChannel, WebhookSettings, signature
from alerting.effect import Medium
from alerting.event import Outcome
from alerting.notification import LIFETIME
from gateway.clock import SystemClock
from tests.channels.contract import ChannelContract, Running
from tests.channels.fake_twilio import ShiftedClock

SECRET = "sixteen-characters-or-more"
FLOOD = 8 << 20


class Receiver:
    """The other end: keeps what it is told, and answers with a status, or badly."""

    def __init__(self) -> None:
        self.told: list[tuple[dict[str, str], bytes]] = []
        self.how = "200"
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Keep a request and answer it."""
        self.told.append((dict(request.headers), await request.read()))
        if self.how == "hang":
            await SystemClock().sleep(5)
        if self.how == "drop" and request.transport is not None:
            request.transport.abort()
        if self.how == "flood":
            return web.Response(body=b"x" * FLOOD)
        status = int(self.how) if self.how.isdecimal() else 200
        headers = {"Retry-After": "2"} if status == 429 else {}
        if 300 <= status < 400:
            headers["Location"] = self.url
        return web.Response(status=status, headers=headers)


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Run a receiver."""
    receiver = Receiver()
    app = web.Application(client_max_size=1 << 20)
    app.router.add_post("/alarms", receiver.answer)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    receiver.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}/alarms"
    try:
        yield receiver
    finally:
        await runner.cleanup()


class WebhookRig:
    """A channel and its receiver."""

    running: Running | None = None
    delivered = Outcome.DELIVERED

    def __init__(self, receiver: Receiver, **settings: object) -> None:
        self.receiver, self.clock = receiver, ShiftedClock()
        given = {"url": receiver.url, "secret": SECRET, "timeout_seconds": 0.3, **settings}
        ports = Ports(self.clock, lambda _inbound: None, lambda _line: None, self.clock.now())
        self.channel = WebhookChannel(WebhookSettings.model_validate(given), ports)

    def order(self, attempt_id: str = "a1") -> Order:
        """A state of an alarm."""
        now = self.clock.now()
        about = {"home_id": "h1", "alarm_id": "h1-smoke-1", "kind": "smoke", "state": "raised"}
        text = "19:40 3栋2单元502 张桂芳 烟雾报警 无人应"
        order = Order(attempt_id, Medium.WEBHOOK, "webhook", text, now, now + LIFETIME)
        return msgspec.structs.replace(order, raised_at=now, **about)

    def made(self) -> int:
        """How many requests came."""
        return len(self.receiver.told)

    def deliver(self) -> None:
        """It was delivered when it was answered."""


@pytest.fixture(name="rig")
async def _rig() -> AsyncIterator[WebhookRig]:
    async with receiving() as receiver:
        rig = WebhookRig(receiver)
        yield rig
        await rig.channel.close()


class TestWebhook(ChannelContract):
    """The contract."""


STATUSES = [
    ("204", Outcome.DELIVERED),
    ("302", Outcome.CHANNEL_FAULT),
    ("400", Outcome.UNDELIVERED),
    ("401", Outcome.CHANNEL_FAULT),
    ("404", Outcome.CHANNEL_FAULT),
    ("408", Outcome.UNKNOWN),
    ("429", Outcome.RETRY),
    ("503", Outcome.UNKNOWN),
    ("hang", Outcome.UNKNOWN),
    ("drop", Outcome.UNKNOWN),
    ("flood", Outcome.DELIVERED),
]


@pytest.mark.parametrize(("how", "outcome"), STATUSES)
async def test_an_answer_says_what_follows(rig: WebhookRig, how: str, outcome: Outcome) -> None:
    """By its status; a long body is not waited for, and a redirect not followed."""
    rig.receiver.how = how
    submitted = await rig.channel.submit(rig.order())
    assert (outcome, 1) == (submitted.outcome, rig.made())
    assert (2.0 if how == "429" else None) == submitted.retry_after_seconds


async def test_nobody_is_listening() -> None:
    """Nothing left the box."""
    async with receiving() as receiver:
        rig = WebhookRig(receiver, url="http://127.0.0.1:9/alarms")
        assert Outcome.NOT_SENT is (await rig.channel.submit(rig.order())).outcome
        await rig.channel.close()


def certificate(folder: Path) -> ssl.SSLContext:
    """Give a server's context with a certificate that nobody has signed but itself."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key")
    name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
    words = ["openssl", "req", "-x509", *key, "-out", "crt", *name]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "crt", folder / "key")
    return context


async def test_the_certificate_is_verified(tmp_path: Path) -> None:
    """With one that the server has made for itself, it is told nothing."""
    async with receiving(certificate(tmp_path)) as receiver:
        rig = WebhookRig(receiver)
        submitted = await rig.channel.submit(rig.order())
        assert (Outcome.NOT_SENT, "ClientConnectorCertificateError", 0) == (
            submitted.outcome,
            submitted.detail,
            rig.made(),
        )
        await rig.channel.close()


async def test_it_is_signed_and_names_what_it_is_about(rig: WebhookRig) -> None:
    """Home, alarm, kind and state; no name and no address unless it is asked for."""
    order = rig.order("h1-smoke-1.webhook.webhook.state_raised.1.1")
    await rig.channel.submit(order)
    ((headers, body),) = rig.receiver.told
    stamp = headers["X-Smartcare-Timestamp"]
    assert signature(SECRET, stamp, body) == headers["X-Smartcare-Signature"]
    assert signature(SECRET, str(int(stamp) + 1), body) != headers["X-Smartcare-Signature"]
    said = json.loads(body)
    assert "h1-smoke-1.webhook.webhook.state_raised.1" == said["id"] == headers["Idempotency-Key"]
    about = {"home": "h1", "alarm": "h1-smoke-1", "kind": "smoke", "state": "raised"}
    assert about == {key: said[key] for key in about}
    assert (1, False) == (said["version"], said["is_drill"])
    assert order.raised_at == datetime.fromisoformat(said["raised_at"])
    assert "张桂芳" not in body.decode()


async def test_another_attempt_has_the_same_key(rig: WebhookRig) -> None:
    """So that what was told twice can be taken once, with one and the same body."""
    first = rig.order("x.1")
    await rig.channel.submit(first)
    await rig.channel.submit(msgspec.structs.replace(first, attempt_id="x.2"))
    assert ["x", "x"] == [headers["Idempotency-Key"] for headers, _ in rig.receiver.told]
    assert 1 == len({body for _, body in rig.receiver.told})


async def test_words_are_sent_where_they_are_wanted() -> None:
    """Address and name, as a desk would see them."""
    async with receiving() as receiver:
        rig = WebhookRig(receiver, has_text=True)
        await rig.channel.submit(rig.order())
        assert rig.order().text == json.loads(receiver.told[0][1])["text"]
        await rig.channel.close()


async def test_what_was_not_taken_may_be_made(rig: WebhookRig) -> None:
    """After a limit the same attempt may go out again."""
    rig.receiver.how = "429"
    order = rig.order()
    await rig.channel.submit(order)
    rig.receiver.how = "200"
    assert Submitted(Outcome.DELIVERED, "a1") == await rig.channel.submit(order)


async def test_a_refusal_and_three_failures_are_bad_health(rig: WebhookRig) -> None:
    """Until a request is taken."""
    for number, how in enumerate(["403", "200", "503", "503", "503", "200"]):
        rig.receiver.how = how
        await rig.channel.submit(rig.order(f"b{number}"))
        expected = number not in {0, 4}
        assert expected is rig.channel.health().is_up


@pytest.mark.parametrize(
    "url",
    ["http://desk.example.org/x", "ftp://127.0.0.1/x", "https://me:word@desk.example.org/", "x"],
)
def test_an_address_that_is_not_safe_is_refused(url: str) -> None:
    """Plain http only on this machine, and no password in the open."""
    with pytest.raises(ValidationError):
        WebhookSettings.model_validate({"url": url, "secret": SECRET})
