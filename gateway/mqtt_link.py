"""The link to an MQTT broker: nothing is acknowledged before the journal has it.

Theory of operation. paho speaks the protocol, driven by our event loop through its socket, without
a thread (only the blocking part of connecting runs in one). The session is persistent and every
subscription is at QoS 1, so the broker keeps what was sent while we were away, and what we have
not acknowledged comes again. `acknowledge` is paho's manual acknowledgement, by packet id; since a
broker renumbers packets, a token counts only on the connection it came over.

When the ledger of what is unacknowledged is full, or the inbox is, we stop reading from the socket
and the broker keeps the rest. Its answers to our pings then lie unread as well, so that paho may
not judge the connection by them: until all is quiet we keep it alive with publishes of our own.

After each connection a marker goes out to our own drain topic. It comes back behind everything
that the broker had queued, and then `Drained` is told. Where unacknowledged messages come back
only after a time (the embedded broker), `settle_seconds` covers it. What else comes on the
gateways' own topics is no device's: it is acknowledged and forgotten.

There is no farewell: a link that stops breaks the connection, and the last will says offline.
"""

import asyncio
import socket
import struct
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec
import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway import drop_watch
from gateway.clock import Clock
from gateway.drop_watch import DropWatch
from gateway.inbox import Inbox
from gateway.ledger import Ledger
from gateway.link import Drained, LinkDown, LinkUp, Receipt, Token
from gateway.mqtt_settings import MqttSettings
from gateway.supervisor import Backoff
from gateway.topics import GATEWAYS, Filters
from gateway.wire import Wire

PAYLOAD_LIMIT_BYTES = 256 * 1024
TOO_LONG_BYTES = 4 * 1024 + 1
"""What is passed on of a payload over the limit: enough to be seen as too long."""

UNKNOWN_SINCE = datetime.min.replace(tzinfo=UTC)

