"""An event loop without a machine: one thread, no socket, and time that jumps.

Whatever is ready runs, one callback a step, in the order in which it became ready. When nothing is
ready, time is the next timer's. Timers of one instant fire in the order in which they were set. So
the same program with the same dice takes the same steps, and each step has a number at which it
can be interrupted. What would need the operating system is not implemented here, and raises.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar, TypeVarTuple, Unpack

from gateway.clock import SystemClock
from simulators.clock import Clock as PeoplesClock

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Work = Coroutine[Any, Any, T] | Generator[Any, None, T]


class NothingLeftError(Exception):
    """The main task waits for something that nothing will ever bring about."""


class _Turn(asyncio.TimerHandle):
    """A callback and its instant in seconds; `go` calls it."""

    def go(self) -> None:
        """Call it; what it raises goes to the loop's `errors`."""
        self._run()


class _Task(asyncio.Task[T]):
    """A task that is hashed by its number, so that a set of tasks has one order in every run."""

    def __init__(
        self, coro: Work[T], loop: "VirtualLoop", name: str | None, context: Context | None
    ) -> None:
        self._number = loop.number()
        super().__init__(coro, loop=loop, name=name, context=context)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(asyncio.AbstractEventLoop):
    """Runs callbacks at virtual instants. Make one with `new_loop`.

    Attributes:
        elapsed: virtual seconds since the loop was made.
        steps: callbacks run so far.
        errors: what callbacks and forgotten tasks raised.
    """

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.steps = 0
        self.errors: list[str] = []
        self._ready: deque[_Turn] = deque()
        self._timers: list[tuple[float, int, _Turn]] = []
        self._interruptions: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = count()

    # --- running ---------------------------------------------------------------------------

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run until `main` is done and give its result; what else is under way stays so.

        Raises:
            NothingLeftError: nothing is ready and no timer is set.
        """
        before = asyncio._get_running_loop()  # noqa: SLF001 -- how a loop says that it runs
        asyncio._set_running_loop(self)  # noqa: SLF001 -- as above
        try:
            task: asyncio.Task[T] = self.create_task(main)
            while not task.done():
                self._step()
            return task.result()
        finally:
            asyncio._set_running_loop(before)  # noqa: SLF001 -- as above

    def interrupt_at(self, step: int, act: Callable[[], None]) -> None:
        """Call `act` between two callbacks, as soon as `step` of them have run."""
        heapq.heappush(self._interruptions, (step, next(self._numbers), act))

    def number(self) -> int:
        """Give a number that no other task or timer of this loop has."""
        return next(self._numbers)

    def _step(self) -> None:
        while self._interruptions and self._interruptions[0][0] <= self.steps:
            heapq.heappop(self._interruptions)[2]()
        if not self._ready:
            if not self._timers:
                raise NothingLeftError(f"after {self.steps} steps")
            self.elapsed = max(self.elapsed, self._timers[0][0])
        while self._timers and self._timers[0][0] <= self.elapsed:
            self._ready.append(heapq.heappop(self._timers)[2])
        turn = self._ready.popleft()
        if not turn.cancelled():
            self.steps += 1
            turn.go()

    # --- what asyncio asks of a loop ---------------------------------------------------------

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self.elapsed

    def call_soon(
        self,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Run it after whatever is ready now."""
        turn = _Turn(self.elapsed, callback, args, self, context)
        self._ready.append(turn)
        return turn

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run it at an instant."""
        turn = _Turn(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), turn))
        return turn

    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run it after some seconds."""
        turn = _Turn(self.elapsed + delay, callback, args, self, context)
        heapq.heappush(self._timers, (self.elapsed + delay, next(self._numbers), turn))
        return turn

    def create_future(self) -> asyncio.Future[Any]:
        """Make a future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(
        self,
        coro: Work[T],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        """Start a coroutine."""
        return _Task(coro, self, name, context)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep what was raised where nobody was looking."""
        self.errors.append(f"{context.get('message')}: {context.get('exception')!r}")

    def get_debug(self) -> bool:
        """Never."""
        return False

    def is_running(self) -> bool:
        """Whoever asks is running on it."""
        return True

    def is_closed(self) -> bool:
        """There is nothing to close."""
        return False

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """A cancelled timer is passed over when its time comes."""


def new_loop() -> VirtualLoop:
    """Make a loop; what it leaves out of asyncio's interface is what must not be asked of it."""
    return VirtualLoop()  # type: ignore[abstract]


class VirtualClock(SystemClock):
    """The gateway's clock on a virtual loop; asyncio's own waits do the rest."""

    def __init__(self, source: VirtualLoop, start: datetime) -> None:
        self._source, self._start = source, start

    def now(self) -> datetime:
        """Aware UTC, never going backward, to the microsecond."""
        return self._start + timedelta(seconds=self._source.elapsed)


class VillageClock(PeoplesClock):
    """The clock of people and carriers on the same loop, at the speed of life."""

    def __init__(self, source: VirtualLoop, start: datetime) -> None:
        super().__init__(speed=1.0)
        self._source, self._start = source, start

    def now(self) -> datetime:
        """The virtual instant."""
        return self._start + timedelta(seconds=self._source.elapsed)

    def elapsed(self) -> timedelta:
        """Virtual time since the start."""
        return timedelta(seconds=self._source.elapsed)
