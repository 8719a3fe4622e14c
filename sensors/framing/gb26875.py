"""Frames of GB/T 26875.3-2011: `@@`, a head with the length, data, a sum, `##`.

How they are found in a stream is in `resync`.
"""

from sensors.framing.resync import Found, ResyncFramer

START, END = b"@@", b"##"
DATA_LIMIT_BYTES = 1024
HEAD_BYTES = 27
"""Before the data: mark, serial, version, time, source, destination, length, command."""

AROUND_BYTES = 30
"""What a frame has beside its data."""


def measure(data: bytes, start: int = 0) -> Found:
    """Look for `bad_head`, `short`, `too_long`, `bad_tail` and `bad_checksum`."""
    there = len(data) - start
    if there >= len(START) and not data.startswith(START, start):
        return Found(0, "bad_head")
    size = int.from_bytes(data[start + 24 : start + 26], "little") if there >= HEAD_BYTES else 0
    length = AROUND_BYTES + size
    end = start + length
    if size > DATA_LIMIT_BYTES:
        return Found(length, "too_long")
    if there < length:
        return Found(length, "short")
    if not data.startswith(END, end - 2):
        return Found(length, "bad_tail")
    is_right = sum(data[start + 2 : end - 3]) & 0xFF == data[end - 3]
    return Found(length, "" if is_right else "bad_checksum")


def sum_framer() -> ResyncFramer:
    """Make the machine for one connection."""
    return ResyncFramer(START, measure)
