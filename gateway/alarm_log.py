"""The alarm log's hash chain: pure, so that anybody can check a log with nothing but this.

Each line's hash covers the hash before it, the line's public fields and a digest of its private
text; so a line cannot be changed, moved, added or taken out without a break that a check finds.
The digest is salted and the salt is kept beside the text: erase both, and what is left neither
tells nor lets anybody guess the text, while the chain still holds. `docs/wire/alarm_log.md` fixes
the bytes.
"""

from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

import msgspec

from gateway.entries import LogLine

SALT_BYTES = 16
START = bytes(32)  # stands before the first line
NOTHING_PRIVATE = bytes(32)  # digest of a line that never had private text

Fields = tuple[bytes, ...]  # key, time, home, alarm, kind, verb, priority, facts


class Reason(StrEnum):
    """What is wrong with a line."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"  # the line that belongs here stands further on
    TRUNCATED = "truncated"  # the log ends before its noted head
    ADDED = "added"  # the log goes on after its noted head


class Head(NamedTuple):
    """The last line's number and hash; whoever has noted one can hold the log to it."""

    seq: int
    hash: bytes


class Private(NamedTuple):
    """A line's erasable text with its salt."""

    salt: bytes
    text: bytes


class Sealed(NamedTuple):
    """A line as it is stored; `private` is None where there never was any, or not any more."""

    seq: int
    fields: Fields
    digest: bytes
    hash: bytes
    private: Private | None


class Verdict(NamedTuple):
    """What a check found: `lines` are in order up to the first `broken_seq`."""

    head: Head
    lines: int
    erased: int
    broken_seq: int | None = None
    reason: Reason | None = None

    @property
    def is_sound(self) -> bool:
        """Whether the whole log is as it was written."""
        return self.reason is None


def facts_json(facts: dict[str, str]) -> bytes:
    """Give the one form in which facts are stored and hashed: JSON, keys sorted, no blanks."""
    return msgspec.json.encode(facts, order="sorted")


def public_fields(line: LogLine, at_us: int) -> Fields:
    """Give what the hash covers of a new line; `at_us` is microseconds since 1970, UTC."""
    texts = (
        line.key,
        str(at_us),
        line.home_id,
        line.alarm_id,
        line.kind,
        line.verb,
        line.priority,
    )
    return (*(text.encode() for text in texts), facts_json(line.facts))


def private_digest(private: Private) -> bytes:
    """Give the 32 bytes that stand for a private text for ever."""
    return sha256(private.salt + private.text).digest()


def chained(previous: bytes, fields: Fields, digest: bytes) -> bytes:
    """Give a line's hash; lengths go before the fields so that none can reach into the next."""
    framed = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    return sha256(previous + framed + digest).digest()


class Check:
    """Walks a log from its first line; feed it every line in order of seq, then ask."""

    def __init__(self, noted: Head) -> None:
        """Take the head that was noted when the last line was written."""
        self._noted = noted
        self._good = Head(0, START)
        self._erased = 0
        self._broken: tuple[int, Reason] | None = None

    def add(self, line: Sealed) -> None:
        """Look at the next line."""
        due = self._good.seq + 1
        fits = line.hash == chained(self._good.hash, line.fields, line.digest)
        if self._broken is not None:
            # Only one question is left: whether the line that is due stands further on.
            if fits and self._broken[1] in {Reason.CHANGED, Reason.MISSING}:
                self._broken = (due, Reason.REORDERED)
        elif line.seq != due:
            self._broken = (due, Reason.MISSING)
        elif not fits or not _is_private_intact(line):
            self._broken = (due, Reason.CHANGED)
        else:
            self._good = Head(line.seq, line.hash)
            self._erased += line.private is None and line.digest != NOTHING_PRIVATE

    def verdict(self) -> Verdict:
        """Say what was found; the last line given counts as the log's end."""
        seq, reason = self._broken or self._end()
        return Verdict(self._good, self._good.seq, self._erased, seq, reason)

    def _end(self) -> tuple[int, Reason] | tuple[None, None]:
        """Hold the end of a log without a break to the noted head."""
        if self._good.seq < self._noted.seq:
            return self._good.seq + 1, Reason.TRUNCATED
        if self._good.seq > self._noted.seq:
            return self._noted.seq + 1, Reason.ADDED
        if self._good != self._noted:
            return self._good.seq, Reason.CHANGED
        return None, None


def _is_private_intact(line: Sealed) -> bool:
    """Whether the private text, if it is still there, is the one the digest was taken of."""
    return line.private is None or line.digest == private_digest(line.private)
