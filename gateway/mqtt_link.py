"""The link to an MQTT broker: nothing is acknowledged before the journal has it.

Theory of operation. A client (`mqtt_client`) speaks the protocol. The session is persistent and
every subscription is at QoS 1, so the broker keeps what was sent while we were away, and what we
have not acknowledged comes again. Acknowledgement is by packet id; since a broker renumbers
packets, a token counts only on the connection it came over.

When the ledger of what is unacknowledged is full, or the inbox is, we stop reading from the socket
and the broker keeps the rest.

After each connection a marker goes out to our own drain topic. It comes back behind everything
that the broker had queued, and then `Drained` is told. Where unacknowledged messages come back
only after a time (the embedded broker), `settle_seconds` covers it. What else comes on the
gateways' own topics is no device's: it is acknowledged and forgotten.

There is no farewell: a link that stops breaks the connection, and the last will says offline.
"""

import asyncio
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random

import structlog

from gateway import drop_watch
from gateway.clock import Clock
from gateway.drop_watch import DropWatch
from gateway.inbox import Inbox
from gateway.ledger import Ledger
from gateway.link import Drained, LinkDown, LinkUp, Receipt, Token
from gateway.mqtt5_client import Mqtt5Client
from gateway.mqtt_client import Client, Message, Outgoing
from gateway.mqtt_settings import MqttSettings, status
from gateway.paho_client import PahoClient
from gateway.supervisor import Backoff
from gateway.topics import GATEWAYS, Filters, widest

PAYLOAD_LIMIT_BYTES = 256 * 1024
LONG_LIMIT_BYTES = 8 * 1024 * 1024
"""What a bridge may say of all its devices at once."""

TOO_LONG_BYTES = 4 * 1024 + 1
"""What is passed on of a payload over the limit: enough to be seen as too long."""

UNKNOWN_SINCE = datetime.min.replace(tzinfo=UTC)

_STEADY = timedelta(seconds=10)  # a connection that lasted this long was a good one
_log = structlog.get_logger(__name__)


