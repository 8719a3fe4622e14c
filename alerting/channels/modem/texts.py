"""Texts over the modem: one by one out, read from its memory in, deleted when committed."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from alerting.channels import Clock
from alerting.channels.contract import Submitted
from alerting.channels.desk import Desk, NotKeptError
from alerting.channels.modem import module
from alerting.channels.modem.codes import of_text
from alerting.channels.modem.parts import Parts, Text
from alerting.channels.modem.pdu import PduError, StatusReport, read, submit
from alerting.channels.modem.port import LostError, Port
from alerting.channels.modem.waiting import Progressed, Queue, Waiting
from alerting.event import Outcome
from alerting.numbers import NumberError, normalise

SWEEP_SECONDS = 60.0
DESK_SECONDS = 10.0
SLACK = timedelta(seconds=30)
"""How far the network's clock may be behind ours before an answer seems older than its alarm."""

_TRIED_AGAIN = 1
_log = structlog.get_logger(__name__)


class _Sent(NamedTuple):
    attempt_id: str
    to: str
    parts: int


class Texts:
    """The texts of one module; it outlives the openings of its port."""

    def __init__(self, clock: Clock, progressed: Progressed) -> None:
        self._clock, self._progressed = clock, progressed
        self.queue = Queue()
        self.arrived = asyncio.Event()
        self.desk: Desk | None = None
        self._added = asyncio.Event()
        self._parts = Parts()
        self._sent: dict[int, _Sent] = {}
        self._delivered: dict[str, int] = {}
        self._reference = 0

    def add(self, waiting: Waiting) -> None:
        """Let a text wait for its turn."""
        self.queue.add(waiting)
        self._added.set()

    async def work(self, port: Port) -> None:
        """Send what waits and read what comes, until the module is lost."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send_all(port))
            tasks.create_task(self._read_all(port))

    # --- out ----------------------------------------------------------------------------------

    async def _send_all(self, port: Port) -> None:
        while True:
            waiting = self.queue.take()
            if waiting is None:
                self._added.clear()
                await self._added.wait()
                continue
            try:
                submitted = await self._send(port, waiting)
            except (LostError, asyncio.CancelledError) as error:
                waiting.tell(Submitted(Outcome.UNKNOWN, detail=str(error)), self._progressed)
                raise
            waiting.tell(submitted, self._progressed)

    async def _send(self, port: Port, waiting: Waiting) -> Submitted:
        """Send every part; a part the network refused for the moment is tried once more."""
        order = waiting.order
        if self._clock.now() >= order.expires_at:
            return Submitted(Outcome.EXPIRED)
        self._reference = (self._reference + 1) % 256
        made = submit(order.to, order.text, self._reference)
        for number, part in enumerate(made):
            for _ in range(1 + (_TRIED_AGAIN if number else 0)):
                answered = await module.send(port, part)
                if answered.is_ok:
                    break
            if not answered.is_ok:
                return of_text(answered)
            for line in answered.lines:
                reference = line.partition(":")[2].strip()
                if reference.isdecimal():
                    sent = _Sent(order.attempt_id, order.to, len(made))
                    self._sent[int(reference) % 256] = sent
        return Submitted(Outcome.ACCEPTED)

    def reported(self, pdu: str) -> None:
        """Take a status report: a text has arrived when all its parts have."""
        try:
            report = read(pdu)
        except PduError as error:
            _log.warning("report_unreadable", reason=str(error))
            return
        if isinstance(report, StatusReport):
            self._settle(report)

    def _settle(self, report: StatusReport) -> None:
        sent = self._sent.get(report.reference)
        if sent is None or report.is_delivered is None or not _is_same(sent.to, report.to):
            return
        del self._sent[report.reference]
        if not report.is_delivered:
            self._progressed(sent.attempt_id, Submitted(Outcome.UNDELIVERED, detail="reported"))
            return
        arrived = self._delivered.pop(sent.attempt_id, 0) + 1
        if arrived >= sent.parts:
            self._progressed(sent.attempt_id, Submitted(Outcome.DELIVERED))
        else:
            self._delivered[sent.attempt_id] = arrived
            while len(self._delivered) > 256:  # noqa: PLR2004 -- as many as there are references
                del self._delivered[next(iter(self._delivered))]

    # --- in -----------------------------------------------------------------------------------

    async def _read_all(self, port: Port) -> None:
        """Read the memory at the opening, when something has arrived, and once a minute."""
        while self.desk is not None:
            self.arrived.clear()
            await self._sweep(port, self.desk)
            with suppress(TimeoutError):
                async with self._clock.timeout(SWEEP_SECONDS):
                    await self.arrived.wait()

    async def _sweep(self, port: Port, desk: Desk) -> None:
        now = self._clock.now()
        for place, pdu in await module.stored(port):
            try:
                came = read(pdu)
            except PduError as error:
                _log.warning("text_unreadable", place=place, reason=str(error))
                continue
            if isinstance(came, StatusReport):
                self._settle(came)
                await module.free(port, (place,))
                continue
            await self._take(port, desk, self._parts.take(place, came, now))
        for text in self._parts.overdue(now):
            await self._take(port, desk, text)

    async def _take(self, port: Port, desk: Desk, text: Text | None) -> None:
        """Tell the desk of a whole text, and delete it only when that is committed."""
        if text is None:
            return
        sender = _spelled(text.sender)
        sent_at = None if text.sent_at is None else _ours(text.sent_at, self._clock.now())
        try:
            async with self._clock.timeout(DESK_SECONDS):
                await desk.texted(sender, text.words, text.text_id, sent_at)
        except (TimeoutError, NotKeptError):
            _log.warning("text_not_kept", text=text.text_id)
            return  # it stays where it is, and is read again
        await module.free(port, text.places)


def _ours(sent_at: datetime, now: datetime) -> datetime:
    """Read the network's instant by our clock: never in the future, and not too early."""
    return min(now, sent_at + SLACK)


def _spelled(number: str) -> str:
    """Spell a sender as people's numbers are; a name or a short number stays as it is."""
    try:
        return normalise(number)
    except NumberError:
        return number


def _is_same(one: str, other: str) -> bool:
    """Whether two spellings are of one number; a report may leave the country out."""
    return one[-8:] == other[-8:]
