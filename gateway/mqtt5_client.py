"""MQTT 5 on `mqtt5`, a codec without a socket, and asyncio's own transport.

Theory of operation. Bytes gather in one buffer and are read packet by packet until the link says
pause; what is left is read first when it says resume. Acknowledgements of one commit leave in one
write. Every packet is checked by the codec: one it cannot read ends the connection, as the
protocol has it. A broker that does not know MQTT 5 says so in its first answer.

Where a string in a packet is no UTF-8 the codec panics instead of raising. A message is then read
by hand (`mqtt5_publish`), for the broker would offer it again for ever; any other packet ends the
connection.
"""

import asyncio
import ssl
from collections.abc import Callable, Iterable
from datetime import timedelta

import mqtt5

from gateway.clock import Clock
from gateway.mqtt5_publish import spelled_out
from gateway.mqtt_client import Listener, Message, Outgoing
from gateway.mqtt_settings import WAITING, MqttSettings

PACKET_LIMIT_BYTES = 16 * 1024 * 1024
"""The broker is told to send nothing larger; a larger packet ends the connection."""

_CONNECT_SECONDS = 5.0
_FOR_EVER = 0xFFFF_FFFF  # seconds, as MQTT 5 spells it
_REFUSED = 0x80
_MOST_MIDS = 0xFFFF
_OLD_REFUSAL = b"\x20\x02\x00\x01"
"""CONNACK of MQTT 3: "unacceptable protocol version"."""

_QOS = {0: mqtt5.QoS.AT_MOST_ONCE, 1: mqtt5.QoS.AT_LEAST_ONCE}


class _PanicError(Exception):
    """The codec has panicked over a packet."""


class _Panics:
    """Turns the codec's panic, which is no `Exception` and has no name to import, into one."""

    def __enter__(self) -> None:
        """Begin to read."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        """Raise _PanicError for a panic, and nothing for anything else."""
        del trace
        if kind is not None and kind.__module__ == "pyo3_runtime":
            raise _PanicError(str(error)) from error


_PANICS = _Panics()


class _Ear(asyncio.Protocol):
    """One connection's end; when its client has cut it, it hears no more."""

    def __init__(self, hear: Callable[[bytes], None], lose: Callable[[str], None]) -> None:
        self.transport: asyncio.Transport | None = None
        self.is_cut = False
        self._hear, self._lose = hear, lose

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        """Tell of an end that nobody here has made."""
        if not self.is_cut:
            self._lose(f"lost: {error or 'closed by the broker'}")

    def data_received(self, data: bytes) -> None:
        """Pass bytes on."""
        if not self.is_cut:
            self._hear(data)


