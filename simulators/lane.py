"""One MQTT connection after another, with a backlog that outlives them.

Theory of operation. What is to be sent waits in `backlog`; what is written and not yet
acknowledged stands in `in_flight` under its packet id. Losing the connection puts the second back
at the head of the first, in order. Each connection is a clean session: the backlog is the memory,
not the broker.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from simulators import mqtt_wire
from simulators.devices.own import Message

IN_FLIGHT_LIMIT = 8192
LAST_PACKET_ID = 0xFFFF


class Broker(NamedTuple):
    """Where to publish, and as whom."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None


class Sending:
    """One reading on its way."""

    __slots__ = ("due_us", "message", "number", "sent_us", "tries")

    def __init__(self, number: int, message: Message, due_us: int) -> None:
        self.number = number
        self.message = message
        self.due_us = due_us
        self.sent_us = 0
        self.tries = 0


class Lane(asyncio.Protocol):
    """A publisher's share of the devices, over one connection at a time."""

    def __init__(self, client_id: str, broker: Broker, acked: Callable[[Sending], None]) -> None:
        self.backlog: deque[Sending] = deque()
        self.in_flight: dict[int, Sending] = {}
        self.ready = asyncio.Event()
        self.gone = asyncio.Event()
        self.refusal: int | None = None
        self._transport: asyncio.Transport | None = None
        self._answers = mqtt_wire.Answers()
        self._hello = mqtt_wire.connect(client_id, broker.username, broker.password)
        self._acked = acked
        self._packet_id = 0
        self._is_writable = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Introduce ourselves on a new connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._answers = mqtt_wire.Answers()
        self._is_writable = True
        self.gone.clear()
        transport.write(self._hello)

    def data_received(self, data: bytes) -> None:
        """Book the broker's acknowledgements."""
        assert self._transport is not None
        for packet_type, number in self._answers.feed(data):
            if packet_type == mqtt_wire.PUBACK:
                sending = self.in_flight.pop(number, None)
                if sending is not None:
                    self._acked(sending)
            elif number == 0:
                self.ready.set()
            else:
                self.refusal = number
                self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take back what was written and not acknowledged."""
        del exc
        self.ready.clear()
        self.backlog.extendleft(reversed(self.in_flight.values()))
        self.in_flight.clear()
        self.gone.set()

    def pause_writing(self) -> None:
        """Stop writing: the broker reads more slowly than we write."""
        self._is_writable = False

    def resume_writing(self) -> None:
        """Write again."""
        self._is_writable = True

    def flush(self, now_us: int) -> None:
        """Write what is in the backlog, as far as the connection takes it."""
        if not (self.ready.is_set() and self._is_writable and self.backlog):
            return
        assert self._transport is not None
        packets: list[bytes] = []
        while self.backlog and len(self.in_flight) < IN_FLIGHT_LIMIT:
            sending = self.backlog.popleft()
            self._packet_id = self._packet_id % LAST_PACKET_ID + 1
            while self._packet_id in self.in_flight:
                self._packet_id = self._packet_id % LAST_PACKET_ID + 1
            self.in_flight[self._packet_id] = sending
            sending.sent_us = now_us
            sending.tries += 1
            message = sending.message
            packets.append(
                mqtt_wire.publish(message.topic.encode(), message.payload, self._packet_id)
            )
        self._transport.write(b"".join(packets))

    async def close(self) -> None:
        """Say goodbye, if there is anyone to say it to, and wait until the line is down."""
        if self._transport is None:
            return
        if self.ready.is_set():
            self._transport.write(mqtt_wire.DISCONNECT)
        self._transport.close()
        await self.gone.wait()
