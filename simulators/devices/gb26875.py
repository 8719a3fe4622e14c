"""A user transmission unit by GB/T 26875.3-2011, with a fire panel behind it.

Written from docs/wire/gb26875.md, and sharing nothing with what reads it. The unit numbers its
frames and says one again, under the same number, until it is acknowledged. Times on the wire are
those of Beijing.
"""

import struct
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

SMOKE_HEAD, HEAT_HEAD, GAS_HEAD, BUTTON = 42, 31, 11, 23
NORMAL, FIRE, FAULT, SHIELDED, POWER = 0x001, 0x002, 0x004, 0x008, 0x100

_BEIJING = timezone(timedelta(hours=8))
_HEAD = struct.Struct("<HBB6s6s6sHB")
_TEXT_BYTES = 31


def six(moment: datetime) -> bytes:
    """Spell an instant: second, minute, hour, day, month, year."""
    local = moment.astimezone(_BEIJING)
    return bytes(
        [local.second, local.minute, local.hour, local.day, local.month, local.year - 2000]
    )


def framed(
    serial: int, moment: bytes, source: bytes, destination: bytes, command: int, data: bytes = b""
) -> bytes:
    """Spell a frame with its sum."""
    body = _HEAD.pack(serial, 1, 0, moment, source, destination, len(data), command) + data
    return b"\x40\x40" + body + bytes([sum(body) % 256]) + b"\x23\x23"


@dataclass
class Unit:
    """One unit by its address; `serial` counts, and begins anew after a restart."""

    address: int
    centre: int = 1
    serial: int = 0

    def frame(self, moment: datetime, command: int, data: bytes = b"") -> bytes:
        """Spell the next frame."""
        self.serial = (self.serial + 1) % 65_536
        source, destination = (a.to_bytes(6, "little") for a in (self.address, self.centre))
        return framed(self.serial, six(moment), source, destination, command, data)

    def component(
        self, moment: datetime, kind: int, number: int, state: int, text: str = "", system: int = 1
    ) -> bytes:
        """Report the state of one head or button (type 2)."""
        name = text.encode("gb18030")[:_TEXT_BYTES].ljust(_TEXT_BYTES, b"\0")
        body = bytes([1, system, kind]) + struct.pack("<IH", number, state) + name + six(moment)
        return self.frame(moment, 2, bytes([2, 1]) + body)

    def system(self, moment: datetime, state: int, system: int = 1) -> bytes:
        """Report the state of the panel (type 1)."""
        body = bytes([1, system]) + struct.pack("<H", state) + six(moment)
        return self.frame(moment, 2, bytes([1, 1]) + body)

    def own_state(self, moment: datetime, state: int = NORMAL) -> bytes:
        """Report the state of the unit itself (type 21)."""
        return self.frame(moment, 2, bytes([21, 1, state]) + six(moment))

    def ask_time(self, moment: datetime) -> bytes:
        """Request the time (type 90)."""
        return self.frame(moment, 4, bytes([90, 1]))
