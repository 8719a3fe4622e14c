"""What is shipped beside the program is right as far as it can be told without installing it."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.tree import ROOT

UNIT = ROOT / "deploy" / "smartcare.service"
CONTAINER = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")

systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here"
)


def unit(folder: Path, text: str) -> str:
    """Write a unit whose program is there."""
    path = folder / UNIT.name
    path.write_text(re.sub(r"ExecStart=\S+", f"ExecStart={sys.executable}", text), encoding="utf-8")
    return str(path)


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    """Ask systemd, which starts nothing."""
    return subprocess.run(
        ["systemd-analyze", *words], check=False, capture_output=True, text=True, timeout=50
    )


@systemd
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """No key is unknown, no value wrong."""
    done = analyze("verify", unit(tmp_path, UNIT.read_text(encoding="utf-8")))
    assert (0, "") == (done.returncode, done.stderr)


@systemd
def test_systemd_would_see_a_mistake(tmp_path: Path) -> None:
    """The check above can fail."""
    text = UNIT.read_text(encoding="utf-8").replace("WatchdogSec=90", "WatchdogSecs=90")
    assert "WatchdogSecs" in analyze("verify", unit(tmp_path, text)).stderr


@systemd
def test_the_unit_may_do_little(tmp_path: Path) -> None:
    """Exposure below 2.0 of 10, as systemd counts it."""
    path = unit(tmp_path, UNIT.read_text(encoding="utf-8"))
    done = analyze("security", "--offline=yes", "--threshold=20", path)
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd cannot judge a unit that is not installed")
    assert 0 == done.returncode, done.stdout[-200:]


def test_the_container_is_made_of_what_is_there() -> None:
    """Every file and package that is copied exists, and no package is left out."""
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.+)$", CONTAINER, flags=re.MULTILINE)
        for name in line.split()[:-1]
    ]
    assert [] == [name for name in copied if not (ROOT / name).exists()]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(packages) <= set(copied)
