"""The core: one event in, effects out, and nothing else.

`handle(event, now)` is a fold: the same events in the same order give the same state and the
same effects. Homes know nothing of each other; what spans them is the community's small state.
Deadlines are data inside the state; `next_deadline` says when the core wants to be asked again
and `due_homes` whom to ask about. `now` never goes backward.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from pydantic import ValidationError

from alerting import (
    away,
    community,
    duplicates,
    escalation,
    holds,
    household,
    intervals,
    memory,
    merging,
    outward,
    response,
    signs,
    walk_test,
)
from alerting.alarm import Disposition, RefusedError
from alerting.community import CommunityState
from alerting.deadlines import Deadlines
from alerting.duplicates import Novelty
from alerting.effect import Effect, Log, Submit
from alerting.event import (
    AnswerGiven,
    AwayEnded,
    AwayReported,
    ConfigApplied,
    Elapsed,
    Event,
    GapRecorded,
    HoldSet,
    HomeChanged,
    HomeEvent,
    HomeRemoved,
    ReplyReceived,
    ReportReceived,
)
from alerting.freshness import is_heard
from alerting.holds import Hold
from alerting.home import DeviceState, Gap, HomeState
from alerting.raising import take_finding
from alerting.roster import Scene
from alerting.rules import Rule, View
from alerting.rules.no_motion import NoMotionParams, is_day, watches
from alerting.settings import RULES, Settings
from sensors.reading import Kind, Report, is_life_safety

VERSION = 2
"""Of the state's form; a snapshot of another version is not read, and the journal is folded.

Old entries are pruned, so whoever raises this makes `restore` read the version before as well: a
field with a default needs no other version.
"""

_SORTS_KEPT = 1000


class CoreState(msgspec.Struct):
    """Everything the core knows, as it is snapshotted."""

    version: int
    homes: dict[str, HomeState]
    community: CommunityState
    settings: bytes
    holds: dict[str, Hold]


class Decision(NamedTuple):
    """What came of an event: effects, the journal's mark, and why it was refused, if it was."""

    effects: list[Effect]
    mark: str = ""
    refusal: str = ""


