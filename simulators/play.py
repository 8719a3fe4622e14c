"""A village lives: its devices publish over MQTT and one home's over a serial line.

Theory of operation. Every home's life is a sorted stream (`resident.life`); `play` merges them,
waits for each observation's instant on the simulated clock, lets the device encode it and hands
the message to the device's outlet. With the devices' own credentials an outlet is one connection
for each device, opened at its first report, because a broker lets a device publish under its own
name only. With a village account the devices share four. An outlet keeps what it could not
publish and tries again after a reconnect; the pause between tries grows and is drawn at random,
so that a village does not come back all at once.

Within its first two seconds every device reports for duty, as on a morning after a power cut, so
a device that then stays unheard stands out.
"""

import asyncio
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import merge
from pathlib import Path
from random import Random
from typing import Any, Protocol

import aiomqtt

from simulators.clock import Clock
from simulators.devices import own
from simulators.lane import Broker
from simulators.resident import Emergency, Observation, life
from simulators.script import Emergencies, Script, line, opening_lines, quiet
from simulators.serial_line import Faults, SerialLine
from simulators.village import Entry, Household

SHARED_CONNECTIONS = 4
OUTLET_LIMIT = 10_000
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=0.5), timedelta(seconds=20)
DUTY_SECONDS = 2.0
TICK, LAST_WORDS = timedelta(milliseconds=50), timedelta(seconds=2)
BY_MQTT, BY_SERIAL = "走 MQTT by MQTT", "走串口 by the serial line"
WIRE_FAULTS = Faults(split=0.3, crlf=0.5, unsummed=0.3, garbage=0.05)


@dataclass(slots=True)
class Summary:
    """What a play did; `refused` counts connections that failed or broke."""

    taken: int = 0
    mqtt: Counter[str] = field(default_factory=Counter)
    serial: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    serial_bytes_lost: int = 0

    @property
    def unsent(self) -> int:
        """How many messages have not left."""
        return self.taken - self.mqtt.total() - self.serial.total()

    def as_row(self) -> dict[str, object]:
        """Give the summary for people and programs: what was sent, by kind, and what was not."""
        return {
            "sent": dict(self.mqtt + self.serial),
            "by_mqtt": self.mqtt.total(),
            "by_serial": self.serial.total(),
            "unsent": self.unsent,
            "refused": self.refused,
            "serial_bytes_lost": self.serial_bytes_lost,
        }


class Outlet(Protocol):
    """Where a device's messages go."""

    def take(self, message: own.Message) -> None:
        """Accept a message; it leaves as soon as the outlet can."""


class MqttOutlet:
    """One MQTT connection by aiomqtt, opened at the first message and kept open."""

    def __init__(self, client_id: str, broker: Broker, clock: Clock, summary: Summary) -> None:
        self._waiting: deque[own.Message] = deque()
        self._came = asyncio.Event()
        self._client_id = client_id
        self._broker = broker
        self._clock = clock
        self._summary = summary
        self._jitter = Random(client_id)

    def take(self, message: own.Message) -> None:
        """Accept a message; one too many is never sent."""
        if len(self._waiting) < OUTLET_LIMIT:
            self._waiting.append(message)
            self._came.set()

    async def deliver(self) -> None:
        """Publish what is taken, for ever, over one connection after another."""
        pause = FIRST_PAUSE
        while True:
            with suppress(aiomqtt.MqttError):
                async with self._client() as client:
                    pause = FIRST_PAUSE
                    await self._publish(client)
            self._summary.refused += 1
            await self._clock.wait(pause * self._jitter.uniform(0.5, 1.0))
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _publish(self, client: aiomqtt.Client) -> None:
        # Nothing is subscribed, so what this waits for is the end of the connection.
        ending = asyncio.ensure_future(anext(client.messages))
        try:
            while True:
                await self._has_message(ending)
                message = self._waiting[0]
                await client.publish(message.topic, message.payload, qos=1)
                self._waiting.popleft()
                self._summary.mqtt[message.kind] += 1
        finally:
            ending.cancel()
            await asyncio.gather(ending, return_exceptions=True)

    async def _has_message(self, ending: asyncio.Future[aiomqtt.Message]) -> None:
        """Wait for a message; raises aiomqtt.MqttError when the connection ends before."""
        while not self._waiting:
            self._came.clear()
            coming = asyncio.ensure_future(self._came.wait())
            either: set[asyncio.Future[Any]] = {coming, ending}
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                coming.cancel()
            if ending.done():
                ending.result()

    def _client(self) -> aiomqtt.Client:
        return aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            identifier=self._client_id,
            username=self._broker.username,
            password=self._broker.password,
        )


