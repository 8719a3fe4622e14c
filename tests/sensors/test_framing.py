"""What every framer keeps to: bounded memory, and work that grows with the bytes alone."""

import time
import tracemalloc
from datetime import UTC, datetime

import pytest

from sensors.families import discover
from sensors.family import Family
from simulators.devices import enocean, gb26875, rflink, watch3g

AT = datetime(2030, 1, 1, tzinfo=UTC)
PIECE = 4096
FAMILIES = [family for family in discover().values() if family.stream]
WORST = {
    "brackets": b"[",
    "heads": b"[3G*1*",
    "marks": b"@@",
    "long frames": gb26875.framed(0, bytes(6), bytes(6), bytes(6), 2, bytes(1024))[:60],
    "syncs": b"\x55",
    "long packets": enocean.packet(1, bytes(500))[:20],
    "lines": b"20;",
    "ends": b"\n",
    "objects": b'{"',
    "zeros": b"\x00",
}
every_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
every_noise = pytest.mark.parametrize("noise", WORST.values(), ids=WORST)


def babble(family: Family, noise: bytes, pieces: int) -> float:
    """Feed so many pieces of noise; give the seconds of the processor that it took."""
    assert family.stream is not None
    framer, piece = family.stream.framer(), (noise * PIECE)[:PIECE]
    begun = time.process_time()
    for _ in range(pieces):
        framer.feed(piece)
    return time.process_time() - begun


@every_family
@every_noise
def test_work_grows_with_the_bytes_alone(family: Family, noise: bytes) -> None:
    """Four times as much costs about four times as much, and a piece never long."""
    babble(family, noise, 2)
    few, many = babble(family, noise, 4), babble(family, noise, 16)
    assert many < max(10 * few, 0.25)


@every_family
@every_noise
def test_memory_is_bounded(family: Family, noise: bytes) -> None:
    """However long the other side babbles, no more is kept than the longest frame and a piece."""
    assert family.stream is not None
    framer, piece = family.stream.framer(), (noise * PIECE)[:PIECE]
    framer.feed(piece)
    tracemalloc.start()
    for _ in range(12):
        framer.feed(piece)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 48 * 1024


FRAMES = {
    "watch3g": watch3g.Watch("1").keep_alive(),
    "gb26875": gb26875.Unit(1).frame(AT, 3),
    "enocean": enocean.contact(1, is_open=True),
    "rflink": rflink.Gateway().smoke("1").strip(),
}


@pytest.mark.parametrize("name", FRAMES)
@every_noise
def test_a_frame_after_any_babble_is_found(name: str, noise: bytes) -> None:
    """Nothing that was said before it swallows it, once its line has begun."""
    family = discover()[name]
    assert family.stream is not None
    framer = family.stream.framer()
    framer.feed((noise * PIECE)[: 3 * PIECE])
    between = b"\n" if name == "rflink" else b""
    assert FRAMES[name] in framer.feed(between + FRAMES[name] + between)