class Engine:
    """The fold. Give it events; ask it for its next deadline; store its snapshot."""

    def __init__(self, settings: Settings | None = None) -> None:
        """Start empty, with these settings until the journal says otherwise."""
        self.homes: dict[str, HomeState] = {}
        self.community = CommunityState()
        self.holds: dict[str, Hold] = {}
        self._deadlines = Deadlines(self._home_due)
        self._held: set[str] = set()
        """Homes planned later than their silence says, because of a hold."""
        self._wanted: dict[tuple[Kind, ...], tuple[Rule, ...]] = {}
        self._timed = tuple(rule for rule in RULES.values() if rule.due is not None)
        self._apply(settings or Settings())

    def _apply(self, settings: Settings) -> None:
        """Put settings in force; running ladders keep the policy they were raised with."""
        self.settings = settings
        self.zone = ZoneInfo(settings.timezone)
        self._params = {name: settings.params(name) for name in RULES}

    # --- the state, in and out -------------------------------------------------------------

    def snapshot(self) -> bytes:
        """Serialise the state; equal histories give equal bytes, the order of things included."""
        state = CoreState(
            VERSION,
            self.homes,
            self.community,
            self.settings.model_dump_json().encode(),
            self.holds,
        )
        return _ENCODER.encode(state)

    def restore(self, body: bytes) -> bool:
        """Take a snapshot in; False where it is of another version and the journal must serve."""
        if msgspec.json.decode(body, type=_Versioned).version != VERSION:
            return False
        state = _DECODER.decode(body)
        self.homes, self.community = state.homes, state.community
        self.holds = state.holds
        # Settings an older gateway took and this one refuses: those of this start come next.
        with suppress(ValidationError):
            self._apply(Settings.model_validate_json(state.settings))
        pressing = {key for key, home in self.homes.items() if home.alarms}
        self._deadlines.begin(pressing, (key for key in self.homes if key not in pressing))
        return True

    # --- deadlines -------------------------------------------------------------------------

    def next_deadline(self) -> datetime | None:
        """Give when the core must be asked again; it may turn out that nothing is due then."""
        return self._deadlines.first()

    def due_homes(self, now: datetime, looks: int | None = None) -> list[str]:
        """Take homes whose deadline has come; each wants an `Elapsed`.

        With `looks` only so many homes are looked at, and some may still be due.
        """
        return self._deadlines.take_due(now, looks)

    def postpone(self, home_id: str, at: datetime) -> None:
        """Ask about a home that could not be handled again then."""
        if home_id in self.homes:
            self._deadlines.postpone(home_id, at)

    def _home_due(self, home_id: str) -> datetime | None:
        """Derive a home's deadline from its alarms and from what its silence will mean."""
        home = self.homes.get(home_id)
        if home is None:
            return None
        dues = [alarm.next_due() for alarm in home.alarms.values()]
        dues += [report.until for report in home.away.values()]
        dues += [home.walk_test.until] if home.walk_test else []
        dues += [home.armed_at] if home.gone_ids else []
        hold = self._hold_of(home)
        for rule in self._timed:
            assert rule.due is not None
            due = rule.due(View(self._params[rule.name], self.zone, home.armed_at), home)
            if due is not None and hold is not None and due < hold:
                self._held.add(home_id)
                due = hold
            dues.append(due)
        return min((due for due in dues if due is not None), default=None)

    def _hold_of(self, home: HomeState) -> datetime | None:
        """Give until when this home's silence means nothing: a link is behind, or it is tested."""
        hold = holds.held_until(self.holds, home)
        tested = home.walk_test.until if home.walk_test else None
        return max((until for until in (hold, tested) if until is not None), default=None)

    # --- events ----------------------------------------------------------------------------

    def handle(self, event: Event, now: datetime) -> Decision:
        """Take one event in and say what is to be done."""
        match event:
            case ReportReceived():
                return self._report(event, now)
            case HomeChanged():
                self._home_changed(event, now)
            case HomeRemoved():
                return self._home_removed(event, now)
            case ConfigApplied():
                return self._configure(event, now)
            case HoldSet():
                self._hold(event, now)
            case GapRecorded():
                self._gap(event, now)
            case ReplyReceived():
                return self._reply(event, now)
            case _:
                return self._at_home(event, now)
        return Decision([])

    def _report(self, event: ReportReceived, now: datetime) -> Decision:
        """Judge a report new or not, note what it proves, and ask the rules."""
        home = self.homes.get(event.home_id)
        if home is None:
            return Decision([], refusal="unknown_home")
        report = event.report
        device = home.devices.get(report.device_id)
        if device is None:
            device = home.devices[report.device_id] = DeviceState(now)
        novelty = duplicates.judge(device, report)
        has_moved = device.link != report.source.link
        device.link = report.source.link
        heard_at = min(report.received_at, now)
        is_nearer = is_heard(report) and intervals.hear(device, heard_at)
        if novelty is Novelty.DUPLICATE:
            return Decision([], mark="duplicate")
        report = merging.news(device, report)
        effects = list(self._ask_rules(home, report, novelty, now))
        effects += walk_test.hear(report, self._scene(home, now)) if home.walk_test else ()
        if novelty is Novelty.NEW:
            is_nearer |= signs.take(home, report, heard_at, self.zone)
            is_nearer |= memory.note(device, report, heard_at)
        mark = "" if novelty is Novelty.NEW else "duplicate"
        if effects or any(response.is_forgotten(alarm, now) for alarm in home.alarms.values()):
            effects = self._settle(home, effects, now)
        elif is_nearer or has_moved or event.home_id not in self._deadlines:
            self._deadlines.plan(event.home_id)
        return Decision(effects, mark=mark)

    def _ask_rules(
        self, home: HomeState, report: Report, novelty: Novelty, now: datetime
    ) -> Iterator[Effect]:
        """Let the rules that want these kinds look; a likely duplicate can only raise afresh."""
        for rule in self._wanting(tuple(reading.kind for reading in report.readings)):
            view = View(self._params[rule.name], self.zone, now)
            for finding in rule.on_report(view, home, report):
                is_open = home.open_alarm(rule.name, finding.subject) is not None
                is_repeat = novelty is not Novelty.NEW
                if is_repeat and (is_open or not is_life_safety(report.readings)):
                    continue
                policy = self.settings.policy(rule.name)
                yield from take_finding(rule.name, finding, policy, self._scene(home, now))

    def _wanting(self, kinds: tuple[Kind, ...]) -> tuple[Rule, ...]:
        """List the rules that want any of these kinds, by name; reports are of a few sorts only."""
        try:
            return self._wanted[kinds]
        except KeyError:
            wanted = [rule for rule in RULES.values() if rule.kinds & set(kinds)]
            found = tuple(sorted(wanted, key=lambda rule: rule.name))
            if len(self._wanted) < _SORTS_KEPT:
                self._wanted[kinds] = found
            return found

    def _at_home(self, event: HomeEvent | Elapsed, now: datetime) -> Decision:
        """Handle what concerns one home and its alarms; what is refused has changed nothing."""
        home = self.homes.get(event.home_id)
        if home is None:
            return Decision([], refusal="unknown_home")
        if isinstance(event, AwayReported | AwayEnded) and community.is_known(
            self.community, event.text_id
        ):
            return Decision([])
        scene = self._scene(home, now)
        try:
            effects = list(
                self._elapsed(home, scene)
                if isinstance(event, Elapsed)
                else household.take(event, scene, self.settings.policy)
            )
        except RefusedError as error:
            return Decision([], refusal=str(error))
        return Decision(self._settle(home, effects, now))

    def _elapsed(self, home: HomeState, scene: Scene) -> Iterator[Effect]:
        """Do what is due at a home: its alarms first, then what its silence means."""
        for alarm in list(home.alarms.values()):
            yield from escalation.wake(alarm, scene)
            if alarm.is_open:
                yield from response.wake_holds(alarm, scene)
        yield from away.elapse(scene)
        yield from household.let_go(scene)
        if home.walk_test is not None and home.walk_test.until <= scene.now:
            yield from household.end_walk_test(scene, self.settings.policy)
        hold = self._hold_of(home)
        if hold is not None and scene.now < hold:
            return
        for rule in self._timed:
            assert rule.on_time is not None
            view = View(self._params[rule.name], self.zone, scene.now)
            for finding in list(rule.on_time(view, home)):
                policy = self.settings.policy(rule.name)
                yield from take_finding(rule.name, finding, policy, scene)

    def _scene(self, home: HomeState, now: datetime) -> Scene:
        params = self._params["no_motion"]
        assert isinstance(params, NoMotionParams)
        is_night = not is_day(now, params, self.zone)
        at = self.settings
        return Scene(home, now, is_night, at.has_webhook, at.assists, self.zone)

    # --- the registry, gaps, texts ---------------------------------------------------------

    def _home_changed(self, event: HomeChanged, now: datetime) -> None:
        """Take a home's new record; a corrected number is tried again."""
        home = self.homes.get(event.home.id)
        if home is None:
            self.homes[event.home.id] = HomeState(record=event.home, armed_at=now)
        else:
            if watches(event.home) and not watches(home.record):
                home.armed_at = now
            home.gone_ids = [*home.gone_ids, *household.gone(home, event.home)]
            home.record = event.home
            home.barred = ()
        for device in event.home.devices:
            known = self.homes[event.home.id].devices
            known.setdefault(device.id, DeviceState(now))
        self._deadlines.plan(event.home.id)

    def _home_removed(self, event: HomeRemoved, now: datetime) -> Decision:
        """Let a home go; what is open there is closed, for those who were sent must hear of it."""
        home = self.homes.get(event.home_id)
        if home is None:
            return Decision([], refusal="unknown_home")
        scene = self._scene(home, now)
        effects: list[Effect] = []
        for alarm in home.alarms.values():
            if alarm.is_open:
                effects += response.end(alarm, Disposition.AWAY, scene)
        effects = self._settle(home, effects, now)
        del self.homes[event.home_id]
        return Decision(effects)

    def _configure(self, event: ConfigApplied, now: datetime) -> Decision:
        """Put new settings in force; what is not valid, or the same, changes nothing."""
        try:
            settings = Settings.model_validate_json(event.settings)
        except ValidationError as error:
            return Decision([], refusal=str(error))
        if settings != self.settings:
            self._apply(settings)
            self._deadlines.doubt(self.homes, now)
        return Decision([])

    def _hold(self, event: HoldSet, now: datetime) -> None:
        """Hold silence's meaning for a link, or let it mean something again."""
        holds.change(self.holds, event, self.homes.values(), now)
        # A hold puts deadlines off, and an entry may be too early: at its end those are all to see.
        held, self._held = sorted(self._held), set()
        self._deadlines.doubt(held, now)

    def _gap(self, event: GapRecorded, now: datetime) -> None:
        """Give every home on that link the lost time back; what is to come cannot be lost yet."""
        gap = Gap(event.link, event.since, min(event.until, now))
        for home in self.homes.values():
            links = home.links()
            if not links or event.link in links:
                home.add_gap(gap)

    def _reply(self, event: ReplyReceived, now: datetime) -> Decision:
        """Let the community find the alarm a text is about, then let the home act on it."""
        found = community.resolve(self.community, event, now)
        if isinstance(found, AnswerGiven):
            return self._at_home(found, now)
        return Decision(found)

    # --- after every event of a home -------------------------------------------------------

    def _settle(self, home: HomeState, effects: list[Effect], now: datetime) -> list[Effect]:
        """Pass effects through the community, forget what is over, and plan the next deadline."""
        settled: list[Effect] = []
        for effect in effects:
            if isinstance(effect, Submit):
                settled.append(community.assign(self.community, effect, home.record.slot_hint))
                continue
            if isinstance(effect, Log) and effect.verb == "closed":
                community.close(self.community, effect.alarm_id, now)
                if home.alarms[effect.alarm_id].is_sign_of_life:
                    home.alive_at = now
            settled.append(effect)
            if isinstance(effect, Log) and self.settings.has_webhook:
                settled += outward.tell(effect, self._scene(home, now))
        for alarm in [a for a in home.alarms.values() if not a.is_open]:
            if response.is_forgotten(alarm, now):
                del home.alarms[alarm.id]
        self._deadlines.plan(home.record.id)
        return settled


class _Versioned(msgspec.Struct):
    version: int


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(CoreState)
