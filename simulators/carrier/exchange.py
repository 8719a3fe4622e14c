"""The ground that texts and calls share: phones, tasks, dice, and the way to the customer.

Each text and each call has one task that walks it through its states and waits between them;
whatever changes a record runs to completion without awaiting, so no request sees half a change.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from random import Random
from urllib.parse import parse_qs, urlsplit

from simulators.carrier.event_log import EventLog
from simulators.carrier.faults import Fault, Faults
from simulators.carrier.records import Record
from simulators.carrier.settings import Settings
from simulators.carrier.webhooks import Webhooks
from simulators.clock import Clock
from simulators.phones import Intent, Phone

Display = Callable[[Phone, str], None]


class Exchange:
    """Shared by `Texts` and `Calls` of one carrier.

    Args:
        settings: numbers and addresses.
        clock: simulated waits.
        log: gets every state and every display.
        on_display: gets a line for everything a person sees, hears or does.
    """

    def __init__(
        self, settings: Settings, clock: Clock, log: EventLog, on_display: Display
    ) -> None:
        self.settings, self.clock, self.log = settings, clock, log
        self.faults = Faults(Random(f"{settings.seed}:faults"))
        self.webhooks = Webhooks(settings, self.faults, log, clock)
        self.phones: dict[str, Phone] = {}
        self._on_display = on_display
        self._dice = Random(f"{settings.seed}:exchange")
        self._tasks: set[asyncio.Task[None]] = set()
        self._send_in: Callable[[str, str], object] = lambda _sender, _body: None
        self._ring_in: Callable[[str], object] = lambda _sender: None

    def connect(
        self, send_in: Callable[[str, str], object], ring_in: Callable[[str], object]
    ) -> None:
        """Name the ways by which people send a text and ring back."""
        self._send_in, self._ring_in = send_in, ring_in

    def start(self, walk: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Run a walk beside the others; its mistakes come out in `close`."""
        task = asyncio.create_task(walk)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def show(self, number: str, text: str) -> None:
        """Show one line on a phone's display, if there is such a phone."""
        phone = self.phones.get(number)
        if phone is not None:
            self.log.write("display", phone=number, name=phone.name, text=text)
            self._on_display(phone, text)

    def intend(self, phone: Phone, intent: Intent | None) -> None:
        """Let a person do what they mean to, once its time has come and if it still stands."""
        if intent is not None:
            self.start(self._carry_out(phone, intent))

    def notify(self, record: Record, params: Mapping[str, str]) -> None:
        """Post a status callback, if the customer gave an address for it."""
        if record.callback:
            self.start(self.webhooks.notify(record.sid, record.callback, params))

    def strikes(self, kind: str, record: Record) -> Fault | None:
        """The fault of a kind that meets this record now."""
        return self.faults.strikes(kind, self.clock.now(), to=record.to)

    def second(self) -> datetime:
        """The wall clock's instant as the wire has it: whole seconds."""
        return self.clock.now().replace(microsecond=0)

    def sid(self, prefix: str) -> str:
        """A new identifier from the dice."""
        return f"{prefix}{self._dice.getrandbits(128):032x}"

    async def pause(self, shortest_seconds: float, longest_seconds: float) -> None:
        """Wait some simulated time between two bounds."""
        seconds = self._dice.uniform(shortest_seconds, longest_seconds)
        await self.clock.sleep(timedelta(seconds=seconds))

    async def close(self) -> None:
        """Stop everything that is under way.

        Raises:
            ExceptionGroup: mistakes that walks ended with.
        """
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.webhooks.close()
        mistakes = [error for error in ended if isinstance(error, Exception)]
        if mistakes:
            raise ExceptionGroup("the carrier simulator failed", mistakes)

    async def _carry_out(self, phone: Phone, intent: Intent) -> None:
        await self.clock.sleep(intent.after)
        if not phone.still_means(intent):
            return
        if intent.body is None:
            self._ring_in(phone.number)
        else:
            self._send_in(phone.number, intent.body)

    def _done(self, task: asyncio.Task[None]) -> None:
        """Forget a walk that ended well; one that failed stays until `close` tells of it."""
        if task.cancelled() or task.exception() is None:
            self._tasks.discard(task)


def attempt_of(form: Mapping[str, str]) -> str:
    """The attempt id in the query of a request's callback or document address, or nothing."""
    queries = (parse_qs(urlsplit(form.get(name, "")).query) for name in ("StatusCallback", "Url"))
    return next((query["attempt"][0] for query in queries if "attempt" in query), "")
