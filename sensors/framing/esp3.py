"""Packets of the EnOcean Serial Protocol 3: `55`, a head with two lengths, data, two CRCs.

How they are found in a stream is in `resync`.
"""

from sensors.framing.resync import Found, ResyncFramer

SYNC = b"\x55"
HEAD_BYTES = 6
"""Sync, length of the data (2), of the optional data, type, CRC of these four."""

DATA_LIMIT_BYTES = 512
"""No telegram is longer; what says it is, is noise."""


def _crc_table() -> tuple[int, ...]:
    """Make CRC-8 with the polynomial x⁸ + x² + x + 1."""
    table = []
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = (crc << 1) ^ 0x07 if crc & 0x80 else crc << 1
        table.append(crc & 0xFF)
    return tuple(table)


_CRC8 = _crc_table()


def crc8(data: bytes) -> int:
    """Give the CRC-8 of ESP3."""
    crc = 0
    for byte in data:
        crc = _CRC8[crc ^ byte]
    return crc


def measure(data: bytes, start: int = 0) -> Found:
    """Look for `bad_head`, `short`, `too_long` and `bad_checksum`."""
    head = data[start : start + HEAD_BYTES]
    if head and not head.startswith(SYNC):
        return Found(0, "bad_head")
    if len(head) < HEAD_BYTES:
        return Found(HEAD_BYTES, "short")
    if crc8(head[1:5]) != head[5]:
        return Found(0, "bad_checksum")
    size = int.from_bytes(head[1:3], "big") + head[3]
    length = HEAD_BYTES + size + 1
    if size > DATA_LIMIT_BYTES:
        return Found(length, "too_long")
    if len(data) - start < length:
        return Found(length, "short")
    body = data[start + HEAD_BYTES : start + length]
    return Found(length, "" if crc8(body[:-1]) == body[-1] else "bad_checksum")


def crc_framer() -> ResyncFramer:
    """Make the machine for one connection."""
    return ResyncFramer(SYNC, measure)
