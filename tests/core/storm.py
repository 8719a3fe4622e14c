"""Anything that can come into the core, in any order and as often as it likes, as data.

A step names homes, people, alarms and attempts by a number; what the number means is looked up
in the world when the step is taken, and some numbers mean nothing there. Only time behaves: it
never goes back. Silence is judged within half an hour, so that a short storm sees all rules.
"""

from datetime import timedelta
from typing import NamedTuple, Protocol

import msgspec
from hypothesis import strategies as st

from alerting.event import (
    Answer,
    AnswerGiven,
    AttemptReported,
    ConfigApplied,
    DrillOrdered,
    Elapsed,
    Event,
    GapRecorded,
    HoldSet,
    HomeRemoved,
    OperatorActed,
    Outcome,
    ReplyReceived,
    ReportReceived,
    Verb,
)
from alerting.record import HomeRecord
from alerting.settings import RULES, Settings
from sensors.reading import Flag, Kind, Reading, Replay, Report, Source
from tests.core.storm_modes import modes
from tests.stories.world import World, home

SETTINGS = Settings.model_validate(
    {
        "rules": {
            "device_lost": {"budget_hours": {"help_button": 0.25, "pir": 1.0}},
            "no_motion": {"day_hours": 0.5, "night_hours": 0.75},
        },
    },
)
EDITED = Settings.model_validate({"timezone": "Europe/Berlin"})
BODIES = (
    SETTINGS.model_dump_json().encode(),
    EDITED.model_dump_json().encode(),
    b'{"timezone": "nowhere"}',
    b"",
)

HOMES = ("h0001", "h0002", "h9999")
PEOPLE = ("n01", "n02", "n03", "d01", "p01", "f-h0001", "r-h0001", "r-h0002", "nobody")
DEVICES = ("smoke", "pir", "help", "door", "gas", "leak", "band")
LINKS = ("mqtt", "serial")
KINDS = tuple(RULES)
_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


class Step(Protocol):
    """One thing that happens."""

    def take(self, world: World) -> None:
        """Let it happen."""


class Hear(NamedTuple):
    """A device says something; `late_seconds` it lay in a queue, `age_seconds` by its own time."""

    home: str
    device: str
    kind: Kind
    value: bool | float | str | dict[str, float | bool] | None
    flags: tuple[Flag, ...]
    replay: Replay
    link: str
    counted: tuple[str | None, int | None]
    digest: int
    is_dup: bool
    late_seconds: float
    age_seconds: float | None
    is_merged: bool

    def take(self, world: World) -> None:
        """Hear it."""
        received_at = world.now - timedelta(seconds=self.late_seconds)
        age = self.age_seconds
        report = Report(
            device_id=f"own-{self.device}-{self.home}",
            received_at=received_at,
            readings=(Reading(self.kind, self.value, flags=self.flags), Reading(Kind.HEARTBEAT)),
            source=Source("mqtt", "own", self.link, replay=self.replay, is_dup=self.is_dup),
            digest=self.digest,
            boot=self.counted[0],
            seq=self.counted[1],
            device_time=None if age is None else received_at - timedelta(seconds=age),
            is_merged=self.is_merged,
        )
        world.do(ReportReceived(self.home, report))


class Come(NamedTuple):
    """A channel says something of one of the last attempts, or of one nobody made."""

    attempt: int
    outcome: Outcome
    retry_after_seconds: float | None

    def take(self, world: World) -> None:
        """Report it."""
        recent = world.asked[-24:]
        if self.attempt >= len(recent):
            world.do(AttemptReported("h0001", "none", "none.x.1", self.outcome))
            return
        submit = recent[-1 - self.attempt]
        world.report(submit, self.outcome, self.retry_after_seconds)


def alarm_of(world: World, home_id: str, number: int) -> str:
    """Name one of a home's alarms, or none."""
    known = world.engine.homes.get(home_id)
    alarms = list(known.alarms) if known else []
    return alarms[number % len(alarms)] if alarms else "none"


class Say(NamedTuple):
    """Somebody answers about an alarm, whether they were asked or not."""

    home: str
    alarm: int
    person: str
    answer: Answer

    def take(self, world: World) -> None:
        """Say it."""
        alarm_id = alarm_of(world, self.home, self.alarm)
        world.do(AnswerGiven(self.home, alarm_id, self.person, self.answer))


