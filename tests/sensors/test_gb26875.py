"""Fire panels: frames out of any stream, every bit, and an acknowledgement under the serial."""

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decode import decode_line
from sensors.errors import DecodeError
from sensors.families.gb26875 import FAMILY, answer, decode, sender
from sensors.family import Message
from sensors.framing.gb26875 import sum_framer
from sensors.reading import Flag, Kind, Reading
from simulators.devices import gb26875 as wire
from simulators.devices.gb26875 import (
    BUTTON,
    FAULT,
    FIRE,
    GAS_HEAD,
    HEAT_HEAD,
    NORMAL,
    SHIELDED,
    SMOKE_HEAD,
    Unit,
)
from simulators.devices.gb26875 import POWER as LOST

AT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
HEARTBEAT = Reading(Kind.HEARTBEAT)


def readings(frame: bytes) -> tuple[Reading, ...]:
    """The readings of the one object of a frame, without the heartbeat."""
    [decoded] = decode("", frame)
    assert HEARTBEAT == decoded.readings[-1]
    return decoded.readings[:-1]


@pytest.mark.parametrize(
    ("component", "kind", "value"),
    [
        (SMOKE_HEAD, Kind.SMOKE, True),
        (HEAT_HEAD, Kind.HEAT, True),
        (GAS_HEAD, Kind.GAS, True),
        (BUTTON, Kind.HELP_CALL, "press"),
        (61, Kind.SMOKE, True),
        (0, Kind.SMOKE, True),
        (200, Kind.SMOKE, True),
    ],
)
def test_fire_is_what_its_component_stands_for(component: int, kind: Kind, value: object) -> None:
    """A button is a person, an unknown head is a fire."""
    fire = Unit(7).component(AT, component, 3, NORMAL | FIRE, "三楼走廊")
    assert Reading(kind, value) in readings(fire)  # type: ignore[arg-type]
    tested = Unit(7).component(AT, component, 3, FIRE)
    assert Reading(kind, value, flags=(Flag.TEST,)) in readings(tested)  # type: ignore[arg-type]


def test_quiet_says_clear_and_a_test_does_not() -> None:
    """The end of a test is no end of a fire; a button that is not pressed says nothing."""
    no_fault = Reading(Kind.FAULT, value=False)
    quiet = readings(Unit(7).component(AT, SMOKE_HEAD, 3, NORMAL))
    assert (Reading(Kind.SMOKE, value=False), no_fault) == quiet
    assert (no_fault,) == readings(Unit(7).component(AT, BUTTON, 3, NORMAL))
    assert {Kind.FAULT} == {r.kind for r in readings(Unit(7).component(AT, SMOKE_HEAD, 3, 0))}


@pytest.mark.parametrize("bit", [FAULT, SHIELDED, LOST])
def test_a_fault_hides_no_fire(bit: int) -> None:
    """A shielded head, a lost supply and a fault are troubles beside whatever else is said."""
    found = readings(Unit(7).component(AT, SMOKE_HEAD, 3, NORMAL | FIRE | bit))
    assert (Reading(Kind.SMOKE, value=True), Reading(Kind.FAULT, value=True)) == found


@pytest.mark.parametrize("bit", [2, 3, 8, 9, 10])
def test_what_is_wrong_with_a_system(bit: int) -> None:
    """Fault, shield, main and backup supply, bus."""
    assert Reading(Kind.FAULT, value=True) in readings(Unit(7).system(AT, NORMAL | 1 << bit))


@pytest.mark.parametrize("bit", [2, 3, 4, 5, 6])
def test_what_is_wrong_with_a_unit(bit: int) -> None:
    """Fault, main and backup supply, channel, line."""
    assert Reading(Kind.FAULT, value=True) in readings(Unit(7).own_state(AT, NORMAL | 1 << bit))


def test_who_speaks() -> None:
    """A component is named by unit, system and address; its time is Beijing's, and ours is UTC."""
    frame = Unit(0x060504030201).component(AT, SMOKE_HEAD, 0x04030201, NORMAL)
    [decoded] = decode("", frame)
    assert "gb26875-6618611909121-1_1-67305985" == decoded.device_id
    assert (AT, 1) == (decoded.device_time, decoded.seq)
    assert "gb26875-6618611909121" == sender(frame)


def test_a_manual_alarm_at_the_panel() -> None:
    """An operation is a press."""
    data = bytes([4, 1, 1, 2, 0x84, 250]) + wire.six(AT)
    assert (Reading(Kind.HELP_CALL, "press"),) == readings(Unit(7).frame(AT, 2, data))
    data = bytes([24, 1, 0x44, 250]) + wire.six(AT)
    tested = (Reading(Kind.HELP_CALL, "press", flags=(Flag.TEST,)),)
    assert tested == readings(Unit(7).frame(AT, 2, data))


def test_what_is_whole_of_a_cut_frame_counts() -> None:
    """Two objects are promised and one and a half are there: the fire is heard."""
    whole = Unit(7).component(AT, SMOKE_HEAD, 3, NORMAL | FIRE)[27:-3]
    cut = bytes([2, 2]) + whole[2:] + whole[2:20]
    assert Reading(Kind.SMOKE, value=True) in readings(Unit(7).frame(AT, 2, cut))
    with pytest.raises(DecodeError, match="bad_object"):
        decode("", Unit(7).frame(AT, 2, whole[:-1]))


