"""A serial line with the faults that real ones have.

Theory of operation. A line is one of two things behind the same `write`: a pseudo-terminal pair
of our own, reachable under a symbolic link as a USB adapter is under /dev (`SerialLine.pair`), or
a port that already exists (`SerialLine.port`). Only a pair can be unplugged: its master is closed
and the link removed, so a reader sees the hang-up that it sees when the adapter is pulled out,
and `plug` brings a new one under the same name.

A wire does not wait. Bytes that nobody reads in time are lost, and counted in `lost_bytes`.
`Faults` draws from a seed how each line goes out; none of its faults harms a message, apart from
`half_line`, which loses the one it cuts.
"""

import os
import pty
import tty
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol, Self

import serial

from simulators.devices.own import BOOT_BANNER, Message, half_line

GARBAGE = b'\xfe\x00\x80{"v":1,,\xff\r\n'
PORT_WRITE_SECONDS = 1.0


class _Wire(Protocol):
    def write(self, data: bytes) -> int: ...
    def close(self) -> None: ...


class SerialLine:
    """One serial line to write to; `path` is what the reading side opens."""

    def __init__(self, path: Path, wire: _Wire, *, is_pair: bool) -> None:
        self.path = path
        self.lost_bytes = 0
        self._wire: _Wire | None = wire
        self._is_pair = is_pair

    @classmethod
    def pair(cls, link: Path) -> Self:
        """Make a pseudo-terminal whose reading end appears at `link`; raises OSError."""
        return cls(link, _Pair(link), is_pair=True)

    @classmethod
    def port(cls, path: Path, baud: int = 115200) -> Self:
        """Open an existing port; raises serial.SerialException."""
        return cls(path, _Port(path, baud), is_pair=False)

    @classmethod
    def at(cls, path: Path) -> Self:
        """Open what stands at `path`, or make a pair there if nothing does."""
        return cls.port(path) if path.exists() else cls.pair(path)

    def write(self, data: bytes) -> None:
        """Send bytes now; what does not fit, or meets an unplugged line, is lost and counted."""
        taken = self._wire.write(data) if self._wire is not None else 0
        self.lost_bytes += len(data) - taken

    def unplug(self) -> None:
        """Pull the adapter out."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def plug(self) -> None:
        """Put an unplugged pair back under the same name."""
        assert self._is_pair, "only a pair can come back"
        assert self._wire is None, "it is plugged in"
        self._wire = _Pair(self.path)

    close = unplug


@dataclass(frozen=True, slots=True)
class Faults:
    """How often each fault strikes a line, as a probability."""

    split: float = 0.0
    crlf: float = 0.0
    unsummed: float = 0.0
    garbage: float = 0.0
    half_line: float = 0.0

    def chunks(self, message: Message, rng: Random) -> list[bytes]:
        """Spell a message as the separate writes that put it, and its faults, on the wire."""
        ending = b"\r\n" if rng.random() < self.crlf else b"\n"
        line = message.line(summed=rng.random() >= self.unsummed, ending=ending)
        before = [GARBAGE] if rng.random() < self.garbage else []
        if rng.random() < self.half_line:
            # A node that resets in mid-line says its boot banner next.
            return [*before, half_line(line), b"\r\n" + BOOT_BANNER]
        if rng.random() < self.split:
            cut = rng.randrange(1, len(line))
            return [*before, line[:cut], line[cut:]]
        return [*before, line]


class _Pair:
    def __init__(self, link: Path) -> None:
        # We hold the reading end too: its raw mode must outlive each reader that opens it.
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._link = link
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._slave))

    def write(self, data: bytes) -> int:
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        self._link.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)


class _Port:
    def __init__(self, path: Path, baud: int) -> None:
        self._port = serial.Serial(str(path), baud, write_timeout=PORT_WRITE_SECONDS)

    def write(self, data: bytes) -> int:
        try:
            return self._port.write(data) or 0
        except serial.SerialTimeoutException:
            return 0

    def close(self) -> None:
        self._port.close()
