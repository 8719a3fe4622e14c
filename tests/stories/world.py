"""A home, its people and a core in simulated time.

Time moves only when a story says so; every message the core asks for is kept until the story
has expected it, and `quiet` fails on any that was not.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from alerting.effect import Cancel, Effect, HandOver, Log, Medium, Resolve, Submit, Template
from alerting.engine import Decision, Engine
from alerting.event import (
    Answer,
    AnswerGiven,
    AttemptReported,
    DrillOrdered,
    Elapsed,
    Event,
    HomeChanged,
    OperatorActed,
    Outcome,
    ReplyReceived,
    ReportReceived,
    Verb,
)
from alerting.record import (
    DeviceRecord,
    HomeRecord,
    ResidentRecord,
    ResponderRecord,
    Role,
)
from alerting.settings import Settings
from sensors.reading import Flag, Kind, Reading, Replay, Report, Source

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai

NEIGHBOURS = ("n01", "n02", "n03", "n04")


MOST_WAKES = 50
"""How often a home may want to be asked at one instant before the core counts as spinning."""


FIXED = {"day_hours": 8.0, "night_hours": 12.0}


def fixed_limits() -> Settings:
    """The defaults, but for silence: it is judged by fixed limits, whatever a home has learned."""
    return Settings.model_validate({"rules": {"no_motion": FIXED}})


def patient(**tables: dict[str, object]) -> Settings:
    """Settings under which no device is lost in a story's time, with these tables of rules.

    Silence is judged by fixed limits, eight hours by day and twelve by night, unless a table
    says otherwise: a story about something else should not depend on what a home has learned.
    """
    classes = ("smoke", "pir", "help_button", "bed", "cupboard", "front_door")
    hours = dict.fromkeys(classes, 8000.0)
    rules = {"device_lost": {"budget_hours": hours}, "no_motion": FIXED, **tables}
    return Settings.model_validate({"rules": rules})


def home(
    home_id: str = "h0001",
    neighbours: tuple[str, ...] = NEIGHBOURS,
    *,
    asleep: tuple[str, ...] = (),
    slot_hint: int = 3,
) -> HomeRecord:
    """A home with everything: a resident with a phone, sensors, desk, gatehouse, family.

    The neighbours who are `asleep` did not agree to be woken at night.
    """
    people = [ResponderRecord("d01", Role.DESK)]
    people += [
        ResponderRecord(n, Role.NEIGHBOUR, i, at_night=n not in asleep)
        for i, n in enumerate(neighbours, 1)
    ]
    people += [ResponderRecord("p01", Role.POST), ResponderRecord(f"f-{home_id}", Role.FAMILY)]
    return HomeRecord(
        id=home_id,
        residents=(ResidentRecord(f"r-{home_id}", can_answer=True),),
        devices=(
            DeviceRecord(f"own-smoke-{home_id}", "smoke", "厨房"),
            DeviceRecord(f"own-pir-{home_id}", "pir", "客厅"),
            DeviceRecord(f"own-help-{home_id}", "help_button"),
        ),
        responders=tuple(people),
        slot_hint=slot_hint,
    )


class World:
    """One core with one or more homes."""

    def __init__(
        self,
        *records: HomeRecord,
        settings: Settings | None = None,
        start: datetime = MORNING,
    ) -> None:
        self.engine = Engine(settings)
        self.now = start
        self.waiting: list[Submit] = []
        self.asked: list[Submit] = []
        self.log: list[Log] = []
        self.handed: list[HandOver] = []
        self.looked_up: list[Resolve] = []
        self.taken_back: list[Cancel] = []
        self.events: list[tuple[datetime, Event]] = []
        self.decisions: list[Decision] = []
        self.times: list[tuple[datetime, str]] = []
        self._moves = 0
        for record in records or (home(),):
            self.do(HomeChanged(record))

    # --- events in ---

    def do(self, event: Event) -> Decision:
        """Give the core an event and sort what it asks for."""
        self.events.append((self.now, event))
        decision = self.engine.handle(event, self.now)
        self.decisions.append(decision)
        for effect in decision.effects:
            self._sort(effect)
        return decision

    def _sort(self, effect: Effect) -> None:
        if isinstance(effect, Submit):
            self.waiting.append(effect)
            self.asked.append(effect)
        elif isinstance(effect, Log):
            self.log.append(effect)
            self.times.append((self.now, effect.verb))
        elif isinstance(effect, HandOver):
            self.handed.append(effect)
        elif isinstance(effect, Resolve):
            self.looked_up.append(effect)
        elif isinstance(effect, Cancel):
            self.taken_back.append(effect)

    def wait(self, seconds: float) -> None:
        """Let time pass, waking the core whenever it asked to be."""
        end = self.now + timedelta(seconds=seconds)
        wakes = 0
        while (due := self.engine.next_deadline()) is not None and due <= end:
            wakes = wakes + 1 if due <= self.now else 0
            assert wakes < MOST_WAKES, f"the core spins at {self.now}"
            self.now = max(self.now, due)
            for home_id in self.engine.due_homes(self.now):
                self.do(Elapsed(home_id))
        self.now = end

    def restart(self) -> None:
        """Stop the gateway and start it again from its snapshot."""
        body = self.engine.snapshot()
        self.engine = Engine()
        assert self.engine.restore(body)

    def hear(  # noqa: PLR0913 -- a report has these parts
        self,
        device: str,
        kind: Kind,
        value: bool | str | float = True,  # noqa: FBT001, FBT002 -- reads well in stories
        *,
        home_id: str = "h0001",
        seq: int | None = None,
        boot: str | None = None,
        flags: tuple[Flag, ...] = (),
        replay: Replay = Replay.LIVE,
        device_time: datetime | None = None,
        is_dup: bool = False,
        digest: int = 1,
        link: str = "mqtt",
        beside: tuple[tuple[Kind, bool | str | float], ...] = (),
    ) -> Decision:
        """Let a device of the home say something, and what is `beside` it in the same report."""
        others = tuple(Reading(*other) for other in beside)
        readings = (Reading(kind, value, flags=flags), *others, Reading(Kind.HEARTBEAT))
        source = Source("mqtt", "own", link, replay=replay, is_dup=is_dup)
        report = Report(
            device_id=f"own-{device}-{home_id}",
            received_at=self.now,
            readings=readings,
            source=source,
            digest=digest,
            boot=boot,
            seq=seq,
            device_time=device_time,
        )
        return self.do(ReportReceived(home_id, report))

    def smoke(self, home_id: str = "h0001") -> str:
        """Let it burn; gives the new alarm's id."""
        self.hear("smoke", Kind.SMOKE, home_id=home_id)
        return self.alarm(home_id)

    def press(self, home_id: str = "h0001") -> str:
        """Let the resident press the button; gives the new alarm's id."""
        self.hear("help", Kind.HELP_CALL, "press", home_id=home_id)
        return self.alarm(home_id)

    def move(self, home_id: str = "h0001", link: str = "mqtt") -> Decision:
        """Let somebody walk through the living room."""
        self._moves += 1
        return self.hear("pir", Kind.MOTION, home_id=home_id, digest=-self._moves, link=link)

    def alarm(self, home_id: str = "h0001") -> str:
        """Give the id of the home's newest alarm."""
        return list(self.engine.homes[home_id].alarms)[-1]

    def state(self, home_id: str = "h0001") -> str:
        """Give the state of the home's newest alarm."""
        return self.engine.homes[home_id].alarms[self.alarm(home_id)].state.value

    # --- people ---

    def says(self, person_id: str, answer: Answer, home_id: str = "h0001") -> Decision:
        """Let a person answer about the home's newest alarm."""
        return self.do(AnswerGiven(home_id, self.alarm(home_id), person_id, answer))

    def texts(self, person_id: str, answer: Answer, slot: int | None = None) -> Decision:
        """Let a person send a text."""
        return self.do(ReplyReceived(person_id, answer, slot))

    def drill(self, kind: str, home_id: str = "h0001") -> Decision:
        """Let the desk order a rehearsal."""
        return self.do(DrillOrdered(home_id, kind, "wang"))

    def enter(self, record: HomeRecord) -> None:
        """Let the registry say something else of a home."""
        self.do(HomeChanged(record))

    def operator(
        self, verb: Verb, disposition: str | None = None, home_id: str = "h0001"
    ) -> Decision:
        """Let the desk act."""
        return self.do(OperatorActed(home_id, self.alarm(home_id), "wang", verb, disposition))

    # --- what went out ---

    def sent(self, person_id: str, medium: Medium, template: Template | None = None) -> Submit:
        """Expect the oldest waiting message of this sort, and take it off the list."""
        for submit in self.waiting:
            is_it = submit.person_id == person_id and submit.medium is medium
            if is_it and (template is None or submit.template is template):
                self.waiting.remove(submit)
                return submit
        said = [(s.person_id, s.medium.value, s.template.value) for s in self.waiting]
        raise AssertionError(f"nothing for {person_id} by {medium.value}; there is {said}")

    def report(self, submit: Submit, outcome: Outcome, retry_after: float | None = None) -> None:
        """Let the channel say what came of an attempt."""
        event = AttemptReported(
            submit.home_id,
            submit.alarm_id,
            submit.key,
            outcome,
            retry_after_seconds=retry_after,
        )
        self.do(event)

    def found(self, attempt_id: str, outcome: Outcome, home_id: str = "h0001") -> None:
        """Let the provider say what has become of an attempt it was asked about."""
        alarm_id = attempt_id.split(".", maxsplit=1)[0]
        self.do(AttemptReported(home_id, alarm_id, attempt_id, outcome))

    def deliver(self, voice: Outcome = Outcome.RINGING, text: Outcome = Outcome.DELIVERED) -> None:
        """Let everything that waits arrive: texts and console delivered, calls ringing.

        What the core asks for meanwhile waits for the next time.
        """
        arriving, self.waiting = self.waiting, []
        outcomes = {Medium.VOICE: voice, Medium.SMS: text, Medium.CONSOLE: Outcome.DELIVERED}
        for submit in arriving:
            self.report(submit, outcomes[submit.medium])

    def forget(self) -> None:
        """Expect whatever there is, for a story about something else."""
        self.waiting.clear()

    def people(self) -> set[tuple[str, str]]:
        """Who waits for what, as (person, medium)."""
        return {(s.person_id, s.medium.value) for s in self.waiting}

    def quiet(self) -> None:
        """Fail on any message nobody expected."""
        said = [(s.person_id, s.medium.value, s.template.value) for s in self.waiting]
        assert said == []

    def templates(self, person_id: str) -> list[str]:
        """What waits for a person."""
        return [s.template.value for s in self.waiting if s.person_id == person_id]

    def raised(self) -> Iterator[tuple[Log, datetime]]:
        """Each alarm that was raised, as its line of the log, and when."""
        for line, (at, _) in zip(self.log, self.times, strict=True):
            if line.verb == "raised":
                yield line, at

    def verbs(self) -> list[str]:
        """What the alarm log says happened."""
        return [line.verb for line in self.log]
