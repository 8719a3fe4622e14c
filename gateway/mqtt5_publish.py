"""A PUBLISH that the codec cannot read because a string in it is no text, read by hand.

The codec panics on such a string. A broker that lets one through offers it again on every
connection, so it must be taken in: its topic is spelled out, its properties are passed over, and
the link does with it what it does with any message. Source: OASIS MQTT 5.0, sections 2.1 and 3.3.
"""

from gateway.mqtt_client import Message

_PUBLISH = 3
_CONTINUES = 0x80
_MOST_LENGTH_BYTES = 4


def spelled_out(frame: memoryview) -> tuple[Message, int] | None:
    """Read the first packet of `frame`: the message and its size in bytes.

    None where it is no PUBLISH, is not whole, or does not keep to its own lengths.
    """
    if len(frame) == 0 or frame[0] >> 4 != _PUBLISH:
        return None
    length = _number(frame, 1)
    if length is None or len(frame) < length[1] + length[0]:
        return None
    at, size = length[1], length[1] + length[0]
    body = bytes(frame[at:size])
    qos, topic_end = frame[0] >> 1 & 3, 2 + int.from_bytes(body[:2])
    mid_end = topic_end + (2 if qos else 0)
    properties = _number(memoryview(body), mid_end)
    if properties is None or properties[1] + properties[0] > len(body):
        return None
    topic = body[2:topic_end].decode(errors="backslashreplace")
    mid = int.from_bytes(body[topic_end:mid_end])
    payload = body[properties[1] + properties[0] :]
    return Message(topic, payload, mid, qos, bool(frame[0] & 1), bool(frame[0] & 8)), size


def _number(data: memoryview, at: int) -> tuple[int, int] | None:
    """Read a variable byte integer: its value, and where it ends."""
    value = 0
    for nth in range(_MOST_LENGTH_BYTES):
        if at + nth >= len(data):
            return None
        value |= (data[at + nth] & ~_CONTINUES) << (7 * nth)
        if not data[at + nth] & _CONTINUES:
            return value, at + nth + 1
    return None
