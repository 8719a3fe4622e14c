"""What an operator sees of texts and of lines of the alarm log: no telephone number in clear."""

import re

from alerting.numbers import NumberError, mask, normalise
from gateway.log_port import StoredLine
from gateway.request import LineView

_NUMBER = re.compile(r"\+\d{7,15}|(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)")


def masked(text: str) -> str:
    """Hide every telephone number in a text."""
    return _NUMBER.sub(_mask, text)


def _mask(found: re.Match[str]) -> str:
    try:
        return mask(normalise(found[0]))
    except NumberError:
        return mask("")


def line_of(line: StoredLine, *, is_masked: bool = True) -> LineView:
    """Give a stored line as a row; unmasked for the person it is about."""
    private = masked(line.private) if line.private and is_masked else line.private
    return LineView(
        seq=line.seq,
        at=line.at,
        home=line.home_id,
        alarm=line.alarm_id,
        kind=line.kind,
        verb=line.verb,
        priority=line.priority,
        facts=line.facts,
        private=private,
        hash=line.hash.hex(),
    )
