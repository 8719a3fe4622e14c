"""The 7-bit alphabet of mobile networks: how it is packed and what it means. Pure.

Source: 3GPP TS 23.038. Our own texts are Chinese and go out in UCS-2; this is for reading what
others send.
"""

ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]",
    0x40: "|", 0x65: "€",
}  # fmt: skip
ESCAPE = 0x1B


def unpack(octets: bytes, count: int) -> list[int]:
    """Take `count` septets out of octets; stops where they end."""
    packed = int.from_bytes(octets, "little")
    count = min(count, len(octets) * 8 // 7)
    return [packed >> (7 * place) & 0x7F for place in range(count)]


def decode(septets: list[int]) -> str:
    """Read septets; an escape before something unknown is a space."""
    text, is_escaped = [], False
    for septet in septets:
        if is_escaped:
            text.append(EXTENSION.get(septet, " "))
            is_escaped = False
        elif septet == ESCAPE:
            is_escaped = True
        else:
            text.append(ALPHABET[septet])
    return "".join(text)
