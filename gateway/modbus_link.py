"""The link that asks sensors on RS-485 for their registers, one after the other.

Theory of operation. The line is ours: each unit is asked when it is due, by what the installation
has written down, and its reply becomes a receipt whose address is the map of its registers. A unit
that does not answer three times in a row is silent: that is told as a reply with nothing in it,
and again every hour while it lasts, for on this line silence is no absence of news but a fault. An
exception is a reply, and is told as one. When the adapter goes, the port is tried again.

A unit keeps nothing for us: what it measured while nobody asked is lost, and asked for again soon.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from pymodbus.client import AsyncModbusSerialClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from gateway.clock import Clock
from gateway.inbox import Inbox
from gateway.link import Drained, LinkDown, LinkUp, Receipt, Token
from gateway.supervisor import Backoff
from sensors.families.modbus import NAME, crc16

SILENT_AFTER = 3
"""Questions in a row without an answer."""

SAID_AGAIN = timedelta(hours=1)

_ANSWER_SECONDS = 1.0
_UNKNOWN_SINCE = datetime.min.replace(tzinfo=UTC)


class Question(NamedTuple):
    """What to ask one unit, and how often; `points` say what each register of the answer is."""

    unit: int
    table: str
    first: int
    points: str
    every: timedelta

    @property
    def size(self) -> int:
        """How many registers or bits that is."""
        return self.points.count(",") + 1


class _Unit:
    """How it goes with one question."""

    def __init__(self, question: Question, now: datetime) -> None:
        self.question = question
        self.due_at = now
        self.missed = 0
        self.told_at: datetime | None = None


class ModbusLink:
    """One line, by the path of its adapter. `counts` says what became of the questions, by word."""

    def __init__(  # noqa: PLR0913 -- what an installation knows of its line, and three ports of ours
        self,
        name: str,
        path: str,
        questions: list[Question],
        *,
        inbox: Inbox,
        clock: Clock,
        rng: Random,
        baud: int = 9600,
        was_heard: bool = False,
    ) -> None:
        self.name = name
        self.is_up = False
        self.connection = 0
        self.reason = ""
        self.path = path
        self.lost = 0
        """Replies for which the inbox had no room."""
        self.counts: Counter[str] = Counter()
        self._units = [_Unit(question, clock.now()) for question in questions]
        self._inbox = inbox
        self._clock = clock
        self._backoff = Backoff(rng, first_seconds=0.1, longest_seconds=5.0)
        self._baud = baud
        self._lost_since = _UNKNOWN_SINCE if was_heard else None
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # what it says, we count

    async def run(self) -> None:
        """Ask until cancelled; never raise for what a cable does."""
        while True:
            client = AsyncModbusSerialClient(
                self.path,
                baudrate=self._baud,
                timeout=_ANSWER_SECONDS,
                retries=0,
                reconnect_delay=0,
            )
            try:
                self._note(await self._ask_all(client))
            finally:
                client.close()
            await self._clock.sleep(self._backoff.next_seconds())

    def acknowledge(self, tokens: list[Token]) -> None:
        """Do nothing: nobody waits for it."""

    def drop(self) -> None:
        """Do nothing: the next question asks again."""

    def _note(self, reason: str) -> None:
        """Tell once that the line is down."""
        now = self._clock.now()
        if self.is_up:
            self._lost_since = now
        if self.is_up or self.reason != reason:
            self._inbox.put(LinkDown(self.name, now, reason))
        self.is_up, self.reason = False, reason

    async def _ask_all(self, client: AsyncModbusSerialClient) -> str:
        """Ask whoever is due until the port is lost, and say why it was."""
        if not await client.connect():
            return "cannot open"
        self._go_up()
        while client.connected:
            unit = min(self._units, key=lambda each: each.due_at)
            wait = (unit.due_at - self._clock.now()).total_seconds()
            if wait > 0:
                await self._clock.sleep(min(wait, 1.0))  # and look whether the port is there
                continue
            unit.due_at = self._clock.now() + unit.question.every
            try:
                self._hear(unit, await _stoppable(_asked(client, unit.question)))
            except ModbusException:
                if client.connected:
                    self._miss(unit)
        return "lost"

    def _go_up(self) -> None:
        self.is_up, self.reason = True, ""
        self._backoff.reset()
        self.connection += 1
        now = self._clock.now()
        self._inbox.put(LinkUp(self.name, now, self.connection, self._lost_since))
        self._inbox.put(Drained(self.name, now, self.connection))

    def _hear(self, unit: _Unit, reply: ModbusPDU) -> None:
        """Take a reply in, spelled as it was on the line."""
        unit.missed, unit.told_at = 0, None
        self.counts["refused" if reply.isError() else "answered"] += 1
        frame = bytes((unit.question.unit, reply.function_code)) + reply.encode()
        self._put(unit.question, frame + crc16(frame).to_bytes(2, "little"))

    def _miss(self, unit: _Unit) -> None:
        """Count a question without an answer, and tell of silence."""
        self.counts["missed"] += 1
        unit.missed += 1
        now = self._clock.now()
        is_news = unit.told_at is None or now - unit.told_at >= SAID_AGAIN
        if unit.missed >= SILENT_AFTER and is_news:
            unit.told_at = now
            self._put(unit.question, b"")

    def _put(self, question: Question, payload: bytes) -> None:
        receipt = Receipt(
            received_at=self._clock.now(),
            family=NAME,
            address=f"{self.name}/{question.unit}/{question.points}",
            payload=payload,
            is_retained=False,
            is_dup=False,
            token=Token(self.name, self.connection, mid=0, qos=0),
            transport="serial",
        )
        self.lost += not self._inbox.put(receipt)


async def _stoppable(asking: Coroutine[None, None, ModbusPDU]) -> ModbusPDU:
    """Wait for an answer; pymodbus would make an ordinary failure of our being cancelled."""
    task = asyncio.create_task(asking)
    try:
        await asyncio.wait([task])
        return task.result()
    finally:
        task.cancel()


async def _asked(client: AsyncModbusSerialClient, question: Question) -> ModbusPDU:
    """Ask one question; raises ModbusException where nobody answers."""
    first, count, unit = question.first, question.size, question.unit
    match question.table:
        case "input":
            return await client.read_input_registers(first, count=count, device_id=unit)
        case "holding":
            return await client.read_holding_registers(first, count=count, device_id=unit)
        case "discrete":
            return await client.read_discrete_inputs(first, count=count, device_id=unit)
        case "coil":
            return await client.read_coils(first, count=count, device_id=unit)
        case _:
            raise ValueError(question.table)
