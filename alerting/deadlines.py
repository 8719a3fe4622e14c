"""When each home must be asked again: a heap that is right late and never early enough to miss.

A home's deadline mostly moves away (every motion puts no-motion off). So the heap keeps what was
true once: an entry may be too early, and is corrected when it comes up; it is never too late.
Derived from the homes' state, and made again after a restore.
"""

import heapq
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
_NEXT = timedelta(microseconds=1)


class Deadlines:
    """`due_of(home_id)` derives a home's deadline from its state, None for none."""

    def __init__(self, due_of: Callable[[str], datetime | None]) -> None:
        """Start empty."""
        self._due_of = due_of
        self._heap: list[tuple[datetime, str]] = []
        self._planned: dict[str, datetime] = {}

    def __contains__(self, home_id: str) -> bool:
        """Say whether this home will be asked at all."""
        return home_id in self._planned

    def first(self) -> datetime | None:
        """Give when to ask next; it may turn out that nothing is due then."""
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: datetime, looks: int | None = None) -> list[str]:
        """Take the homes whose deadline has come; the caller plans again.

        With `looks` only so many entries are looked at: `first` says whether there are more.
        """
        due: list[str] = []
        left = looks if looks is not None else -1
        while self._heap and self._heap[0][0] <= now and left != 0:
            left -= 1
            at, home_id = heapq.heappop(self._heap)
            if self._planned.get(home_id) != at:
                continue
            del self._planned[home_id]
            actual = self._due_of(home_id)
            if actual is not None and actual <= now:
                due.append(home_id)
            elif actual is not None:
                self._push(home_id, actual)
        return due

    def plan(self, home_id: str) -> None:
        """Make sure the home comes up no later than its deadline."""
        actual = self._due_of(home_id)
        planned = self._planned.get(home_id)
        if actual is not None and (planned is None or actual < planned):
            self._push(home_id, actual)

    def postpone(self, home_id: str, at: datetime) -> None:
        """Let a home come up then, whatever its state says."""
        self._push(home_id, at)

    def doubt(self, home_ids: Iterable[str], now: datetime) -> None:
        """Look at these homes again, from now on, one by one: their deadlines may be nearer."""
        for home_id in home_ids:
            if self._planned.get(home_id, _LATEST) > now:
                self._push(home_id, now)

    def begin(self, pressing: Iterable[str], others: Iterable[str]) -> None:
        """Start anew: look at every home one by one, at those first on which something presses.

        So a county is up before each of its deadlines is worked out.
        """
        self._heap, self._planned = [], {}
        for home_ids, at in ((pressing, _EARLIEST), (others, _EARLIEST + _NEXT)):
            for home_id in home_ids:
                self._push(home_id, at)

    def _push(self, home_id: str, at: datetime) -> None:
        self._planned[home_id] = at
        heapq.heappush(self._heap, (at, home_id))
