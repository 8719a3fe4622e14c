"""What the people of the village do: residents live, emergencies break in, an operator decides.

Their devices speak to the broker over radios of their own: later or earlier than the next one's,
now and then twice, and after a restart with a new boot id. Nobody speaks of anything the plan does
not say, so a quiet home is quiet.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import merge
from random import Random

from alerting.engine import Engine
from alerting.event import Event, OperatorActed, Verb
from alerting.policy import Priority
from simulators.devices.own import Device, Value
from simulators.phones import Phone
from simulators.resident import Emergency as Trouble
from simulators.resident import Observation, life
from tests.simulation.broker import Broker, Published
from tests.simulation.loop import VirtualClock
from tests.simulation.plan import SOFT, SUDDEN, Emergency
from tests.simulation.village import Village, fall_silent

FIRE_STEP_SECONDS = 20.0
OPERATOR_LOOKS_SECONDS = 20.0
OPERATOR = "wang"
_SAID: Mapping[str, tuple[str, Value]] = {
    "fall": ("fall", "confirmed"),
    "fall_suspected": ("fall", "suspected"),
}
"""The kind and the value in which a device tells of it, where that is not the alarm's name."""

_UNSAID = frozenset({"fall", "tamper"})
"""What a device does not take back by itself."""

Start = Callable[[Coroutine[object, object, None]], object]


class Residents:
    """Devices and those who set them off; `names` gives the messages of each emergency."""

    def __init__(
        self, village: Village, broker: Broker, clock: VirtualClock, seed: int, start: Start
    ) -> None:
        self.names: dict[int, list[str]] = {}
        self.published = 0
        self._village, self._broker, self._clock = village, broker, clock
        self._seed, self._start = seed, start
        self._devices: Mapping[str, Device] = village.devices(str(seed))
        self._dice = Random(f"{seed}/radio")

    async def live(self, emergencies: Sequence[Emergency]) -> None:
        """Let every home's sensors see its days, for ever."""
        began = self._clock.now()
        troubles = {one.home_id: _trouble(one, began) for one in emergencies}
        days = [
            life(home, seed=self._seed, start=began, emergency=troubles.get(home.id))
            for home in self._village.households
        ]
        for seen in merge(*days, key=lambda observation: observation.at):
            await self._clock.sleep(max(0.0, (seen.at - self._clock.now()).total_seconds()))
            self._say(seen)

    def _say(self, seen: Observation) -> str:
        """Let a device report; gives the message's name."""
        device = self._devices[seen.device]
        if self._dice.random() < 0.002:
            device.reboot()
        message = device.report(seen.kind, seen.value)
        name = f"{seen.device}/{message.body['boot']}/{message.body['seq']}"
        self.published += 1
        self._start(self._send(Published(name, seen.device, message.topic, message.payload)))
        return name

    async def _send(self, message: Published) -> None:
        await self._clock.sleep(self._dice.uniform(0.001, 0.3))
        self._broker.publish(message)
        if self._dice.random() < 0.01:
            await self._clock.sleep(self._dice.uniform(0, 5))
            self._broker.publish(message)

    async def suffer(self, emergencies: Sequence[Emergency], phones: Mapping[str, Phone]) -> None:
        """Let the planned emergencies happen."""
        began = self._clock.now()
        for number, emergency in enumerate(emergencies):
            at = began + timedelta(seconds=emergency.at)
            await self._clock.sleep(max(0.0, (at - self._clock.now()).total_seconds()))
            self.names[number] = []
            if emergency.kind == "smoke":
                self._start(self._burn(emergency, number))
            elif emergency.kind == "help_call":
                self._start(self._press(emergency, number))
            elif emergency.kind in SUDDEN:
                self._start(self._strike(emergency, number))
            if emergency.kind in SOFT:
                for _, person in self._village.residents_of(emergency.home_id):
                    fall_silent(phones[person.phone or ""])

    async def _burn(self, emergency: Emergency, number: int) -> None:
        """Smoke, often seen again, and a room that gets hot; the head may fall silent."""
        dice = Random(f"{self._seed}/fire/{number}")
        cries = [True, *([True] * dice.choice((0, 1, 3)))]
        for value in [*cries, *([False] * (dice.random() < 0.5))]:
            self._tell(emergency, number, "smoke", value)
            await self._clock.sleep(dice.uniform(1, FIRE_STEP_SECONDS))
            self._say(_seen(emergency, "temperature", dice.uniform(34, 71), self._clock.now()))

    async def _strike(self, emergency: Emergency, number: int) -> None:
        """A detector or a band says it, often again; a detector may take it back."""
        dice = Random(f"{self._seed}/strike/{number}")
        kind, value = _SAID.get(emergency.kind, (emergency.kind, True))
        for _ in range(dice.choice((1, 1, 2, 4))):
            self._tell(emergency, number, kind, value)
            await self._clock.sleep(dice.uniform(0.3, 30))
        if kind not in _UNSAID and dice.random() < 0.5:
            self._tell(emergency, number, kind, value=False)

    async def _press(self, emergency: Emergency, number: int) -> None:
        """Press once, or again and again."""
        dice = Random(f"{self._seed}/press/{number}")
        for _ in range(dice.choice((1, 1, 2, 4))):
            word = "wearable" if emergency.device.startswith("band") else "press"
            self._tell(emergency, number, "help_call", word)
            await self._clock.sleep(dice.uniform(0.3, 8))

    def _tell(self, emergency: Emergency, number: int, kind: str, value: Value) -> None:
        name = self._say(_seen(emergency, kind, value, self._clock.now()))
        if value:
            self.names[number].append(name)


