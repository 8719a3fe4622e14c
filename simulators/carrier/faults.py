"""What goes wrong, for whom and until when. Pure: the instant is an argument, the dice are given.

On requests: `http_503`, `http_429`, `hang`, `refuse`, `close_after_accept`, `slow`.
On callbacks: `callbacks_duplicated`, `callbacks_reordered`, `callbacks_dropped`.
On the far end: `busy`, `no_answer`, `undelivered`.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from random import Random

KINDS = frozenset(
    (
        *("http_503", "http_429", "hang", "refuse", "close_after_accept", "slow"),
        *("callbacks_duplicated", "callbacks_reordered", "callbacks_dropped"),
        *("busy", "no_answer", "undelivered"),
    )
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        kind: one of `KINDS`.
        seconds: real time it lasts; None lasts until cleared.
        chance: how often it strikes, 0 to 1.
        number: only requests to this number; empty is all.
        only: only `sms` or `call`; empty is both.
        is_processed: with `hang` and `http_503`, the request is carried out all the same.
        retry_after_seconds: with `http_429`.
        delay_ms: with `slow`.
        code: with `undelivered`, why.
    """

    kind: str
    seconds: float | None = None
    chance: float = 1.0
    number: str = ""
    only: str = ""
    is_processed: bool = False
    retry_after_seconds: int = 1
    delay_ms: float = 3000
    code: int = 30003

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind}")


class Faults:
    """The faults that are on.

    Args:
        dice: decide whether a fault with a chance strikes.
    """

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._on: list[tuple[Fault, datetime | None]] = []

    def switch_on(self, fault: Fault, now: datetime) -> None:
        """Switch a fault on, beside those that are on."""
        until = None if fault.seconds is None else now + timedelta(seconds=fault.seconds)
        self._on.append((fault, until))

    def clear(self, kind: str = "") -> None:
        """Switch off the faults of a kind, or all."""
        self._on = [one for one in self._on if kind and one[0].kind != kind]

    def is_on(self, fault: Fault, now: datetime) -> bool:
        """Whether this very fault is still on."""
        return any(one is fault and (until is None or now < until) for one, until in self._on)

    def strikes(self, kind: str, now: datetime, *, to: str = "", medium: str = "") -> Fault | None:
        """The fault of that kind which meets this request now, if one does."""
        for fault, until in self._on:
            if (
                fault.kind == kind
                and (until is None or now < until)
                and fault.number in {"", to}
                and fault.only in {"", medium}
                and self._dice.random() < fault.chance
            ):
                return fault
        return None

    def to_json(self, now: datetime) -> list[dict[str, object]]:
        """The faults that are on at `now`."""
        return [asdict(fault) for fault, until in self._on if until is None or now < until]
