"""`python -m bench.ladder`: from a fire to a human who has said "I go", beside fixed 60 s steps.

The core's own ladder runs in virtual time against what other tools do on the same fires: the
people, their phones and every failure are drawn from the fire's seed, so that both meet the same.
Nothing here is a clock, a wire or a modem; what a modem's one line at a time costs is not in it.

What is drawn. Each person is away for the whole of a fire with AWAY. Every attempt fails with
FAILING, a call as busy, unreachable, refused or without an answer from the provider, a text as
undelivered, refused or without any status, and leaves no trace on the phone. Who is there answers
12 s (set-up, and the text heard once) and a log-normal time (median 45 s, nine in ten within 3
minutes) after the first attempt that came through: by a key where the call still rings, else by a
text or by calling back. A call nobody picks up ends after 30 s, one in three at a
voicemail after 45 s.

The tools. `fixed` calls and texts one person a step, the desk first, and the next after 60 s;
`groups` is kinder to them: it reaches those of our own rungs at once, and the next rung after 60 s.
Both begin again after the last. What fails moves nothing, and the first "I go" ends it for ever.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path
from random import Random
from typing import NamedTuple

from alerting.effect import Effect, Medium, Resolve, Submit, Template
from alerting.engine import Engine
from alerting.event import (
    Answer,
    AnswerGiven,
    AttemptReported,
    Elapsed,
    Event,
    HomeChanged,
    Outcome,
    ReportReceived,
)
from alerting.policy import FIRE, Whom
from alerting.record import DeviceRecord, HomeRecord, ResidentRecord, ResponderRecord, Role
from bench.machine import described, quantile
from sensors.reading import Kind, Reading, Report, Source

Figures = dict[str, object]

FIRES, SEED = 1000, 20261124
FAILING, AWAY, VOICEMAIL = 0.2, 0.3, 1 / 3
DESKS, POSTS, RESPONDERS, NEIGHBOURS = 2, 2, 40, 8
"""Of the 40, every home has the desks, the posts and its eight nearest."""

STEP_SECONDS = 60.0
HORIZON_SECONDS = 2 * 3600.0
"""Who has reached nobody by then counts as unreached."""

HEARS_SECONDS, MEDIAN_SECONDS, SIGMA = 12.0, 45.0, 1.08
RINGS_SECONDS, RECORDED_SECONDS = 30.0, 45.0
BAR_P50, BAR_P99 = 1 / 3, 1 / 2
STARTED = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai

_CALL_FAILS = (
    (Outcome.BUSY, 4.0),
    (Outcome.UNDELIVERED, 6.0),
    (Outcome.NOT_SENT, 0.2),
    (Outcome.UNKNOWN, 10.0),
)
_TEXT_FAILS = ((Outcome.UNDELIVERED, 15.0), (Outcome.NOT_SENT, 0.2), (None, 0.0))


class Fate(NamedTuple):
    """What becomes of one attempt, in seconds after it is made; `outcome` None never comes."""

    outcome: Outcome | None
    reported: float
    is_through: bool


class Fire:
    """One fire: who can be asked, and what each attempt to reach them comes to."""

    def __init__(self, seed: int, number: int) -> None:
        self._name = f"{seed}/{number}"
        dice = Random(f"{self._name}/home")
        around = [f"n{i:02}" for i in range(1, RESPONDERS - DESKS - POSTS + 1)]
        self.neighbours = dice.sample(around, NEIGHBOURS)
        self.desks = [f"d{i:02}" for i in range(1, DESKS + 1)]
        self.posts = [f"p{i:02}" for i in range(1, POSTS + 1)]
        people = [*self.desks, *self.neighbours, *self.posts]
        self.answers = {
            person: HEARS_SECONDS + dice.lognormvariate(0, SIGMA) * MEDIAN_SECONDS
            for person in people
            if dice.random() >= AWAY
        }
        """How long after they are reached each answers; who is away is not in it."""

    def attempt(self, person_id: str, medium: Medium, number: int) -> Fate:
        """Say what comes of the `number`th attempt to reach somebody over this medium."""
        dice = Random(f"{self._name}/{person_id}/{medium}/{number}")
        is_call = medium is Medium.VOICE
        if dice.random() < FAILING:
            outcome, seconds = dice.choice(_CALL_FAILS if is_call else _TEXT_FAILS)
            return Fate(outcome, seconds, is_through=False)
        if not is_call:
            return Fate(Outcome.DELIVERED, dice.uniform(3, 8), is_through=True)
        answers = self.answers.get(person_id)
        if answers is not None and answers <= RINGS_SECONDS:
            return Fate(Outcome.ACKNOWLEDGED, answers, is_through=True)
        is_recorded = answers is None and dice.random() < VOICEMAIL
        if is_recorded:
            return Fate(Outcome.VOICEMAIL, RECORDED_SECONDS, is_through=True)
        return Fate(Outcome.NO_ANSWER, RINGS_SECONDS, is_through=True)

    def record(self) -> HomeRecord:
        """Give the home as the registry has it."""
        people = [ResponderRecord(person, Role.DESK) for person in self.desks]
        people += [
            ResponderRecord(person, Role.NEIGHBOUR, rank)
            for rank, person in enumerate(self.neighbours, 1)
        ]
        people += [ResponderRecord(person, Role.POST) for person in self.posts]
        residents = (ResidentRecord("r01", can_answer=True),)
        devices = (DeviceRecord("smoke-1", "smoke"),)
        return HomeRecord("h0001", residents, devices, tuple(people))


class Run:
    """The core's ladder on one fire."""

    def __init__(self, fire: Fire) -> None:
        self._fire, self._engine = fire, Engine()
        self._now, self._count = STARTED, 0
        self._coming: list[tuple[datetime, int, Event]] = []
        self._attempts: Counter[tuple[str, Medium]] = Counter()

    def seconds(self) -> float | None:
        """Give how long it took until somebody said they go; None if nobody did."""
        self._do(HomeChanged(self._fire.record()))
        source = Source("mqtt", "own", "mqtt")
        smoke = (Reading(Kind.SMOKE, value=True),)
        self._do(ReportReceived("h0001", Report("smoke-1", self._now, smoke, source, 1)))
        end = STARTED + timedelta(seconds=HORIZON_SECONDS)
        while self._now <= end:
            due = self._engine.next_deadline()
            if self._coming and (due is None or self._coming[0][0] <= due):
                at, _, event = heappop(self._coming)
                self._now = max(self._now, at)
                self._do(event)
                if isinstance(event, AnswerGiven):
                    return (self._now - STARTED).total_seconds()
            elif due is None:
                return None
            else:
                self._now = max(self._now, due)
                for home_id in self._engine.due_homes(self._now):
                    self._do(Elapsed(home_id))
        return None

    def _do(self, event: Event) -> None:
        for effect in self._engine.handle(event, self._now).effects:
            for seconds, follows in self._follows(effect):
                self._count += 1
                at = self._now + timedelta(seconds=seconds)
                heappush(self._coming, (at, self._count, follows))

    def _follows(self, effect: Effect) -> Iterator[tuple[float, Event]]:
        """Say what the world will answer to an order."""
        if isinstance(effect, Resolve):
            yield 1.0, _reported(effect.alarm_id, effect.attempt_id, Outcome.NOT_FOUND)
        if not isinstance(effect, Submit):
            return
        if effect.medium is Medium.CONSOLE:
            yield 0.0, _reported(effect.alarm_id, effect.key, Outcome.DELIVERED)
            return
        if effect.template is not Template.ALARM:  # the resident, who has other things to do
            yield 30.0, _reported(effect.alarm_id, effect.key, Outcome.NO_ANSWER)
            return
        self._attempts[effect.person_id, effect.medium] += 1
        number = self._attempts[effect.person_id, effect.medium]
        fate = self._fire.attempt(effect.person_id, effect.medium, number)
        if fate.outcome is not None:
            yield fate.reported, _reported(effect.alarm_id, effect.key, fate.outcome)
        if fate.is_through and effect.person_id in self._fire.answers:
            answer = AnswerGiven("h0001", effect.alarm_id, effect.person_id, Answer.GOING)
            yield self._fire.answers[effect.person_id], answer