class SerialOutlet:
    """A node on a wire that passes on what its home's devices say, the way real lines do."""

    def __init__(self, wire: SerialLine, seed: int, summary: Summary) -> None:
        self._wire = wire
        self._rng = Random(f"wire/{seed}")
        self._summary = summary
        wire.write(own.BOOT_BANNER)

    def take(self, message: own.Message) -> None:
        """Write a message at once."""
        for chunk in WIRE_FAULTS.chunks(message, self._rng):
            self._wire.write(chunk)
        self._summary.serial[message.kind] += 1
        self._summary.serial_bytes_lost = self._wire.lost_bytes


@dataclass(frozen=True, slots=True)
class Play:
    """What is played: homes from simulated instant `start`, for `length` of real time."""

    homes: Sequence[Household]
    seed: int
    start: datetime
    length: timedelta
    script: Script = quiet

    async def perform(
        self,
        broker: Broker,
        *,
        clock: Clock,
        serial_path: Path | None = None,
        say: Callable[[str], None],
    ) -> Summary:
        """Play to the end; raises OSError or serial.SerialException for a bad serial path."""
        summary = Summary()
        by_serial: dict[str, Outlet] = {}
        wire = SerialLine.at(serial_path) if serial_path else None
        if wire is not None:
            home = self.homes[min(1, len(self.homes) - 1)]
            by_serial[home.id] = SerialOutlet(wire, self.seed, summary)
        async with asyncio.TaskGroup() as group:
            tasks: list[asyncio.Task[None]] = []
            by_mqtt: dict[str, MqttOutlet] = {}

            def outlet_of(entry: Entry) -> Outlet:
                if entry.home in by_serial:
                    return by_serial[entry.home]
                name, account = _account(entry, broker)
                if name not in by_mqtt:
                    by_mqtt[name] = MqttOutlet(name, account, clock, summary)
                    tasks.append(group.create_task(by_mqtt[name].deliver()))
                return by_mqtt[name]

            await self._live(outlet_of, clock, summary, say)
            ticks_left = LAST_WORDS // TICK
            while summary.unsent and ticks_left:
                await clock.wait(TICK)
                ticks_left -= 1
            for task in tasks:
                task.cancel()
        if wire is not None:
            wire.close()
        return summary

    async def _live(
        self,
        outlet_of: Callable[[Entry], Outlet],
        clock: Clock,
        summary: Summary,
        say: Callable[[str], None],
    ) -> None:
        emergencies = self.script(self.homes, self.start, clock.speed)
        entries = {entry.id: entry for home in self.homes for entry in home.devices}
        salt = clock.now().isoformat()
        devices = {
            entry.id: own.CLASSES[entry.device_class](entry.id, entry.home, salt=salt)
            for entry in entries.values()
        }
        for words in opening_lines(self.homes, emergencies):
            say(words)
        began = clock.elapsed()
        for seen in self._observations(emergencies, clock.speed):
            await clock.sleep(seen.at - self.start - (clock.elapsed() - began))
            entry = entries[seen.device]
            summary.taken += 1
            outlet = outlet_of(entry)
            outlet.take(devices[seen.device].report(seen.kind, seen.value))
            way = BY_SERIAL if isinstance(outlet, SerialOutlet) else BY_MQTT
            if (said := line(entry, seen, way)) is not None:
                say(said)
        await clock.sleep(self.length * clock.speed - (clock.elapsed() - began))

    def _observations(self, emergencies: Emergencies, speed: float) -> Iterator[Observation]:
        end = self.start + self.length * speed
        lives = [
            life(home, seed=self.seed, start=self.start, emergency=emergencies.get(home.id))
            for home in self.homes
        ]
        duty = sorted(self._duty(emergencies, speed))
        for seen in merge(duty, *lives, key=lambda observation: observation.at):
            if seen.at >= end:
                return
            yield seen

    def _duty(self, emergencies: Emergencies, speed: float) -> Iterator[Observation]:
        rng = Random(f"duty/{self.seed}")
        for home in self.homes:
            trouble = emergencies.get(home.id, Emergency())
            for entry in home.devices:
                at = self.start + timedelta(seconds=rng.uniform(0, DUTY_SECONDS) * speed)
                seen = Observation(at, entry.id, "heartbeat", value=True)
                if not trouble.silences(seen):
                    yield seen


def _account(entry: Entry, broker: Broker) -> tuple[str, Broker]:
    """Say over which connection a device publishes, and as whom."""
    if broker.username:
        number = zlib.crc32(entry.id.encode()) % SHARED_CONNECTIONS
        return f"{broker.username}-{number}", broker
    return entry.id, broker._replace(username=entry.id, password=entry.secret or None)
