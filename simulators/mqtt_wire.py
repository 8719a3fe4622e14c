"""The corner of MQTT 3.1.1 that a QoS 1 publisher needs, as bytes in and facts out.

The village's ordinary devices use aiomqtt. The load generator cannot: at 200 µs of processor time
for each acknowledged publish, aiomqtt ends at about 4,500 a second on one core, and the generator
has to leave that core to the system under test. Source: OASIS MQTT 3.1.1, sections 2.2 and 3.1 to
3.4.
"""

import struct
from typing import NamedTuple

CONNACK, PUBACK = 0x20, 0x40
PUBLISH_QOS_1 = 0x32
DISCONNECT = b"\xe0\x00"
CONTINUES = 0x80
BODY_LENGTH = 2


class Answer(NamedTuple):
    """A broker's answer: the packet type and its last field, a return code or a packet id."""

    packet_type: int
    number: int


class WireError(ValueError):
    """The broker sent something that is not MQTT."""


def connect(client_id: str, username: str | None, password: str | None) -> bytes:
    """Spell CONNECT for a clean session without keep-alive."""
    flags = 0x02 | (0x80 if username else 0) | (0x40 if username and password else 0)
    fields = [client_id, username or "", password or ""][: flags.bit_count()]
    body = b"\x00\x04MQTT\x04" + bytes([flags]) + b"\x00\x00" + b"".join(map(_text, fields))
    return _packet(0x10, body)


def publish(topic: bytes, payload: bytes, packet_id: int) -> bytes:
    """Spell PUBLISH at QoS 1; `packet_id` is 1..65535."""
    body = struct.pack("!H", len(topic)) + topic + struct.pack("!H", packet_id) + payload
    return _packet(PUBLISH_QOS_1, body)


class Answers:
    """Frames what a broker sends, however it is split."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Answer]:
        """Give the answers completed by these bytes; raises WireError on anything else."""
        self._held += data
        answers: list[Answer] = []
        while (end := self._packet_end()) is not None:
            packet_type, body = self._held[0], bytes(self._held[end - 2 : end])
            del self._held[:end]
            number = body[1] if packet_type == CONNACK else int.from_bytes(body)
            answers.append(Answer(packet_type, number))
        return answers

    def _packet_end(self) -> int | None:
        """Find where the first packet ends; both that may come have a body of two bytes."""
        if self._held and self._held[0] not in (CONNACK, PUBACK):
            raise WireError(self._held.hex())
        if len(self._held) > 1 and self._held[1] != BODY_LENGTH:
            raise WireError(self._held.hex())
        end = 2 + BODY_LENGTH
        return end if len(self._held) >= end else None


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("!H", len(data)) + data


def _packet(first: int, body: bytes) -> bytes:
    length, encoded = len(body), bytearray()
    while True:
        length, low = divmod(length, CONTINUES)
        encoded.append(low | (CONTINUES if length else 0))
        if not length:
            return bytes([first]) + encoded + body
