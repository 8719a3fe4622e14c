"""Watches: frames out of any stream, every bit of an alarm, and an answer to each cry."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decode import decode_line
from sensors.errors import DecodeError
from sensors.families.watch3g import FAMILY, answer, decode, message, ring, sender
from sensors.framing.watch3g import FRAME_LIMIT_BYTES, BracketFramer
from sensors.reading import Flag, Kind, Reading
from simulators.devices.watch3g import Watch

AT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
WATCH = Watch("8800000015", networks=["Müllers [5G], *oben*", "b]c"])
HELP = Reading(Kind.HELP_CALL, "wearable")
UNKNOWN = Reading(Kind.HELP_CALL, "wearable", flags=(Flag.SUSPECT,))


def said(frame: bytes) -> dict[Kind, object]:
    """The values of one frame by their kinds, without the heartbeat."""
    [decoded] = decode("", frame)
    return {r.kind: r.value for r in decoded.readings if r.kind is not Kind.HEARTBEAT}


def readings(frame: bytes) -> tuple[Reading, ...]:
    """The readings of one frame."""
    return decode("", frame)[0].readings


def test_an_alarm_says_every_bit() -> None:
    """A weak battery does not hide a cry, nor a cry a fall."""
    frame = WATCH.alarm(AT, "low_battery", "sos", "off_wrist", "fall", "power_cut")
    found = said(frame)
    assert "wearable" == found[Kind.HELP_CALL]
    assert ("suspected", False, True) == (found[Kind.FALL], found[Kind.WORN], found[Kind.FAULT])
    assert found[Kind.BATTERY_LOW] is True
    assert 90 == found[Kind.BATTERY]
    assert decode("", frame)[0].device_time == AT


@pytest.mark.parametrize(
    "content",
    [
        "AL",
        "AL,",
        "ALCUSTOMER1,1",
        "AL,020130,030405,V,,,,,0,0,0,0,80,90,0,0,00000000,0",
        "AL,020130,030405,V,,,,,0,0,0,0,80,90,0,0,zz,0",
        "AL,020130,030405,V,,,,,0,0,0,0,80,90,0,0,00000018,0",
        "AL,020130,030405,V,,,,,0,0,0,0,80,90,0,0,01000000,0",
    ],
)
def test_an_alarm_without_a_reason_is_an_alarm(content: str) -> None:
    """Whether its status is empty, unknown, broken or missing."""
    assert UNKNOWN in readings(WATCH.frame(content))


@pytest.mark.parametrize("cry", ["low_battery", "off_wrist", "fall", "power_cut"])
def test_an_alarm_with_another_reason_is_no_help_call(cry: str) -> None:
    """A watch that was taken off is no cry."""
    assert Kind.HELP_CALL not in said(WATCH.alarm(AT, cry))
    assert Kind.HELP_CALL not in said(WATCH.position(AT))


def test_a_position_is_optional() -> None:
    """Indoors there is none, and the cry is heard; a broken battery column costs itself."""
    frame = WATCH.frame("AL,xx,yy,V,?,?,?,?,,,,,,999,12,0,00010000")
    assert HELP in readings(frame)
    assert {Kind.HELP_CALL, Kind.STEPS, Kind.BATTERY, Kind.BATTERY_LOW} == said(frame).keys()
    assert decode("", frame)[0].device_time is None


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (Watch("1", steps=50, battery=70).keep_alive(), {Kind.STEPS: 50, Kind.BATTERY: 70}),
        (WATCH.frame("LK"), {}),
        (WATCH.frame("LK,0,100"), {}),
        (WATCH.measured("heart", 72), {Kind.HEART_RATE: 72}),
        (WATCH.measured("PULSE", 61), {Kind.HEART_RATE: 61}),
        (WATCH.measured("oxygen", 0, 98), {Kind.SPO2: 98}),
        (WATCH.measured("btemp2", 1, 36.5), {Kind.BODY_TEMPERATURE: 36.5}),
        (
            WATCH.frame("bphrt,120,79,73,,,,"),
            {Kind.BLOOD_PRESSURE: {"systolic": 120, "diastolic": 79}, Kind.HEART_RATE: 73},
        ),
        (WATCH.frame("TKQ"), {}),
    ],
)
def test_what_is_measured(frame: bytes, expected: dict[Kind, object]) -> None:
    """Each type its columns."""
    assert expected == said(frame)


@pytest.mark.parametrize(("word", "numbers"), [("heart", [0]), ("btemp2", [0, 35.2])])
def test_not_worn_is_not_measured(word: str, numbers: list[float]) -> None:
    """A watch on the table has no pulse, and nobody is dead."""
    assert (Flag.INVALID,) == readings(WATCH.measured(word, *numbers))[0].flags


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (b"[SG*8800000015*0002*LK]", b"[SG*8800000015*0002*LK]"),
        (b"[SG*8800000015*000D*LK,50,100,100]", b"[SG*8800000015*0002*LK]"),
        (b"[ZJ*5678*0113*0002*LK]", b"[ZJ*5678*0113*0002*LK]"),
        (WATCH.alarm(AT, "sos"), b"[3G*8800000015*0002*AL]"),
        (WATCH.frame("ALCUSTOMER1,1"), b"[3G*8800000015*0002*AL]"),
        (WATCH.frame("TKQ"), b"[3G*8800000015*0003*TKQ]"),
        (WATCH.position(AT), b""),
        (b"[nonsense]", b""),
    ],
)
def test_what_a_watch_waits_for(frame: bytes, expected: bytes) -> None:
    """Under its own maker, id and index."""
    assert expected == answer(frame, AT)


def test_a_word_to_the_resident() -> None:
    """A text on the screen, and a ring."""
    assert b"[3G*1*0018*MESSAGE,67094EBA8FC7676582E6]" != message(b"3G", b"1", "有人来了")
    assert b"[3G*1*0018*MESSAGE,67094EBA67654E86]" == message(b"3G", b"1", "有人来了")
    assert b"[3G*1*0004*FIND]" == ring(b"3G", b"1")
    assert "watch3g-8800000015" == sender(WATCH.keep_alive())


@pytest.mark.parametrize("payload", [b"", b"[]", b"[3G*1*LK]", b"[3G*1*0002*LK", b"[3G*1*0002*,]"])
def test_no_frame_is_refused(payload: bytes) -> None:
    """By name."""
    with pytest.raises(DecodeError, match="bad_frame"):
        decode("", payload)


def test_a_recording_with_brackets_is_one_frame_by_its_length() -> None:
    """Somebody else has taken the escapes off already."""
    frame = b"[CS*1234567890*000e*TK,#!AMR\x7d\x5b\x5d\x2c\x2a\xff]"
    assert ["watch3g-1234567890"] == [decoded.device_id for decoded in decode("", frame)]


# --- the stream -----------------------------------------------------------------------------------

FRAMES = [
    WATCH.keep_alive(),
    WATCH.alarm(AT, "sos"),
    WATCH.frame("AL", length=9999 & 0xFFF),
    Watch("5", maker="ZJ", index=7, networks=["x"]).position(AT),
    WATCH.measured("heart", 72),
]


@given(
    parts=st.lists(st.tuples(st.binary(max_size=40), st.sampled_from(FRAMES))),
    end=st.binary(max_size=40),
    cuts=st.lists(st.integers(0, 2000)),
)
def test_garbage_costs_no_frame(
    parts: list[tuple[bytes, bytes]], end: bytes, cuts: list[int]
) -> None:
    """Whatever stands between frames, and however the bytes are split, each frame comes out."""
    stream = b"".join(noise + frame for noise, frame in parts) + end
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    framer, found = BracketFramer(), list[bytes]()
    for start, stop in pairwise(places):
        found += framer.feed(stream[start:stop])
    sent = [frame for _, frame in parts]
    assert sent == [frame for frame in found if frame in sent]


def test_a_half_frame_costs_only_itself() -> None:
    """The watch was reset in the middle of a word."""
    whole = WATCH.alarm(AT, "sos")
    assert [whole] == BracketFramer().feed(whole[:30] + whole)


def test_memory_is_bounded_however_long_it_babbles() -> None:
    """A picture is skipped, and what follows it is read."""
    framer = BracketFramer()
    for _ in range(50):
        assert [] == framer.feed(b"[3G*1*FFFF*img," + b"x" * 4096)
    assert len(framer._window) <= FRAME_LIMIT_BYTES  # noqa: SLF001 -- the bound is the point
    assert [WATCH.keep_alive()] == framer.feed(b"]" + WATCH.keep_alive())[-1:]
    assert framer.skipped["too_long"]


# --- recorded -------------------------------------------------------------------------------------

NAMES = {
    "battery_pct": "battery",
    "steps": "steps",
    "spo2_pct": "spo2",
    "heart_rate_bpm": "heart_rate",
    "body_temperature_c": "body_temperature",
}


def test_the_recorded_frames(fixtures_dir: Path) -> None:
    """Every fact that was transcribed from a frame is what we read in it."""
    lines = (fixtures_dir / "data/devices/watch3g.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    for row in rows:
        if row["encoding"] == "expr":
            continue
        output = decode_line(FAMILY.listener(), row["frame"].encode(), FAMILY.spelled)
        forms = json.loads(output)
        assert isinstance(forms, list), output
        by_kind = {form["kind"]: form["value"] for form in forms}
        facts = (row.get("parsed") or {}).get("facts", {})
        for name, kind in NAMES.items():
            if name in facts:
                assert facts[name] == by_kind[kind], row["frame"]
        if "lat" in facts:
            place = {"lat": facts["lat"], "lon": facts["lon"], "valid": facts["gps_valid"]}
            assert place == by_kind["location"]
            assert facts["time_utc"] == forms[0]["device_time"]
        alarms = {"sos": "help_call", "general": "help_call", "fallDown": "fall"}
        if facts.get("traccar_alarm") in alarms:
            assert alarms[facts["traccar_alarm"]] in by_kind
        elif "help_call" in by_kind or "fall" in by_kind:
            pytest.fail(f"an alarm nobody declared: {row['frame']}")
        if row.get("reply"):
            assert row["reply"].encode() == answer(row["frame"].encode(), AT)
