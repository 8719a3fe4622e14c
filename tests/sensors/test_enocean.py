"""EnOcean: packets out of any stream, and bits by the sender's profile."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.errors import DecodeError
from sensors.families.enocean import decode, sender
from sensors.framing.esp3 import crc_framer
from sensors.reading import Kind
from simulators.devices import enocean as stick

SENDER = 0x0181B744


def said(profile: str, frame: bytes) -> dict[str, object]:
    """Values by kind, and by `kind[flag]` where there are flags; without the heartbeat."""
    [decoded] = decode(profile, frame)
    assert "enocean-0181b744" == decoded.device_id == sender(frame)
    return {
        f"{r.kind}[{','.join(r.flags)}]" if r.flags else f"{r.kind}": r.value
        for r in decoded.readings
        if r.kind is not Kind.HEARTBEAT
    }


def four(*data: int) -> bytes:
    """A telegram of four bytes."""
    return stick.telegram(stick.FOUR_BYTES, bytes(data), SENDER)


def one(data: int) -> bytes:
    """A telegram of a switch."""
    return stick.telegram(stick.RPS, bytes([data]), SENDER)


@pytest.mark.parametrize(
    ("profile", "frame", "expected"),
    [
        ("", stick.contact(SENDER, is_open=True), {"contact": True}),
        ("D5-00-01", stick.contact(SENDER, is_open=False), {"contact": False}),
        ("A5-02-05", stick.temperature(SENDER, 20), {"temperature": 19.922}),
        ("a5-02-10", four(0, 0, 0, 8), {"temperature": 20}),
        ("A5-02-30", four(0, 3, 255, 8), {"temperature": -40}),
        ("A5-04-01", four(0, 250, 125, 8), {"humidity": 100, "temperature": 20}),
        ("A5-07-01", four(0, 0, 200, 8), {"motion": True}),
        ("A5-07-01", four(250, 0, 127, 9), {"voltage": 5000}),
        ("A5-07-03", four(0, 0, 0, 0x88), {"motion": True}),
        ("A5-08-01", four(0, 0, 255, 8), {"temperature": 51, "motion": True}),
        ("A5-14-01", four(0, 0, 0, 9), {"contact": True}),
        ("A5-20-01", four(50, 0, 255, 8), {"temperature": 40}),
        ("A5-30-01", four(0, 255, 200, 8), {"battery_low": False, "contact": True}),
        ("F6-05-01", one(0x11), {"water_leak": True}),
        ("F6-05-02", one(0x10), {"smoke": True, "battery_low": False}),
        ("F6-05-02", one(0x30), {"battery_low": True}),
        ("F6-10-00", one(0xF0), {"contact": False}),
        ("F6-10-00", one(0xE0), {"contact": True}),
        ("HELP", stick.button(SENDER, is_pressed=True), {"help_call": "press"}),
        ("HELP", stick.button(SENDER, is_pressed=False), {}),
        ("F6-02-02", stick.button(SENDER, is_pressed=True), {}),
        ("", stick.temperature(SENDER, 20), {}),
        ("A5-02-05", one(0x11), {}),
        ("HELP", four(0xFF, 0xFF, 0xFF, 8), {}),
    ],
)
def test_bits_by_profile(profile: str, frame: bytes, expected: dict[str, object]) -> None:
    """A telegram of another sort than its profile's says nothing."""
    assert expected == said(profile, frame)


@pytest.mark.parametrize(
    ("profile", "frame", "expected"),
    [
        ("", stick.telegram(stick.ONE_BYTE, b"\x00", SENDER), {}),
        ("A5-07-01", four(0, 0, 200, 0), {}),
        ("A5-02-05", four(8, 0x28, 70, 0x80), {}),
        ("A5-02-05", four(0, 0, 255, 0), {"temperature[suspect]": 0}),
    ],
)
def test_a_lesson_acts_on_nothing(profile: str, frame: bytes, expected: dict[str, object]) -> None:
    """What it measures, if it does, is doubtful."""
    assert expected == said(profile, frame)


def test_the_stick_is_no_device() -> None:
    """And optional data may be missing."""
    answer = stick.packet(stick.RESPONSE, b"\x00\xff\x80\x00\x00")
    assert () == decode("", answer)
    assert "" == sender(answer)
    short = stick.telegram(stick.FOUR_BYTES, bytes(4), SENDER, has_optional=False)
    assert {} == said("", short)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "short"),
        (b"\x55\x00\x01", "short"),
        (b"\x54" * 20, "bad_head"),
        (b"\x55" * 20, "bad_checksum"),
        (stick.packet(1, b"\xa5\x00"), "bad_telegram"),
        (stick.packet(1, bytes.fromhex("a500000181b74400")), "bad_telegram"),
        (stick.packet(1, bytes(600)), "too_long"),
    ],
)
def test_other_bytes_are_refused(payload: bytes, code: str) -> None:
    """By name."""
    with pytest.raises(DecodeError, match=code):
        decode("", payload)


FRAMES = [
    stick.contact(0x55550000, is_open=True),
    four(0x55, 0, 1, 0x55),
    stick.packet(stick.RESPONSE, b"\x55" * 30),
]


@given(
    parts=st.lists(
        st.tuples(
            st.binary(max_size=30) | st.sampled_from([b"\x55", b"\x55" * 9]),
            st.sampled_from(FRAMES),
        )
    ),
    cuts=st.lists(st.integers(0, 2000)),
)
def test_garbage_costs_no_packet(parts: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    """Whatever stands between packets, and however the bytes are split, each comes out."""
    stream = b"".join(noise + frame for noise, frame in parts)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    framer, found = crc_framer(), list[bytes]()
    for start, stop in pairwise(places):
        found += framer.feed(stream[start:stop])
    assert [frame for _, frame in parts] == [frame for frame in found if frame in FRAMES]