class Mqtt5Client:
    """One broker. `_never_sent` are those of `_pending`, by packet id, that no connection took."""

    def __init__(self, settings: MqttSettings, clock: Clock, listener: Listener) -> None:
        self.is_paused = False
        self._settings = settings
        self._clock = clock
        self._listener = listener
        self._ear: _Ear | None = None
        self._buffer = bytearray()
        self._is_in = False
        self._is_reading = False
        self._mid = 0
        self._pending: dict[int, Outgoing] = {}
        self._never_sent: set[int] = set()
        self._said_at = self._heard_at = clock.now()

    # --- what the link asks for ---------------------------------------------------------------

    async def connect(self) -> None:
        """Open a connection and send CONNECT; raises OSError."""
        settings = self._settings
        tls: ssl.SSLContext | None = None
        if settings.ca_file is not None:
            tls = ssl.create_default_context(cafile=settings.ca_file)
            if settings.cert_file is not None:
                tls.load_cert_chain(settings.cert_file, settings.key_file)
        self.cut()
        ear = _Ear(self._hear, self._listener.ended)
        loop = asyncio.get_running_loop()
        async with self._clock.timeout(_CONNECT_SECONDS):
            await loop.create_connection(lambda: ear, settings.host, settings.port, ssl=tls)
        self._ear = ear
        self._heard_at = self._clock.now()
        self._send(self._hello())

    def _hello(self) -> bytes:
        settings = self._settings
        will = mqtt5.Will(
            settings.will_topic, payload=settings.will, qos=mqtt5.QoS.AT_LEAST_ONCE, retain=True
        )
        password = None if settings.password is None else settings.password.encode()
        return mqtt5.ConnectPacket(
            settings.client_id,
            username=settings.username,
            password=password,
            will=will,
            keep_alive=settings.keepalive_seconds,
            session_expiry_interval=_FOR_EVER,
            max_packet_size=PACKET_LIMIT_BYTES,
        ).write()

    def subscribe(self, filters: Iterable[str], qos: int) -> int:
        """Ask for these; what is retained comes marked, and only then, as with MQTT 3."""
        mid = self._next_mid()
        wanted = [
            mqtt5.TopicFilter(topic, max_qos=_QOS[qos], retain_as_published=False)
            for topic in filters
        ]
        self._send(mqtt5.SubscribePacket(mid, wanted).write())
        return mid

    def publish(self, outgoing: Outgoing) -> bool:
        """Send at QoS 1, at once or when there is a connection; False where too much waits."""
        if len(self._pending) >= WAITING:
            return False
        mid = self._next_mid()
        self._pending[mid] = outgoing
        self._never_sent.add(mid)
        if self._is_in:
            self._send(self._published(mid))
        return True

    def waiting(self) -> list[Outgoing]:
        """What was never sent."""
        return [self._pending[mid] for mid in sorted(self._never_sent)]

    def acknowledge(self, mids: Iterable[int]) -> None:
        """Send a PUBACK for each, in one write."""
        self._send(b"".join(b"\x40\x02" + mid.to_bytes(2) for mid in mids))

    def pause(self) -> None:
        """Leave the socket unread, and what was read of it untouched."""
        if self._ear is not None and self._ear.transport is not None and not self.is_paused:
            self.is_paused = True
            self._ear.transport.pause_reading()

    def resume(self) -> None:
        """Read on, beginning with what lies here."""
        if not self.is_paused:
            return
        self.is_paused = False
        self._read()
        if self._ear is not None and self._ear.transport is not None and not self.is_paused:
            self._ear.transport.resume_reading()

    def tick(self, *, is_quiet: bool) -> None:
        """Ping in good time; a broker that is listened to and says nothing is given up."""
        now = self._clock.now()
        keepalive = timedelta(seconds=self._settings.keepalive_seconds)
        if is_quiet and not self.is_paused and now - self._heard_at >= keepalive:
            self._listener.ended("lost: Keep alive timeout")
        elif self._is_in and now - self._said_at >= keepalive / 2:
            self._send(mqtt5.PingReqPacket().write())

    def cut(self) -> None:
        """Break the connection."""
        ear, self._ear = self._ear, None
        self._buffer = bytearray()
        self._is_in = self.is_paused = False
        if ear is not None and ear.transport is not None:
            ear.is_cut = True
            ear.transport.abort()

    # --- packets ------------------------------------------------------------------------------

    def _send(self, data: bytes) -> None:
        if self._ear is not None and self._ear.transport is not None and data:
            self._said_at = self._clock.now()
            self._ear.transport.write(data)

    def _hear(self, data: bytes) -> None:
        """Gather bytes and read the packets among them."""
        self._buffer += data
        if not self.is_paused:
            self._read()

    def _read(self) -> None:
        """Read whole packets until there are no more, or the link has had enough."""
        if self._is_reading:
            return  # the link acknowledges, and resumes, from within a packet
        ear, done = self._ear, 0
        self._heard_at = self._clock.now()
        self._listener.heard()
        self._is_reading = True
        try:
            with memoryview(self._buffer) as view:
                while done < len(view) and not self.is_paused and self._ear is ear:
                    done += self._read_one(view[done:])
        except IndexError:
            pass  # the rest of this packet is still on its way
        except ValueError as error:
            self._refuse(str(error))
        finally:
            self._is_reading = False
        if self._ear is ear:
            if done:  # a new one, for the trace of a panic may still hold the old
                self._buffer = self._buffer[done:]
            if len(self._buffer) > 2 * PACKET_LIMIT_BYTES:
                self._listener.ended("malformed packet: too large")

    def _read_one(self, view: memoryview) -> int:
        """Take the first packet; gives its size, or raises IndexError or ValueError."""
        try:
            with _PANICS:
                packet, size = mqtt5.read(view)
        except _PanicError as error:
            spelled = spelled_out(view)
            if spelled is None:
                raise ValueError(f"a string that is no text ({error})") from error
            self._listener.received(spelled[0])
            return spelled[1]
        self._take(packet)
        return size

    def _refuse(self, reason: str) -> None:
        """End what speaks no MQTT 5."""
        if not self._is_in and self._buffer.startswith(_OLD_REFUSAL):
            self._listener.unsupported()
        self._listener.ended(f"malformed packet: {reason}")

    def _take(self, packet: mqtt5.Packet) -> None:
        """Tell the link what a packet says."""
        if isinstance(packet, mqtt5.PublishPacket):
            self._listener.received(
                Message(
                    packet.topic,
                    packet.payload,
                    packet.packet_id or 0,
                    0 if packet.packet_id is None else 1,
                    packet.retain,
                    packet.duplicate,
                )
            )
        elif isinstance(packet, mqtt5.PubAckPacket):
            self._pending.pop(packet.packet_id, None)
        elif isinstance(packet, mqtt5.ConnAckPacket):
            self._let_in(packet)
        elif isinstance(packet, mqtt5.SubAckPacket):
            refused = tuple(code.value >= _REFUSED for code in packet.reason_codes)
            self._listener.subscribed(packet.packet_id, refused)
        elif isinstance(packet, mqtt5.DisconnectPacket):
            self._listener.ended(f"lost: {_words(packet.reason_code.name)}")

    def _let_in(self, packet: mqtt5.ConnAckPacket) -> None:
        """Begin, with what the last connection has not brought through."""
        if packet.reason_code is mqtt5.ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION:
            self._listener.unsupported()
        if packet.reason_code is not mqtt5.ConnAckReasonCode.SUCCESS:
            self._listener.ended(f"refused: {_words(packet.reason_code.name)}")
            return
        self._listener.connected(has_session=packet.session_present)
        self._is_in = True
        self._send(b"".join(self._published(mid) for mid in self._pending))

    def _published(self, mid: int) -> bytes:
        """Spell what is to be published, as a repeat where it was sent before."""
        is_first = mid in self._never_sent
        self._never_sent.discard(mid)
        topic, payload, is_retained = self._pending[mid]
        return mqtt5.PublishPacket(
            topic,
            payload,
            qos=mqtt5.QoS.AT_LEAST_ONCE,
            retain=is_retained,
            packet_id=mid,
            duplicate=not is_first,
        ).write()

    def _next_mid(self) -> int:
        """Give a packet id that is free; fewer are in use than there are."""
        while True:
            self._mid = self._mid % _MOST_MIDS + 1
            if self._mid not in self._pending:
                return self._mid


def _words(name: str) -> str:
    """Spell a reason code as a person would."""
    return name.replace("_", " ").capitalize()