def _trouble(emergency: Emergency, began: datetime) -> Trouble:
    """Say what an emergency takes out of a home's ordinary days."""
    at = began + timedelta(seconds=emergency.at)
    if emergency.kind == "no_motion":
        return Trouble(silent_from=at)
    if emergency.kind == "device_lost":
        return Trouble(dead_from={emergency.device: at})
    if emergency.kind == "heart_rate":
        return Trouble(races_from=at)
    return Trouble()


def _seen(emergency: Emergency, kind: str, value: Value, at: datetime) -> Observation:
    return Observation(at, emergency.device, kind, value)


class Operator:
    """Whoever is at the desk: takes some alarms over, and closes each that somebody has seen."""

    def __init__(self, seed: int, clock: VirtualClock) -> None:
        self._seed, self._clock = seed, clock
        self._taken: set[str] = set()

    def decide(self, engine: Engine, shown: Mapping[str, list[datetime]]) -> list[Event]:
        """Say what is done now; `shown` is when phones showed something about a home."""
        now = self._clock.now()
        acts: list[Event] = []
        for home in engine.homes.values():
            for alarm in home.alarms.values():
                if not alarm.is_open or alarm.policy.priority is Priority.TROUBLE:
                    continue
                dice = Random(f"{self._seed}/operator/{alarm.id}")
                age, patience = now - alarm.raised_at, timedelta(minutes=dice.uniform(10, 50))
                takes = dice.random() < 0.3 and age > timedelta(seconds=30)
                if takes and alarm.id not in self._taken:
                    self._taken.add(alarm.id)
                    acts.append(_act(home.record.id, alarm.id, Verb.ACKNOWLEDGE))
                is_seen = any(at >= alarm.raised_at for at in shown.get(home.record.id, []))
                if age > patience and is_seen:
                    acts.append(_act(home.record.id, alarm.id, Verb.CLOSE))
        return acts


def _act(home_id: str, alarm_id: str, verb: Verb) -> OperatorActed:
    disposition = "assisted" if verb is Verb.CLOSE else None
    return OperatorActed(home_id, alarm_id, OPERATOR, verb, disposition)
