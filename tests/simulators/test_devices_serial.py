"""A serial line and its faults, read from the other end of a real pseudo-terminal."""

import os
import pty
from pathlib import Path
from random import Random

import pytest

from simulators.devices.own import BOOT_BANNER, Message
from simulators.serial_line import GARBAGE, Faults, SerialLine

MESSAGE = Message("h0001", "smoke-h0001", "smoke", {"v": 1, "value": True})


def opened(path: Path) -> int:
    """Open the reading end without waiting for data."""
    return os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)


def test_a_pair_carries_bytes_unchanged(tmp_path: Path) -> None:
    """No echo, no translation of line ends, and nothing lost."""
    line = SerialLine.pair(tmp_path / "port")
    reader = opened(line.path)
    line.write(b"\x00\r\n\xff*")
    assert (b"\x00\r\n\xff*", 0) == (os.read(reader, 100), line.lost_bytes)
    os.close(reader)
    line.close()


def test_unplugging_hangs_up_and_plugging_in_again_works(tmp_path: Path) -> None:
    """The reader sees an end; what is written meanwhile is lost and counted; the name returns."""
    line = SerialLine.pair(tmp_path / "port")
    reader = opened(line.path)
    line.unplug()
    assert b"" == os.read(reader, 100)
    os.close(reader)
    line.write(b"gone")
    line.plug()
    reader = opened(line.path)
    line.write(b"back")
    assert (b"back", 4) == (os.read(reader, 100), line.lost_bytes)
    os.close(reader)
    line.close()
    assert not line.path.is_symlink()


def test_a_wire_does_not_wait_for_its_reader(tmp_path: Path) -> None:
    """With nobody reading, bytes are lost and counted; the sender is not held up."""
    line = SerialLine.pair(tmp_path / "port")
    for _ in range(100):
        line.write(b"x" * 1000)
    assert 0 < line.lost_bytes < 100_000
    line.close()


def test_an_existing_port_is_opened(tmp_path: Path) -> None:
    """What stands at the path is used, not replaced."""
    master, slave = pty.openpty()
    path = tmp_path / "port"
    path.symlink_to(os.ttyname(slave))
    line = SerialLine.at(path)
    line.write(b"hello")
    assert b"hello" == os.read(master, 100)
    line.close()
    os.close(slave)
    os.close(master)


@pytest.mark.parametrize(
    ("faults", "chunks"),
    [
        (Faults(), [MESSAGE.line(summed=True)]),
        (Faults(unsummed=1, crlf=1), [MESSAGE.line(ending=b"\r\n")]),
        (Faults(garbage=1), [GARBAGE, MESSAGE.line(summed=True)]),
        (
            Faults(half_line=1, unsummed=1),
            [b'{"home":"h0001","device":"smoke-h0001', b"\r\n" + BOOT_BANNER],
        ),
    ],
)
def test_a_fault_strikes_as_told(faults: Faults, chunks: list[bytes]) -> None:
    """Each fault, when certain, is exactly what goes out."""
    assert chunks == faults.chunks(MESSAGE, Random(1))


def test_a_split_line_is_whole_when_put_together() -> None:
    """Two writes, and not a byte more or less."""
    chunks = Faults(split=1).chunks(MESSAGE, Random(1))
    assert (2, MESSAGE.line(summed=True)) == (len(chunks), b"".join(chunks))
