"""The hash chain by itself: the bytes of the page, and every way a log can be spoilt."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.alarm_log import (
    NOTHING_PRIVATE,
    START,
    Check,
    Head,
    Private,
    Reason,
    Sealed,
    Verdict,
    chained,
    private_digest,
    public_fields,
)
from gateway.entries import LogLine

PAGE = Path(__file__).parents[2] / "docs" / "wire" / "alarm_log.md"
SALT = bytes([7]) * 16


def sealed_log(count: int) -> list[Sealed]:
    """A sound log; every second line has a private text."""
    lines: list[Sealed] = []
    previous = START
    for seq in range(1, count + 1):
        fields = (b"key %d" % seq, b"1", b"h", b"a", b"smoke", b"raised", b"life", b"{}")
        private = Private(SALT, b"text %d" % seq) if seq % 2 else None
        digest = private_digest(private) if private else NOTHING_PRIVATE
        previous = chained(previous, fields, digest)
        lines.append(Sealed(seq, fields, digest, previous, private))
    return lines


def head_of(lines: list[Sealed]) -> Head:
    """What was noted when the last line was written."""
    return Head(lines[-1].seq, lines[-1].hash)


def check(lines: list[Sealed], noted: Head) -> Verdict:
    """Walk the lines as they are."""
    walk = Check(noted)
    for line in lines:
        walk.add(line)
    return walk.verdict()


def found(lines: list[Sealed], noted: Head) -> tuple[int | None, Reason | None]:
    """Where a log is broken, and how."""
    verdict = check(lines, noted)
    return verdict.broken_seq, verdict.reason


def test_the_page_is_right() -> None:
    """The digests and hashes worked out on the page are those of the code."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    one = LogLine("h1.a1.raised", start, "h1", "a1", "smoke", "raised", "life", {})
    facts = {"via": "sms", "by": "p7"}
    two = LogLine("h1.a1.going", start, "h1", "a1", "smoke", "acknowledged", "life", facts)
    digest = private_digest(Private(SALT, "3栋2单元502".encode()))
    hash_1 = chained(START, public_fields(one, 1767225600000000), digest)
    hash_2 = chained(hash_1, public_fields(two, 1767225630000000), NOTHING_PRIVATE)
    on_page = re.findall(r"`([0-9a-f]{64})`", PAGE.read_text(encoding="utf-8"))
    assert on_page == [digest.hex(), hash_1.hex(), hash_2.hex()]


def test_a_sound_log_passes() -> None:
    """Every line counts as good, and the head is the last one's."""
    lines = sealed_log(5)
    assert Verdict(head_of(lines), lines=5, erased=0) == check(lines, head_of(lines))


def test_an_empty_log_passes() -> None:
    """Nothing was written, nothing is missing."""
    assert Verdict(Head(0, START), lines=0, erased=0) == check([], Head(0, START))


def test_erased_lines_pass_and_are_counted() -> None:
    """Without salt and text the chain holds; lines that never had any do not count."""
    lines = sealed_log(5)
    erased = [line._replace(private=None) for line in lines]
    assert Verdict(head_of(lines), lines=5, erased=3) == check(erased, head_of(lines))


@pytest.mark.parametrize("field", range(8))
def test_any_public_field_counts(field: int) -> None:
    """One byte more in any field breaks the chain there."""
    lines = sealed_log(5)
    fields = list(lines[2].fields)
    fields[field] += b"x"
    spoilt = [*lines[:2], lines[2]._replace(fields=tuple(fields)), *lines[3:]]
    assert (3, Reason.CHANGED) == found(spoilt, head_of(lines))


def test_fields_cannot_reach_into_each_other() -> None:
    """A byte moved from one field's end to the next one's start is a change."""
    fields = (b"ab", b"c")
    assert chained(START, fields, START) != chained(START, (b"a", b"bc"), START)


@pytest.mark.parametrize("private", [Private(SALT, b"another text"), Private(bytes(16), b"text 3")])
def test_private_text_cannot_be_replaced(private: Private) -> None:
    """Text and salt can go but not change."""
    lines = sealed_log(5)
    spoilt = [*lines[:2], lines[2]._replace(private=private), *lines[3:]]
    assert (3, Reason.CHANGED) == found(spoilt, head_of(lines))


def test_private_text_cannot_be_added() -> None:
    """A line that never had any can get none."""
    lines = sealed_log(5)
    spoilt = [lines[0], lines[1]._replace(private=Private(SALT, b"x")), *lines[2:]]
    assert (2, Reason.CHANGED) == found(spoilt, head_of(lines))


def test_a_missing_line_is_named() -> None:
    """The number that is not there is the broken one."""
    lines = sealed_log(5)
    assert (3, Reason.MISSING) == found([*lines[:2], *lines[3:]], head_of(lines))


def test_a_line_taken_out_and_the_rest_renumbered_is_found() -> None:
    """Closing the hole in the numbers does not close the one in the chain."""
    lines = sealed_log(5)
    closed = [*lines[:2], *(line._replace(seq=line.seq - 1) for line in lines[3:])]
    assert (3, Reason.CHANGED) == found(closed, head_of(lines))


@pytest.mark.parametrize("other", [2, 4])
def test_lines_that_changed_places_are_told_apart_from_changed_ones(other: int) -> None:
    """The line that belongs here is found further on."""
    lines = sealed_log(5)
    lines[1], lines[other] = lines[other]._replace(seq=2), lines[1]._replace(seq=other + 1)
    assert (2, Reason.REORDERED) == found(lines, head_of(sealed_log(5)))


def test_a_log_cut_at_its_end_is_found() -> None:
    """The head remembers what is not there any more."""
    lines = sealed_log(5)
    assert (4, Reason.TRUNCATED) == found(lines[:3], head_of(lines))


def test_a_log_that_is_gone_is_found() -> None:
    """No lines at all are not an empty log when a head was noted."""
    assert (1, Reason.TRUNCATED) == found([], head_of(sealed_log(5)))


def test_lines_after_the_head_are_found() -> None:
    """Even a well made line is one too many if no commit wrote it."""
    lines = sealed_log(5)
    assert (4, Reason.ADDED) == found(lines, head_of(lines[:3]))


def test_a_last_line_written_anew_is_found() -> None:
    """The chain fits, the head does not."""
    lines = sealed_log(5)
    fields = (b"other", *lines[4].fields[1:])
    hash_ = chained(lines[3].hash, fields, lines[4].digest)
    forged = [*lines[:4], lines[4]._replace(fields=fields, hash=hash_)]
    assert (5, Reason.CHANGED) == found(forged, head_of(lines))


def test_the_first_break_is_the_one_named() -> None:
    """Later ones do not hide it."""
    lines = sealed_log(6)
    spoilt = [lines[0], lines[1]._replace(digest=SALT * 2), *lines[3:5]]
    assert (2, Reason.CHANGED) == found(spoilt, head_of(lines))
