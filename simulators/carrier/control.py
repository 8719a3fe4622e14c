"""The tester's HTTP face, on a socket of its own so that no fault of the other one reaches it.

GET    /_sim/log?event=&after=      the event log
GET    /_sim/faults                 faults that are on
POST   /_sim/faults                 switch one on: the fields of `Fault`
DELETE /_sim/faults?kind=           switch off one kind, or all
GET    /_sim/phones                 number, name and temperament
POST   /_sim/phones                 {"number", "name"?, "temperament"}: add or change
POST   /_sim/sms                    {"from", "body"}: a phone sends a text
POST   /_sim/call                   {"from", "keys"?: ["1", …]}: a phone calls
"""

from collections.abc import Awaitable, Callable
from random import Random

from aiohttp import web

from simulators.carrier.calls import Calls
from simulators.carrier.exchange import Exchange
from simulators.carrier.faults import Fault
from simulators.carrier.texts import Texts
from simulators.phones import TEMPERAMENTS, Phone

Act = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """Routes of one carrier.

    Args:
        exchange: log, faults and phones.
        texts: for texts from phones.
        calls: for calls from phones.
        switch_on: switches a fault on.
    """

    def __init__(
        self, exchange: Exchange, texts: Texts, calls: Calls, switch_on: Callable[[Fault], None]
    ) -> None:
        self._exchange, self._texts, self._calls = exchange, texts, calls
        self._switch_on = switch_on

    def application(self) -> web.Application:
        """The application to bind to a socket."""
        app = web.Application(middlewares=[_explain])
        app.router.add_get("/_sim/log", self._log)
        app.router.add_get("/_sim/faults", self._faults)
        app.router.add_post("/_sim/faults", self._add_fault)
        app.router.add_delete("/_sim/faults", self._clear_faults)
        app.router.add_get("/_sim/phones", self._phones)
        app.router.add_post("/_sim/phones", self._set_phone)
        app.router.add_post("/_sim/sms", self._sms)
        app.router.add_post("/_sim/call", self._call)
        return app

    async def _log(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", "0"))
        return web.json_response(self._exchange.log.entries(request.query.get("event", ""), after))

    async def _faults(self, _: web.Request) -> web.Response:
        return web.json_response(self._exchange.faults.to_json(self._exchange.clock.now()))

    async def _add_fault(self, request: web.Request) -> web.Response:
        self._switch_on(Fault(**await request.json()))
        return await self._faults(request)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._exchange.faults.clear(request.query.get("kind", ""))
        return await self._faults(request)

    async def _phones(self, _: web.Request) -> web.Response:
        names = {temperament: name for name, temperament in TEMPERAMENTS.items()}
        rows = [
            {
                "number": phone.number,
                "name": phone.name,
                "temperament": names.get(phone.temperament),
            }
            for phone in self._exchange.phones.values()
        ]
        return web.json_response(rows)

    async def _set_phone(self, request: web.Request) -> web.Response:
        given = await request.json()
        number, temperament = given["number"], TEMPERAMENTS[given["temperament"]]
        dice = Random(f"{self._exchange.settings.seed}:{number}")
        phone = self._exchange.phones.setdefault(
            number, Phone(number, given.get("name", number), temperament, dice)
        )
        phone.temperament = temperament
        return web.json_response(given)

    async def _sms(self, request: web.Request) -> web.Response:
        given = await request.json()
        return web.json_response({"sid": self._texts.send_in(given["from"], given["body"]).sid})

    async def _call(self, request: web.Request) -> web.Response:
        given = await request.json()
        self._exchange.phones[given["from"]].script.extend(given.get("keys", []))
        return web.json_response({"sid": self._calls.ring_in(given["from"]).sid})


@web.middleware
async def _explain(request: web.Request, handler: Act) -> web.StreamResponse:
    """A mistake in a tester's request is said, and ends nothing."""
    try:
        return await handler(request)
    except (KeyError, TypeError, ValueError) as error:
        return web.json_response({"error": repr(error)}, status=400)
