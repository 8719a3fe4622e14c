"""The customer's HTTP face: Messages and Calls of the 2010-04-01 API, faults included.

Every request is logged when it is complete on the wire and again when it is answered, with the
fault it met. The answer is what is late, never the act: a client that dies while it waits has its
text or call accepted all the same, as with the real carrier.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from urllib.parse import urlencode

from aiohttp import hdrs, web

from simulators.carrier.calls import Calls
from simulators.carrier.exchange import Exchange, attempt_of
from simulators.carrier.faults import Fault
from simulators.carrier.records import VERSION, Call, Message, matches
from simulators.carrier.refusals import (
    BAD_QUERY,
    NOT_FOUND,
    TOO_MANY,
    UNAUTHENTICATED,
    UNAVAILABLE,
    Refusal,
)
from simulators.carrier.texts import Texts

LONGEST_REQUEST = 64 * 1024
LARGEST_PAGE = 1000
LOOK_AGAIN = timedelta(milliseconds=20)


@dataclass(slots=True)
class Visit:
    """One request: what it asks, its number in the log, and the fault it met."""

    request: web.Request
    medium: str
    form: dict[str, str]
    events: frozenset[str]
    n: int = 0
    fault: str = ""


Act = Callable[[Visit], web.Response]


class Rest:
    """Routes of one account.

    Args:
        exchange: faults, log and clock.
        texts: behind Messages.
        calls: behind Calls.
    """

    def __init__(self, exchange: Exchange, texts: Texts, calls: Calls) -> None:
        self._exchange, self._texts, self._calls = exchange, texts, calls

    def application(self) -> web.Application:
        """The application to bind to a socket."""
        app = web.Application(client_max_size=LONGEST_REQUEST)
        base = f"/{VERSION}/Accounts/{{account}}/{{kind:Messages|Calls}}"
        app.router.add_post(f"{base}.json", partial(self._witness, self._create))
        app.router.add_get(f"{base}.json", partial(self._witness, self._list))
        app.router.add_get(f"{base}/{{sid}}.json", partial(self._witness, self._show))
        app.router.add_post(f"{base}/{{sid}}.json", partial(self._witness, self._update))
        return app

    async def _witness(self, act: Act, request: web.Request) -> web.Response:
        visit = await _visit(request)
        visit.n = self._exchange.log.write(
            "request",
            method=request.method,
            path=request.path_qs,
            medium=visit.medium,
            to=visit.form.get("To"),
            text=visit.form.get("Body") or visit.form.get("Twiml"),
            url=visit.form.get("Url"),
            attempt=attempt_of(visit.form),
        )
        answer: web.Response | None = None
        try:
            answer = await self._meet(visit, act)
        finally:  # also when the client has gone, which cancels this
            self._exchange.log.write(
                "answered",
                request=visit.n,
                status=answer.status if answer else None,
                fault=visit.fault,
                is_gone=answer is None,
            )
        return answer

    async def _meet(self, visit: Visit, act: Act) -> web.Response:
        """Answer a request, as the faults that strike it allow."""
        hang = self._strikes("hang", visit)
        if hang and not hang.is_processed:
            await self._sit_out(hang)
        if down := self._strikes("http_503", visit):
            if down.is_processed:
                self._act(visit, act)
            return _refused(UNAVAILABLE)
        if limit := self._strikes("http_429", visit):
            return _refused(TOO_MANY, {hdrs.RETRY_AFTER: str(limit.retry_after_seconds)})
        answer = self._act(visit, act)
        if hang and hang.is_processed:
            await self._sit_out(hang)
        slow = self._strikes("slow", visit)
        delay = timedelta(milliseconds=slow.delay_ms) if slow else timedelta(0)
        await self._exchange.clock.wait(self._exchange.settings.latency + delay)
        if answer.status == web.HTTPCreated.status_code:
            closed = self._strikes("close_after_accept", visit)
            if closed and visit.request.transport:
                visit.request.transport.abort()
        return answer

    def _act(self, visit: Visit, act: Act) -> web.Response:
        try:
            self._authenticate(visit.request)
            return act(visit)
        except Refusal as refusal:
            return _refused(refusal)

    def _authenticate(self, request: web.Request) -> None:
        settings = self._exchange.settings
        pair = f"{settings.account_sid}:{settings.auth_token}".encode()
        wanted = f"Basic {base64.b64encode(pair).decode()}"
        if request.headers.get(hdrs.AUTHORIZATION) != wanted:
            raise UNAUTHENTICATED
        if request.match_info["account"] != settings.account_sid:
            raise NOT_FOUND

    def _create(self, visit: Visit) -> web.Response:
        record = self._of(visit).accept(visit.form, visit.events)
        self._exchange.log.write(
            "accepted",
            request=visit.n,
            sid=record.sid,
            medium=visit.medium,
            to=record.to,
            attempt=attempt_of(visit.form),
        )
        return web.json_response(self._json(record), status=201)

    def _list(self, visit: Visit) -> web.Response:
        query, request = dict(visit.request.query), visit.request
        try:
            size = min(int(query.pop("PageSize", "50")), LARGEST_PAGE)
            page = int(query.pop("Page", "0"))
            records = reversed(list(self._records(visit).values()))
            found = [record for record in records if matches(record, query)]
        except (ValueError, TypeError):  # a date without its zone does not compare
            raise BAD_QUERY from None
        if size < 1 or page < 0:
            raise BAD_QUERY
        shown = found[page * size : (page + 1) * size]

        def uri(number: int) -> str:
            return f"{request.path}?{urlencode({**query, 'PageSize': size, 'Page': number})}"

        body = {
            request.match_info["kind"].lower(): [self._json(record) for record in shown],
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + max(len(shown) - 1, 0),
            "uri": uri(page),
            "first_page_uri": uri(0),
            "next_page_uri": uri(page + 1) if (page + 1) * size < len(found) else None,
            "previous_page_uri": uri(page - 1) if page else None,
        }
        return web.json_response(body)

    def _show(self, visit: Visit) -> web.Response:
        return web.json_response(self._json(self._find(visit)))

    def _update(self, visit: Visit) -> web.Response:
        wanted, record = visit.form.get("Status", ""), self._find(visit)
        if isinstance(record, Call):
            self._calls.end(record, wanted)
        else:
            self._texts.end(record, wanted)
        return web.json_response(self._json(record))

    def _of(self, visit: Visit) -> Texts | Calls:
        return self._calls if visit.medium == "call" else self._texts

    def _records(self, visit: Visit) -> Mapping[str, Message | Call]:
        return self._of(visit).records

    def _find(self, visit: Visit) -> Message | Call:
        record = self._records(visit).get(visit.request.match_info["sid"])
        if record is None:
            raise NOT_FOUND
        return record

    def _json(self, record: Message | Call) -> dict[str, object]:
        return record.to_json(self._exchange.settings.account_sid)

    def _strikes(self, kind: str, visit: Visit) -> Fault | None:
        to, now = visit.form.get("To", ""), self._exchange.clock.now()
        fault = self._exchange.faults.strikes(kind, now, to=to, medium=visit.medium)
        if fault is not None:
            visit.fault = kind
        return fault

    async def _sit_out(self, fault: Fault) -> None:
        while self._exchange.faults.is_on(fault, self._exchange.clock.now()):
            await self._exchange.clock.wait(LOOK_AGAIN)


async def _visit(request: web.Request) -> Visit:
    form = await request.post()
    events = frozenset(str(event) for event in form.getall("StatusCallbackEvent", []))
    medium = "call" if request.match_info["kind"] == "Calls" else "sms"
    return Visit(request, medium, {name: str(value) for name, value in form.items()}, events)


def _refused(refusal: Refusal, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(refusal.to_json(), status=refusal.http, headers=headers)
