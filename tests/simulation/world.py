"""A village, its broker, its carrier and its gateway, for some hours of virtual time.

`run` plays one seed and gives a `Report`; a violation is part of it, with the step it was found at
and the last lines of the trace.
"""

import asyncio
import traceback
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import NamedTuple

import structlog

from gateway.job import Job
from tests.simulation import invariants, plan
from tests.simulation.box import Box, Ground, Parts
from tests.simulation.broker import Broker
from tests.simulation.carrier import Carrier
from tests.simulation.disk import Disk
from tests.simulation.faults import Faults
from tests.simulation.loop import VillageClock, VirtualClock, VirtualLoop, new_loop
from tests.simulation.people import OPERATOR_LOOKS_SECONDS, Operator, Residents
from tests.simulation.plan import HOUR, Crash, Harm
from tests.simulation.trace import Trace, ViolationError
from tests.simulation.village import Village
from tests.simulation.witness import Witness

MIDNIGHT = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # of a Monday in Shanghai
WATCH_SECONDS = 5.0
ORDERS_EVERY = 60
"""Every so many looks the outbox is looked at, too."""

AFTER_TROUBLE = timedelta(seconds=20)
MOST_TASKS = 1000


class Options(NamedTuple):
    """How long, how many homes, and what may go wrong."""

    hours: float = 3.0
    homes: int = 20
    harms: frozenset[Harm] = frozenset(Harm)


class Report(NamedTuple):
    """What came of a seed; `violation` is empty where everything held.

    `reached_seconds` is, for each emergency the gateway was told of, how long it took until the
    phone of somebody who can help showed it.
    """

    seed: int
    options: Options
    violation: str
    steps: int
    digest: str
    last: tuple[str, ...]
    counts: Counter[str]
    reached_seconds: list[float]


def run(seed: int, options: Options, parts: Parts | None = None) -> Report:
    """Play a seed, with a mutant's parts where given; the same arguments give the same report."""
    loop = new_loop()
    trace = Trace(loop)
    world = World(seed, options, parts or Parts(), loop, trace)
    with _logged_to(trace, world.fail):
        violation = loop.run(world.play())
    return Report(
        seed,
        options,
        violation,
        loop.steps,
        trace.digest,
        tuple(trace.last),
        world.witness.counts,
        world.witness.reached_seconds,
    )


@contextmanager
def _logged_to(trace: Trace, fail: Callable[[str], None]) -> Iterator[None]:
    """Put what the gateway logs into the trace, and nowhere else; a mistake of ours fails."""

    def note(
        _: object, level: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        said = " ".join(f"{key}={value}" for key, value in event.items())
        trace.note(f"log {level} {said}")
        if isinstance(error := event.get("exc_info"), BaseException):
            where = "".join(traceback.format_tb(error.__traceback__)[-2:])
            fail(f"{event['event']}: {error!r}\n{where}")
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[note])
    try:
        yield
    finally:
        structlog.configure(**before)


