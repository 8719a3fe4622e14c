"""`make kill N=200`: kills the gateway N times on each broker and counts what was lost.

For each broker there are three tables: the siege (kills of the gateway, then of the broker too),
timers over a kill, and power cuts. `--mutant NAME` makes one thing wrong in the gateway and runs
the part that must find it; `--mutant all` runs every one and prints what found it. Exit status: 1
when anything was lost, or, with `--mutant all`, when a mutant was not found.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.faults import timers
from tests.kill import cuts
from tests.kill.installation import installed
from tests.kill.siege import HOMES, SMOKES, Siege
from tests.kill.verdict import Verdict
from tests.kill.village import SHORT_LADDER, tables

BROKERS = ("nats", "mosquitto")
ROUNDS_A_KILL, LEAST_ROUNDS = 0.05, 1
POWER_CUTS = 5
LADDER = {"policies": {"smoke": SHORT_LADDER}}

FOUND_BY = {
    "acknowledge_before_commit": "siege",
    "stale_acknowledgement": "siege",
    "dropped_outbox_row": "siege",
    "timer_in_memory": "timers",
    "synchronous_normal": "power",
}
"""Which part must turn red for each mutant."""

MUTANT_KILLS, MUTANT_ROUNDS = 10, 4


async def besiege(  # noqa: PLR0913 -- what one siege differs in from another
    broker: str,
    folder: Path,
    kills: int,
    *,
    rounds: int | None = None,
    seed: int = 1,
    smokes: float = SMOKES,
    conditions: tuple[str, ...] = (),
) -> Verdict:
    """Run a siege on an installation of its own."""
    rounds = max(LEAST_ROUNDS, round(kills * ROUNDS_A_KILL)) if rounds is None else rounds
    async with installed(
        broker, folder, tables(HOMES), conditions=conditions, tables=LADDER
    ) as installation:
        return await Siege(installation, seed, smokes).run(kills, rounds)


async def cut_power(
    broker: str, folder: Path, count: int, conditions: tuple[str, ...] = ()
) -> Verdict:
    """Run power cuts on an installation of its own."""
    async with installed(
        broker,
        folder,
        tables(HOMES),
        conditions=("recorded_writes", *conditions),
        tables=LADDER,
    ) as installation:
        return await cuts.run(installation, count)


def _part(name: str, broker: str, options: argparse.Namespace, mutant: str = "") -> Verdict:
    conditions = (mutant,) if mutant else ()
    with tempfile.TemporaryDirectory(prefix="siege-") as made:
        folder = Path(options.keep or made) / f"{broker}-{name}-{mutant or 'real'}"
        if name == "timers":
            return asyncio.run(timers.run(broker, folder, conditions))
        if name == "power":
            return asyncio.run(cut_power(broker, folder, POWER_CUTS, conditions))
        kills, rounds = (MUTANT_KILLS, MUTANT_ROUNDS) if mutant else (options.n, options.rounds)
        run = besiege(
            broker, folder, kills, rounds=rounds, seed=options.seed, conditions=conditions
        )
        return asyncio.run(run)


def _show(title: str, verdict: Verdict) -> None:
    print(f"\n{title}", flush=True)
    for name, count in verdict.counts.items():
        print(f"  {name:<62}{count:>12,}")
    for violation in verdict.violations:
        print(f"  VIOLATION: {violation}")
    print(f"  {'nothing lost' if not verdict.violations else 'LOST'}", flush=True)


def _real(options: argparse.Namespace, brokers: list[str]) -> tuple[list[object], bool]:
    """Run the parts on the gateway as it is."""
    rows: list[object] = []
    is_good = True
    for broker in brokers:
        for part in options.part or ("siege", "timers", "power"):
            verdict = _part(part, broker, options)
            _show(f"{part} · {broker}", verdict)
            rows.append({"broker": broker, "part": part, **vars(verdict)})
            is_good &= not verdict.violations
    return rows, is_good


def _mutants(options: argparse.Namespace, brokers: list[str]) -> tuple[list[object], bool]:
    """Run each mutant against the part that must find it; good is what was found."""
    names = list(FOUND_BY) if options.mutant == "all" else [options.mutant]
    rows: list[dict[str, str]] = []
    for broker in brokers:
        for name in names:
            verdict = _part(FOUND_BY[name], broker, options, name)
            _show(f"{name} · {FOUND_BY[name]} · {broker}", verdict)
            said = verdict.violations[0] if verdict.violations else "NOT FOUND"
            rows.append({"mutant": name, "broker": broker, "part": FOUND_BY[name], "said": said})
    print(f"\n{'mutant':<28}{'broker':<12}{'part':<9}what turned red")
    for row in rows:
        print(f"{row['mutant']:<28}{row['broker']:<12}{row['part']:<9}{row['said']}")
    return list(rows), all(row["said"] != "NOT FOUND" for row in rows)


def main() -> int:
    """Run what was asked for; gives the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.kill",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--n", type=int, default=200, help="kills of the gateway in a siege")
    parser.add_argument("--rounds", type=int, help="in which the broker dies too; one in 20 kills")
    parser.add_argument("--broker", choices=[*BROKERS, "both"], default="both")
    parser.add_argument("--part", action="append", choices=["siege", "timers", "power"])
    parser.add_argument("--mutant", choices=[*FOUND_BY, "all"])
    parser.add_argument("--seed", type=int, default=1, help="decides the instants of the kills")
    parser.add_argument("--json", type=Path, help="write the counts to this file")
    parser.add_argument("--keep", type=Path, help="keep all files in this folder")
    options = parser.parse_args()
    brokers = list(BROKERS) if options.broker == "both" else [options.broker]
    run = _mutants if options.mutant else _real
    rows, is_good = run(options, brokers)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False), encoding="utf-8")
    if options.mutant and options.mutant != "all":
        return 1 if is_good else 0  # a mutant that was found has lost something
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
