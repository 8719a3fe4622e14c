"""`make bench`: what the gateway costs, durable, beside two loops people write in an afternoon.

The contestants take turns in one run on one machine, so that the ratios mean something where the
absolute figures are noisy. The load comes open-loop from a process of its own. Prints a table and
writes JSON with the machine's description.
"""

import argparse
import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import drain, ladder, latency, path, scale, village
from bench.brokers import BROKERS
from bench.contestants import CONTESTANTS, end_all
from bench.latency import Figures
from bench.machine import described

PARTS = ("path", "latency", "drain", "queue", "scale", "ladder")
HOMES = 1000
COUNTY = (100, 1_000, 10_000, 27_102)
RATIOS = ("p50_ms", "p99_ms", "per_second", "cpu_s_per_100k", "p50_s", "p99_s")


async def _run(options: argparse.Namespace, folder: Path) -> list[Figures]:
    try:
        return await _measured(options, folder)
    finally:
        await end_all()


async def _measured(options: argparse.Namespace, folder: Path) -> list[Figures]:
    registry, results = folder / "village.toml", []
    await village.registry(HOMES, registry)
    for number, (part, broker, title, size) in enumerate(_plan(options)):
        place = folder / str(number)
        place.mkdir()
        if part == "latency":
            rate, seconds = size, options.seconds
            found = await latency.measure(title, broker, place, registry, rate, seconds)
        elif part == "drain":
            found = await drain.publisher(title, broker, place, registry, options.readings)
        elif part == "queue":
            found = await drain.queue(broker, place, registry, options.readings)
        elif part == "path":
            found = await path.measure(place, round(size), options.readings)
        elif part == "ladder":
            found = ladder.measure(title, round(size))
        else:
            found = await scale.measure(broker, place, round(size))
        results.append(found)
        print(_row(found), flush=True)
    return results


def _plan(options: argparse.Namespace) -> Iterator[tuple[str, str, str, float]]:
    """List part, broker, contestant and size (readings a second, or homes) of each measurement."""
    for part in options.part or PARTS:
        if part == "path":
            yield from ((part, "none", "gateway", homes) for homes in options.homes)
            continue
        if part == "ladder":
            yield from ((part, "none", title, ladder.FIRES) for title in ladder.CONTESTANTS)
            continue
        for broker in [options.broker] if options.broker != "both" else BROKERS:
            if part == "latency":
                yield from (
                    (part, broker, title, rate) for rate in options.rates for title in CONTESTANTS
                )
            elif part == "drain":
                yield from ((part, broker, title, 0) for title in CONTESTANTS)
            elif part == "queue":
                yield part, broker, "gateway", 0
            else:
                yield from ((part, broker, "gateway", homes) for homes in options.homes)


def _row(found: Figures) -> str:
    """Lay out one line of the table."""
    words = [f"{found['part']:>8}", f"{found['broker']:<9}", f"{found['contestant']:<8}"]
    for key, value in found.items():
        if key not in {"part", "broker", "contestant"}:
            words.append(f"{key} {value:,.2f}" if isinstance(value, float) else f"{key} {value}")
    return "  ".join(words)


def _ratios(results: list[Figures]) -> Iterator[str]:
    """Give the gateway's figures as multiples of each loop's of the same run."""
    for mine in results:
        if mine["contestant"] != "gateway":
            continue
        for other in results:
            same = all(other.get(key) == mine.get(key) for key in ("part", "broker", "rate"))
            if not same or other["contestant"] == "gateway":
                continue
            pairs = [(key, mine.get(key), other.get(key)) for key in RATIOS]
            shown = [
                f"{key} {a / b:.2f}"
                for key, a, b in pairs
                if isinstance(a, float) and isinstance(b, float) and b > 0
            ]
            what = f"{mine['part']} {mine['broker']} {mine.get('rate', '')}".rstrip()
            yield f"gateway / {other['contestant']:<6} {what}: {'  '.join(shown)}"


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--part", action="append", choices=PARTS, help="all where none is named")
    parser.add_argument("--broker", choices=[*BROKERS, "both"], default="both")
    parser.add_argument("--rates", type=float, nargs="+", default=[100.0, 1000.0, 5000.0])
    parser.add_argument("--seconds", type=float, default=20.0, help="of each latency run")
    parser.add_argument("--readings", type=int, default=200_000, help="of each drain")
    parser.add_argument("--homes", type=int, nargs="+", default=list(COUNTY))
    parser.add_argument("--out", type=Path, default=Path("bench/out/bench.json"))
    options = parser.parse_args()
    with TemporaryDirectory(prefix="bench-") as folder:
        results = asyncio.run(_run(options, Path(folder)))
    ratios = list(_ratios(results))
    print("\n".join(ratios))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    record = {"machine": described(), "results": results, "ratios": ratios}
    options.out.write_text(json.dumps(record, indent=1) + "\n")
    print(f"written to {options.out}")


if __name__ == "__main__":
    main()
