"""A link between a real broker and an inbox that the test takes from."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from random import Random
from typing import Any, TypeVar

import aiomqtt

from gateway.clock import SystemClock
from gateway.drop_watch import DropWatch
from gateway.entries import LogLine
from gateway.inbox import Inbox
from gateway.link import Receipt
from gateway.mqtt_link import MqttLink
from gateway.mqtt_settings import MqttSettings
from tests.brokers import VILLAGE, Broker, Login

CLOCK = SystemClock()
PATIENCE_SECONDS = 12.0
TOPIC = "care/v1/h1/smoke-1/smoke"
T = TypeVar("T")


class Rig:
    """One link; `taken` is everything that came out of the inbox, in order."""

    def __init__(
        self,
        broker: Broker,
        *,
        first_connection: int = 1,
        expects_session: bool = False,
        inbox_limit: int = 16_384,
        drops: DropWatch | None = None,
        **settings: Any,  # noqa: ANN401 -- whatever fields of MqttSettings the test changes
    ) -> None:
        self.taken: list[object] = []
        self.inbox = Inbox(CLOCK, limit=inbox_limit)
        usual: dict[str, Any] = {
            "gateway_id": "g1",
            "client_id": "gateway-g1",
            "filters": {"care/v1/+/+/+": "own"},
            "port": broker.port,
            "username": broker.gateway.username,
            "password": broker.gateway.password,
            "settle_seconds": broker.settle_seconds,
            "version": broker.version,
        }
        self.link = MqttLink(
            "mqtt",
            MqttSettings(**(usual | settings)),
            inbox=self.inbox,
            clock=CLOCK,
            rng=Random(1),
            drops=drops,
            first_connection=first_connection,
            expects_session=expects_session,
        )
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Run the link."""
        self._running = asyncio.create_task(self.link.run())

    async def stop(self) -> None:
        """Stop the link as the end of the gateway does."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def next(self, kind: type[T], *, after: datetime | None = None) -> T:
        """Take until something of this kind comes (told after an instant)."""
        async with CLOCK.timeout(PATIENCE_SECONDS):
            while True:
                for item in await self._take(1):
                    if isinstance(item, kind) and (after is None or getattr(item, "at") > after):  # noqa: B009
                        return item
        raise AssertionError

    async def receipts(self, number: int) -> list[Receipt]:
        """Take until so many receipts have come."""
        receipts: list[Receipt] = []
        async with CLOCK.timeout(PATIENCE_SECONDS):
            while len(receipts) < number:
                items = await self._take(number - len(receipts))
                receipts += [item for item in items if isinstance(item, Receipt)]
        return receipts

    async def silence(self, seconds: float) -> list[object]:
        """Take what comes within so many seconds."""
        await CLOCK.sleep(seconds)
        return await self._take(len(self.inbox)) if len(self.inbox) else []

    async def _take(self, limit: int) -> list[object]:
        items = await self.inbox.take(limit)
        self.taken += items
        return items


@asynccontextmanager
async def linked(broker: Broker, **settings: Any) -> AsyncIterator[Rig]:  # noqa: ANN401 -- see Rig
    """Run a link for the length of a block."""
    rig = Rig(broker, **settings)
    rig.start()
    try:
        yield rig
    finally:
        await rig.stop()


async def publish(
    broker: Broker,
    payloads: Iterable[bytes],
    topic: str = TOPIC,
    login: Login = VILLAGE,
    *,
    retain: bool = False,
) -> None:
    """Publish as a device does, each acknowledged by the broker."""
    async with aiomqtt.Client("127.0.0.1", broker.port, **login._asdict()) as client:
        for payload in payloads:
            await client.publish(topic, payload, qos=1, retain=retain)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    async with CLOCK.timeout(PATIENCE_SECONDS):
        while not condition():
            await CLOCK.sleep(0.01)


def payloads(receipts: Iterable[Receipt]) -> list[bytes]:
    """Give the payloads, in order."""
    return [receipt.payload for receipt in receipts]


def said(lines: Iterable[LogLine]) -> list[tuple[str, str, str]]:
    """Code, verb and subject of each trouble."""
    return [(line.kind, line.verb, line.facts["subject"]) for line in lines]
