"""Reading a text that somebody sent back: a digit, a word, or nothing we know.

Digits are those of our texts. With two or more open alarms a person answers with two digits,
the first being the alarm's slot. Words that only say "received" hold nothing; words that say
"coming" are asked for a 1, because a promise must not hang on a guess.
"""

import re
import unicodedata
from typing import NamedTuple

from alerting.event import Answer

MAX_LENGTH = 200
"""Longer texts are cut before they are read."""


class Reply(NamedTuple):
    """What a text means; `slot` is the first of two digits, None where one was sent."""

    answer: Answer
    slot: int | None = None


DIGITS = {
    "1": Answer.GOING,
    "2": Answer.CANNOT,
    "3": Answer.ARRIVED,
    "4": Answer.SAFE,
    "8": Answer.NOBODY_OPENS,
    "9": Answer.AMBULANCE,
}

WORDS = {
    "去": Answer.GOING,
    "我去": Answer.GOING,
    "能去": Answer.GOING,
    "去不了": Answer.CANNOT,
    "不能": Answer.CANNOT,
    "不能去": Answer.CANNOT,
    "到了": Answer.ARRIVED,
    "到": Answer.ARRIVED,
    "人没事": Answer.SAFE,
    "没事": Answer.SAFE,
    "收到": Answer.HEARD,
    "好的": Answer.HEARD,
    "好": Answer.HEARD,
    "知道了": Answer.HEARD,
    "马上": Answer.COMING,
    "马上来": Answer.COMING,
    "马上到": Answer.COMING,
    "来了": Answer.COMING,
    "td": Answer.STOP,
    "t": Answer.STOP,
    "退订": Answer.STOP,
    "stop": Answer.STOP,
}

_NOISE = re.compile(r"[\s。．.,，!！?？~～、“”\"'回复]+")


def read(text: str) -> Reply:
    """Read a text; full-width digits and letters count as plain ones."""
    folded = unicodedata.normalize("NFKC", text[:MAX_LENGTH]).lower()
    folded = _NOISE.sub("", folded)
    if folded in WORDS:
        return Reply(WORDS[folded])
    if len(folded) == 1 and folded in DIGITS:
        return Reply(DIGITS[folded])
    if len(folded) == 2 and folded.isascii() and folded[0].isdigit() and folded[1] in DIGITS:  # noqa: PLR2004 -- a slot and a digit
        return Reply(DIGITS[folded[1]], int(folded[0]))
    return Reply(Answer.UNCLEAR)