def _reported(alarm_id: str, attempt_id: str, outcome: Outcome) -> AttemptReported:
    return AttemptReported("h0001", alarm_id, attempt_id, outcome)


def fixed(fire: Fire) -> list[list[str]]:
    """One person a step."""
    return [[person] for person in (*fire.desks, *fire.neighbours, *fire.posts)]


def groups(fire: Fire) -> list[list[str]]:
    """Reach those whom our own rungs reach, all of a rung at once."""
    whom = {Whom.DESK: fire.desks, Whom.POSTS: fire.posts}
    waiting, steps = list(fire.neighbours), []
    for step in FIRE.steps:
        reached = []
        for aim in step.aims:
            if aim.whom is Whom.NEIGHBOURS:
                reached += waiting[: aim.count]
                waiting = waiting[aim.count :]
            reached += whom.get(aim.whom, ())
        steps.append(reached)
    return steps


def stepped(fire: Fire, steps: Sequence[Sequence[str]]) -> float | None:
    """Give the seconds until somebody goes where each step waits a minute, whatever happens."""
    found: list[float] = []
    made: Counter[str] = Counter()
    at = 0.0
    while at < HORIZON_SECONDS and not (found and min(found) <= at):
        for person in steps[round(at / STEP_SECONDS) % len(steps)]:
            made[person] += 1
            for medium in (Medium.VOICE, Medium.SMS):
                fate = fire.attempt(person, medium, made[person])
                if fate.is_through and person in fire.answers:
                    found.append(at + fire.answers[person])
        at += STEP_SECONDS
    return min(found, default=None)


