"""What a measurement ran on, and what a process has used: read from /proc."""

import os
import platform
from pathlib import Path

from bench.sink import CLOCK


def described() -> dict[str, object]:
    """Describe the machine, for the record."""
    return {
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "load_average": os.getloadavg(),
        "at": CLOCK.now().isoformat(timespec="seconds"),
    }


def cpu_seconds(pid: int) -> float:
    """Read the processor time a process has used, its threads' included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def megabytes(pid: int) -> float:
    """Read how much memory a process has resident now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (found,) = (line for line in lines if line.startswith("VmRSS:"))
    return int(found.split()[1]) / 1024


def quantile(values: list[float], share: float) -> float:
    """Take the value below which `share` of the sample lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
