"""The temperaments people have, and how often each is met.

Spans are (shortest, longest) in simulated seconds. An answer is `go`, `cannot`, the very words of
the text, or nothing; the last of several answers is given from then on.
"""

from dataclasses import dataclass, replace
from random import Random

from simulators.phones.wording import Meaning

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Temperament:
    """How a person meets texts and calls.

    Attributes:
        reads: time until a text is read; None is never.
        answers: what is said, one after the other, to "can you go?".
        rings: time until a call is picked up; None is never.
        listens: time from the first word of a voice to the key.
        no_signal: time until texts reach the handset; None has signal.
        calls_back: time from a missed call to ringing back; None does not.
    """

    reads: Span | None = (5, 40)
    answers: tuple[str, ...] = ("go",)
    rings: Span | None = (4, 15)
    is_busy: bool = False
    presses: bool = True
    listens: Span = (3, 9)
    walks: Span = (90, 420)
    arrives: bool = True
    looks: Span = (20, 120)
    finds: Meaning = Meaning.SAFE
    no_signal: Span | None = None
    calls_back: Span | None = None


WILLING = Temperament()
TEMPERAMENTS = {
    "willing": WILLING,
    "cannot": replace(WILLING, answers=("cannot",)),
    "in_words": replace(WILLING, answers=("去",)),
    "received": replace(WILLING, answers=("收到",), presses=False),
    "received_then_goes": replace(WILLING, answers=("收到", "go"), presses=False),
    "silent": replace(WILLING, answers=("",)),
    "wrong_digit": replace(WILLING, answers=("7",)),
    "stops": replace(WILLING, answers=("TD",), presses=False),
    "never_arrives": replace(WILLING, arrives=False),
    "nobody_opens": replace(WILLING, finds=Meaning.NOBODY),
    "finds_ill": replace(WILLING, finds=Meaning.AMBULANCE),
    "busy": replace(WILLING, reads=None, is_busy=True),
    "asleep": replace(WILLING, reads=None, rings=None),
    "voicemail": replace(WILLING, reads=None, rings=(18, 22), presses=False),
    "no_signal": replace(WILLING, rings=None, no_signal=(120, 900)),
    "calls_back": replace(WILLING, reads=None, rings=None, calls_back=(20, 60)),
    "desk": replace(WILLING, reads=None, rings=(2, 5), listens=(3, 5)),
    "well": replace(WILLING, answers=("",), reads=None),
    "needs_help": replace(WILLING, answers=("",), reads=None, finds=Meaning.AMBULANCE),
    "says_nothing": replace(WILLING, reads=None, presses=False),
}
WEIGHTS = {
    "neighbour": {
        "willing": 50,
        "cannot": 8,
        "in_words": 3,
        "received": 3,
        "received_then_goes": 4,
        "silent": 5,
        "wrong_digit": 2,
        "never_arrives": 3,
        "nobody_opens": 3,
        "busy": 3,
        "asleep": 6,
        "voicemail": 4,
        "no_signal": 2,
        "calls_back": 4,
    },
    "family": {"cannot": 50, "silent": 30, "asleep": 20},
    "resident": {"well": 60, "says_nothing": 20, "asleep": 15, "needs_help": 5},
    "desk": {"desk": 1},
    "post": {"desk": 1},
}


def draw(role: str, dice: Random) -> Temperament:
    """A temperament of somebody with that role; an unknown role is a neighbour."""
    weights = WEIGHTS.get(role, WEIGHTS["neighbour"])
    return TEMPERAMENTS[dice.choices(list(weights), list(weights.values()))[0]]
