"""`make bench`: smoke to carrier request, durable, beside two loops people write in an afternoon.

One broker, one sink, one open-loop generator in a process of its own; the contestants take turns
in the same run, so that the ratios mean something on a noisy machine. Prints a table and writes
JSON with the machine's description.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.contestants import Contestant, bare, commit, gateway
from bench.sink import CLOCK, Sink
from tests.brokers import VILLAGE, mosquitto

CONTESTANTS = {"gateway": gateway, "bare": bare, "commit": commit}
SMOKES = 2.0
TAIL = timedelta(seconds=2)


def _quantile(sorted_ms: list[float], share: float) -> float:
    """Take the value below which `share` of the sample lies."""
    return sorted_ms[min(len(sorted_ms) - 1, int(share * len(sorted_ms)))]


async def _flood(port: int, registry: Path, record: Path, rate: float, seconds: float) -> None:
    """Let the generator send, in a process of its own."""
    options = {
        "--mqtt": f"mqtt://127.0.0.1:{port}",
        "--registry": str(registry),
        "--rate": str(rate),
        "--seconds": str(seconds),
        "--smokes": str(SMOKES),
        "--record": str(record),
        "--username": VILLAGE.username,
        "--password": VILLAGE.password,
    }
    words = [word for pair in options.items() for word in pair]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators", "flood", *words),
        stdout=asyncio.subprocess.DEVNULL,
    )
    await process.wait()


def _latencies(record: Path, sink: Sink) -> tuple[list[float], int]:
    """Match each home's first smoke with its first request; milliseconds, and how many never."""
    first: dict[str, int] = {}
    for line in record.read_text().splitlines():
        said = json.loads(line)
        if said["kind"] == "smoke":
            first.setdefault(said["home"], said["sent_us"])
    found = [
        (sink.arrivals[home][0] - sent) / 1000
        for home, sent in first.items()
        if home in sink.arrivals
    ]
    return sorted(found), len(first) - len(found)


async def _measure(
    contestant: Contestant, folder: Path, registry: Path, rate: float, seconds: float
) -> dict[str, float]:
    """Run one contestant at one rate."""
    sink, record = Sink(), folder / "record.jsonl"
    await sink.start()
    async with mosquitto(folder) as broker:
        process = await contestant(folder, broker.port, sink.port, registry)
        cpu_before = _cpu_seconds(process.pid)
        await _flood(broker.port, registry, record, rate, seconds)
        await CLOCK.wait(TAIL)
        cpu = _cpu_seconds(process.pid) - cpu_before
        process.terminate()
        await process.wait()
    await sink.stop()
    found, missing = _latencies(record, sink)
    figures: dict[str, float] = {"missing": missing, "smokes": len(found) + missing}
    if found:
        figures |= {f"p{round(s * 100)}_ms": _quantile(found, s) for s in (0.5, 0.95, 0.99)}
    figures["cpu_s_per_100k"] = cpu / (rate * seconds) * 100_000
    return figures


def _cpu_seconds(pid: int) -> float:
    """Read the processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine() -> dict[str, object]:
    """Describe what this ran on."""
    return {
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "at": CLOCK.now().isoformat(timespec="seconds"),
    }


async def _run(rates: list[float], seconds: float, homes: int, out: Path) -> None:
    results: list[dict[str, object]] = []
    with TemporaryDirectory() as name:
        registry = Path(name) / "village.toml"
        words = ("village", "--homes", str(homes), "--seed", "1", "--out", str(registry))
        village = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulators", *words), stdout=asyncio.subprocess.DEVNULL
        )
        await village.wait()
        for rate in rates:
            for title, contestant in CONTESTANTS.items():
                folder = Path(name) / f"{title}-{rate:.0f}"
                folder.mkdir()
                figures = await _measure(contestant, folder, registry, rate, seconds)
                results.append({"contestant": title, "rate": rate, **figures})
                print(_row(results[-1]), flush=True)
    _ratios(results)
    _write(out, json.dumps({"machine": machine(), "results": results}, indent=1) + "\n")
    print(f"written to {out}")


def _write(out: Path, text: str) -> None:
    """Write the record, making its folder."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text)


def _row(result: dict[str, object]) -> str:
    """Lay out one line of the table."""
    words = [f"{result['contestant']:>8} at {result['rate']:>5.0f}/s"]
    for key in ("p50_ms", "p95_ms", "p99_ms", "cpu_s_per_100k", "missing"):
        value = result.get(key)
        words.append(f"{key} {value:8.2f}" if isinstance(value, float) else f"{key} {value}")
    return "  ".join(words)


def _ratios(results: list[dict[str, object]]) -> None:
    """Print the gateway's figures as multiples of the bare loop's of the same run."""
    for mine in results:
        if mine["contestant"] != "gateway":
            continue
        bare_one = next(
            r for r in results if r["contestant"] == "bare" and r["rate"] == mine["rate"]
        )
        for key in ("p50_ms", "p99_ms", "cpu_s_per_100k"):
            a, b = mine.get(key), bare_one.get(key)
            if isinstance(a, float) and isinstance(b, float) and b > 0:
                print(f"gateway / bare at {mine['rate']:.0f}/s  {key} {a / b:.2f}")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=float, nargs="+", default=[100.0, 1000.0])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--homes", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=Path("bench/out/latency.json"))
    options = parser.parse_args()
    asyncio.run(_run(options.rates, options.seconds, options.homes, options.out))


if __name__ == "__main__":
    main()
