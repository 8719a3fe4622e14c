"""An open-loop load: readings leave when they are due, whatever the broker has answered so far.

Theory of operation. `Flood` says what to send; its i-th reading is due i / rate seconds after the
start. Every tick the readings that have fallen due join the backlog of their lane, and each lane,
one MQTT connection, writes what it may. A device always takes the same lane, so its readings stay
in order. A lane that loses its broker puts what was not acknowledged back at the head of its
backlog and connects again after a random pause; those readings are then sent a second time, as a
device with a store would, and their record says so (`tries`).

The record is one JSON object a line, written when the PUBACK arrives and not before, so what the
file holds is exactly what the broker has promised: {"n", "home", "device", "kind", "boot", "seq",
"due_us", "sent_us", "acked_us", "tries"}, times in microseconds since 1970 by the sender's clock.
"""

import asyncio
import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path
from random import Random
from typing import IO

from simulators.clock import Clock
from simulators.devices import own
from simulators.lane import Broker, Lane, Sending
from simulators.village import Household

LANES = 4
TICK = timedelta(milliseconds=2)
CONNECT, DRAIN = timedelta(seconds=10), timedelta(seconds=10)
BACKLOG_LIMIT = 500_000
RECONNECT_SECONDS = (0.1, 0.6)
CREDENTIALS_REFUSED = (4, 5)  # MQTT 3.1.1 return codes
MIX = ("motion", "motion", "contact", "motion", "temperature", "motion", "heartbeat", "motion")
MIX_CLASSES = {
    "motion": "pir",
    "contact": "contact",
    "temperature": "smoke",
    "heartbeat": "pir",
    "smoke": "smoke",
}


class BrokerRefusedError(ConnectionError):
    """The broker does not take the user name and password."""


@dataclass(frozen=True, slots=True)
class Flood:
    """What to send: `rate` readings a second for `seconds`, `smokes` a second of them smoke.

    With `identical`, no reading carries a counter and all of a kind are the same bytes, to show
    what a duplicate filter does to real repeats. `salt` goes into every boot id.
    """

    rate: float
    seconds: float
    smokes: float = 0.0
    identical: bool = False
    salt: str = ""

    @property
    def total(self) -> int:
        """How many readings that makes."""
        return round(self.rate * self.seconds)

    def readings(self, homes: Sequence[Household]) -> Iterator[own.Message]:
        """Give the readings in the order in which they are due; homes take turns."""
        devices = {
            entry.id: own.CLASSES[entry.device_class](entry.id, entry.home, salt=self.salt)
            for home in homes
            for entry in home.devices
        }
        turns = {
            kind: cycle(found)
            for kind, device_class in MIX_CLASSES.items()
            if (found := [devices[e.id] for home in homes for e in home.of_class(device_class)])
        }
        mix = cycle([kind for kind in MIX if kind in turns])
        for number in range(self.total):
            share = self.smokes / self.rate
            is_smoke = int((number + 1) * share) > int(number * share)
            kind = "smoke" if is_smoke else next(mix)
            device = next(turns[kind])
            if self.identical:
                yield device.bare(kind, 21.5 if kind == "temperature" else True)
            else:
                yield device.report(kind, 21.5 if kind == "temperature" else True)


@dataclass(slots=True)
class Tally:
    """What came of a flood.

    `resent` counts the acknowledged readings that needed more than one try, `refused` those that
    found the backlog full, `late_ms` how long after it was due a reading waited at worst to be
    written, without a connection too.
    """

    due: int = 0
    acked: int = 0
    smokes_acked: int = 0
    resent: int = 0
    refused: int = 0
    unacked: int = 0
    reconnects: int = 0
    late_ms: float = 0.0


