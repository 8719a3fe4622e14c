"""An EnOcean stick: radio telegrams in ESP3 packets.

Written from docs/wire/enocean.md, and sharing nothing with what reads it.
"""

RADIO, RESPONSE = 1, 2
RPS, ONE_BYTE, FOUR_BYTES = 0xF6, 0xD5, 0xA5


def _crc(data: bytes) -> int:
    """Divide by x⁸ + x² + x + 1, bit for bit."""
    remainder = 0
    for bit in (byte >> shift & 1 for byte in data for shift in range(7, -1, -1)):
        top = remainder >> 7
        remainder = remainder << 1 & 0xFF
        if top ^ bit:
            remainder ^= 0x07
    return remainder


def packet(kind: int, data: bytes, optional: bytes = b"") -> bytes:
    """Spell a packet."""
    head = len(data).to_bytes(2, "big") + bytes([len(optional), kind])
    body = data + optional
    return b"\x55" + head + bytes([_crc(head)]) + body + bytes([_crc(body)])


def telegram(sort: int, body: bytes, sender: int, *, has_optional: bool = True) -> bytes:
    """Spell a radio telegram as the stick hands it on."""
    data = bytes([sort]) + body + sender.to_bytes(4, "big") + b"\x00"
    return packet(RADIO, data, bytes.fromhex("01ffffffff2d00") if has_optional else b"")


def contact(sender: int, *, is_open: bool) -> bytes:
    """A contact says how it stands; bit 3 says that this is no lesson."""
    return telegram(ONE_BYTE, bytes([0x08 | (not is_open)]), sender)


def temperature(sender: int, celsius: float) -> bytes:
    """A5-02-05: 0 to 40 °C, counting down from 255."""
    return telegram(FOUR_BYTES, bytes([0, 0, round(255 - celsius * 255 / 40), 8]), sender)


def button(sender: int, *, is_pressed: bool) -> bytes:
    """A rocker switch goes down or comes up."""
    return telegram(RPS, bytes([0x70 if is_pressed else 0]), sender)
