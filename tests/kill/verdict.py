"""Judges what a siege left behind: pure, so that the judge itself can be tested.

Every instant is microseconds since 1970, UTC. What was published comes from the publisher's record
of PUBACKs, what was heard and raised from the journal's file, what was carried from the carrier's
log, and the lives of the gateway from whoever killed it. None of them knows of another.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

SECOND = 1_000_000
SKEW = SECOND // 4
"""How far the gateway's own clock and the wall clock may be apart."""

PATIENCE = 10 * SECOND
"""How long after the restart an alarm may be without an accepted request."""


class Publish(NamedTuple):
    """A reading that the broker has acknowledged."""

    topic: str
    sent: int
    acked: int


class Row(NamedTuple):
    """A report in the journal: when a link heard it, and when the core decided on it."""

    topic: str
    received: int
    at: int
    mark: str


class Raised(NamedTuple):
    """An alarm from its first line in the alarm log to its last."""

    id: str
    home: str
    at: int
    closed: int | None


class Life(NamedTuple):
    """One process of the gateway: when it was started, answered on its socket, and was killed."""

    start: int
    ready: int | None = None
    end: int | None = None


@dataclass
class Carried:
    """What the carrier accepted, by alarm, and how often each call was posted, by attempt."""

    texts: dict[str, int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    call_posts: Counter[str] = field(default_factory=Counter)
    text_posts: Counter[str] = field(default_factory=Counter)

    def first(self, alarm_id: str) -> int | None:
        """When the first request about an alarm was accepted."""
        accepted = (self.texts.get(alarm_id), self.calls.get(alarm_id))
        return min((at for at in accepted if at is not None), default=None)


def without_row(published: Iterable[Publish], rows: Iterable[Row]) -> list[Publish]:
    """List what was acknowledged and has no row of its own.

    A row can only belong to what had been sent when it was heard. Payloads tell nothing apart, on
    purpose, and what was delivered twice has two rows, of which the second must not stand for a
    later reading that was lost; so the rows are dealt out from the last reading backward.
    """
    heard: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        heard[row.topic].append(row.received)
    sent: dict[str, list[Publish]] = defaultdict(list)
    for publish in published:
        sent[publish.topic].append(publish)
    missing = []
    for topic, publishes in sent.items():
        left = sorted(heard[topic])
        free = 0
        for publish in sorted(publishes, key=lambda one: one.sent, reverse=True):
            while left and left[-1] >= publish.sent - SKEW:
                left.pop()
                free += 1
            if free:
                free -= 1
            else:
                missing.append(publish)
    return missing


def alarm_of(row: Row, raised: Iterable[Raised]) -> Raised | None:
    """Find the alarm of a home that was open when a smoke's row was decided on."""
    for alarm in raised:
        if alarm.at <= row.at and (alarm.closed is None or row.at <= alarm.closed):
            return alarm
    return None


def is_late(began: int, first: int | None, lives: Iterable[Life]) -> bool:
    """Whether some life of the gateway had the time for a smoke's first request and let it pass.

    Its time begins with the smoke, or when the gateway is up again; how long that took is printed.
    """
    for life in lives:
        if life.ready is None:
            continue
        since = max(began, life.ready)
        had_time = life.end is None or life.end >= since + PATIENCE
        if had_time and (first is None or first > since + PATIENCE):
            return True
    return first is None


def wait_after_restart(began: int, first: int, lives: Iterable[Life]) -> int:
    """How long a smoke waited; from the first restart on, where one came before its request."""
    return first - min((one.start for one in lives if began < one.start <= first), default=began)


@dataclass
class Verdict:
    """Counts to be printed, and a sentence for each violation."""

    counts: dict[str, float] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def blame(self, count: str, offenders: Iterable[object], sentence: str) -> None:
        """Count offenders, and say so where there is any."""
        found = list(offenders)
        self.counts[count] = len(found)
        if found:
            shown = ", ".join(str(one) for one in found[:3])
            self.violations.append(f"{len(found)} {sentence}: {shown}")


@dataclass
class Evidence:
    """All there is to judge by. `excused` are spans in which the broker itself may forget."""

    published: list[Publish]
    rows: list[Row]
    raised: list[Raised]
    carried: Carried
    lives: list[Life]
    excused: list[tuple[int, int]] = field(default_factory=list)


def is_smoke(topic: str) -> bool:
    """Whether a reading's topic is a smoke's."""
    return topic.endswith("/smoke")


def home_of(topic: str) -> str:
    """The home in a topic of our own schema."""
    return topic.split("/")[2]


def judge(evidence: Evidence) -> Verdict:
    """Say what was lost."""
    verdict = Verdict()
    _judge_readings(evidence, verdict)
    _judge_alarms(evidence, verdict)
    _judge_posts(evidence.carried, verdict)
    return verdict


def _judge_readings(evidence: Evidence, verdict: Verdict) -> None:
    smokes = [one for one in evidence.published if is_smoke(one.topic)]
    if not smokes:
        verdict.violations.append("no smoke was published: nothing was proved")
    verdict.counts["readings acknowledged by the broker"] = len(evidence.published)
    verdict.counts["  of them smokes"] = len(smokes)
    verdict.counts["reports in the journal"] = len(evidence.rows)
    verdict.counts["  marked duplicate"] = sum(bool(row.mark) for row in evidence.rows)
    missing = without_row(evidence.published, evidence.rows)
    lost = [one for one in missing if not _is_excused(one, evidence.excused)]
    verdict.counts["forgotten by the broker when it was killed"] = len(missing) - len(lost)
    verdict.blame(
        "smokes missing from the journal",
        [one.topic for one in lost if is_smoke(one.topic)],
        "acknowledged smokes are not in the journal",
    )
    verdict.blame(
        "other readings missing from the journal",
        [one.topic for one in lost if not is_smoke(one.topic)],
        "acknowledged readings are not in the journal",
    )


def _is_excused(publish: Publish, excused: list[tuple[int, int]]) -> bool:
    return any(since <= publish.acked <= until for since, until in excused)


def _judge_alarms(evidence: Evidence, verdict: Verdict) -> None:
    by_home: dict[str, list[Raised]] = defaultdict(list)
    for alarm in evidence.raised:
        by_home[alarm.home].append(alarm)
    carried = evidence.carried
    rows = [row for row in evidence.rows if is_smoke(row.topic)]
    homes = [home_of(row.topic) for row in rows]
    ours = [alarm_of(row, by_home[home]) for row, home in zip(rows, homes, strict=True)]
    verdict.counts["alarms raised"] = len(evidence.raised)
    verdict.blame(
        "smokes without an alarm",
        [home for home, alarm in zip(homes, ours, strict=True) if alarm is None],
        "smokes have no alarm",
    )
    concerned = {alarm.id: alarm for alarm in ours if alarm is not None}
    verdict.blame(
        "alarms without an accepted SMS",
        [name for name in concerned if name not in carried.texts],
        "alarms have no accepted SMS",
    )
    verdict.blame(
        "alarms without an accepted call",
        [name for name in concerned if name not in carried.calls],
        "alarms have no accepted call",
    )
    _judge_haste(evidence, verdict)


def _judge_haste(evidence: Evidence, verdict: Verdict) -> None:
    """Hold every alarm to the time it had for its first accepted request."""
    began, lives = beginnings(evidence), evidence.lives
    late, waits, after = [], [], []
    for alarm in evidence.raised:
        first, start = evidence.carried.first(alarm.id), began[alarm.id]
        if is_late(start, first, lives):
            late.append(alarm.id)
        if first is not None:
            waits.append((first - start) / SECOND)
            after.append(wait_after_restart(start, first, lives) / SECOND)
    verdict.blame(
        "alarms without a request 10 s after the restart",
        late,
        "alarms had no accepted request in time",
    )
    verdict.counts["smoke to accepted request, median s"] = _rank(waits, 0.5)
    verdict.counts["  worst s, downtime included"] = _rank(waits, 1.0)
    verdict.counts["  worst s after the first restart, later kills included"] = _rank(after, 1.0)


def beginnings(evidence: Evidence) -> Mapping[str, int]:
    """Say when each alarm's smoke was sent; for one raised by a repeat, when it was raised."""
    sent: dict[str, list[int]] = defaultdict(list)
    for publish in evidence.published:
        if is_smoke(publish.topic):
            sent[home_of(publish.topic)].append(publish.sent)
    repeats = {
        (home_of(row.topic), row.at) for row in evidence.rows if row.mark and is_smoke(row.topic)
    }
    return {
        alarm.id: alarm.at
        if (alarm.home, alarm.at) in repeats
        else max((at for at in sent[alarm.home] if at <= alarm.at + SKEW), default=alarm.at)
        for alarm in evidence.raised
    }


def _judge_posts(carried: Carried, verdict: Verdict) -> None:
    verdict.counts["SMS attempts posted"] = len(carried.text_posts)
    verdict.counts["  posted again, which is harmless"] = sum(
        count > 1 for count in carried.text_posts.values()
    )
    verdict.counts["voice attempts posted"] = len(carried.call_posts)
    verdict.blame(
        "voice attempts posted twice",
        [attempt for attempt, count in carried.call_posts.items() if count > 1],
        "voice attempts were posted more than once",
    )


def _rank(values: list[float], share: float) -> float:
    """The value at a share of the list in order, 0 where it is empty."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3) if ordered else 0.0
