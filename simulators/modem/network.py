"""The mobile network and the phones at its other end: texts arrive, calls ring and are answered."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from simulators.clock import Clock
from simulators.modem.texts import Submitted

Told = Callable[[dict[str, object]], None]


@dataclass(frozen=True, slots=True)
class Phone:
    """How somebody takes a call: `ends` is what the network says where nobody picks up."""

    rings_seconds: float = 0.3
    answers: bool = True
    keys: str = ""
    key_after_seconds: float = 1.2
    talks_seconds: float = 30.0
    ends: str = "NO CARRIER"
    is_on: bool = True


class Arrived(NamedTuple):
    """A whole text on a phone."""

    to: str
    text: str


@dataclass
class Network:
    """One network. `own` is the number of the card; a text to it comes back to the module.

    `refuses` holds what the next texts are refused with (`+CMS ERROR: 42`), one each.
    """

    clock: Clock
    own: str = "+8613900000000"
    text_seconds: float = 0.0
    told: Told = lambda _event: None
    phones: dict[str, Phone] = field(default_factory=dict)
    otherwise: Phone = field(default_factory=Phone)
    arrived: list[Arrived] = field(default_factory=list)
    spoken: list[tuple[str, str]] = field(default_factory=list)
    dialled: list[str] = field(default_factory=list)
    refuses: list[str] = field(default_factory=list)
    holds_reports: bool = False
    _parts: dict[tuple[str, int, int], dict[int, str]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def phone(self, number: str) -> Phone:
        """Give whose number it is."""
        return self.phones.get(number, self.otherwise)

    def carry(self, one: Submitted) -> str | None:
        """Take a part; gives the text that it completes on its phone."""
        text = one.text
        if one.part is not None:
            reference, total, number = one.part
            parts = self._parts[one.to, reference, total]
            parts[number] = one.text
            if len(parts) < total:
                return None
            text = "".join(parts[at] for at in sorted(parts))
            del self._parts[one.to, reference, total]
        self.arrived.append(Arrived(one.to, text))
        self._tell("display", to=one.to, text=text)
        return text

    def rang(self, number: str) -> None:
        """A phone begins to ring."""
        self._tell("ring", to=number)

    def said(self, number: str, words: str) -> None:
        """Words were heard on a phone."""
        self.spoken.append((number, words))
        self._tell("heard", to=number, text=words)

    def _tell(self, event: str, **facts: object) -> None:
        self.told({"event": event, "at": self.clock.now().isoformat(), **facts})
