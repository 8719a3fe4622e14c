"""MQTT 3.1.1 by paho, driven by our event loop through its socket, without a thread.

Only the blocking part of connecting runs in one. Acknowledgement is paho's own manual one, by
packet id. While a socket is left unread the broker's answers to paho's pings lie unread as well, so
that paho may not judge the connection by them: it is kept alive with publishes of our own.
"""

import asyncio
import socket
import struct
from collections.abc import Iterable
from datetime import timedelta

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from gateway.clock import Clock
from gateway.mqtt_client import Listener, Message, Outgoing
from gateway.mqtt_settings import WAITING, MqttSettings
from gateway.wire import Wire

_READS_AT_ONCE = 128  # packets read before the event loop gets its turn


class PahoClient:
    """One broker. `_heard` counts packets, so that a read without one ends the reading."""

    def __init__(self, settings: MqttSettings, clock: Clock, listener: Listener) -> None:
        self._settings = settings
        self._clock = clock
        self._listener = listener
        self._heard = 0
        self._pulse_at = clock.now()
        self._is_over = True
        self._client = self._make()
        self._wire = Wire(self._read, self._client.loop_write)

    def _make(self) -> Client:
        settings = self._settings
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.username_pw_set(settings.username, settings.password)
        if settings.ca_file is not None:
            client.tls_set(settings.ca_file, settings.cert_file, settings.key_file)
        client.will_set(settings.will_topic, settings.will, qos=1, retain=True)
        client.max_queued_messages = WAITING
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        # paho connects in a thread, where there is no wire yet and these do nothing.
        client.on_socket_close = lambda *_: self._wire.detach()
        client.on_socket_register_write = lambda *_: self._wire.want_write(is_wanted=True)
        client.on_socket_unregister_write = lambda *_: self._wire.want_write(is_wanted=False)
        client.connect_async(settings.host, settings.port, settings.keepalive_seconds)
        return client

    # --- what the link asks for ---------------------------------------------------------------

    @property
    def is_paused(self) -> bool:
        """Whether the socket is left unread."""
        return self._wire.is_paused

    async def connect(self) -> None:
        """Open a socket, take it into the event loop and send CONNECT; raises OSError."""
        self._is_over = False
        await asyncio.to_thread(self._client.reconnect)
        sock = self._client.socket()
        assert isinstance(sock, socket.socket)
        self._wire.attach(sock)
        self._client.loop_write()

    def subscribe(self, filters: Iterable[str], qos: int) -> int:
        """Ask for these; gives the packet id."""
        _, mid = self._client.subscribe([(topic, qos) for topic in filters])
        return mid or 0

    def publish(self, outgoing: Outgoing) -> bool:
        """Send at QoS 1, at once or when the link is up again; False where too much waits."""
        topic, payload, is_retained = outgoing
        info = self._client.publish(topic, payload, qos=1, retain=is_retained)
        return info.rc is not MQTTErrorCode.MQTT_ERR_QUEUE_SIZE

    def waiting(self) -> list[Outgoing]:
        """Give nothing: every broker speaks this version, and nobody comes after it."""
        return []

    def acknowledge(self, mids: Iterable[int]) -> None:
        """Send a PUBACK for each; they leave together."""
        for mid in mids:
            self._client.ack(mid, 1)

    def pause(self) -> None:
        """Leave the socket unread."""
        self._wire.pause()

    def resume(self) -> None:
        """Read on."""
        self._wire.resume()

    def tick(self, *, is_quiet: bool) -> None:
        """Let paho ping and judge; in a backlog the answer to its ping comes last."""
        if is_quiet:
            self._client.loop_misc()
        else:
            self._pulse()

    def _pulse(self) -> None:
        """Show the broker that we live, by a packet that asks for no answer."""
        now = self._clock.now()
        if now - self._pulse_at >= timedelta(seconds=self._settings.keepalive_seconds / 2):
            self._pulse_at = now
            self._client.publish(self._settings.pulse_topic, b"", qos=0)

    def cut(self) -> None:
        """Break the connection."""
        self._is_over = True
        self._wire.cut()

    # --- what the broker says -----------------------------------------------------------------
    # After `cut` paho may still read what the old socket held; nothing of it counts.

    def _read(self) -> None:
        """Read while messages come; the event loop calls again for what is left."""
        for _ in range(_READS_AT_ONCE):
            heard = self._heard
            try:
                self._client.loop_read()
            except struct.error:
                self._listener.ended("malformed packet")
            if self.is_paused or heard == self._heard or self._is_over:
                break

    def _hear(self) -> bool:
        """Note a sign of life; False when it comes from a connection that is over."""
        if self._is_over:
            return False
        self._heard += 1
        self._listener.heard()
        return True

    def _on_connect(
        self, _: Client, __: object, flags: ConnectFlags, code: ReasonCode, *___: object
    ) -> None:
        if code.is_failure:
            self._listener.ended(f"refused: {code}")
        if self._hear():
            self._listener.connected(has_session=flags.session_present)

    def _on_subscribe(
        self, _: Client, __: object, mid: int, codes: list[ReasonCode], *___: object
    ) -> None:
        if self._hear():
            self._listener.subscribed(mid, tuple(code.is_failure for code in codes))

    def _on_disconnect(
        self, _: Client, __: object, ___: DisconnectFlags, code: ReasonCode, *____: object
    ) -> None:
        if not self._is_over:
            self._listener.ended(f"lost: {code}")

    def _on_publish(self, *_: object) -> None:
        self._hear()

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        if self._hear():
            self._listener.received(
                Message(
                    _topic(message),
                    bytes(message.payload),
                    message.mid,
                    message.qos,
                    message.retain,
                    message.dup,
                )
            )


def _topic(message: MQTTMessage) -> str:
    """Read the topic, with its bytes spelled out where they are no text."""
    try:
        return message.topic
    except UnicodeDecodeError as error:
        return error.object.decode(errors="backslashreplace")
