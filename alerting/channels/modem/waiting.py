"""Orders that wait for the one modem, and which of them is next. Pure.

Fire goes before all else, then what is urgent, then the rest, then drills. Among equals the alarm
of which least has gone out is next, so that forty fires at once are each told to somebody before
one is told to four; then the oldest.
"""

from asyncio import Future
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerting.channels.contract import Order, Submitted

Progressed = Callable[[str, Submitted], None]

FIRE = frozenset({"smoke", "gas", "co", "heat"})
MOST_ALARMS = 4096


def rank(order: Order) -> int:
    """Give the place of an order's kind in the queue: 0 goes first."""
    if order.is_drill:
        return 3
    if not order.is_urgent:
        return 2
    return 0 if order.kind in FIRE else 1


@dataclass(slots=True, eq=False)
class Waiting:
    """An order, and who waits to hear what came of it."""

    order: Order
    done: Future[Submitted]

    def tell(self, submitted: Submitted, progressed: Progressed) -> None:
        """Say what came of it: to whoever waits, and later to whoever takes progress."""
        if self.done.done():
            progressed(self.order.attempt_id, submitted)
        else:
            self.done.set_result(submitted)


class Queue:
    """What waits; `begun` counts what has gone out of each alarm."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._begun: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, waiting: Waiting) -> None:
        """Let an order wait."""
        self._waiting.append(waiting)

    def before(self, order: Order) -> int:
        """Count those that would go before a new order of this kind."""
        return sum(rank(one.order) <= rank(order) for one in self._waiting)

    def take(self) -> Waiting | None:
        """Take off the next one."""
        if not self._waiting:
            return None
        chosen = min(self._waiting, key=lambda one: self._place(one.order))
        self._waiting.remove(chosen)
        self._begun[chosen.order.alarm_id] += 1
        if len(self._begun) > MOST_ALARMS:
            del self._begun[next(iter(self._begun))]
        return chosen

    def peek(self) -> Order | None:
        """Look at the next one."""
        orders = [one.order for one in self._waiting]
        return min(orders, key=self._place, default=None)

    def remove(self, attempt_id: str) -> Waiting | None:
        """Take an order off, if it waits."""
        for one in self._waiting:
            if one.order.attempt_id == attempt_id:
                self._waiting.remove(one)
                return one
        return None

    def empty(self) -> list[Waiting]:
        """Take everything off."""
        everything, self._waiting = self._waiting, []
        return everything

    def expired(self, now: datetime, longest: timedelta) -> list[Waiting]:
        """Take off what says something no longer true, or has waited longer than that."""
        late = [
            one
            for one in self._waiting
            if now >= min(one.order.expires_at, one.order.created_at + longest)
        ]
        self._waiting = [one for one in self._waiting if one not in late]
        return late

    def _place(self, order: Order) -> tuple[int, int, datetime, str]:
        begun = self._begun[order.alarm_id] if order.alarm_id else 0
        return rank(order), begun, order.created_at, order.attempt_id
