"""PDUs at the network's end: what a module submits, what it is delivered, what it is told of it.

Written from 3GPP TS 23.040 and 23.038, for the network's side alone.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

SEPTETS = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
SERVICE_CENTRE = "+8613800571500"
LONGEST_SINGLE, LONGEST_LINKED = 70, 67
INTERNATIONAL, NATIONAL = 0x91, 0x81
ALPHABET, UCS2, OCTETS = 0x0C, 0x08, 0x04


class Submitted(NamedTuple):
    """One part as a module handed it over; `part` is (reference, total, number)."""

    to: str
    text: str
    part: tuple[int, int, int] | None
    asks_report: bool
    octets: int


def digits(number: str) -> bytes:
    """Encode an address: its length, its kind, its digits in swapped pairs."""
    plain = number.removeprefix("+")
    kind = INTERNATIONAL if number.startswith("+") else NATIONAL
    even = plain + "F" * (len(plain) % 2)
    return bytes([len(plain), kind]) + bytes(
        int(even[at + 1] + even[at], 16) for at in range(0, len(even), 2)
    )


def number_of(length: int, kind: int, octets: bytes) -> str:
    """Decode an address."""
    swapped = "".join(f"{octet & 15:x}{octet >> 4:x}" for octet in octets)[:length]
    return ("+" if kind == INTERNATIONAL else "") + swapped


def centre(number: str = SERVICE_CENTRE) -> bytes:
    """Encode a service centre, whose length counts octets."""
    body = digits(number)
    return bytes([len(body) - 1]) + body[1:]


def stamp(at: datetime) -> bytes:
    """Encode a time stamp: what the clock shows, and how far it is from UTC in quarter hours."""
    away = int((at.utcoffset() or timedelta()).total_seconds() // 900)
    pairs = [at.year % 100, at.month, at.day, at.hour, at.minute, at.second, abs(away)]
    swapped = bytearray(pair % 10 << 4 | pair // 10 for pair in pairs)
    swapped[6] |= 0x08 if away < 0 else 0
    return bytes(swapped)


def read_submit(pdu: str) -> Submitted:
    """Decode an SMS-SUBMIT, with its service centre in front.

    Raises:
        ValueError: it is none.
        IndexError: it ends too early.
    """
    whole = bytes.fromhex(pdu)
    octets = whole[whole[0] + 1 :]
    first, length, kind = octets[0], octets[2], octets[3]
    if first & 3 != 1:
        raise ValueError("not a submission")
    at = 4 + (length + 1) // 2
    to = number_of(length, kind, octets[4:at])
    coding = octets[at + 1]
    at += 2 + {0: 0, 2: 1}.get(first >> 3 & 3, 7)
    size, data = octets[at], octets[at + 1 :]
    header = data[: data[0] + 1] if first & 0x40 else b""
    text = _words(data, size, coding, len(header))
    return Submitted(to, text, _part(header), bool(first & 0x20), len(octets))


def _words(data: bytes, size: int, coding: int, header: int) -> str:
    if coding & ALPHABET == UCS2:
        if len(data) != size:
            raise ValueError("its length is another than it says")
        return data[header:].decode("utf-16-be")
    if coding & ALPHABET == OCTETS:
        return data[header:].decode("latin-1")
    packed = int.from_bytes(data, "little")
    signs = [packed >> 7 * place & 127 for place in range(size)]
    return "".join(SEPTETS[sign] for sign in signs[(header * 8 + 6) // 7 :])


def _part(header: bytes) -> tuple[int, int, int] | None:
    at = 1
    while at + 1 < len(header):
        name, size = header[at], header[at + 1]
        if name == 0:
            return header[at + 2], header[at + 3], header[at + 4]
        if name == 8:  # noqa: PLR2004 -- a reference of two octets
            return header[at + 2] << 8 | header[at + 3], header[at + 4], header[at + 5]
        at += 2 + size
    return None


def delivers(sender: str, text: str, at: datetime, reference: int) -> list[str]:
    """Encode a text as SMS-DELIVERs in UCS-2, one or several."""
    encoded = text.encode("utf-16-be")
    most = LONGEST_SINGLE if len(encoded) <= 2 * LONGEST_SINGLE else LONGEST_LINKED
    pieces = [encoded[i : i + 2 * most] for i in range(0, len(encoded), 2 * most)] or [b""]
    made = []
    for number, piece in enumerate(pieces, 1):
        header = bytes([5, 0, 3, reference & 255, len(pieces), number]) if len(pieces) > 1 else b""
        made.append(one_deliver(sender, header, piece, at))
    return made


def one_deliver(sender: str, header: bytes, words: bytes, at: datetime) -> str:
    """Encode one SMS-DELIVER in UCS-2."""
    data = header + words
    first = 0x24 if not header else 0x64
    body = bytes([first]) + digits(sender) + bytes([0, 8]) + stamp(at) + bytes([len(data)]) + data
    return (centre() + body).hex().upper()


def report(reference: int, to: str, at: datetime, status: int) -> str:
    """Encode an SMS-STATUS-REPORT."""
    body = bytes([0x06, reference]) + digits(to) + stamp(at) + stamp(at) + bytes([status])
    return (centre() + body).hex().upper()


def octets_of(pdu: str) -> int:
    """Count the octets of a PDU behind its service centre."""
    whole = bytes.fromhex(pdu)
    return len(whole) - whole[0] - 1
