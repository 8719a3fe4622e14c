"""One way out: effects of a sort, each started when it is due, so many under way at once.

There are two. What goes to people leaves by the one, and what only concerns calls already made (to
look one up, to take one back) by the other: after a crash there may be thousands of those, and no
new alarm may stand behind them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from alerting.effect import Effect
from gateway.clock import Clock
from gateway.departures import Departures

Act = Callable[[Effect], Awaitable[None]]


class Lane:
    """`parallel` is how many may be under way; `longest_seconds` bounds every wait."""

    def __init__(self, clock: Clock, parallel: int, longest_seconds: float) -> None:
        self.waiting = Departures()
        self._clock = clock
        self._parallel = parallel
        self._longest = longest_seconds
        self._wake = asyncio.Event()
        self._free = asyncio.Semaphore(parallel)

    def add(self, effect: Effect, at: datetime) -> None:
        """Let an effect wait until then; `wake` tells that there are more."""
        self.waiting.add(effect, at)

    def wake(self) -> None:
        """End a wait: something was added."""
        self._wake.set()

    def begin_anew(self) -> Departures:
        """Empty it; gives what waited."""
        before, self.waiting = self.waiting, Departures()
        return before

    def take_due(self) -> list[Effect]:
        """Take off what may go now, urgent first."""
        return self.waiting.take_due(self._clock.now(), self._parallel)

    async def start(self, tasks: asyncio.TaskGroup, act: Act, effects: Iterable[Effect]) -> None:
        """Start acting on each, as far as there is room; one has left before the next begins."""
        for effect in effects:
            await self._free.acquire()
            tasks.create_task(self._act(act, effect))
            await self._clock.sleep(0)

    async def _act(self, act: Act, effect: Effect) -> None:
        try:
            await act(effect)
        finally:
            self._free.release()

    async def until_next(self) -> None:
        """Wait for the next effect or for the time of one that waits."""
        now = self._clock.now()
        nearest = self.waiting.nearest()
        if nearest is not None and nearest <= now:
            return
        seconds = self._longest if nearest is None else (nearest - now).total_seconds()
        try:
            async with self._clock.timeout(max(0.001, min(self._longest, seconds))):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()