class Text(NamedTuple):
    """Somebody sends a text."""

    person: str
    answer: Answer
    slot: int | None
    text_id: str

    def take(self, world: World) -> None:
        """Send it."""
        world.do(ReplyReceived(self.person, self.answer, self.slot, self.text_id))


class Act(NamedTuple):
    """The desk does something to an alarm."""

    home: str
    alarm: int
    verb: Verb
    disposition: str | None

    def take(self, world: World) -> None:
        """Do it."""
        alarm_id = alarm_of(world, self.home, self.alarm)
        world.do(OperatorActed(self.home, alarm_id, "wang", self.verb, self.disposition))


class Rehearse(NamedTuple):
    """The desk orders a drill."""

    home: str
    kind: str

    def take(self, world: World) -> None:
        """Order it."""
        world.do(DrillOrdered(self.home, self.kind, "wang"))


class Enter(NamedTuple):
    """The registry has something else to say of a home."""

    home: str
    neighbours: tuple[str, ...]
    is_bare: bool

    def take(self, world: World) -> None:
        """Say it."""
        record = home(self.home, self.neighbours)
        bare = HomeRecord(record.id, (), record.devices[:1], record.responders)
        world.enter(bare if self.is_bare else record)


class Remove(NamedTuple):
    """The registry no longer has a home."""

    home: str

    def take(self, world: World) -> None:
        """Remove it, a millisecond later: an alarm is named by its home and the millisecond."""
        world.wait(0.001)
        world.do(HomeRemoved(self.home))
        world.wait(0.001)


class Configure(NamedTuple):
    """The configuration is read again."""

    body: bytes

    def take(self, world: World) -> None:
        """Read it."""
        world.do(ConfigApplied(self.body))


class Lose(NamedTuple):
    """Readings of a link could be lost for a while."""

    link: str
    minutes: float
    ago_minutes: float

    def take(self, world: World) -> None:
        """Lose them."""
        until = world.now - timedelta(minutes=self.ago_minutes)
        world.do(GapRecorded(self.link, until - timedelta(minutes=self.minutes), until))


class Hold(NamedTuple):
    """A link is behind, or is so no more."""

    link: str
    seconds: float

    def take(self, world: World) -> None:
        """Hold it."""
        world.do(HoldSet(self.link, world.now + timedelta(seconds=self.seconds)))


class Wake(NamedTuple):
    """A home is asked although nothing is due there."""

    home: str

    def take(self, world: World) -> None:
        """Ask it."""
        world.do(Elapsed(self.home))


class Doze(NamedTuple):
    """Nobody moves until the resident is asked, and the resident says something."""

    home: str
    answer: Answer

    def take(self, world: World) -> None:
        """Sleep, and be rung."""
        world.wait(1810)
        known = world.engine.homes.get(self.home)
        silence = known.open_alarm("no_motion") if known else None
        if silence is not None:
            world.do(AnswerGiven(self.home, silence.id, f"r-{self.home}", self.answer))


class Wait(NamedTuple):
    """Time passes, and the core is woken whenever it asked to be."""

    seconds: float

    def take(self, world: World) -> None:
        """Let it pass."""
        world.wait(self.seconds)


