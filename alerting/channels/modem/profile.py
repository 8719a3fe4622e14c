"""What one family of modules does in its own way; the rest of the conversation is 3GPP's. Pure."""

import re
from collections.abc import Callable
from typing import NamedTuple

UNASKED = (
    *("+CMTI:", "+CDSI:", "+CLIP:", "+CCWA:", "+CREG:", "+CGREG:", "+CEREG:", "+CPIN:", "+CTZ"),
    *("+CRING:", "+CSSU:", "+CUSD:", "RING", "RDY", "SMS ", "PB ", "Call Ready", "+CFUN:"),
)
"""Lines that come by themselves on modules of every make."""


class Profile(NamedTuple):
    """One family.

    `makers` are words of its answer to AT+CGMI. `set_up` is said at an opening; a module that
    does not know one of them works without. `listen` makes it tell keys, `speak` gives the command
    that speaks some words into the call, `hush` stops it, and a line that begins with `spoken`
    says that it has ended. `key` finds a key in a line. `unasked` are its own prefixes of lines.
    """

    name: str
    makers: tuple[str, ...]
    set_up: tuple[str, ...]
    listen: str
    speak: Callable[[str], str]
    hush: str
    spoken: str
    key: Callable[[str], str | None]
    unasked: tuple[str, ...]
    longest_words: int = 60


def coded(words: str) -> str:
    """Spell words in UCS-2, as hexadecimal."""
    return words.encode("utf-16-be", "replace").hex().upper()


_PAUSES = re.compile(r"(?<=[，。；：！？,.;!?])")


def pieces(words: str, longest: int) -> list[str]:
    """Cut words into pieces that a module can speak at once, between sentences where it can."""
    made = [""]
    for clause in _PAUSES.split(words):
        if len(made[-1]) + len(clause) <= longest:
            made[-1] += clause
        else:
            made += [clause[at : at + longest] for at in range(0, len(clause), longest)]
    return [piece for piece in made if piece]
