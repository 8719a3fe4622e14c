"""Texts as a modem takes and gives them in PDU mode. Pure: hexadecimal in, records out.

Source: 3GPP TS 23.040. What we send is always UCS-2, which every phone in China shows: 70 units are
one part, more are parts of 67 under a common reference. A sign beyond the basic plane (an emoji)
would be half a sign in a part and a box on an old phone, so it is replaced.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from alerting.channels.modem import septets

SINGLE, LINKED = 70, 67
"""UTF-16 units of a text in one part, and of each part of a longer one."""

MOST_PARTS = 8
"""What is longer is cut: nobody reads it before a neighbour's door."""

REPLACEMENT = "?"
MOST_DIGITS = 700
"""Hexadecimal digits of a PDU; the longest that can be has fewer."""

_SUBMIT, _RELATIVE_VALIDITY, _ASKS_REPORT, _HAS_HEADER = 0x01, 0x10, 0x20, 0x40
_KIND, _DELIVER_KIND, _REPORT_KIND = 0x03, 0x00, 0x02
_INTERNATIONAL, _ALPHANUMERIC = 0x91, 0x50
_UCS2 = 0x08
_FIVE_MINUTES = 0
_MOST_ADDRESS = 20
_STILL_TRYING, _FAILED = 0x20, 0x40


class PduError(ValueError):
    """Hexadecimal that is no text and no report."""


class Part(NamedTuple):
    """One PDU to send: hexadecimal with the service centre in front, and octets without it."""

    pdu: str
    length: int


class Link(NamedTuple):
    """Which part of which text this is, counted from 1."""

    reference: int
    total: int
    number: int


class Deliver(NamedTuple):
    """A part of a text that came; `sent_at` is the network's, None where it makes no sense."""

    sender: str
    text: str
    sent_at: datetime | None
    link: Link | None = None


class StatusReport(NamedTuple):
    """What became of the part that was sent under a reference: None while it is still tried."""

    reference: int
    to: str
    is_delivered: bool | None


# --- to send --------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Replace every sign that does not fit into one UTF-16 unit; a sign's variants go with it."""
    kept = (sign for sign in text if sign not in "\ufe0e\ufe0f\u200d")
    return "".join(REPLACEMENT if _is_odd(sign) else sign for sign in kept)


def _is_odd(sign: str) -> bool:
    return ord(sign) > 0xFFFF or 0xD800 <= ord(sign) <= 0xDFFF  # noqa: PLR2004 -- Unicode's planes


def split(text: str) -> list[str]:
    """Cut a text into what goes in each part; an empty one is one part."""
    text = plain(text)
    if len(text) <= SINGLE:
        return [text]
    text = text[: LINKED * MOST_PARTS]
    return [text[start : start + LINKED] for start in range(0, len(text), LINKED)]


def submit(to: str, text: str, reference: int) -> list[Part]:
    """Encode a text to an E.164 number, good for five minutes, with a report asked for."""
    pieces = split(text)
    made = []
    for number, piece in enumerate(pieces, start=1):
        header = bytes([5, 0, 3, reference & 0xFF, len(pieces), number]) if len(pieces) > 1 else b""
        first = _SUBMIT | _RELATIVE_VALIDITY | _ASKS_REPORT | (_HAS_HEADER if header else 0)
        data = header + piece.encode("utf-16-be")
        octets = bytes([first, 0]) + _address(to) + bytes([0, _UCS2, _FIVE_MINUTES, len(data)])
        made.append(Part(f"00{(octets + data).hex().upper()}", len(octets + data)))
    return made


def _address(number: str) -> bytes:
    digits = number.removeprefix("+")
    padded = digits + "F" * (len(digits) % 2)
    swapped = "".join(padded[at + 1] + padded[at] for at in range(0, len(padded), 2))
    return bytes([len(digits), _INTERNATIONAL]) + bytes.fromhex(swapped)


# --- to read --------------------------------------------------------------------------------------


class _Octets:
    """Takes octets one after the other; an end before its time is a PduError."""

    def __init__(self, pdu: str) -> None:
        if len(pdu) > MOST_DIGITS:
            raise PduError("too long")
        try:
            self._octets = bytes.fromhex(pdu)
        except ValueError:
            raise PduError("not hexadecimal") from None
        self._at = 0

    def take(self, count: int) -> bytes:
        """Take so many; raises PduError."""
        taken = self._octets[self._at : self._at + count]
        if len(taken) < count:
            raise PduError("ends too early")
        self._at += count
        return taken

    def one(self) -> int:
        """Take one; raises PduError."""
        return self.take(1)[0]


