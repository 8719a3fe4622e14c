"""What a person gets out of a Chinese text: which digit stands for which answer, and where.

A person reads the words, not a table of keys, so the clause before the digit decides what the
digit means: a text that asks for 2 from whoever can go gets a 2. Only a clause without a known
word is read by its last digit.
"""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum


class Meaning(StrEnum):
    """What a digit would say. The value is the key it has when no words say otherwise."""

    GO = "1"
    CANNOT = "2"
    ARRIVED = "3"
    SAFE = "4"
    NOBODY = "8"
    AMBULANCE = "9"


# The first row whose word stands in the clause wins, so a refusal comes before what it refuses.
WORDS = (
    (Meaning.CANNOT, ("不能", "去不了", "不去", "没空")),
    (Meaning.NOBODY, ("没人应", "无人应", "不开门")),
    (Meaning.AMBULANCE, ("救护", "120", "要人来", "要帮忙")),
    (Meaning.ARRIVED, ("到了", "到达", "到门口")),
    (Meaning.SAFE, ("没事", "平安", "安全", "很好")),
    (Meaning.GO, ("去",)),
)
DIGIT = re.compile(r"([^，。；！？,;!?]*?)(?:回复?|按|发)(?:数字|键)?\s*(\d{1,2})(?!\d)")
PLACE = re.compile(r"\d+(?:栋|号楼|幢)(?:\d+单元)?\d+")


def offers(text: str) -> Mapping[Meaning, str]:
    """The digits a text or a voice asks for, by meaning; of two alike, the first."""
    found: dict[Meaning, str] = {}
    for clause, digits in DIGIT.findall(unicodedata.normalize("NFKC", text)):
        meaning = _meaning(clause, digits[-1])
        if meaning is not None:
            found.setdefault(meaning, digits)
    return found


def _meaning(clause: str, last_digit: str) -> Meaning | None:
    for meaning, words in WORDS:
        if any(word in clause for word in words):
            return meaning
    return Meaning(last_digit) if last_digit in tuple(Meaning) else None


def place(text: str) -> str:
    """The door a text is about, such as `3栋2单元502`, or nothing."""
    found = PLACE.search(unicodedata.normalize("NFKC", text))
    return found.group() if found else ""


def calls_off(text: str) -> bool:
    """Whether the text says that the reader need not go any more."""
    return "不用去了" in text