class World:
    """One run."""

    witness: Witness

    def __init__(
        self, seed: int, options: Options, parts: Parts, loop: VirtualLoop, trace: Trace
    ) -> None:
        dice = Random(f"{seed}/world")
        self._seed, self._options, self._parts = seed, options, parts
        self._loop, self._trace = loop, trace
        self._start = MIDNIGHT + timedelta(hours=dice.uniform(0, 24))
        self._is_reachable = dice.random() < 0.8
        self._clock = VirtualClock(loop, self._start)
        self._village = Village(options.homes, seed)
        self._plan = plan.draw(seed, options.hours, self._village.households, options.harms)
        self._verdict: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._up_at = self._start
        self._crash: Crash | None = None

    # --- a run ----------------------------------------------------------------------------------

    async def play(self) -> str:
        """Play to the end or to the first violation; gives the violation."""
        self._over, self._died = asyncio.Event(), asyncio.Event()
        await self._build()
        try:
            async with self._clock.timeout(self._options.hours * HOUR):
                await self._over.wait()
        except TimeoutError:
            await self._settle()
        for task in self._tasks:
            task.remove_done_callback(self._ended)
            task.cancel()
        self._box.kill()
        await self._box.rest()
        if not self._verdict:
            await self._conclude()
        await self._carrier.close()
        self._trace.cover(b"".join(body for (body,) in await self._disk.read(_EVERYTHING)))
        self._disk.discard()
        return "; ".join([*self._verdict, *self._loop.errors])

    async def _conclude(self) -> None:
        try:
            await self.witness.conclude(self._box, self._up_at)
        except ViolationError as error:
            self.fail(str(error))

    async def _settle(self) -> None:
        """Let the last turn come to its end."""
        for _ in range(100):
            if not self._box.is_busy:
                return
            await self._clock.sleep(0.01)

    async def _build(self) -> None:
        """Put the world up, and let it go."""
        trace, clock, seed, village = self._trace, self._clock, self._seed, self._village
        self._disk = Disk(clock, Random(f"{seed}/disk"))
        await self._disk.write(invariants.OFFERED)
        self._broker = Broker(clock, trace, Random(f"{seed}/broker"), self._run)
        self._carrier = Carrier(VillageClock(self._loop, self._start), trace, seed, self.fail)
        ground = self._ground = Ground(
            clock=clock,
            trace=trace,
            disk=self._disk,
            broker=self._broker,
            carrier=self._carrier,
            village=village,
            fail=self.fail,
            seed=seed,
            is_reachable=self._is_reachable,
        )
        residents = Residents(village, self._broker, clock, seed, self._run)
        self.witness = Witness(ground, self._plan, residents, self._start)
        self._broker.on_acknowledged = self.witness.acknowledged
        self._carrier.on_display = self.witness.display
        self._box = Box(ground, 1, self._parts)
        phones = {phone.number: phone for phone in village.phones(seed)}
        await self._carrier.open(phones.values(), self._reach)
        self._run(residents.live(self._plan.emergencies))
        self._run(residents.suffer(self._plan.emergencies, phones))
        self._run_faults()
        self._run(self._live_again())
        self._run(self._watch())
        self._run(self._operate())

    def _run_faults(self) -> None:
        planned = self._plan
        faults = Faults(self._loop, self._clock, self._trace, self._broker, self._disk)
        self._is_troubled = self._carrier.is_excused = lambda: faults.is_disk_troubled(
            AFTER_TROUBLE
        )
        self._run(faults.crash(planned.crashes, self._end_life))
        self._run(faults.trouble_carrier(planned.carrier, self._carrier))
        self._run(faults.trouble_rest(planned.outages, self._run))

    async def _reach(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, str]:
        """Post to the gateway that lives at present."""
        return await self._box.answer(url, form, headers)

    def _run(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.append(task)
        task.add_done_callback(self._ended)
        if len(self._tasks) > MOST_TASKS:
            self._tasks = [one for one in self._tasks if not one.done()]

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(str(error) if isinstance(error, ViolationError) else repr(error))

    def fail(self, reason: str) -> None:
        """End the run: something that must hold did not."""
        self._trace.note(f"VIOLATION {reason}")
        self._verdict.append(reason)
        self._over.set()

    # --- lives of the gateway -------------------------------------------------------------------

    def _end_life(self, crash: Crash) -> None:
        """End the present life, unless there is none."""
        if self._crash is None:
            self._crash = crash
            self._trace.note(f"{'stop' if crash.is_stop else 'crash'} {crash.down_seconds:.3f} s")
            self._box.kill()
            self.witness.deaths.append(self._clock.now())
            self._died.set()

    async def _live_again(self) -> None:
        """Bury each life, look at what it left, and begin the next."""
        for start in count(2):
            await self._died.wait()
            assert self._crash is not None
            await self._box.rest()
            await self.witness.bury(self._box)
            if self._crash.is_stop:
                await self._box.store()
                await self.witness.check_snapshot()
            self.witness.counts["stops" if self._crash.is_stop else "crashes"] += 1
            await self._clock.sleep(self._crash.down_seconds)
            self._crash = None
            self._died.clear()
            self._up_at = self._clock.now()
            self._box = Box(self._ground, start, self._parts)

    async def _watch(self) -> None:
        """Look every few seconds; a gateway that has just started, or cannot write, is let be."""
        for look in count():
            await self._clock.sleep(WATCH_SECONDS)
            is_young = self._clock.now() - self._up_at < AFTER_TROUBLE
            if not self._box.is_up or self._box.is_busy or is_young or self._is_troubled():
                continue
            self.witness.look(self._box.pump.engine)
            if look % ORDERS_EVERY == 0:
                await self.witness.look_at_orders(self._up_at)

    async def _operate(self) -> None:
        """Let the operator look at the desk's list, as long as there is one."""
        operator = Operator(self._seed, self._clock)
        while True:
            await self._clock.sleep(OPERATOR_LOOKS_SECONDS)
            if self._box.is_up:
                for act in operator.decide(self._box.pump.engine, self.witness.shown):
                    self._box.inbox.put(Job(events=(act,)))


_EVERYTHING = (
    "SELECT body FROM journal UNION ALL SELECT body FROM outbox"
    " UNION ALL SELECT hash FROM alarm_log"
)
