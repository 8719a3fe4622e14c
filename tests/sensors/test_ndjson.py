"""The framer for serial lines: any split, any garbage, bounded memory, linear time."""

from collections import Counter
from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.framing.ndjson import LINE_LIMIT_BYTES, LineFramer
from simulators.devices.own import BOOT_BANNER, HelpButton, half_line

LINE = b'{"home":"h","device":"d","kind":"motion","v":1}'
NESTED = b'{"v":1,"value":{"lat":1,"lon":2,"valid":true},"x":"{*}"}'

GARBAGE = st.binary(max_size=40) | st.sampled_from(
    [
        BOOT_BANNER,
        b"\xfe\x00\x80",
        LINE[:20],
        LINE + b"*00\n",
        b'{"v":1,,\xff\r\n',
        b"{" * 30,
        b"x" * 3000,
        b'{"a":' * 400,
        b'"',
        b"\r",
    ]
)


def framed(stream: bytes) -> tuple[list[bytes], Counter[str]]:
    """Feed a stream in one piece."""
    framer = LineFramer()
    return framer.feed(stream), framer.skipped


def summed(line: bytes) -> bytes:
    """Put the right checksum behind a line."""
    return line + b"*%02X" % reduce(xor, line, 0)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b" \r\n"])
@pytest.mark.parametrize(
    "line", [LINE, NESTED, b'{ "v" : 1 }', b'{"a":"*"}', b'{"\xe6\xa5\xbc":1}']
)
def test_a_line_comes_out_without_its_ending(line: bytes, ending: bytes) -> None:
    """LF and CRLF, with and without a checksum; the checksum is not part of the object."""
    assert ([line], Counter()) == framed(line + ending)
    assert ([line], Counter()) == framed(summed(line) + ending)


def test_an_unfinished_line_waits() -> None:
    """Nothing is emitted before the line ends."""
    framer = LineFramer()
    assert [] == framer.feed(LINE)
    assert [LINE] == framer.feed(b"\n")


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (b"ets Jan  1 1970 rst:0x1\r\n", "banner"),
        (b"\x00\xff\xfe\n", "banner"),
        (b"[1]\n", "banner"),
        (LINE[:30] + b"\r\n", "half_line"),
        (b"{}}\n", "half_line"),
        (b'{"a":' + b"[" * 1000 + b"\n", "half_line"),
        (LINE.replace(b"h", b"\xff") * 30 + b"\n", "too_long"),
        (LINE + b"*00\n", "bad_checksum"),
        (LINE + b"*4d\n", "bad_checksum"),
        (LINE + b"*\xff\xff\n", "bad_checksum"),
        (summed(LINE).replace(b"motion", b"notion") + b"\n", "bad_checksum"),
    ],
)
def test_what_is_skipped_is_counted_by_code(stream: bytes, code: str) -> None:
    """Each reason has a name, and the next line is a good one again."""
    assert ([LINE], Counter({code: 1})) == framed(stream + LINE + b"\n")


def test_blank_lines_are_nothing() -> None:
    """They are neither lines nor skipped ones."""
    assert ([LINE], Counter()) == framed(b"\n\r\n  \n" + LINE + b"\n\n")


def test_the_limit_is_the_longest_that_passes() -> None:
    """The limit is of the line without its ending, whichever that is."""
    longest = b'{"v":1,"x":"' + b"a" * (LINE_LIMIT_BYTES - 14) + b'"}'
    longer = longest.replace(b'"v"', b'"vv"')
    assert LINE_LIMIT_BYTES == len(longest)
    for ending in (b"\n", b"\r\n"):
        assert ([longest], Counter()) == framed(longest + ending)
        assert ([], Counter(too_long=1)) == framed(longer + ending)


@pytest.mark.parametrize(
    ("before", "skipped"),
    [
        (b"\x00\xff\x80", {"banner": 1}),
        (LINE[:25], {"half_line": 1}),
        (LINE[:9], {"half_line": 1}),
        (b'{"v":1,"value":', {"half_line": 1}),
        (b"\xff" * 5000, {"too_long": 1}),
        (b'{"' * 2000, {"too_long": 1}),
    ],
)
@pytest.mark.parametrize("line", [LINE, NESTED])
def test_a_line_is_found_behind_what_a_reset_left(
    before: bytes, skipped: dict[str, int], line: bytes
) -> None:
    """A device that fell over in mid-line ends nothing; what it says next must not be lost."""
    assert ([line], Counter(skipped)) == framed(before + line + b"\n")
    assert ([line], Counter(skipped)) == framed(before + summed(line) + b"\r\n")


def test_a_simulated_reset_costs_its_own_line_only() -> None:
    """The simulators' half line and banner, then the press again."""
    button = HelpButton("btn-1", "h0001", salt="a")
    first, second = (button.report("help_call", "press") for _ in range(2))
    stream = half_line(first.line(summed=True)) + BOOT_BANNER + second.line(summed=True)
    lines, skipped = framed(stream)
    assert ([second.line().rstrip()], 2) == (lines, skipped.total())


@given(pieces=st.lists(GARBAGE | st.sampled_from([LINE + b"\n", NESTED + b"\r\n"])), cuts=st.data())
def test_any_split_gives_the_same(pieces: list[bytes], cuts: st.DataObject) -> None:
    """Lines and counts depend on the bytes alone, not on how they arrived."""
    stream = b"".join(pieces)
    places = cuts.draw(st.lists(st.integers(0, len(stream))).map(sorted))
    framer = LineFramer()
    lines = []
    for start, end in zip([0, *places], [*places, len(stream)], strict=True):
        lines += framer.feed(stream[start:end])
    assert framed(stream) == (lines, framer.skipped)


@given(garbage=st.lists(GARBAGE, min_size=1))
def test_no_garbage_costs_a_good_line(garbage: list[bytes]) -> None:
    """Whatever stands between, ended or not: every good line comes out, in order."""
    good = [b'{"v":1,"seq":%d}' % number for number in range(len(garbage))]
    stream = b"".join(g + summed(line) + b"\n" for g, line in zip(garbage, good, strict=True))
    lines, _ = framed(stream)
    assert good == [line for line in lines if line in good]


@given(stream=st.binary())
def test_a_byte_at_a_time_is_enough(stream: bytes) -> None:
    """The worst split of all."""
    framer = LineFramer()
    lines = [line for byte in stream for line in framer.feed(bytes([byte]))]
    assert framed(stream) == (lines, framer.skipped)


def test_memory_is_bounded() -> None:
    """A line that never ends is kept only as far as a line may go."""
    framer = LineFramer()
    for _ in range(100):
        framer.feed(b'{"a":"' + b"x" * 10_000)
    assert len(framer._window) <= LINE_LIMIT_BYTES + 1  # noqa: SLF001 - the bound is the point