class _Publisher:
    """The lanes, the clock and the books of one flood."""

    def __init__(self, clock: Clock, broker: Broker, record: IO[str] | None, salt: str) -> None:
        self.tally = Tally()
        self.lanes = [Lane(f"village-{salt}-{n}", broker, self._acked) for n in range(LANES)]
        self._clock = clock
        self._broker = broker
        self._record = record
        self._jitter = Random(salt)

    async def keep_connected(self, lane: Lane) -> None:
        """Hold a lane's connection for ever; raises BrokerRefusedError when it is no use."""
        loop = asyncio.get_running_loop()
        while lane.refusal not in CREDENTIALS_REFUSED:
            try:
                await loop.create_connection(lambda: lane, self._broker.host, self._broker.port)
                await lane.gone.wait()
            except OSError:
                pass
            self.tally.reconnects += 1
            await self._clock.wait(timedelta(seconds=self._jitter.uniform(*RECONNECT_SECONDS)))
        raise BrokerRefusedError(f"refused with code {lane.refusal}")

    async def pace(self, readings: Iterator[own.Message], flood: Flood) -> None:
        """Put every reading into its lane when it is due."""
        start_us, started = _microseconds(self._clock.now()), self._clock.elapsed()
        while self.tally.due < flood.total:
            seconds = (self._clock.elapsed() - started).total_seconds() / self._clock.speed
            due = min(flood.total, int(seconds * flood.rate) + 1)
            for number in range(self.tally.due, due):
                due_us = start_us + int(number / flood.rate * 1e6)
                self._take(Sending(number, next(readings), due_us))
            self.tally.due = due
            self._flush()
            await self._clock.wait(TICK)

    async def drain(self, wait: timedelta) -> None:
        """Wait until the broker has acknowledged everything, or for so long."""
        ticks_left = wait // TICK
        while self._outstanding() and ticks_left:
            self._flush()
            await self._clock.wait(TICK)
            ticks_left -= 1
        self.tally.unacked = self._outstanding()

    def _take(self, sending: Sending) -> None:
        lane = self.lanes[zlib.crc32(sending.message.device.encode()) % LANES]
        if len(lane.backlog) < BACKLOG_LIMIT:
            lane.backlog.append(sending)
        else:
            self.tally.refused += 1

    def _flush(self) -> None:
        now_us = _microseconds(self._clock.now())
        for lane in self.lanes:
            if lane.backlog and lane.ready.is_set():
                late_us = now_us - lane.backlog[0].due_us
                self.tally.late_ms = max(self.tally.late_ms, late_us / 1000)
            lane.flush(now_us)

    def _outstanding(self) -> int:
        return sum(len(lane.backlog) + len(lane.in_flight) for lane in self.lanes)

    def _acked(self, sending: Sending) -> None:
        message = sending.message
        self.tally.acked += 1
        self.tally.smokes_acked += message.kind == "smoke"
        self.tally.resent += sending.tries > 1
        if self._record is None:
            return
        row = {
            "n": sending.number,
            "home": message.home,
            "device": message.device,
            "kind": message.kind,
            "boot": message.body.get("boot"),
            "seq": message.body.get("seq"),
            "due_us": sending.due_us,
            "sent_us": sending.sent_us,
            "acked_us": _microseconds(self._clock.now()),
            "tries": sending.tries,
        }
        self._record.write(json.dumps(row) + "\n")


async def open_loop(
    flood: Flood,
    homes: Sequence[Household],
    broker: Broker,
    *,
    clock: Clock,
    record: Path | None = None,
    drain: timedelta = DRAIN,
) -> Tally:
    """Send a flood and wait, for `drain` at most, until the broker has acknowledged it.

    Raises BrokerRefusedError for a wrong password, TimeoutError when no broker answers at first.
    """
    with record.open("w", encoding="utf-8") if record else nullcontext() as file:
        publisher = _Publisher(clock, broker, file, flood.salt)
        try:
            async with asyncio.TaskGroup() as group:
                keepers = [
                    group.create_task(publisher.keep_connected(lane)) for lane in publisher.lanes
                ]
                for lane in publisher.lanes:
                    await clock.within(CONNECT, lane.ready.wait())
                await publisher.pace(flood.readings(homes), flood)
                await publisher.drain(drain)
                for keeper in keepers:
                    keeper.cancel()
        except ExceptionGroup as failures:
            # The lanes fail for the same reason; the first says it.
            raise failures.exceptions[0] from None
        finally:
            for lane in publisher.lanes:
                await lane.close()
    return publisher.tally


def _microseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1e6)
