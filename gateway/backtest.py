"""Back-test: a recorded home through the real engine, as fast as it can be read.

Before the split is history, after it the test. An alarm of the test part is false, for nothing
happened in these homes; it stays open until somebody moves, so that one silence is one alarm.
An emergency is injected by cutting the log at a moment when somebody was at home: the engine is
copied there, hears nothing any more, and is asked whenever it wants to be.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random

import msgspec

from alerting.effect import Effect, Log
from alerting.engine import Engine
from alerting.event import Elapsed, Event, HomeChanged, OperatorActed, ReportReceived, Verb
from alerting.settings import Settings
from gateway.motion_log import HOME, MotionLog, is_absent, report

KIND = "no_motion"
OUT_AFTER = timedelta(hours=2)
"""A silence of this length behind a door event is taken for an outing."""

GIVEN_UP = timedelta(days=14)
"""An injected emergency that has no alarm by then has none."""

MISSED = timedelta(hours=12)
_TRIES = 200

Advance = Callable[[int], None]


class Figures(msgspec.Struct):
    """What a home's back-test found; delays are in hours, None where there was none."""

    file: str
    weeks: float
    alarms: int
    false_per_week: float
    injected: int
    detected: int
    delay_h_median: float | None
    delay_h_p90: float | None
    delay_h_max: float | None
    missed_12h: int


class Run:
    """An engine in the time of a log; `alarms` are the instants at which one began."""

    def __init__(self, engine: Engine, now: datetime) -> None:
        self.engine = engine
        self.now = now
        self.alarms: list[datetime] = []

    def do(self, event: Event) -> None:
        """Let it happen now."""
        self._note(self.engine.handle(event, self.now).effects)

    def _note(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Log) and effect.kind == KIND and effect.verb == "pre_alarm":
                self.alarms.append(self.now)

    def wait(self, until: datetime) -> None:
        """Let time pass, asking the engine whenever it wants; an alarm that is open waits too."""
        while not self.is_alarmed():
            due = self.engine.next_deadline()
            if due is None or due > until:
                break
            self.now = max(self.now, due)
            for home_id in self.engine.due_homes(self.now):
                self.do(Elapsed(home_id))
        self.now = max(self.now, until) if not self.is_alarmed() else self.now

    def is_alarmed(self) -> bool:
        """Say whether the silence has been noticed and nobody has moved since."""
        return self.engine.homes[HOME].open_alarm(KIND) is not None

    def close(self, at: datetime) -> None:
        """Close an alarm that is still open, as people do who have seen the resident."""
        self.now = max(self.now, at)
        alarm = self.engine.homes[HOME].open_alarm(KIND)
        if alarm is not None:
            self.do(OperatorActed(HOME, alarm.id, "desk", Verb.CLOSE, "false_alarm"))

    def fork(self) -> "Run":
        """Copy the engine at this instant."""
        engine = Engine(self.engine.settings)
        assert engine.restore(self.engine.snapshot())
        return Run(engine, self.now)


def moments(log: MotionLog, begin: datetime, count: int, seed: int) -> list[datetime]:
    """Draw moments of the test part at which somebody was at home, in order."""
    dice = Random(seed)  # noqa: S311 -- a draw that can be repeated guards no secret
    end = log.rows[-1].at
    drawn: list[datetime] = []
    for _ in range(count * _TRIES):
        if len(drawn) == count:
            break
        at = begin + (end - begin) * dice.random()
        if _is_at_home(log, at):
            drawn.append(at)
    return sorted(drawn)


def _is_at_home(log: MotionLog, at: datetime) -> bool:
    after = _index_after(log, at)
    if after in {0, len(log.rows)} or is_absent(at, log.absences):
        return False
    last = log.rows[after - 1]
    return not (last.is_door and log.rows[after].at - last.at >= OUT_AFTER)


def _index_after(log: MotionLog, at: datetime) -> int:
    """Give the number of the first row after an instant."""
    low, high = 0, len(log.rows)
    while low < high:
        middle = (low + high) // 2
        if log.rows[middle].at <= at:
            low = middle + 1
        else:
            high = middle
    return low


def backtest(
    log: MotionLog,
    settings: Settings,
    split: float,
    injections: tuple[int, int],
    advance: Advance,
) -> Figures:
    """Run a log through the engine; `injections` are how many, and the seed.

    `advance` is told of every so many rows that are done.
    """
    begin = log.rows[0].at + (log.rows[-1].at - log.rows[0].at) * split
    cuts = moments(log, begin, *injections) if injections[0] else []
    run = start(log, settings)
    delays: list[timedelta | None] = []
    for n, row in enumerate(log.rows):
        while cuts and cuts[0] < row.at:
            same = [cut for cut in cuts if cut < row.at]
            delays += inject(run, same)
            cuts = cuts[len(same) :]
        run.wait(row.at)
        run.now = max(run.now, row.at)
        run.do(ReportReceived(HOME, report(row, log.home, n)))
        run.close(row.at)
        if n % 256 == 255:  # noqa: PLR2004 -- now and then
            advance(256)
    advance(len(log.rows) % 256)
    alarms = sum(at >= begin for at in run.alarms)
    weeks = (log.rows[-1].at - begin) / timedelta(weeks=1)
    return _figures(log.name, weeks, alarms, injections[0], delays)


def start(log: MotionLog, settings: Settings) -> Run:
    """Give an engine that knows the home and has heard nothing yet."""
    run = Run(Engine(settings), log.rows[0].at)
    run.do(HomeChanged(log.home))
    return run


def inject(run: Run, cuts: list[datetime]) -> Iterator[timedelta | None]:
    """Give the delay of each cut of one silence, None where no alarm came.

    Until the alarm all cuts of a silence have the same one. A cut behind it begins anew: those
    who came found the resident well, and then it happened.
    """
    silent = run.fork()
    silent.wait(cuts[-1] + GIVEN_UP)
    first = silent.alarms[0] if silent.alarms else None
    for cut in cuts:
        if first is None or first >= cut:
            yield None if first is None else first - cut
            continue
        again = run.fork()
        again.wait(cut)
        again.close(cut)
        again.alarms.clear()
        again.wait(cut + GIVEN_UP)
        yield again.alarms[0] - cut if again.alarms else None


def _figures(
    name: str, weeks: float, alarms: int, injected: int, delays: list[timedelta | None]
) -> Figures:
    found = sorted(delay / timedelta(hours=1) for delay in delays if delay is not None)
    late = sum(delay is None or delay > MISSED for delay in delays)
    return Figures(
        file=name,
        weeks=round(weeks, 3),
        alarms=alarms,
        false_per_week=round(alarms / weeks, 3) if weeks else 0.0,
        injected=len(delays) if injected else 0,
        detected=len(found),
        delay_h_median=_quantile(found, 0.5),
        delay_h_p90=_quantile(found, 0.9),
        delay_h_max=_quantile(found, 1.0),
        missed_12h=late,
    )


def _quantile(found: list[float], share: float) -> float | None:
    """Give a quantile of sorted numbers, between neighbours where it falls between two."""
    if not found:
        return None
    place = share * (len(found) - 1)
    low = int(place)
    high = min(low + 1, len(found) - 1)
    return round(found[low] + (found[high] - found[low]) * (place - low), 3)
