"""`smartcare decode FAMILY`: one line out for each line in, whatever comes in."""

import gzip
import json
from collections.abc import Callable
from io import BufferedWriter, BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decode import LINE_LIMIT_BYTES, decode_line, decode_lines, listing
from sensors.errors import DecodeError
from sensors.families.own import FAMILY
from sensors.families.zigbee2mqtt import FAMILY as ZIGBEE
from sensors.family import Family
from sensors.reading import Decoded, Kind, Reading

LINE = b'{"home":"h","device":"d","kind":"motion","v":1,"value":true}'
TOO_LONG = "too_long: a line of more than 1048576 bytes"
TOPIC = b'"topic":"care/v1/h/d/motion"'


def refuse(address: str, payload: bytes) -> Decoded:
    """Say what a family is given."""
    raise DecodeError("given", f"{address} {payload!r}")


REFUSING = Family("refusing", (), refuse)


def printed(source: bytes) -> list[object]:
    """Give what is printed for this input, line by line."""
    sink = BytesIO()
    decode_lines(FAMILY, BytesIO(source), sink)
    text = sink.getvalue()
    assert text == b"" or text.endswith(b"\n")
    return [json.loads(line) for line in text.splitlines()]


def is_error(output: object) -> bool:
    """Tell the object for an error from the array of readings."""
    return isinstance(output, dict) and output.keys() == {"error", "detail"}


def test_a_line_gives_an_array_of_readings() -> None:
    """The reading first, the heartbeat last."""
    form: dict[str, object] = {
        "unit": None,
        "flags": [],
        "device": "own-d",
        "device_time": None,
        "replay": "live",
    }
    motion = {"kind": "motion", "value": True, **form}
    heartbeat = {"kind": "heartbeat", "value": None, **form}
    assert [[motion, heartbeat]] == printed(LINE + b"\n")


@pytest.mark.parametrize(
    "captured",
    [
        b'{%s,"payload":{"v":1,"value":true}}',
        b'{%s,"payload":"{\\"v\\":1,\\"value\\":true}"}',
        b'{"payload":{"v":1,"value":true},"qos":1,%s}',
    ],
)
def test_a_captured_message_says_the_same(captured: bytes) -> None:
    """The payload may be the object or its text."""
    assert decode_line(FAMILY.listener(), LINE) == decode_line(FAMILY.listener(), captured % TOPIC)


def test_a_retained_message_is_said_to_be_one() -> None:
    """Old news is not live."""
    line = b'{%s,"payload":{"v":1},"retain":true}' % TOPIC
    assert b'"replay":"retained"' in decode_line(FAMILY.listener(), line)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b" ",
        b"\xff\xfe",
        b"null",
        b"{}",
        b'{"topic":5}',
        b'{"topic":"care/v1/h/d/motion"}',
        b'{"topic":"care/v1/h/d/motion","payload":"\\ud800"}',
        b'{"topic":"care/v1/h/d/motion","payload":"\xff"}',
        b'{"topic":"care/v1/h/d/smoke","payload":{"v":1,"value":"\xff"}}',
        b'{"topic":"care/v1/h/d/\\u0000","payload":""}',
        b"[" * 5000,
        b'{"a":' + b"[" * 5000,
        LINE + b"*00",
        b"x" * 1_000_000,
    ],
    ids=range(15),
)
def test_what_cannot_be_decoded_gives_one_error(line: bytes) -> None:
    """The line before and the line after are not affected."""
    before, error, after = printed(LINE + b"\n" + line + b"\n" + LINE)
    assert (False, True, False) == (is_error(before), is_error(error), is_error(after))


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_a_family_is_given_what_the_device_sent(ending: bytes) -> None:
    """The line as it is, or the parts of a captured message as they are."""
    sink = BytesIO()
    decode_lines(REFUSING, BytesIO(b"[3G*1*2*LK] " + ending), sink)
    assert {"error": "malformed_payload", "detail": "given:  b'[3G*1*2*LK] '"} == json.loads(
        sink.getvalue()
    )
    captured = decode_line(REFUSING.listener(), b'{"topic":"t","payload":{"a": 1e999}}')
    assert "given: t b'{\"a\": 1e999}'" == json.loads(captured)["detail"]


def test_the_error_says_why() -> None:
    """One word for programs, the reason for people."""
    [error] = printed(b'{"home":"h","device":"d","kind":"dance","v":1}\n')
    assert {"error": "malformed_payload", "detail": "unknown_kind: 'dance'"} == error


@pytest.mark.parametrize("surplus", [0, 1, 2, LINE_LIMIT_BYTES, 3 * LINE_LIMIT_BYTES])
def test_a_giant_line_is_one_line(surplus: int) -> None:
    """Its rest is thrown away unread, and the next line is whole."""
    giant = b"x" * (LINE_LIMIT_BYTES + 1 + surplus)
    error, after = printed(giant + b"\n" + LINE + b"\n")
    assert {"error": "malformed_payload", "detail": TOO_LONG} == error
    assert not is_error(after)


def test_lines_are_printed_as_they_come() -> None:
    """Someone is watching: what has been said is shown before the next line is there."""
    screen = BytesIO()
    seen: list[int] = []

    class Pipe(BytesIO):
        """Input that looks at the output when it is read."""

        def readline(self, size: int | None = -1, /) -> bytes:
            """Note how many lines have been printed so far."""
            seen.append(screen.getvalue().count(b"\n"))
            return super().readline(size)

    decode_lines(FAMILY, Pipe(b"1\n2\n3\n"), BufferedWriter(screen))
    assert [0, 1, 2, 3] == seen


@given(st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b""))))
def test_any_input_gives_as_many_lines(lines: list[bytes]) -> None:
    """Blank ones too; an unfinished last line is a line."""
    assert len(lines) == len(printed(b"".join(line + b"\n" for line in lines)))
    assert len(lines) + 1 == len(printed(b"".join(line + b"\n" for line in lines) + b"x"))


def test_several_devices_in_one_input_give_one_line() -> None:
    """Each reading says whose it is."""

    def pair(_: str, payload: bytes) -> tuple[Decoded, ...]:
        return tuple(Decoded(f"two-{byte}", (Reading(Kind.HEARTBEAT),)) for byte in payload)

    line = decode_line(Family("two", (), pair).listener(), b"\x01\x02")
    assert ["two-1", "two-2"] == [form["device"] for form in json.loads(line)]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_saved_listing_is_learned_first(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """Packed or not; from the first line on names are known."""
    saved = tmp_path / "devices"
    saved.write_bytes(pack(b'[{"ieee_address":"0x1","friendly_name":"a b"}]'))
    sink = BytesIO()
    line = b'{"topic":"z/a b","payload":{"smoke":true}}'
    decode_lines(ZIGBEE, BytesIO(line), sink, [listing(saved, "z")])
    assert "zigbee2mqtt-0x1" == json.loads(sink.getvalue())[0]["device"]


def test_a_listing_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    """By the error all broken input has."""
    saved = tmp_path / "devices"
    saved.write_bytes(gzip.compress(b"[]" * 500)[:-9])
    with pytest.raises(DecodeError, match="malformed_payload"):
        listing(saved, "z")
