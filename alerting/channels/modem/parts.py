"""Puts the parts of a long text together again, and remembers where they are stored. Pure.

Parts come in any order, and some never: what waited in vain for five minutes is given as it is,
because half of an answer is more than none. The memory is bounded; the oldest yields.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from alerting.channels.modem.pdu import Deliver

PATIENCE = timedelta(minutes=5)
MOST_WAITING = 64


class Text(NamedTuple):
    """A whole text, and the places in the modem's memory that it frees once it is committed."""

    sender: str
    words: str
    sent_at: datetime | None
    places: tuple[int, ...]

    @property
    def text_id(self) -> str:
        """Name the text by what it is: read from the memory again, it is the same."""
        told = f"{self.sender}\n{self.sent_at}\n{self.words}"
        return f"modem-in-{sha256(told.encode('utf-8', 'replace')).hexdigest()[:24]}"


@dataclass(slots=True)
class _Waiting:
    since: datetime
    sent_at: datetime | None
    total: int
    words: dict[int, str] = field(default_factory=dict)
    places: set[int] = field(default_factory=set)

    def text(self, sender: str) -> Text:
        words = "".join(self.words[number] for number in sorted(self.words))
        return Text(sender, words, self.sent_at, tuple(sorted(self.places)))


class Parts:
    """The parts of texts that are not whole yet."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, int, int], _Waiting] = {}

    def take(self, place: int, part: Deliver, now: datetime) -> Text | None:
        """Take a part that is stored at a place; gives the text that it completes."""
        if part.link is None:
            return Text(part.sender, part.text, part.sent_at, (place,))
        key = (part.sender, part.link.reference, part.link.total)
        waiting = self._waiting.setdefault(key, _Waiting(now, part.sent_at, part.link.total))
        waiting.words.setdefault(part.link.number, part.text)
        waiting.places.add(place)
        if len(waiting.words) < waiting.total:
            return None
        return self._waiting.pop(key).text(part.sender)

    def overdue(self, now: datetime) -> list[Text]:
        """Give up waiting: what is there of texts that waited too long, or are too many."""
        late = [key for key, one in self._waiting.items() if now - one.since > PATIENCE]
        spare = len(self._waiting) - len(late) - MOST_WAITING
        if spare > 0:
            late += [key for key in self._waiting if key not in late][:spare]
        return [self._waiting.pop(key).text(key[0]) for key in late]