HOME = st.sampled_from(["h0001"] * 5 + ["h0002"] * 3 + ["h9999"])
PERSON = st.sampled_from(PEOPLE)
NUMBER = st.integers(0, 3)
VALUE = st.one_of(
    st.just(value=True),
    st.just(value=True),
    st.booleans(),
    st.sampled_from(["press", "long", "offline", "none", "still", "moving", 0, 1e9, None]),
    st.sampled_from(["suspected", "confirmed", "cleared", 0, 30, 80, 170]),
    st.just({"lat": 1.0, "valid": True}),
)
HEAR = st.builds(
    Hear,
    HOME,
    st.sampled_from(DEVICES),
    st.sampled_from(
        [
            *(Kind.SMOKE, Kind.SMOKE, Kind.HELP_CALL, Kind.HELP_CALL, Kind.MOTION),
            *(Kind.PRESENCE, Kind.AVAILABILITY, Kind.CONTACT, Kind.GAS, Kind.CO, Kind.WATER_LEAK),
            *(Kind.FALL, Kind.FALL, Kind.WORN, Kind.HEART_RATE, Kind.HEART_RATE, Kind.SPO2),
            *(Kind.BATTERY, Kind.BATTERY_LOW, Kind.TAMPER, Kind.FAULT),
        ],
    ),
    VALUE,
    st.sampled_from([(), (), (), (Flag.TEST,), (Flag.INVALID,)]),
    st.sampled_from([Replay.LIVE, Replay.LIVE, *Replay]),
    st.sampled_from(LINKS),
    st.tuples(
        st.sampled_from([None, "a", "b", "c"]),
        st.one_of(st.none(), st.integers(0, 5), st.integers(0, 2**53)),
    ),
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from([0.0, 0.0, 0.0, 2.0, 600.0, -1e9]),
    st.sampled_from([None, None, 0.0, 3600.0, -3600.0]),
    st.booleans(),
)
COME = st.builds(
    Come,
    st.integers(0, 25),
    st.sampled_from(Outcome),
    st.sampled_from([None, None, None, 2.0, -1.0, 1e300, float("inf"), float("nan")]),
)
SAY = st.builds(
    Say,
    HOME,
    NUMBER,
    PERSON,
    st.sampled_from([Answer.GOING, Answer.GOING, Answer.ARRIVED, Answer.SAFE, *Answer]),
)
TEXT = st.builds(
    Text,
    PERSON,
    st.sampled_from(Answer),
    st.one_of(st.none(), st.integers(0, 9)),
    st.sampled_from(["", "", "t1", "t2"]),
)
ACT = st.builds(
    Act,
    HOME,
    NUMBER,
    st.sampled_from(Verb),
    st.sampled_from([None, "false_alarm", "deceased", "no_access", "nonsense"]),
)
REHEARSE = st.builds(Rehearse, HOME, st.sampled_from([*KINDS, "nonsense"]))
ENTER = st.builds(
    Enter,
    st.sampled_from(HOMES[:2]),
    st.sampled_from([(), ("n01",), ("n02", "n01", "n03"), ("n01", "n02", "n03", "n04")]),
    st.booleans(),
)
REMOVE = st.builds(Remove, HOME)
CONFIGURE = st.builds(Configure, st.sampled_from(BODIES))
LOSE = st.builds(
    Lose,
    st.sampled_from(LINKS),
    st.sampled_from([-5.0, 0.0, 10.0, 600.0]),
    st.sampled_from([0.0, 20.0, -1e8]),
)
HOLD = st.builds(Hold, st.sampled_from(LINKS), st.sampled_from([-1.0, 0.0, 30.0, 86_400.0]))
WAKE = st.builds(Wake, HOME)
SHORT = st.sampled_from([0.0, 0.001, 0.5, 1.0, 5.0, 10.0, 29.999, 30.0, 60.0, 120.0])
LONG = st.sampled_from([300.0, 900.0, 1800.0, 4000.0])
WAIT = st.builds(Wait, SHORT)
DRAG = st.builds(Wait, LONG)

DOZE = st.builds(Doze, HOME, st.sampled_from([Answer.GOING, Answer.AMBULANCE, Answer.UNCLEAR]))

RARE = [DOZE, REHEARSE, *modes(HOME), ENTER, REMOVE, CONFIGURE, LOSE, HOLD, WAKE, DRAG]
STEPS: st.SearchStrategy[Step] = st.one_of(
    HEAR, HEAR, COME, COME, COME, SAY, SAY, TEXT, TEXT, ACT, WAIT, WAIT, st.one_of(*RARE)
)


def calm() -> World:
    """The world before a storm: two homes that share their neighbours."""
    world = World(home("h0001"), home("h0002", slot_hint=5))
    world.do(ConfigApplied(BODIES[0]))
    world.wait(0)  # other settings have every home looked at again
    return world


def journaled(event: Event) -> Event:
    """Give an event as it comes back from the journal."""
    return _EVENT.decode(msgspec.json.encode(event))
