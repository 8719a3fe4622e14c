"""Texts and calls through a mobile module on a serial port: it needs no Internet.

One module has one card and one line. Texts and calls wait in two queues (`waiting` says who is
next); a text may go out during a call. `texts` sends and reads texts, `line` makes and takes calls,
`module` knows the state of the module, `port` its wire, `at` and `pdu` its languages; `simcom` and
`quectel` are what the makes do each in their own way.

An order that is at the front is answered with what came of it; one that has to wait longer than
`PATIENCE_SECONDS` is ACCEPTED, and what came of it is reported. When the module is lost, what waits
is NOT_SENT and what was under way UNKNOWN. Nobody can be asked about a text the module took without
saying so: only a status report proves it.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta

from alerting.channels import ChannelKind, Ports
from alerting.channels.contract import Health, Order, Progress, Submitted
from alerting.channels.desk import Desk
from alerting.channels.lifecycle import NEVER_TAKEN, Attempt, Attempts, gate
from alerting.channels.modem import module
from alerting.channels.modem.line import Line
from alerting.channels.modem.port import LostError, Port, opened
from alerting.channels.modem.settings import ModemSettings
from alerting.channels.modem.texts import Texts
from alerting.channels.modem.waiting import Waiting
from alerting.effect import Medium
from alerting.event import Outcome
from alerting.notification import LIFETIME

PATIENCE_SECONDS = 5.0
STARTING_SECONDS = 20.0
REOPEN_SECONDS = 2.0
LOOK_SECONDS = 10.0
MOST_CALLS_BEFORE = 3
LONGEST_WAIT = timedelta(seconds=75)
"""A call that has waited so long is given up before the core, after 90 s, gives it up unsaid."""

LINE_BUSY_SECONDS = 15.0
_NOT_ENDED = frozenset({Outcome.ACCEPTED, Outcome.RINGING, Outcome.ANSWERED})


class ModemChannel:
    """One module."""

    name = "modem"
    media = frozenset({Medium.SMS, Medium.VOICE})
    needs_internet = False
    has_foreign_ids = False

    def __init__(self, settings: ModemSettings, ports: Ports) -> None:
        self._settings, self._ports, self._clock = settings, ports, ports.clock
        self._attempts = Attempts()
        self._desk: Desk | None = None
        self._report: Callable[[Progress], None] = lambda _: None
        self._texts = Texts(ports.clock, self._progressed)
        self._line = Line(settings, ports, self._progressed)
        self._trouble = "starting"
        self._fault = ""
        self._is_open = False
        self._started_at = ports.clock.now()

    def meet(self, desk: Desk) -> None:
        """Take the desk that hears keys, texts and calls."""
        self._desk = desk
        self._texts.desk = self._line.desk = desk

    # --- the contract ------------------------------------------------------------------------

    async def run(self, report: Callable[[Progress], None]) -> None:
        """Keep the module open and at work until cancelled."""
        self._report, self._started_at = report, self._clock.now()
        while True:
            # A task of its own: told to stop in the middle of a command, which loses the module
            # as well, we must not take the one for the other.
            working = asyncio.create_task(self._work())
            try:
                await asyncio.wait({working})
            finally:
                working.cancel()
                await asyncio.wait({working})
                self._is_open = False
                self._drop()
            self._trouble = _why(working)
            await self._clock.sleep(REOPEN_SECONDS)

    async def submit(self, order: Order) -> Submitted:
        """Send the text or place the call, once an attempt; never to an emergency number."""
        now = self._clock.now()
        refusal = gate(order, self.media, self._attempts, now)
        if refusal is not None:
            return refusal
        if not (self._is_open or self._is_starting):
            return Submitted(Outcome.NOT_SENT, detail=self._trouble)
        if order.medium is Medium.VOICE and self._line.before(order) >= MOST_CALLS_BEFORE:
            return Submitted(Outcome.RETRY, None, "the line is busy", LINE_BUSY_SECONDS)
        attempt = self._attempts.renew(order, now)
        self._attempts.learn(attempt, f"{self.name}-{order.attempt_id}")
        return await self._made(attempt)

    async def resolve(self, order: Order) -> Submitted:
        """Say what is known of an attempt since the start; the network cannot be asked."""
        known = self._attempts.get(order.attempt_id)
        if known is None or known.outcome is None:
            return Submitted(Outcome.NOT_FOUND)
        return Submitted(known.outcome, known.provider_id)

    async def cancel(self, order: Order) -> Submitted:
        """Take back what waits, and hang up a call that rings."""
        known = self._attempts.get(order.attempt_id)
        if known is None:
            return Submitted(Outcome.NOT_FOUND)
        waiting = self._texts.queue.remove(order.attempt_id) or self._line.queue.remove(
            order.attempt_id
        )
        if waiting is not None:
            waiting.tell(Submitted(Outcome.CANCELLED), self._progressed)
            return Submitted(Outcome.CANCELLED, known.provider_id)
        if self._line.cancel(order.attempt_id):
            known.advance(Outcome.CANCELLED, self._clock.now())
            return Submitted(Outcome.CANCELLED, known.provider_id)
        outcome = known.outcome or Outcome.UNKNOWN
        return Submitted(outcome, known.provider_id, "cannot be taken back")

    def track(self, order: Order) -> None:
        """Do nothing: the module remembers no attempt, and a call ended with the last run."""

    def exclude(self, provider_ids: Iterable[str]) -> None:
        """Attempts are told apart by their own ids."""

    def health(self) -> Health:
        """Down while the module is lost, has no card or no network, or may not send."""
        if self._is_starting and not self._is_open:
            return Health(is_up=True, reason=self._trouble)
        trouble = self._fault or self._trouble
        return Health(is_up=not trouble, reason=trouble)

    # --- inside ------------------------------------------------------------------------------

    @property
    def _is_starting(self) -> bool:
        """Whether the module still has to be given time, as at the gateway's start."""
        age = self._clock.now() - self._started_at
        return self._trouble == "starting" and age.total_seconds() < STARTING_SECONDS

    async def _made(self, attempt: Attempt) -> Submitted:
        """Let an order wait for its turn, and wait for a while to hear what came of it."""
        waiting = Waiting(attempt.order, asyncio.get_running_loop().create_future())
        (self._texts if attempt.order.medium is Medium.SMS else self._line).add(waiting)
        submitted: Submitted | None = None
        with suppress(TimeoutError):
            async with self._clock.timeout(PATIENCE_SECONDS):
                submitted = await asyncio.shield(waiting.done)
        if submitted is None:
            waiting.done.cancel()  # from now on what came of it is reported
            submitted = Submitted(Outcome.ACCEPTED, detail="waits for its turn")
        attempt.advance(submitted.outcome, self._clock.now())
        if submitted.outcome in NEVER_TAKEN:
            return submitted
        self._note(submitted)
        return submitted._replace(
            outcome=attempt.outcome or submitted.outcome, provider_id=attempt.provider_id
        )

    def _note(self, submitted: Submitted) -> None:
        """Remember that the card may not send, until it could."""
        if submitted.outcome is Outcome.CHANNEL_FAULT:
            self._fault = submitted.detail
        elif submitted.outcome in _NOT_ENDED:
            self._fault = ""

    def _progressed(self, attempt_id: str, submitted: Submitted) -> None:
        """Report what is news of an attempt."""
        attempt = self._attempts.get(attempt_id)
        self._note(submitted)
        if attempt is None or not attempt.advance(submitted.outcome, self._clock.now()):
            return
        if submitted.outcome is Outcome.ACKNOWLEDGED:
            return  # the desk knows: it took the key
        said = Progress(attempt_id, submitted.outcome, attempt.provider_id, submitted.detail)
        self._report(said)

    async def _work(self) -> None:
        """Open the module and work with it until it is lost."""
        async with opened(self._settings.path, self._settings.baud, self._clock) as port:
            await port.greet(module.GREETINGS)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(port.read())
                profile = await module.introduced(port, self._settings.family)
                self._trouble = await module.trouble(port)
                self._is_open = True
                tasks.create_task(self._texts.work(port))
                tasks.create_task(self._line.work(port, profile))
                tasks.create_task(self._hear(port))
                tasks.create_task(self._look(port))

    async def _look(self, port: Port) -> None:
        """Ask now and then how the module is, and let go of what is late."""
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            self._trouble = await module.trouble(port)
            now = self._clock.now()
            for waiting in self._texts.queue.expired(now, LIFETIME):
                waiting.tell(Submitted(Outcome.EXPIRED), self._progressed)
            for waiting in self._line.queue.expired(now, LONGEST_WAIT):
                waiting.tell(Submitted(Outcome.LIMITED, detail="busy line"), self._progressed)

    async def _hear(self, port: Port) -> None:
        """Give everything that comes by itself to whom it is for."""
        while True:
            said = await port.unasked.get()
            if said.line.startswith(("+CMTI:", "+CDSI:")):
                self._texts.arrived.set()
            elif said.line.startswith("+CDS:"):
                self._texts.reported(said.follows)
            else:
                self._line.heard(said.line)

    def _drop(self) -> None:
        """Say of everything that waits that it was not sent."""
        for queue in (self._texts.queue, self._line.queue):
            for waiting in queue.empty():
                waiting.tell(Submitted(Outcome.NOT_SENT, detail=self._trouble), self._progressed)


def _why(working: "asyncio.Task[None]") -> str:
    """Say why the module was lost; any other error of the work is raised."""
    error = working.exception()
    while isinstance(error, BaseExceptionGroup):
        lost, other = error.split(LostError)
        if other is not None:
            raise other
        assert lost is not None
        error = lost.exceptions[0]
    if not isinstance(error, LostError):
        assert error is not None
        raise error
    return str(error)


CHANNEL = ChannelKind("modem", ModemSettings, ModemChannel)
