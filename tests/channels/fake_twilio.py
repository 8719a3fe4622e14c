"""A loopback server that answers as Twilio's API does, or as badly as a test asks for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, NamedTuple

from aiohttp import web
from multidict import CIMultiDict

from alerting.channels import Inbound, Ports
from alerting.channels.contract import Order
from alerting.channels.twilio import TwilioChannel
from alerting.channels.twilio.settings import TwilioSettings
from alerting.effect import Medium
from gateway.clock import SystemClock

ACCOUNT, TOKEN = "AC" + "5" * 32, "secret"
ME, MOBILE, OTHER = "+15005550006", "+8613800001234", "+8613800005678"
PUBLIC = "https://care.example.org"
Act = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Asked(NamedTuple):
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    form: list[tuple[str, str]]
    headers: CIMultiDict[str]

    def field(self, name: str) -> list[str]:
        """The values of a form's field."""
        return [value for key, value in self.form if key == name]


class ShiftedClock(SystemClock):
    """The machine's clock, put forward by hand."""

    shift = timedelta(0)

    def now(self) -> datetime:
        """Aware UTC."""
        return super().now() + self.shift


CLOCK = ShiftedClock()


class FakeTwilio:
    """Keeps records; `acts` are used up, one a request, before it behaves."""

    runner: web.AppRunner

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.url = ""
        self.port = 0
        self.asked: list[Asked] = []
        self.acts: list[Act] = []
        self.records: list[dict[str, Any]] = []
        self.connections: set[object] = set()
        self.skew = timedelta(0)

    async def listen(self) -> None:
        """Listen, on the same port as before."""
        await web.TCPSite(self.runner, "127.0.0.1", self.port).start()
        self.port = self.runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def deafen(self) -> None:
        """Listen no more."""
        for site in tuple(self.runner.sites):
            await site.stop()

    def date(self) -> str:
        """The server's instant, as the wire has it."""
        return format_datetime(self.clock.now() + self.skew)

    def made(self) -> list[dict[str, Any]]:
        """What was created by requests, oldest first."""
        return [one for one in self.records if one["direction"] == "outbound-api"]

    def add(self, kind: str, to: str, sender: str, **fields: object) -> dict[str, Any]:
        """Keep a record as if it had been made just now."""
        sid = f"{'SM' if kind == 'messages' else 'CA'}{len(self.records):032x}"
        at = self.date()
        record: dict[str, Any] = {
            "sid": sid, "kind": kind, "to": to, "from": sender, "status": "queued",
            "direction": "outbound-api", "date_created": at, "date_sent": None,
            "start_time": None, "error_code": None, "body": "", **fields,
        }  # fmt: skip
        self.records.append(record)
        return record

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Note the request, then act."""
        form = await request.post()
        fields = [(name, str(value)) for name, value in form.items()]
        headers = CIMultiDict(request.headers)
        self.asked.append(Asked(request.method, request.path, dict(request.query), fields, headers))
        self.connections.add(request.transport)
        act = self.acts.pop(0) if self.acts else self.behave
        response = await act(request)
        response.headers["Date"] = self.date()
        return response

    async def behave(self, request: web.Request) -> web.StreamResponse:
        """Create, show, list and update."""
        form = await request.post()
        tail = request.path.split("/")[-2:]
        kind = (tail[0] if tail[1].startswith(("SM", "CA")) else tail[1]).removesuffix(".json")
        if tail[0] != ACCOUNT:
            found = [one for one in self.records if f"{one['sid']}.json" == tail[1]]
            if found and "Status" in form:
                found[0]["status"] = form["Status"]
            return web.json_response(found[0]) if found else refusal(404, 20404)
        if request.method == "POST":
            body = str(form.get("Body", ""))
            made = self.add(kind.lower(), str(form["To"]), str(form["From"]), body=body)
            return web.json_response(made, status=201)
        wanted = request.query
        listed = [
            one
            for one in reversed(self.records)
            if one["kind"] == kind.lower()
            and all(wanted.get(key, one[key.lower()]) == one[key.lower()] for key in ("To", "From"))
        ]
        return web.json_response({kind.lower(): listed, "page": 0, "next_page_uri": None})


def refusal(http: int, code: int, **headers: str) -> web.Response:
    """An error as Twilio words it."""
    body = {"code": code, "message": "words", "more_info": "", "status": http}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.json_response(body, status=http, headers=named)


def refuse(http: int, code: int, **headers: str) -> Act:
    """Refuse one request."""

    async def act(_request: web.Request) -> web.StreamResponse:
        return refusal(http, code, **headers)

    return act


async def hang(_request: web.Request) -> web.StreamResponse:
    """Never answer; the client's patience ends it."""
    await SystemClock().sleep(5)
    return web.Response()


def drop(fake: FakeTwilio) -> Act:
    """Behave, and reset the connection instead of answering."""

    async def act(request: web.Request) -> web.StreamResponse:
        answer = await fake.behave(request)
        assert request.transport is not None
        request.transport.abort()
        return answer

    return act


@asynccontextmanager
async def serving() -> AsyncIterator[FakeTwilio]:
    """Run the fake."""
    fake = FakeTwilio()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", fake.answer)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    fake.runner = runner
    await fake.listen()
    try:
        yield fake
    finally:
        await runner.cleanup()


def open_channel(
    base_url: str,
    clock: SystemClock,
    inbound: list[Inbound] | None = None,
    **settings: object,
) -> TwilioChannel:
    """A channel to a fake, patient for 0.3 s."""
    given = {
        "account_sid": ACCOUNT, "auth_token": TOKEN, "from_number": ME, "base_url": base_url,
        "timeout_seconds": 0.3, "poll_seconds": 0.02, "slow_poll_seconds": 0.02, **settings,
    }  # fmt: skip
    heard = inbound if inbound is not None else []
    ports = Ports(clock, heard.append, lambda _line: None, clock.now())
    return TwilioChannel(TwilioSettings.model_validate(given), ports)


def order_at(
    now: datetime, attempt_id: str = "a1", medium: Medium = Medium.SMS, to: str = MOBILE
) -> Order:
    """An order made now, good for five minutes."""
    return Order(attempt_id, medium, to, "烟雾报警，能去按1", now, now + timedelta(minutes=5))
