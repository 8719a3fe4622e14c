"""One person with a phone: pure decisions, given what is seen and heard, and when.

The carrier tells the phone what reached it and carries out what the person means to do; the
person has no clock and no network. All durations are simulated time from the moment of the call.
"""

from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from simulators.phones.temperament import Span, Temperament
from simulators.phones.wording import Meaning, calls_off, offers, place

SETS_OUT = frozenset({"go", "去"})
WALK_IS_FORGOTTEN = timedelta(minutes=45)


@dataclass(frozen=True, slots=True)
class Intent:
    """What the person will do after a while: send `body`, or ring back when there is none."""

    after: timedelta
    body: str | None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Ring:
    """How a call is met: busy, picked up `after` a while, or never."""

    after: timedelta | None
    is_busy: bool = False


@dataclass(frozen=True, slots=True)
class Press:
    """Keys pressed, counted from the first word heard."""

    after: timedelta
    digits: str


class Phone:
    """A person and their phone.

    Args:
        number: E.164.
        name: who it is, for the display.
        temperament: how this person answers; may be changed at any time.
        dice: this phone's own, so that one person's life does not depend on another's.
    """

    def __init__(self, number: str, name: str, temperament: Temperament, dice: Random) -> None:
        self.number = number
        self.name = name
        self.temperament = temperament
        self.is_switched_off = False
        self.script: deque[str] = deque()
        self._dice = dice
        self._answered = 0
        self._walks: dict[str, tuple[timedelta, timedelta]] = {}
        self._called_off: set[str] = set()

    def reaches_after(self) -> timedelta | None:
        """None when the phone has signal, else how long until a text shows on it."""
        span = self.temperament.no_signal
        return None if span is None else self._draw(span)

    def receive(self, text: str, now: timedelta) -> Intent | None:
        """A text is on the display: what will its reader do?

        Args:
            text: as shown.
            now: simulated time since the start.
        """
        about = place(text)
        if calls_off(text):
            self._called_off |= {about, *(self._walks if not about else ())}
            self._walks.pop(about, None)
            return None
        self._called_off.discard(about)
        if self.temperament.reads is None:
            return None
        reading = self._draw(self.temperament.reads)
        said = self._say(text, about, now)
        if said is None:
            return None
        lasts, body = said
        return Intent(reading + lasts, body, about)

    def still_means(self, intent: Intent) -> bool:
        """Whether the reason for an intent still stands when its time has come."""
        return not self.is_switched_off and intent.about not in self._called_off

    def ring(self) -> Ring:
        """The phone rings: what happens?"""
        if self.temperament.is_busy:
            return Ring(None, is_busy=True)
        rings = self.temperament.rings
        return Ring(None if rings is None else self._draw(rings))

    def hear(self, text: str, now: timedelta) -> Press | None:
        """A voice asks for a key: which, and when?"""
        about, asked = place(text), offers(text)
        if self.script:
            digits = self.script.popleft()
            if digits == asked.get(Meaning.GO):
                self._walks[about] = (now, self._draw(self.temperament.walks))
            return Press(timedelta(seconds=3), digits)
        if not self.temperament.presses:
            return None
        listening = self._draw(self.temperament.listens)
        if self._is_walking(about, now) and Meaning.GO in asked:
            return Press(listening, asked[Meaning.GO])  # asked again by voice, says it again
        if Meaning.ARRIVED in asked and Meaning.GO not in asked:
            is_there = about in self._walks and now >= sum(self._walks[about], timedelta(0))
            return Press(listening, asked[Meaning.ARRIVED]) if is_there else None
        said = self._say(text, about, now)
        return Press(listening, said[1]) if said and said[1].isdigit() else None

    def missed(self) -> Intent | None:
        """A call was not picked up: does this person ring back?"""
        back = self.temperament.calls_back
        return None if back is None else Intent(self._draw(back), None)

    def _say(self, text: str, about: str, now: timedelta) -> tuple[timedelta, str] | None:
        """How long it takes until there is an answer to give, and the answer."""
        asked = offers(text)
        if Meaning.GO in asked and not self._is_walking(about, now):
            return self._decide(asked[Meaning.GO], asked.get(Meaning.CANNOT, "2"), about, now)
        if Meaning.ARRIVED in asked:
            # Whoever never set out is thanked by mistake, and goes nowhere.
            walk = self._walks.get(about) or max(self._walks.values(), default=None)
            if walk is None or not self.temperament.arrives:
                return None
            return max(sum(walk, timedelta(0)) - now, timedelta(0)), asked[Meaning.ARRIVED]
        if Meaning.SAFE in asked:
            self._walks.pop(about, None)
            finds = self.temperament.finds
            return self._draw(self.temperament.looks), asked.get(finds, finds)
        return None

    def _decide(
        self, yes: str, no: str, about: str, now: timedelta
    ) -> tuple[timedelta, str] | None:
        answers = self.temperament.answers
        answer = answers[min(self._answered, len(answers) - 1)]
        self._answered += 1
        if answer in SETS_OUT:
            self._walks[about] = (now, self._draw(self.temperament.walks))
        said = {"go": yes, "cannot": no}.get(answer, answer)
        return (timedelta(0), said) if said else None

    def _is_walking(self, about: str, now: timedelta) -> bool:
        walk = self._walks.get(about)
        return walk is not None and now - walk[0] < WALK_IS_FORGOTTEN

    def _draw(self, span: Span) -> timedelta:
        return timedelta(seconds=self._dice.uniform(*span))