def test_an_acknowledgement_under_the_same_serial() -> None:
    """Back to where it came from, with our time; the repeat is acknowledged like the first."""
    unit = Unit(7, centre=9, serial=0x1233)
    frame = unit.component(AT, SMOKE_HEAD, 3, NORMAL | FIRE)
    nine, seven = (9).to_bytes(6, "little"), (7).to_bytes(6, "little")
    later = AT + timedelta(seconds=4)
    expected = wire.framed(0x1234, wire.six(later), nine, seven, 3)
    assert expected == answer(frame, later) == answer(frame, later)


def test_the_time_and_the_watch_are_answered() -> None:
    """What a unit requests it gets; what it acknowledges ends there."""
    unit = Unit(7)
    [told] = sum_framer().feed(answer(unit.ask_time(AT), AT))
    assert (5, bytes([90, 1]) + wire.six(AT)) == (told[26], told[27:-3])
    [there] = sum_framer().feed(answer(unit.frame(AT, 4, bytes([91, 1, 5])), AT))
    assert (5, 91) == (there[26], there[27])
    [denied] = sum_framer().feed(answer(unit.frame(AT, 4, bytes([61, 1])), AT))
    assert 6 == denied[26]
    assert 3 == sum_framer().feed(answer(unit.frame(AT, 1, bytes([91, 1, 5])), AT))[0][26]
    assert [b"", b"", b""] == [answer(unit.frame(AT, c), AT) for c in (3, 5, 6)]


def test_a_repeat_is_marked() -> None:
    """The same serial of the same unit within a minute; a day later it is another frame."""
    listener = FAMILY.listener()
    fire = Unit(7).component(AT, SMOKE_HEAD, 3, NORMAL | FIRE)

    def hear(frame: bytes, seconds: float) -> bool:
        heard = listener.hear(Message("", frame, AT + timedelta(seconds=seconds)))
        return heard.said[0].is_repeat

    other = Unit(8).component(AT, SMOKE_HEAD, 3, NORMAL | FIRE)
    assert [False, True, True, False, False] == [
        *(hear(fire, 0), hear(fire, 10), hear(fire, 20), hear(other, 21), hear(fire, 86_400))
    ]


# --- the stream -----------------------------------------------------------------------------------

UNIT = Unit(0x2323404023, serial=0x4040)
FRAMES = [
    UNIT.component(AT, SMOKE_HEAD, 0x40402323, NORMAL | FIRE, "@@##@@"),
    UNIT.own_state(AT),
    UNIT.frame(AT, 3),
    UNIT.frame(AT, 2, b"\xfe\x01" + b"@@" * 200),
]


@given(
    parts=st.lists(
        st.tuples(
            st.binary(max_size=40) | st.sampled_from([b"@", b"@@", b"#", b"@@" * 20]),
            st.sampled_from(FRAMES),
        )
    ),
    cuts=st.lists(st.integers(0, 3000)),
)
def test_garbage_costs_no_frame(parts: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    """Whatever stands between frames, and however the bytes are split, each frame comes out."""
    stream = b"".join(noise + frame for noise, frame in parts)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    framer, found = sum_framer(), list[bytes]()
    for start, stop in pairwise(places):
        found += framer.feed(stream[start:stop])
    assert [frame for _, frame in parts] == found


def test_a_beginning_keeps_nobody_waiting() -> None:
    """Noise that looks like a long frame does not hold back the fire behind it."""
    beginning = FRAMES[3][:60]
    assert [FRAMES[0]] == sum_framer().feed(beginning + FRAMES[0])
    wrong = bytearray(FRAMES[1])
    wrong[-3] ^= 1
    framer = sum_framer()
    assert [FRAMES[0]] == framer.feed(bytes(wrong) + FRAMES[0])
    assert len(wrong) == framer.skipped["garbage"]


def test_memory_is_bounded_however_long_it_babbles() -> None:
    """Every byte could begin a frame, and none does."""
    framer = sum_framer()
    for _ in range(20):
        assert [] == framer.feed(b"@" * 2000)
    assert len(framer._window) <= 1054 + 2000  # noqa: SLF001 -- the bound is the point
    assert [FRAMES[0]] == framer.feed(FRAMES[0])


# --- recorded -------------------------------------------------------------------------------------

ERRORS = {
    "not_enough": "short",
    "head": "bad_head",
    "tail": "bad_tail",
    "checksum": "bad_checksum",
    "short": "bad_object",
}


def test_the_recorded_frames(fixtures_dir: Path) -> None:
    """What the standard says of each vector, the rejected ones too."""
    lines = (fixtures_dir / "data/devices/gb26875_3.jsonl").read_text().splitlines()
    for row in map(json.loads, lines):
        output = decode_line(FAMILY.listener(), row["hex"].encode(), FAMILY.spelled)
        forms, standard = json.loads(output), row["decoded_per_standard"]
        if "error" in standard:
            assert forms["detail"].startswith(ERRORS[standard["error"]]), row["name"]
            continue
        assert "heartbeat" == forms[-1]["kind"]
        by_kind = {form["kind"]: form for form in forms}
        for fact in standard.get("objects", []):
            local = datetime.fromisoformat(fact["time"]) - timedelta(hours=8)
            assert f"{local.isoformat()}Z" == forms[-1]["device_time"]
            bits = fact.get("bits", {})
            is_wrong = any(re.search("fault|shield", name) for name in bits)
            assert bool(is_wrong) == ("fault" in by_kind and by_kind["fault"]["value"])
            assert bits.get("test_mode", False) == ("test" in forms[0]["flags"])
            assert ("manual_alarm" in fact.get("ops", [])) == ("help_call" in by_kind)
            if "value" in fact:
                assert fact["value"] == by_kind[fact["quantity"]]["value"]
