"""A village, its broker, its carrier and its gateway, for some hours of virtual time.

`run` plays one seed and gives a `Report`; a violation is part of it, with the step it was found at
and the last lines of the trace.
"""

import asyncio
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sized
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import NamedTuple

import structlog

from alerting.engine import Engine
from gateway.job import Job
from gateway.recovery import rebuild
from simulators.phones import Phone
from simulators.phones.wording import place
from tests.simulation import invariants, plan
from tests.simulation.box import Box, Ground, Parts
from tests.simulation.broker import Broker
from tests.simulation.carrier import Carrier
from tests.simulation.disk import Disk
from tests.simulation.faults import Faults
from tests.simulation.invariants import Journaled
from tests.simulation.loop import VillageClock, VirtualClock, VirtualLoop, new_loop
from tests.simulation.people import OPERATOR_LOOKS_SECONDS, Operator, Residents, of_household
from tests.simulation.plan import HOUR, Crash, Harm
from tests.simulation.trace import Trace, ViolationError
from tests.simulation.village import Village

MIDNIGHT = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # of a Monday in Shanghai
WATCH_SECONDS = 5.0
ORDERS_SECONDS = 300.0
FOLDED_WHOLE = 20_000
"""Entries up to which the whole journal is folded at every stop, and not at the end only."""