class MqttLink:
    """One broker. `first_connection` must be above all connections of earlier starts.

    `expects_session` says that this client id has been connected before: a broker without its
    session has then lost readings, since nobody knows when.
    """

    def __init__(  # noqa: PLR0913 -- what an installation knows of its broker, and three ports
        self,
        name: str,
        settings: MqttSettings,
        *,
        inbox: Inbox,
        clock: Clock,
        rng: Random,
        drops: DropWatch | None = None,
        first_connection: int = 1,
        expects_session: bool = False,
    ) -> None:
        self.name = name
        self.is_up = False
        self.connection = first_connection - 1
        self.reason = ""
        """Why the last connection ended, or could not be made."""
        self.refused_filters: list[str] = []
        """What the broker did not let us subscribe to at the last connection."""
        self.strays = 0
        """Messages of no filter (of an earlier configuration, say), acknowledged and forgotten."""
        self._settings = settings
        self._inbox = inbox
        inbox.tell_drops(name, self._dropped)
        self._clock = clock
        self._backoff = Backoff(rng, first_seconds=0.1, longest_seconds=5.0)
        self._topics = settings.topics
        self._filters = Filters(settings.filters)
        self._subscribed = widest([*settings.filters, self._topics + "drain"])
        self._drops = drops

        self._ended = asyncio.Event()
        self._is_loss_told = False
        self._ledger = Ledger(settings.high, settings.high_bytes)
        self._aside: deque[Receipt] = deque()  # read, but refused by a full inbox
        self._heard = 0
        self._heard_at = clock.now()
        self._lost_since = UNKNOWN_SINCE if expects_session else None
        self._is_session_new = False
        self._is_marker_out = False
        self._subscribing: int | None = None
        self._settling: asyncio.Task[None] | None = None
        kind = PahoClient if settings.version == "3.1.1" else Mqtt5Client
        self._client: Client = kind(settings, clock, self)

    # --- what the gateway asks for --------------------------------------------------------------

    @property
    def unacknowledged(self) -> int:
        """How many messages wait for the journal."""
        return len(self._ledger)

    @property
    def is_paused(self) -> bool:
        """Whether the broker is being held back."""
        return self._client.is_paused

    async def run(self) -> None:
        """Keep the link up until cancelled; never raise for what a cable or a broker does."""
        try:
            while True:
                started_at = self._clock.now()
                self._ended.clear()
                await self._connect()
                await self._until_ended()
                if not self._is_loss_told:  # once for all attempts that fail
                    self._is_loss_told = True
                    self._inbox.put(LinkDown(self.name, self._clock.now(), self.reason))
                if self._clock.now() - started_at >= _STEADY:
                    self._backoff.reset()
                await self._clock.sleep(self._backoff.next_seconds())
        finally:
            self.ended("stopped")

    def acknowledge(self, tokens: list[Token]) -> None:
        """Acknowledge to the broker, in order; ignore tokens of older connections."""
        self._client.acknowledge([token.mid for token in tokens if self._strikes(token)])
        self._go_on()

    def drop(self) -> None:
        """Break the connection without a word; what is not acknowledged comes again."""
        self.ended("dropped")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Send at QoS 1, at once or when the link is up again; False where too much waits."""
        return self._client.publish(Outgoing(topic, payload, retain))

    def _dropped(self, receipt: Receipt) -> None:
        """Acknowledge what the inbox has let go; from within a read, so nothing is resumed."""
        if self._strikes(receipt.token):
            self._client.acknowledge([receipt.token.mid])

    def _strikes(self, token: Token) -> bool:
        """Take a message off the ledger; False where it must not be acknowledged."""
        return token.connection == self.connection and self._ledger.strike(token.mid)

    # --- the connection -------------------------------------------------------------------------

    async def _connect(self) -> None:
        """Let the client connect."""
        try:
            await self._client.connect()
        except OSError as error:
            self.ended(f"cannot connect: {error or type(error).__name__}")

    async def _until_ended(self) -> None:
        """Watch over the connection."""
        tick = min(1.0, self._settings.keepalive_seconds / 4)
        heard = self._heard
        while not self._ended.is_set():
            is_quiet = not self.is_paused and heard == self._heard
            if not is_quiet:
                self._go_on()
            self._client.tick(is_quiet=is_quiet)
            heard = self._heard
            with suppress(TimeoutError):
                async with self._clock.timeout(tick):
                    await self._ended.wait()

    def ended(self, reason: str) -> None:
        """The connection is over: forget what belonged to it and let `run` make another."""
        if self._ended.is_set():
            return
        self._ended.set()
        self.reason = reason
        if self.is_up and self._lost_since is None:
            self._lost_since = self._last_alive()
        self.is_up = self._is_marker_out = False
        self._ledger.clear()
        self._aside.clear()
        if self._settling is not None:
            self._settling.cancel()
        self._client.cut()

    def unsupported(self) -> None:
        """Speak 3.1.1 from the next connection on, where we may choose."""
        if self._settings.version == "auto" and not isinstance(self._client, PahoClient):
            _log.info("mqtt_3_1_1", link=self.name)
            before = self._client
            self.ended("the broker speaks no MQTT 5")
            self._client = PahoClient(self._settings, self._clock, self)
            for outgoing in before.waiting():
                self._client.publish(outgoing)

    def _last_alive(self) -> datetime:
        """No later than when the broker was alive: paho ends what was silent for two keep-alives.

        A paused connection is not listened to, so that only what was heard counts.
        """
        if self.is_paused:
            return self._heard_at
        silence = timedelta(seconds=2 * self._settings.keepalive_seconds)
        return max(self._heard_at, self._clock.now() - silence)

    # --- what the broker says -------------------------------------------------------------------

    def heard(self) -> None:
        """Note a sign of life."""
        self._heard += 1
        self._heard_at = self._clock.now()

    def connected(self, *, has_session: bool) -> None:
        """Subscribe: a session that was kept is up at once, a new one when that is granted."""
        self.connection += 1
        if not has_session:
            self._is_session_new = True
        elif not self._is_session_new:
            self._go_up(None)
        self._subscribing = self._client.subscribe(self._subscribed, 1)
        if self._drops is not None:  # apart from ours: not every broker lets us look
            self._client.subscribe([drop_watch.TOPIC], 0)

    def subscribed(self, number: int, refused: tuple[bool, ...]) -> None:
        """Say that we are here, and send the marker behind what the broker has kept."""
        if number != self._subscribing:
            return
        granted = zip(self._subscribed, refused, strict=False)
        self.refused_filters = [topic for topic, is_refused in granted if is_refused]
        if self.refused_filters:
            _log.error("filters_refused", link=self.name, filters=self.refused_filters)
        if not self.is_up:  # the session was new: only from here on does the broker keep readings
            self._go_up(self._lost_since)
        self._client.publish(
            Outgoing(self._settings.will_topic, status("online"), is_retained=True)
        )
        self._is_marker_out = True
        marker = str(self.connection).encode()
        self._client.publish(Outgoing(self._topics + "drain", marker, is_retained=False))

    def _go_up(self, lost_since: datetime | None) -> None:
        self.is_up = True
        self._is_loss_told = self._is_session_new = False
        self._lost_since = None
        self._inbox.put(LinkUp(self.name, self._clock.now(), self.connection, lost_since))

    def received(self, message: Message) -> None:
        """Take in a message: a reading, our own marker, or what is nobody's."""
        topic = message.topic
        if topic.startswith(GATEWAYS):
            self._wave_off(message)
            if topic == self._topics + "drain" and message.payload == b"%d" % self.connection:
                self._marker_returned()
        elif topic == drop_watch.TOPIC and self._drops is not None:
            self._wave_off(message)
            self._drops.hear(message.payload)
        elif (family := self._filters.family(topic)) is None:
            self._wave_off(message)
            self.strays += 1
        elif not (message.is_dup and message.mid in self._ledger):
            # Otherwise the broker asks again for what is in hand, and gets its answer in time.
            self._receive(family, message)

    def _wave_off(self, message: Message) -> None:
        """Acknowledge what needs no journal."""
        if message.qos:
            self._client.acknowledge([message.mid])

    def _receive(self, family: str, message: Message) -> None:
        payload = message.payload
        if message.qos:
            self._ledger.enter(message.mid, len(payload))
        is_long = message.topic.endswith(self._settings.long_topics)
        if len(payload) > (LONG_LIMIT_BYTES if is_long else PAYLOAD_LIMIT_BYTES):
            payload = payload[:TOO_LONG_BYTES]
        token = Token(self.name, self.connection, message.mid, message.qos)
        receipt = Receipt(
            self._heard_at,
            family,
            message.topic,
            payload,
            message.is_retained,
            message.is_dup,
            token,
        )
        if self._aside or not self._inbox.put(receipt):
            self._aside.append(receipt)
        if self._aside or self._ledger.is_full:
            self._client.pause()

    def _go_on(self) -> None:
        """Read on as soon as there is room again."""
        while self._aside and self._inbox.put(self._aside[0]):
            self._aside.popleft()
        if self._ledger.is_low and not self._aside:
            self._client.resume()

    def _marker_returned(self) -> None:
        if self._is_marker_out:
            self._is_marker_out = False
            self._settling = asyncio.get_running_loop().create_task(self._settle())

    async def _settle(self) -> None:
        await self._clock.sleep(self._settings.settle_seconds)
        self._inbox.put(Drained(self.name, self._clock.now(), self.connection))
