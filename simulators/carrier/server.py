"""One carrier on the loopback: a socket for the customer and one for the tester."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Self

from aiohttp import web

from simulators.carrier.calls import Calls
from simulators.carrier.control import Control
from simulators.carrier.event_log import EventLog
from simulators.carrier.exchange import Exchange
from simulators.carrier.faults import Fault
from simulators.carrier.rest import Rest
from simulators.carrier.settings import Settings
from simulators.carrier.texts import Texts
from simulators.clock import Clock
from simulators.phones import Phone

HOST = "127.0.0.1"
LOOK_AGAIN = timedelta(milliseconds=20)


class Carrier:
    """A carrier; `async with` runs it.

    Args:
        settings: account, numbers, addresses, sockets.
        clock: how fast people are.
        phones: at its far end.
        on_display: gets (phone, line) for everything a person sees, hears or does.

    Attributes:
        url: address of the REST API, once running.
        control_url: address of the control, once running.
        log: what happened so far.
        exchange: phones, faults.
        texts: texts by sid; `send_in` sends one from a phone.
        calls: calls by sid; `ring_in` calls from a phone.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        phones: Iterable[Phone] = (),
        on_display: Callable[[Phone, str], None] = lambda _phone, _text: None,
    ) -> None:
        self.url = self.control_url = ""
        self._settings, self._clock, self._phones = settings, clock, tuple(phones)
        self._on_display = on_display

    async def __aenter__(self) -> Self:
        self.log = EventLog(self._settings.log, self._clock)
        self.exchange = Exchange(self._settings, self._clock, self.log, self._on_display)
        self.exchange.phones.update((phone.number, phone) for phone in self._phones)
        self.texts, self.calls = Texts(self.exchange), Calls(self.exchange)
        self.exchange.connect(self.texts.send_in, self.calls.ring_in)
        rest = Rest(self.exchange, self.texts, self.calls)
        control = Control(self.exchange, self.texts, self.calls, self.switch_on)
        self._rest = _runner(rest.application())
        self._control = _runner(control.application())
        await self._rest.setup()
        await self._control.setup()
        self._port = await self._listen(self._rest, self._settings.port)
        control_port = await self._listen(self._control, self._settings.control_port)
        self.url = f"http://{HOST}:{self._port}"
        self.control_url = f"http://{HOST}:{control_port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._rest.cleanup()
        await self._control.cleanup()
        await self.exchange.close()
        self.log.close()

    def switch_on(self, fault: Fault) -> None:
        """Switch a fault on, now."""
        self.exchange.faults.switch_on(fault, self._clock.now())
        self.log.write("fault", kind=fault.kind, seconds=fault.seconds, number=fault.number)
        if fault.kind == "refuse":
            self.exchange.start(self._refuse(fault))

    async def _refuse(self, fault: Fault) -> None:
        """Nobody listens, and connections that were open are reset, until the fault is over."""
        for site in tuple(self._rest.sites):
            await site.stop()
        server = self._rest.server
        for connection in server.connections if server else ():
            if connection.transport:
                connection.transport.abort()
        while self.exchange.faults.is_on(fault, self._clock.now()):
            await self._clock.wait(LOOK_AGAIN)
        await self._listen(self._rest, self._port)

    async def _listen(self, runner: web.AppRunner, port: int) -> int:
        await web.TCPSite(runner, HOST, port).start()
        return int(runner.addresses[0][1])


def _runner(app: web.Application) -> web.AppRunner:
    return web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