AFTER_TROUBLE = timedelta(seconds=20)
DISPLAYS = ("收到短信：", "听到：")


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
        world.counts,
        world.reached_seconds,
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

    def __init__(
        self, seed: int, options: Options, parts: Parts, loop: VirtualLoop, trace: Trace
    ) -> None:
        dice = Random(f"{seed}/world")
        self.counts: Counter[str] = Counter()
        self.reached_seconds: list[float] = []
        self._seed, self._options, self._parts = seed, options, parts
        self._loop, self._trace = loop, trace
        self._start = MIDNIGHT + timedelta(hours=dice.uniform(0, 24))
        self._clock = VirtualClock(loop, self._start)
        self._village = Village(options.homes, seed)
        self._plan = plan.draw(seed, options.hours, self._village.households, options.harms)
        self._verdict: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._shown: defaultdict[str, list[datetime]] = defaultdict(list)
        self._journaled = Journaled()
        self._troubled = {emergency.home_id for emergency in self._plan.emergencies}
        self._is_reachable = dice.random() < 0.8  # noqa: PLR2004 -- most gateways have an address
        self._up_at = self._start
        self._crash: Crash | None = None

    # --- a run ------------------------------------------------------------------------------------

    async def play(self) -> str:
        """Play to the end or to the first violation; gives the violation."""
        self._over = asyncio.Event()
        self._died = asyncio.Event()
        await self._build()
        try:
            async with self._clock.timeout(self._options.hours * HOUR):
                await self._over.wait()
        except TimeoutError:
            await self._settle()
        self._end_tasks()
        self._box.kill()
        await self._box.rest()
        if not self._verdict:
            await self._try(self._check_end())
        await self._carrier.close()
        self._trace.cover(b"".join(body for (body,) in await self._journal.read(_EVERYTHING)))
        self._journal.discard()
        return "; ".join([*self._verdict, *self._loop.errors])

    async def _build(self) -> None:
        trace, clock, seed = self._trace, self._clock, self._seed
        self._journal = Disk(clock, Random(f"{seed}/disk"))
        await self._journal.write(invariants.OFFERED)
        self._broker = Broker(clock, trace, Random(f"{seed}/wire"), self._run)
        self._broker.on_acknowledged = self._check_acknowledged
        village_clock = VillageClock(self._loop, self._start)
        self._carrier = Carrier(village_clock, trace, seed, self._display, self.fail)
        faults = self._faults = Faults(self._loop, clock, trace, self._end_life)
        self._carrier.is_excused = lambda: faults.disk_troubled(self._journal, AFTER_TROUBLE)
        phones = {phone.number: phone for phone in self._village.phones(seed)}
        self._ground = Ground(
            clock,
            trace,
            self._journal,
            self._broker,
            self._carrier,
            self._village,
            self.fail,
            seed,
            self._is_reachable,
        )
        self._box = Box(self._ground, 1, self._parts)
        await self._carrier.open(phones.values(), lambda *said: self._box.answer(*said))
        self._residents = Residents(self._village, self._broker, clock, seed, self._run)
        emergencies = self._plan.emergencies
        self._run(self._live_again())
        self._run(self._residents.live(emergencies))
        self._run(self._residents.suffer(emergencies, of_household(self._village, phones)))
        self._run(faults.crash(self._plan.crashes))
        self._run(faults.trouble_carrier(self._plan.carrier, self._carrier))
        self._run(
            faults.trouble_broker_and_disk(
                self._plan.outages, self._broker, self._journal, self._run
            )
        )
        self._run(self._watch())
        self._run(self._operate())

    def _run(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.append(task)
        task.add_done_callback(self._ended)
        if len(self._tasks) > 1000:  # noqa: PLR2004 -- most are short
            self._tasks = [one for one in self._tasks if not one.done()]

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(str(error) if isinstance(error, ViolationError) else repr(error))

    def _end_tasks(self) -> None:
        for task in self._tasks:
            task.remove_done_callback(self._ended)
            task.cancel()

    def fail(self, reason: str) -> None:
        """End the run: something that must hold did not."""
        self._trace.note(f"VIOLATION {reason}")
        self._verdict.append(reason)
        self._over.set()

    async def _try(self, check: Coroutine[object, object, None]) -> None:
        try:
            await check
        except ViolationError as error:
            self.fail(str(error))

    # --- lives of the gateway -----------------------------------------------------------------------

    def _end_life(self, crash: Crash) -> None:
        """End the present life, unless there is none."""
        if self._crash is None:
            self._crash = crash
            self._trace.note(f"{'stop' if crash.is_stop else 'crash'} {crash.down_seconds:.3f} s")
            self._box.kill()
            self._died.set()

    async def _live_again(self) -> None:
        """Bury each life, look at what it left, and begin the next."""
        for start in count(2):
            await self._died.wait()
            assert self._crash is not None
            await self._box.rest()
            await self._check_death()
            if self._crash.is_stop:
                await self._box.store()
                await self._check_snapshot()
            self.counts["stops" if self._crash.is_stop else "crashes"] += 1
            await self._clock.sleep(self._crash.down_seconds)
            self._crash = None
            self._died.clear()
            self._up_at = self._clock.now()
            self._box = Box(self._ground, start, self._parts)

    async def _settle(self) -> None:
        """Let the last turn come to its end."""
        for _ in range(100):
            if not self._box.is_busy:
                return
            await self._clock.sleep(0.01)

    # --- people -------------------------------------------------------------------------------------

    def _display(self, phone: Phone, line: str) -> None:
        """Note what a phone shows, and for which home it is."""
        self._trace.note(f"phone {phone.number[-4:]} {line}")
        if not line.startswith(DISPLAYS):
            return
        home_id = self._village.home_at(place(line))
        if home_id is None:
            return
        if home_id not in self._troubled:
            self.fail(f"{home_id} is a quiet home, and a phone shows: {line}")
        if not self._village.is_resident(phone.number):
            self._shown[home_id].append(self._clock.now())

    async def _operate(self) -> None:
        operator = Operator(self._seed, self._clock)
        while True:
            await self._clock.sleep(OPERATOR_LOOKS_SECONDS)
            if self._box.is_up:
                for act in operator.decide(self._box.pump.engine, self._shown):
                    self._box.inbox.put(Job(events=(act,)))

    # --- checks -------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Look every few seconds; a gateway that has just started, or cannot write, is let be."""
        for round_number in count():
            await self._clock.sleep(WATCH_SECONDS)
            now = self._clock.now()
            engine = self._box.pump.engine if self._box.is_up else None
            is_troubled = self._faults.disk_troubled(self._journal, AFTER_TROUBLE)
            is_young = now - self._up_at < AFTER_TROUBLE
            if engine is None or self._box.is_busy or is_troubled or is_young:
                continue
            invariants.somebody_or_something_is_due(engine, now)
            invariants.silence_means_something(engine, now, self._broker.connected_at)
            if round_number % (ORDERS_SECONDS / WATCH_SECONDS) == 0:
                await invariants.no_order_is_forgotten(self._journal, now, self._up_at)

    def _check_acknowledged(self, name: str) -> None:
        """The broker may be told to forget what the journal has kept, and nothing else."""
        if name not in self._journal.kept:
            self.fail(f"acknowledged before it was kept: {name}")

    async def _check_death(self) -> None:
        """What a life leaves: everything acknowledged is kept, and the journal is the state."""
        await self._journaled.read(self._journal)
        invariants.nothing_acknowledged_is_missing(self._broker.acknowledged, self._journaled)
        if self._box.has_state:
            seq, _ = await self._journal.last()
            if self._box.is_busy and seq == self._box.pump.seq:
                return  # the turn that was under way is in the state and not in the journal
            recovered = await rebuild(self._journal)
            invariants.same_state(recovered.engine, self._box.pump.engine, seq)

    async def _check_snapshot(self) -> None:
        """The snapshot and what follows it fold to what the whole journal folds to."""
        recovered = await rebuild(self._journal)
        if recovered.seq < FOLDED_WHOLE:
            await invariants.replay_is_live(self._journal, recovered.engine, recovered.seq)

    async def _check_end(self) -> None:
        journal, emergencies = self._journal, self._plan.emergencies
        await self._check_death()
        if self._box.is_busy:
            raise ViolationError("the pump did not come to rest")
        engine = self._box.pump.engine
        await invariants.replay_is_live(journal, engine, self._box.pump.seq)
        invariants.somebody_or_something_is_due(engine, self._clock.now())
        await invariants.no_order_is_forgotten(journal, self._clock.now(), self._up_at)
        await invariants.keys_are_unique(journal)
        await invariants.log_is_whole(journal)
        await invariants.lost_time_is_known(journal, self._broker.lost, self._journaled.names)
        told = {
            number: max(1, len(names))
            for number, names in self._residents.names.items()
            if not names or self._journaled.names & set(names)
        }
        await invariants.alarms_are_what_happened(journal, emergencies, told, self._start)
        self._check_reached(engine, told)
        self._count(told)

    def _check_reached(self, engine: Engine, told: Iterable[int]) -> None:
        """Nobody is left alone: somebody's phone has shown it, or the ladder is still running."""
        for number in sorted(told):
            emergency = self._plan.emergencies[number]
            if emergency.kind == "device_lost":
                continue
            at = self._start + timedelta(seconds=emergency.at)
            after = [shown for shown in self._shown[emergency.home_id] if shown >= at]
            if after:
                self.reached_seconds.append((after[0] - at).total_seconds())
            elif engine.homes[emergency.home_id].open_alarm(emergency.kind) is None:
                raise ViolationError(f"nobody was reached about {emergency}")

    def _count(self, told: Sized) -> None:
        self.counts.update(
            published=self._residents.published,
            journaled=len(self._journaled.names),
            lost=len(self._broker.lost),
            emergencies=len(self._plan.emergencies),
            told=len(told),
            outages=len(self._plan.outages),
            carrier_faults=len(self._plan.carrier),
            calls=len(self._carrier.posts),
            texts=len(self._carrier.texts.records),
            entries=self._box.pump.seq,
        )


_EVERYTHING = "SELECT body FROM journal UNION ALL SELECT body FROM outbox UNION ALL SELECT hash FROM alarm_log"
