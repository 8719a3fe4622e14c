"""How soon is silence noticed, and at how many false alarms? Three rules on recorded homes.

`python -m bench.detection FOLDER --svg docs/detection.svg`. The learned rule runs through the real
engine. Beside it stand the two simple rules: a fixed limit, and the longest silence so far times a
factor. All see the same signs and let an outing by the front door last equally long. What is
chosen for a home is chosen on the others.
"""

import argparse
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from statistics import mean
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerting.event import ReportReceived
from bench.tradeoff import Curve, draw
from gateway import backtest, motion_log
from gateway.cli_backtest import settings_of
from gateway.motion_log import HOME, MotionLog

ORIGINS = [0.30 + 0.02 * n for n in range(21)]
BUDGETS = (0.65, 1.1)
"""False alarms a resident-week at which the rules are compared."""

MOMENTS = 800
AWAY = timedelta(hours=54)
RESAMPLES = 1000
ZONE = ZoneInfo("Asia/Shanghai")
HOUR = timedelta(hours=1)


class Outcome(NamedTuple):
    """A rule on one home: when it cried, and after how many hours for each moment of `cuts`."""

    alarms: list[datetime]
    delays: list[float]


class Home(NamedTuple):
    """A log with the moments at which something is made to happen."""

    log: MotionLog
    cuts: list[datetime]

    def origin(self, share: float) -> datetime:
        """Give where history ends."""
        begin, end = self.log.rows[0].at, self.log.rows[-1].at
        return begin + (end - begin) * share


Rule = Callable[[Home], Outcome]


def learned(surprise: float) -> Rule:
    """The rule of the product, through the engine."""

    def run_on(home: Home) -> Outcome:
        settings = settings_of([f"no_motion.surprise={surprise}"])
        run, cuts = backtest.start(home.log, settings), list(home.cuts)
        delays: list[float] = []
        for n, row in enumerate(home.log.rows):
            while cuts and cuts[0] < row.at:
                same = [cut for cut in cuts if cut < row.at]
                found = backtest.inject(run, same)
                delays += [one / HOUR if one else float("inf") for one in found]
                cuts = cuts[len(same) :]
            run.wait(row.at)
            run.now = max(run.now, row.at)
            run.do(ReportReceived(HOME, motion_log.report(row, home.log.home, n)))
            run.close(row.at)
        return Outcome(run.alarms, delays)

    return run_on


def simple(limit: Callable[[timedelta], timedelta]) -> Rule:
    """A rule that knows only the longest silence so far; `limit` makes one of it."""

    def run_on(home: Home) -> Outcome:
        rows, ends = home.log.rows, []
        longest = timedelta()
        for n, row in enumerate(rows):
            if n and not rows[n - 1].is_door:
                longest = max(longest, row.at - rows[n - 1].at)
            ends.append(row.at + (AWAY if row.is_door else limit(longest)))
        times = [row.at for row in rows]
        alarms = [end for end, after in zip(ends, times[1:], strict=False) if end < after]
        delays = []
        for cut in home.cuts:
            last = bisect_right(times, cut) - 1
            again = cut + (ends[last] - times[last])
            delays.append(((ends[last] if ends[last] >= cut else again) - cut) / HOUR)
        return Outcome(alarms, delays)

    return run_on


FAMILIES: dict[str, dict[float, Rule]] = {
    "learned": {s: learned(s) for s in (4, 5, 6, 7, 8, 9, 11, 13)},
    "longest so far": {
        f / 20: simple(lambda longest, f=f: longest * (f / 20))  # type: ignore[misc]
        for f in range(11, 27)
    },
    "fixed": {
        h / 2: simple(lambda _, h=h: timedelta(hours=h / 2))  # type: ignore[misc]
        for h in range(12, 27)
    },
}


class Score(NamedTuple):
    """False alarms a week, median delay, and how many are later than 12 h, over some homes."""

    false_per_week: float
    median: float
    late: float


def score(homes: list[Home], outcomes: list[Outcome]) -> Score:
    """Score a rule over every origin and home, each home counting alike."""
    rates = [
        mean(_rate(home, outcome, origin) for origin in ORIGINS)
        for home, outcome in zip(homes, outcomes, strict=True)
    ]
    weighted: list[tuple[float, float]] = []
    for home, outcome in zip(homes, outcomes, strict=True):
        for origin in ORIGINS:
            begin = home.origin(origin)
            own = [d for cut, d in zip(home.cuts, outcome.delays, strict=True) if cut >= begin]
            weighted += [(delay, 1 / len(own)) for delay in own]
    weighted.sort()
    total = sum(weight for _, weight in weighted)
    half = 0.0
    median = weighted[-1][0]
    for delay, weight in weighted:
        half += weight
        if half >= total / 2:
            median = delay
            break
    return Score(mean(rates), median, sum(w for d, w in weighted if d > 12) / total)


def _rate(home: Home, outcome: Outcome, origin: float) -> float:
    begin, end = home.origin(origin), home.log.rows[-1].at
    return sum(at >= begin for at in outcome.alarms) / ((end - begin) / timedelta(weeks=1))


