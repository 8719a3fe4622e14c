"""A customer of the carrier, for its tests: the real SDK towards it, and a server for webhooks."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from aiohttp import web
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from simulators.carrier import Carrier, Settings
from simulators.clock import Clock
from simulators.phones import TEMPERAMENTS, Phone

OWN = "+15005550006"
LI, WANG = "+8616000000001", "+8616000000002"
PUBLIC = "https://care.example"
FAST = 50.0
ACCOUNT, TOKEN = Settings().account_sid, Settings().auth_token


@dataclass
class Webhook:
    """One request of the carrier's: path with query, form, and whether its signature is right."""

    path: str
    form: dict[str, str]
    is_signed: bool


@dataclass
class Customer:
    """The gateway's part: answers webhooks and keeps them."""

    answers: dict[str, str] = field(default_factory=dict)
    webhooks: list[Webhook] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)

    async def answer(self, request: web.Request) -> web.Response:
        """Keep a webhook and answer as the path has it."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        signature = request.headers["X-Twilio-Signature"]
        url = PUBLIC + request.path_qs
        is_signed = RequestValidator(TOKEN).validate(url, form, signature)
        self.webhooks.append(Webhook(request.path_qs, form, is_signed))
        if request.path in self.failing:
            return web.Response(status=500)
        return web.Response(text=self.answers.get(request.path, ""), content_type="text/xml")

    def at(self, path: str) -> list[Webhook]:
        """What came to a path, in the order of arrival."""
        return [webhook for webhook in self.webhooks if webhook.path.split("?")[0] == path]


def phone(number: str = LI, temperament: str = "willing", name: str = "李明") -> Phone:
    """A phone with a person who is like that."""
    return Phone(number, name, TEMPERAMENTS[temperament], Random(7))


@dataclass
class World:
    """A running carrier, its customer, and what the phones showed."""

    carrier: Carrier
    customer: Customer
    client: Client
    shown: list[str]

    async def send(self, body: str = "x", to: str = LI, **more: str) -> str:
        """Post a text; its sid."""
        return str((await self.client.messages.create_async(to, from_=OWN, body=body, **more)).sid)

    async def ring(self, to: str = LI, **more: str | list[str]) -> str:
        """Post a call; its sid."""
        document = {} if "url" in more else {"twiml": "<Response/>"}
        return str((await self.client.calls.create_async(to, OWN, **document, **more)).sid)

    def statuses(self, sid: str) -> list[str]:
        """The states a text or a call went through, after the first."""
        entries = self.carrier.log.entries("status")
        return [str(entry["status"]) for entry in entries if entry["sid"] == sid]


@asynccontextmanager
async def world(
    *phones: Phone, speed: float = FAST, is_polling: bool = False, first_key_ms: float = 0
) -> AsyncIterator[World]:
    """A carrier with those phones, a customer behind a front, and the SDK's client."""
    customer, shown = Customer(), list[str]()
    app = web.Application()
    app.router.add_post("/{path:.*}", customer.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    settings = Settings(
        public_url="" if is_polling else PUBLIC,
        reach_url=f"http://127.0.0.1:{runner.addresses[0][1]}",
        latency=timedelta(0),
        first_key=timedelta(milliseconds=first_key_ms),
    )
    wire = AsyncTwilioHttpClient()
    client = Client(ACCOUNT, TOKEN, http_client=wire)
    try:
        async with Carrier(
            settings, Clock(speed), phones, lambda _phone, text: shown.append(text)
        ) as carrier:
            client.api.base_url = carrier.url
            yield World(carrier, customer, client, shown)
    finally:
        await wire.close()
        await runner.cleanup()


async def until(is_so: Callable[[], bool], limit_seconds: float = 5) -> None:
    """Wait until something is so; a test that waits in vain fails here."""

    async def look() -> None:
        while not is_so():
            await Clock().wait(timedelta(milliseconds=5))

    await Clock().within(timedelta(seconds=limit_seconds), look())
