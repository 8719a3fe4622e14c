"""A home, its people and a core in simulated time.

Time moves only when a story says so; every message the core asks for is kept until the story
has expected it, and `quiet` fails on any that was not.
"""

from datetime import UTC, datetime, timedelta

from alerting.effect import Effect, HandOver, Log, Medium, Resolve, Submit, Template
from alerting.engine import Decision, Engine
from alerting.event import (
    Answer,
    AnswerGiven,
    AttemptReported,
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


def home(home_id: str = "h0001", neighbours: tuple[str, ...] = NEIGHBOURS) -> HomeRecord:
    """A home with everything: a resident with a phone, sensors, desk, gatehouse, family."""
    people = [ResponderRecord("d01", Role.DESK)]
    people += [ResponderRecord(n, Role.NEIGHBOUR, i) for i, n in enumerate(neighbours, 1)]
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
        slot_hint=3,
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
        self.events: list[tuple[datetime, Event]] = []
        for record in records or (home(),):
            self.do(HomeChanged(record))

    # --- events in ---

    def do(self, event: Event) -> Decision:
        """Give the core an event and sort what it asks for."""
        self.events.append((self.now, event))
        decision = self.engine.handle(event, self.now)
        for effect in decision.effects:
            self._sort(effect)
        return decision

    def _sort(self, effect: Effect) -> None:
        if isinstance(effect, Submit):
            self.waiting.append(effect)
            self.asked.append(effect)
        elif isinstance(effect, Log):
            self.log.append(effect)
        elif isinstance(effect, HandOver):
            self.handed.append(effect)
        elif isinstance(effect, Resolve):
            self.looked_up.append(effect)

    def wait(self, seconds: float) -> None:
        """Let time pass, waking the core whenever it asked to be."""
        end = self.now + timedelta(seconds=seconds)
        while (due := self.engine.next_deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            for home_id in self.engine.due_homes(self.now):
                self.do(Elapsed(home_id))
        self.now = end

    def hear(  # noqa: PLR0913 -- a report has these parts
        self,
        device: str,
        kind: Kind,
        value: bool | str | float = True,  # noqa: FBT002 -- reads well in stories
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
    ) -> Decision:
        """Let a device of the home say something."""
        readings = (Reading(kind, value, flags=flags), Reading(Kind.HEARTBEAT))
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

    def deliver(self) -> None:
        """Let everything that waits arrive: texts and console delivered, calls ringing."""
        for submit in list(self.waiting):
            outcome = Outcome.RINGING if submit.medium is Medium.VOICE else Outcome.DELIVERED
            self.report(submit, outcome)
        self.forget()

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

    def verbs(self) -> list[str]:
        """What the alarm log says happened."""
        return [line.verb for line in self.log]