Table = dict[str, dict[float, list[Outcome]]]


def best(homes: list[Home], options: dict[float, list[Outcome]], budget: float) -> float | None:
    """Choose the parameter with the shortest delay within the budget."""
    scores = {key: score(homes, outcomes) for key, outcomes in options.items()}
    allowed = [key for key in scores if scores[key].false_per_week <= budget]
    return min(allowed, key=lambda key: scores[key].median, default=None)


def left_out(homes: list[Home], options: dict[float, list[Outcome]], budget: float) -> Score:
    """Choose for each home on the others, and score what was chosen."""
    chosen: list[Outcome] = []
    for n in range(len(homes)):
        others = {key: outcomes[:n] + outcomes[n + 1 :] for key, outcomes in options.items()}
        key = best(homes[:n] + homes[n + 1 :], others, budget)
        chosen.append(options[max(options) if key is None else key][n])
    return score(homes, chosen)


def resampled(homes: list[Home], outcomes: list[Outcome], dice: random.Random) -> Score:
    """Score the days after the first origin, drawn anew within each home."""
    rates, delays = [], []
    for home, outcome in zip(homes, outcomes, strict=True):
        begin = home.origin(ORIGINS[0])
        days = max(1, (home.log.rows[-1].at - begin) // timedelta(days=1))
        alarms: list[int] = [0] * days
        heard: list[list[float]] = [[] for _ in range(days)]
        for at in outcome.alarms:
            if at >= begin:
                alarms[min(days - 1, (at - begin) // timedelta(days=1))] += 1
        for cut, delay in zip(home.cuts, outcome.delays, strict=True):
            heard[min(days - 1, (cut - begin) // timedelta(days=1))].append(delay)
        drawn = [dice.randrange(days) for _ in range(days)]
        rates.append(7 * sum(alarms[day] for day in drawn) / days)
        own = [delay for day in drawn for delay in heard[day]]
        delays += [(delay, 1 / len(own)) for delay in own]
    delays.sort()
    half, total = 0.0, sum(weight for _, weight in delays)
    for delay, weight in delays:
        half += weight
        if half >= total / 2:
            return Score(mean(rates), delay, 0.0)
    raise AssertionError("no delays")


def interval(values: list[float]) -> str:
    """Spell the middle 95 %."""
    values = sorted(values)
    return f"{values[len(values) // 40]:.2f}–{values[-1 - len(values) // 40]:.2f}"


def read(folder: Path) -> list[Home]:
    """Read every home of a folder and draw its moments."""
    homes = []
    for path in sorted(folder.glob("*.csv.gz")):
        log = motion_log.read(path, ZONE)
        begin = log.rows[0].at + (log.rows[-1].at - log.rows[0].at) * ORIGINS[0]
        homes.append(Home(log, backtest.moments(log, begin, MOMENTS, 1)))
    return homes


def tell(homes: list[Home], table: Table) -> Iterator[str]:
    """Give the page's tables as lines."""
    yield "| at most | rule | parameter | false a week | median delay h | later than 12 h |"
    yield "|---|---|---|---|---|---|"
    dice = random.Random(1)
    for budget in BUDGETS:
        for name, options in table.items():
            key = best(homes, options, budget)
            if key is None:
                yield f"| {budget} | {name} | none | | | |"
                continue
            found = score(homes, options[key])
            draws = [resampled(homes, options[key], dice) for _ in range(RESAMPLES)]
            apart = left_out(homes, options, budget)
            yield (
                f"| {budget} | {name} | {key:g} | {found.false_per_week:.2f} "
                f"({interval([d.false_per_week for d in draws])}) | {found.median:.2f} "
                f"({interval([d.median for d in draws])}) | {found.late:.1%} |"
            )
            yield (
                f"| {budget} | {name} | by the others | {apart.false_per_week:.2f} "
                f"| {apart.median:.2f} | {apart.late:.1%} |"
            )


def main() -> None:
    """Measure, print the tables, draw the curves."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("folder", type=Path)
    words.add_argument("--svg", type=Path)
    given = words.parse_args()
    homes = read(given.folder)
    table: Table = {}
    for name, rules in FAMILIES.items():
        table[name] = {}
        for key, rule in rules.items():
            table[name][key] = [rule(home) for home in homes]
            found = score(homes, table[name][key])
            each = [score([h], [o]) for h, o in zip(homes, table[name][key], strict=True)]
            own = "  ".join(f"{s.false_per_week:.2f}@{s.median:.1f}" for s in each)
            print(
                f"{name} {key:g}: {found.false_per_week:.2f} @ {found.median:.2f} h "
                f"late {found.late:.1%}   {own}",
                flush=True,
            )
    print("\n".join(tell(homes, table)))
    if given.svg:
        curves = [
            Curve(name, [score(homes, o)[:2] for _, o in sorted(options.items())])
            for name, options in table.items()
        ]
        given.svg.write_text(draw(curves), encoding="utf-8")


if __name__ == "__main__":
    main()
