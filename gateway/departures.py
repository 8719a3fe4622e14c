"""Effects that wait for their time to be acted on: urgent ones first, then the oldest. Pure."""

import heapq
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Self

from alerting.effect import Effect, Submit


class Departures:
    """A queue by urgency and time; what is not due yet stays in it."""

    def __init__(self) -> None:
        """Start empty."""
        self._waiting: list[tuple[bool, datetime, int, Effect]] = []
        self._numbers = count()

    def add(self, effect: Effect, at: datetime) -> None:
        """Let an effect wait until then."""
        is_urgent = not isinstance(effect, Submit) or effect.is_urgent
        heapq.heappush(self._waiting, (not is_urgent, at, next(self._numbers), effect))

    def absorb(self, other: Self, is_wanted: Callable[[Effect], bool]) -> None:
        """Take over those of another queue that are wanted."""
        for item in other._waiting:
            if is_wanted(item[3]):
                self.add(item[3], item[1])

    def take_due(self, now: datetime, most: int) -> list[Effect]:
        """Take off what may go now, urgent first, at most so many."""
        due: list[Effect] = []
        later: list[tuple[bool, datetime, int, Effect]] = []
        while self._waiting and len(due) < most:
            item = heapq.heappop(self._waiting)
            if item[1] <= now:
                due.append(item[3])
            else:
                later.append(item)
        for item in later:
            heapq.heappush(self._waiting, item)
        return due

    def nearest(self) -> datetime | None:
        """Give the instant of the first that waits, None where none does."""
        return min((item[1] for item in self._waiting), default=None)
