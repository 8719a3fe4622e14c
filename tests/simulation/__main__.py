"""`python -m tests.simulation`: play seeds, say what held, and print the seed that failed."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.simulation.box import Parts
from tests.simulation.mutants import MUTANTS
from tests.simulation.plan import Harm
from tests.simulation.world import Options, Report, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Play them all; 1 where something did not hold."""
    asked = _parser().parse_args(arguments)
    harms = frozenset(Harm) - {Harm(name) for name in asked.without}
    options = Options(asked.hours, asked.homes, harms)
    parts = MUTANTS[asked.mutant] if asked.mutant else Parts()
    began, steps, failed = time.perf_counter(), 0, 0
    counts: Counter[str] = Counter()
    for seed in range(asked.first, asked.first + asked.seeds):
        report = run(seed, options, parts)
        steps += report.steps
        counts += report.counts
        failed += bool(report.violation)
        print(_line(report), flush=True)
        if report.violation:
            print(_story(report, asked.mutant), flush=True)
    seconds = time.perf_counter() - began
    print(
        f"{asked.seeds} seeds, {asked.seeds * asked.hours:g} hours of {asked.homes} homes"
        f" in {seconds:.1f} s; {steps / seconds:,.0f} steps and"
        f" {counts['entries'] / seconds:,.0f} events a second; {_summed(counts)}; {failed} failed"
    )
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--hours", type=float, default=24.0, help="simulated hours of each")
    parser.add_argument("--homes", type=int, default=20)
    parser.add_argument(
        "--without", nargs="*", default=[], choices=[harm.value for harm in Harm], metavar="HARM"
    )
    parser.add_argument("--mutant", choices=sorted(MUTANTS), help="play a gateway with a mistake")
    return parser


def _line(report: Report) -> str:
    verdict = "FAILED" if report.violation else "ok"
    return f"seed {report.seed}: {verdict}, digest {report.digest}, {_summed(report.counts)}"


def _summed(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))


def _story(report: Report, mutant: str | None) -> str:
    """Say how to see it again, and what led to it."""
    options = report.options
    left_out = " ".join(sorted(frozenset(Harm) - options.harms))
    again = (
        f"python -m tests.simulation --first {report.seed} --seeds 1"
        f" --hours {options.hours:g} --homes {options.homes}"
        + (f" --without {left_out}" if left_out else "")
        + (f" --mutant {mutant}" if mutant else "")
    )
    head = f"seed {report.seed}, step {report.steps}: {report.violation}\n{again}"
    return "\n".join([head, "   (step)     (second)", *report.last])


if __name__ == "__main__":
    sys.exit(main())
