"""Frames that are no text, as a line of hexadecimal digits: how captures write them down."""

import re

_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2})+")
_BETWEEN = re.compile(rb"0x|[\s:,-]", re.IGNORECASE)


def unhexed(line: bytes) -> bytes:
    """Give the bytes that a line of digits stands for, or the line where it is no such line.

    Bytes may be set apart by spaces, colons, commas or dashes, and each begin with `0x`.
    """
    digits = _BETWEEN.sub(b"", line.strip())
    return bytes.fromhex(digits.decode("ascii")) if _HEX.fullmatch(digits) else line
