"""A sensor on RS-485 that answers in Modbus RTU.

Written from docs/wire/modbus.md, and sharing nothing with what reads it.
"""

import struct


def _summed(body: bytes) -> bytes:
    """Add the CRC-16, low byte first."""
    crc = 0xFFFF
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc, odd = crc >> 1, crc & 1
            crc ^= 0xA001 * odd
    return body + struct.pack("<H", crc)


def registers(unit: int, *values: int, function: int = 4) -> bytes:
    """Answer with registers, signed."""
    return _summed(
        bytes([unit, function, 2 * len(values)]) + struct.pack(f">{len(values)}h", *values)
    )


def bits(unit: int, *values: bool) -> bytes:
    """Answer with up to eight inputs."""
    byte = sum(value << place for place, value in enumerate(values))
    return _summed(bytes([unit, 2, 1, byte]))


def refusal(unit: int, function: int, code: int) -> bytes:
    """Answer with an exception."""
    return _summed(bytes([unit, 0x80 | function, code]))


def request(unit: int, function: int, first: int, count: int) -> bytes:
    """Ask, as a gateway does."""
    return _summed(struct.pack(">BBHH", unit, function, first, count))