_READS_AT_ONCE = 128  # packets read before the event loop gets its turn
_STEADY = timedelta(seconds=10)  # a connection that lasted this long was a good one
_FOR_EVER = 0xFFFF_FFFF  # seconds, as MQTT 5 spells it
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
        inbox.tell_drops(name, lambda receipt: self._acknowledge(receipt.token))
        self._clock = clock
        self._backoff = Backoff(rng, first_seconds=0.1, longest_seconds=5.0)
        self._topics = f"{GATEWAYS}{settings.gateway_id}/"
        self._filters = Filters(settings.filters)
        self._subscribed = list(settings.filters)
        if self._filters.family(self._topics + "drain") is None:
            self._subscribed.append(self._topics + "drain")
        self._drops = drops

        self._ended = asyncio.Event()
        self._is_loss_told = False
        self._ledger = Ledger(settings.high, settings.high_bytes)
        self._aside: deque[Receipt] = deque()  # read, but refused by a full inbox
        self._heard = 0
        self._heard_at = self._pulse_at = clock.now()
        self._lost_since = UNKNOWN_SINCE if expects_session else None
        self._is_session_new = False
        self._is_marker_out = False
        self._subscribing: int | None = None
        self._settling: asyncio.Task[None] | None = None
        self._client = self._make_client()
        self._wire = Wire(self._read, self._client.loop_write)

    def _make_client(self) -> Client:
        settings = self._settings
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=None if settings.is_v5 else False,
            protocol=MQTTProtocolVersion.MQTTv5 if settings.is_v5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.username_pw_set(settings.username, settings.password)
        if settings.ca_file is not None:
            client.tls_set(settings.ca_file, settings.cert_file, settings.key_file)
        client.will_set(self._topics + "status", _status("offline"), qos=1, retain=True)
        client.max_queued_messages = 1000
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        # paho connects in a thread, where there is no wire yet and these do nothing.
        client.on_socket_close = lambda *_: self._wire.detach()
        client.on_socket_register_write = lambda *_: self._wire.want_write(is_wanted=True)
        client.on_socket_unregister_write = lambda *_: self._wire.want_write(is_wanted=False)
        where = settings.host, settings.port, settings.keepalive_seconds
        if settings.is_v5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = _FOR_EVER
            client.connect_async(*where, clean_start=False, properties=properties)
        else:
            client.connect_async(*where)
        return client

    # --- what the gateway asks for --------------------------------------------------------------

    @property
    def unacknowledged(self) -> int:
        """How many messages wait for the journal."""
        return len(self._ledger)

    @property
    def is_paused(self) -> bool:
        """Whether the broker is being held back."""
        return self._wire.is_paused

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
            self._end("stopped")

    def acknowledge(self, tokens: list[Token]) -> None:
        """Acknowledge to the broker, in order; ignore tokens of older connections."""
        for token in tokens:
            self._acknowledge(token)
        self._go_on()

    def drop(self) -> None:
        """Break the connection without a word; what is not acknowledged comes again."""
        self._end("dropped")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Send at QoS 1, at once or when the link is up again; False where too much waits."""
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        return info.rc is not MQTTErrorCode.MQTT_ERR_QUEUE_SIZE

    def _acknowledge(self, token: Token) -> None:
        if token.connection == self.connection and self._ledger.strike(token.mid):
            self._client.ack(token.mid, token.qos)

    # --- the connection -------------------------------------------------------------------------

    async def _connect(self) -> None:
        """Open a socket, take it into the event loop and send CONNECT."""
        try:
            await asyncio.to_thread(self._client.reconnect)
        except OSError as error:
            self._end(f"cannot connect: {error}")
            return
        sock = self._client.socket()
        assert isinstance(sock, socket.socket)
        self._wire.attach(sock)
        self._client.loop_write()

    async def _until_ended(self) -> None:
        """Watch over the connection.

        Only when all is quiet may paho judge it: in a backlog the answer to its ping comes last.
        """
        tick = min(1.0, self._settings.keepalive_seconds / 4)
        heard = self._heard
        while not self._ended.is_set():
            if self.is_paused or heard != self._heard:
                self._go_on()
                self._pulse()
            else:
                self._client.loop_misc()
            heard = self._heard
            with suppress(TimeoutError):
                async with self._clock.timeout(tick):
                    await self._ended.wait()

    def _pulse(self) -> None:
        """Show the broker that we live, by a packet that asks for no answer."""
        now = self._clock.now()
        if now - self._pulse_at >= timedelta(seconds=self._settings.keepalive_seconds / 2):
            self._pulse_at = now
            self._client.publish(self._topics + "pulse", b"", qos=0)

    def _end(self, reason: str) -> None:
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
        self._wire.cut()

    def _last_alive(self) -> datetime:
        """No later than when the broker was alive: paho ends what was silent for two keep-alives.

        A paused connection is not listened to, so that only what was heard counts.
        """
        if self.is_paused:
            return self._heard_at
        silence = timedelta(seconds=2 * self._settings.keepalive_seconds)
        return max(self._heard_at, self._clock.now() - silence)

    def _read(self) -> None:
        """Read while messages come; the event loop calls again for what is left."""
        for _ in range(_READS_AT_ONCE):
            heard = self._heard
            try:
                self._client.loop_read()
            except struct.error:
                self._end("malformed packet")
            if self.is_paused or heard == self._heard or self._ended.is_set():
                break

    # --- what the broker says -------------------------------------------------------------------
    # After `_end` paho may still read what the old socket held; nothing of it counts.

    def _hear(self) -> bool:
        """Note a sign of life; False when it comes from a connection that is over."""
        if self._ended.is_set():
            return False
        self._heard += 1
        self._heard_at = self._clock.now()
        return True

    def _on_connect(
        self, client: Client, _: object, flags: ConnectFlags, code: ReasonCode, *__: object
    ) -> None:
        if code.is_failure:
            self._end(f"refused: {code}")
        if not self._hear():
            return
        self.connection += 1
        if not flags.session_present:
            self._is_session_new = True
        elif not self._is_session_new:
            self._go_up(None)
        _, self._subscribing = client.subscribe([(topic, 1) for topic in self._subscribed])
        if self._drops is not None:  # apart from ours: not every broker lets us look
            client.subscribe(drop_watch.TOPIC, 0)

    def _on_subscribe(
        self, client: Client, _: object, mid: int, codes: list[ReasonCode], *__: object
    ) -> None:
        if not self._hear() or mid != self._subscribing:
            return
        granted = zip(self._subscribed, codes, strict=False)
        self.refused_filters = [topic for topic, code in granted if code.is_failure]
        if self.refused_filters:
            _log.error("filters_refused", link=self.name, filters=self.refused_filters)
        if not self.is_up:  # the session was new: only from here on does the broker keep readings
            self._go_up(self._lost_since)
        client.publish(self._topics + "status", _status("online"), qos=1, retain=True)
        self._is_marker_out = True
        client.publish(self._topics + "drain", str(self.connection), qos=1)

    def _go_up(self, lost_since: datetime | None) -> None:
        self.is_up = True
        self._is_loss_told = self._is_session_new = False
        self._lost_since = None
        self._inbox.put(LinkUp(self.name, self._clock.now(), self.connection, lost_since))

    def _on_disconnect(
        self, _: Client, __: object, ___: DisconnectFlags, code: ReasonCode, *____: object
    ) -> None:
        self._end(f"lost: {code}")

    def _on_publish(self, *_: object) -> None:
        self._hear()

    def _on_message(self, client: Client, _: object, message: MQTTMessage) -> None:
        if not self._hear():
            return
        topic = _topic(message)
        if topic.startswith(GATEWAYS):
            client.ack(message.mid, message.qos)
            if topic == self._topics + "drain" and message.payload == b"%d" % self.connection:
                self._marker_returned()
        elif topic == drop_watch.TOPIC and self._drops is not None:
            client.ack(message.mid, message.qos)
            self._drops.hear(bytes(message.payload))
        elif (family := self._filters.family(topic)) is None:
            client.ack(message.mid, message.qos)
            self.strays += 1
        elif not (message.dup and message.mid in self._ledger):
            # Otherwise the broker asks again for what is in hand, and gets its answer in time.
            self._receive(family, topic, message)

    def _receive(self, family: str, topic: str, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        if message.qos:
            self._ledger.enter(message.mid, len(payload))
        if len(payload) > PAYLOAD_LIMIT_BYTES:
            payload = payload[:TOO_LONG_BYTES]
        token = Token(self.name, self.connection, message.mid, message.qos)
        at = self._heard_at
        receipt = Receipt(at, family, topic, payload, message.retain, message.dup, token)
        if self._aside or not self._inbox.put(receipt):
            self._aside.append(receipt)
        if self._aside or self._ledger.is_full:
            self._wire.pause()

    def _go_on(self) -> None:
        """Read on as soon as there is room again."""
        while self._aside and self._inbox.put(self._aside[0]):
            self._aside.popleft()
        if self._ledger.is_low and not self._aside:
            self._wire.resume()

    def _marker_returned(self) -> None:
        if self._is_marker_out:
            self._is_marker_out = False
            self._settling = asyncio.get_running_loop().create_task(self._settle())

    async def _settle(self) -> None:
        await self._clock.sleep(self._settings.settle_seconds)
        self._inbox.put(Drained(self.name, self._clock.now(), self.connection))


def _status(word: str) -> bytes:
    return msgspec.json.encode({"v": 1, "status": word})


def _topic(message: MQTTMessage) -> str:
    """Read the topic, with its bytes spelled out where they are no text."""
    try:
        return message.topic
    except UnicodeDecodeError as error:
        return error.object.decode(errors="backslashreplace")