def read(pdu: str) -> Deliver | StatusReport:
    """Read what came, with its service centre in front.

    Raises:
        PduError: it is neither a text that came nor a report.
    """
    octets = _Octets(pdu)
    octets.take(octets.one())
    first = octets.one()
    kind = first & _KIND
    if kind == _REPORT_KIND:
        return _read_report(octets)
    if kind != _DELIVER_KIND:
        raise PduError("a text of our own")
    sender = _read_address(octets)
    octets.one()
    coding, sent_at, length = octets.one(), _read_time(octets.take(7)), octets.one()
    text, link = _read_data(octets, coding, length, has_header=bool(first & _HAS_HEADER))
    return Deliver(sender, text, sent_at, link)


def _read_report(octets: _Octets) -> StatusReport:
    reference = octets.one()
    to = _read_address(octets)
    octets.take(14)
    status = octets.one()
    is_trying = _STILL_TRYING <= status < _FAILED
    return StatusReport(reference, to, None if is_trying else status < _STILL_TRYING)


def _read_address(octets: _Octets) -> str:
    """Read a sender: `+` and digits, digits, or a name in letters."""
    length, kind = octets.one(), octets.one()
    if length > _MOST_ADDRESS:
        raise PduError("an address too long")
    digits = octets.take((length + 1) // 2)
    if kind & 0x70 == _ALPHANUMERIC:
        return septets.decode(septets.unpack(digits, length * 4 // 7))
    swapped = "".join(f"{octet & 0x0F:X}{octet >> 4:X}" for octet in digits)[:length]
    number = swapped.translate(str.maketrans("ABC", "*#a")).rstrip("F")
    return f"+{number}" if kind & 0x70 == _INTERNATIONAL & 0x70 else number


def _read_time(stamp: bytes) -> datetime | None:
    """Read a service centre's time stamp: local time and its distance from UTC."""
    year, month, day, hour, minute, second = (
        (octet & 0x0F) * 10 + (octet >> 4) for octet in stamp[:6]
    )
    quarters = (stamp[6] & 0x07) * 10 + (stamp[6] >> 4)
    away = timedelta(minutes=15 * quarters) * (-1 if stamp[6] & 0x08 else 1)
    try:
        local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=timezone(away))
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _read_data(
    octets: _Octets, coding: int, length: int, *, has_header: bool
) -> tuple[str, Link | None]:
    """Read the words and, from the header before them, which part they are."""
    alphabet = _alphabet(coding)
    data = octets.take((length * 7 + 7) // 8 if alphabet == 0 else length)
    header = data[: data[0] + 1] if has_header and data else b""
    link = _read_link(header)
    if alphabet == 0:
        filled = (len(header) * 8 + 6) // 7  # the words begin at the next whole septet
        return septets.decode(septets.unpack(data, length)[filled:]), link
    words = data[len(header) :]
    if alphabet == 1:
        return words.decode("latin-1"), link
    return words.decode("utf-16-be", "replace"), link


def _alphabet(coding: int) -> int:
    """Give 0 for septets, 1 for octets, 2 for UCS-2; raises PduError for what is compressed."""
    group = coding >> 4
    if group == 0xF:  # noqa: PLR2004 -- the group of classes
        return coding >> 2 & 1
    if group >= 0xC:  # noqa: PLR2004 -- the groups of waiting messages
        return 2 if group == 0xE else 0  # noqa: PLR2004 -- the one in UCS-2
    if group >= 0x8:  # noqa: PLR2004 -- reserved: to be read as septets
        return 0
    if coding & 0x20:
        raise PduError("compressed")
    return {1: 1, 2: 2}.get(coding >> 2 & 0x03, 0)


def _read_link(header: bytes) -> Link | None:
    """Find the element that numbers the parts, with a reference of 8 or 16 bits."""
    at = 1
    while at + 2 <= len(header):
        name, size = header[at], header[at + 1]
        body = header[at + 2 : at + 2 + size]
        if name == 0x00 and len(body) == 3:  # noqa: PLR2004 -- by the page
            return _checked(Link(body[0], body[1], body[2]))
        if name == 0x08 and len(body) == 4:  # noqa: PLR2004 -- by the page
            return _checked(Link(int.from_bytes(body[:2], "big"), body[2], body[3]))
        at += 2 + size
    return None


def _checked(link: Link) -> Link | None:
    return link if 1 <= link.number <= link.total else None
