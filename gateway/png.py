"""Writes a PNG of few colours with nothing but zlib: cells and small letters on a white ground."""

import zlib
from struct import pack

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
GLYPH_WIDTH, GLYPH_HEIGHT = 3, 5

# Five rows of three dots a sign, as octal digits: 4 is the left dot, 2 the middle, 1 the right.
_GLYPHS = {
    "0": "75557",
    "1": "26227",
    "2": "71747",
    "3": "71717",
    "4": "55711",
    "5": "74717",
    "6": "74757",
    "7": "71122",
    "8": "75757",
    "9": "75717",
    "a": "25755",
    "b": "65656",
    "c": "34443",
    "d": "65556",
    "e": "74647",
    "f": "74644",
    "g": "34553",
    "h": "55755",
    "i": "72227",
    "j": "11152",
    "k": "55655",
    "l": "44447",
    "m": "57755",
    "n": "65555",
    "o": "25552",
    "p": "65644",
    "q": "25563",
    "r": "65655",
    "s": "34216",
    "t": "72222",
    "u": "55557",
    "v": "55552",
    "w": "55775",
    "x": "55255",
    "y": "55222",
    "z": "71247",
    "-": "00700",
    "_": "00007",
    ":": "02020",
    ".": "00002",
    "%": "51245",
    "/": "11244",
}
_UNKNOWN = "70707"


class Canvas:
    """A picture of `width` by `height` dots, white at first."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._rows = [bytearray(bytes(WHITE) * width) for _ in range(height)]

    def fill(self, left: int, top: int, size: tuple[int, int], colour: Colour) -> None:
        """Fill a rectangle; what lies outside is left out."""
        right, bottom = min(left + size[0], self.width), min(top + size[1], self.height)
        if right <= left:
            return
        for row in self._rows[max(top, 0) : bottom]:
            row[3 * left : 3 * right] = bytes(colour) * (right - left)

    def write(self, left: int, top: int, text: str, colour: Colour = (0, 0, 0)) -> None:
        """Write small letters, two dots a dot; a sign without a glyph is a box of dashes."""
        for sign in text.lower():
            for y, bits in enumerate(_GLYPHS.get(sign, "00000" if sign == " " else _UNKNOWN)):
                for x in range(GLYPH_WIDTH):
                    if int(bits) & (4 >> x):
                        self.fill(left + 2 * x, top + 2 * y, (2, 2), colour)
            left += 2 * (GLYPH_WIDTH + 1)

    def png(self) -> bytes:
        """Give the file: header, one deflated block, end."""
        head = pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        data = zlib.compress(b"".join(b"\0" + bytes(row) for row in self._rows), 9)
        parts = (_chunk(b"IHDR", head), _chunk(b"IDAT", data), _chunk(b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return pack(">I", len(body)) + kind + body + pack(">I", zlib.crc32(kind + body))
