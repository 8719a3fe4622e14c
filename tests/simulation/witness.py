"""Who looks at a run, while it goes on and at its end, and says what was seen."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from alerting.engine import Engine
from gateway.recovery import rebuild
from simulators.phones import Phone
from simulators.phones.wording import place
from tests.simulation import invariants
from tests.simulation.box import Box, Ground
from tests.simulation.invariants import Journaled
from tests.simulation.people import Residents
from tests.simulation.plan import LIFE, TROUBLES, Emergency, Plan
from tests.simulation.trace import ViolationError

FOLDED_WHOLE = 20_000
"""Entries up to which the whole journal is folded at every stop, and not at the end only."""

SAID_WITHIN = timedelta(seconds=20)
"""What a link learned is committed by then, by the slowest disk."""

DISPLAYS = ("收到短信：", "听到：")


class Witness:
    """Holds what is seen against the invariants.

    Attributes:
        shown: when a phone of somebody who can help showed something about a home.
        reached_seconds: for each emergency told on which a life hangs, how long it took until then.
        asked_seconds: the same for those of which the resident is asked first.
        counts: what there was in the run.
        deaths: when lives of the gateway ended.
    """

    def __init__(self, ground: Ground, plan: Plan, residents: Residents, start: datetime) -> None:
        self.shown: defaultdict[str, list[datetime]] = defaultdict(list)
        self.reached_seconds: list[float] = []
        self.asked_seconds: list[float] = []
        self.counts: Counter[str] = Counter()
        self.deaths: list[datetime] = []
        self._ground, self._plan, self._residents = ground, plan, residents
        self._start = start
        self._journaled = Journaled()
        self._troubled = {emergency.home_id for emergency in plan.emergencies}

    # --- while it goes on -----------------------------------------------------------------------

    def display(self, phone: Phone, line: str) -> None:
        """Note what a phone shows, and for which home it is; nobody hears of a quiet home."""
        ground = self._ground
        ground.trace.note(f"phone {phone.number[-4:]} {line}")
        home_id = ground.village.home_at(place(line)) if line.startswith(DISPLAYS) else None
        if home_id is None:
            return
        if home_id not in self._troubled:
            ground.fail(f"{home_id} is a quiet home, and a phone shows: {line}")
        if not ground.village.is_resident(phone.number):
            self.shown[home_id].append(ground.clock.now())

    def acknowledged(self, name: str) -> None:
        """The broker may be told to forget what the journal has kept, and nothing else."""
        if name not in self._ground.disk.kept:
            self._ground.fail(f"acknowledged before it was kept: {name}")

    def look(self, engine: Engine) -> None:
        """Look at a gateway that has been up for a while and can write."""
        now = self._ground.clock.now()
        invariants.somebody_or_something_is_due(engine, now)
        invariants.silence_means_something(engine, now, self._ground.broker.connected_at)

    async def look_at_orders(self, up_at: datetime) -> None:
        """Look through the outbox."""
        await invariants.no_order_is_forgotten(self._ground.disk, self._ground.clock.now(), up_at)

    # --- at the end of a life -------------------------------------------------------------------

    async def bury(self, box: Box) -> None:
        """What a life leaves: everything acknowledged is kept, and the journal is the state."""
        ground = self._ground
        await self._journaled.read(ground.disk)
        invariants.nothing_acknowledged_is_missing(ground.broker.acknowledged, self._journaled)
        if not box.has_state:
            return
        seq, _ = await ground.disk.last()
        if box.is_busy and seq == box.pump.seq:
            return  # the turn that was under way is in the state and not in the journal
        recovered = await rebuild(ground.disk)
        invariants.same_state(recovered.engine, box.pump.engine, seq)

    async def check_snapshot(self) -> None:
        """The snapshot and what follows it fold to what the whole journal folds to."""
        recovered = await rebuild(self._ground.disk)
        if recovered.seq < FOLDED_WHOLE:
            await invariants.replay_is_live(self._ground.disk, recovered.engine, recovered.seq)

    # --- at the end of the run ------------------------------------------------------------------

    async def conclude(self, box: Box, up_at: datetime) -> None:
        """Look at everything."""
        disk = self._ground.disk
        await self.bury(box)
        if box.is_busy:
            raise ViolationError("the pump did not come to rest")
        engine = box.pump.engine
        await invariants.replay_is_live(disk, engine, box.pump.seq)
        invariants.somebody_or_something_is_due(engine, self._ground.clock.now())
        await self.look_at_orders(up_at)
        await invariants.keys_are_unique(disk)
        await invariants.log_is_whole(disk)
        await invariants.lost_time_is_known(
            disk, self._ground.broker.lost, self._journaled.names, self._unsaid()
        )
        told = {
            number: max(1, len(names))
            for number, names in self._residents.names.items()
            if not names or self._journaled.names & set(names)
        }
        await invariants.alarms_are_what_happened(disk, self._plan.emergencies, told, self._start)
        self._check_reached(engine, told)
        self._count(box, told)

    def _unsaid(self) -> list[datetime]:
        """List when a session was found lost by a life that ended before it could say so."""
        return [
            at
            for at in self._ground.broker.renewed_at
            if any(timedelta() <= death - at < SAID_WITHIN for death in self.deaths)
        ]

    def _check_reached(self, engine: Engine, told: Iterable[int]) -> None:
        """Nobody is left alone: somebody's phone has shown it, or the ladder is still running."""
        for number in sorted(told):
            emergency = self._plan.emergencies[number]
            if emergency.kind in TROUBLES:
                continue
            at = self._start + timedelta(seconds=emergency.at)
            after = [shown for shown in self.shown[emergency.home_id] if shown >= at]
            if after:
                reached = self.reached_seconds if emergency.kind in LIFE else self.asked_seconds
                reached.append((after[0] - at).total_seconds())
            elif not _is_running(engine, emergency):
                raise ViolationError(f"nobody was reached about {emergency}")

    def _count(self, box: Box, told: Collection[int]) -> None:
        kinds = Counter(self._plan.emergencies[number].kind for number in told)
        self.counts.update({f"told_{kind}": count for kind, count in kinds.items()})
        self.counts.update(
            published=self._residents.published,
            journaled=len(self._journaled.names),
            lost=len(self._ground.broker.lost),
            emergencies=len(self._plan.emergencies),
            told=len(told),
            lives=sum(kinds[kind] for kind in LIFE),
            outages=len(self._plan.outages),
            carrier_faults=len(self._plan.carrier),
            calls=len(self._ground.carrier.posts),
            texts=len(self._ground.carrier.texts.records),
            entries=box.pump.seq,
        )


def _is_running(engine: Engine, emergency: Emergency) -> bool:
    """Say whether the ladder of an emergency still runs; a suspected fall may have become one."""
    kinds = {emergency.kind, "fall"} if emergency.kind == "fall_suspected" else {emergency.kind}
    alarms = engine.homes[emergency.home_id].alarms.values()
    return any(alarm.is_open and alarm.kind in kinds for alarm in alarms)