CONTESTANTS = ("gateway", "fixed", "groups")


def measure(contestant: str, fires: int = FIRES, seed: int = SEED) -> Figures:
    """Run one contestant on all fires; seconds to the first "I go"."""
    all_fires = [Fire(seed, number) for number in range(fires)]
    if contestant == "gateway":
        times = [Run(fire).seconds() for fire in all_fires]
    else:
        plan = fixed if contestant == "fixed" else groups
        times = [stepped(fire, plan(fire)) for fire in all_fires]
    found = sorted(time for time in times if time is not None)
    return {
        "part": "ladder",
        "broker": "none",
        "contestant": contestant,
        "fires": fires,
        "unreached": fires - len(found),
        "p50_s": quantile(found, 0.5),
        "p99_s": quantile(found, 0.99),
        "max_s": found[-1],
    }


def misses(results: Sequence[Figures]) -> list[str]:
    """Say where the ladder's bar is missed; nothing where it is met."""
    mine, other = ({r["contestant"]: r for r in results}[name] for name in ("gateway", "fixed"))
    bars = (("p50_s", BAR_P50), ("p99_s", BAR_P99))
    found = []
    for key, bar in bars:
        ratio = _seconds(mine, key) / _seconds(other, key)
        if ratio > bar:
            found.append(f"{key} is {ratio:.2f} of the fixed steps'; the bar is {bar:.2f}")
    if mine["unreached"]:
        found.append(f"{mine['unreached']} fires reached nobody")
    return found


def _seconds(figures: Figures, key: str) -> float:
    value = figures[key]
    assert isinstance(value, float)
    return value


def main() -> int:
    """Read the options, measure, and fail where the bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.ladder", description=__doc__)
    parser.add_argument("--fires", type=int, default=FIRES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=Path("bench/out/ladder.json"))
    options = parser.parse_args()
    results = [measure(name, options.fires, options.seed) for name in CONTESTANTS]
    for found in results:
        shown = (f"{k} {v:.1f}" if isinstance(v, float) else f"{k} {v}" for k, v in found.items())
        print("  ".join(shown))
    missed = misses(results)
    record = {"machine": described(), "seed": options.seed, "results": results, "missed": missed}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(record, indent=1) + "\n")
    print("\n".join(missed) or "the bar is met", f"written to {options.out}", sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
