"""`smartcare backtest`: recorded homes through the real engine."""

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from gateway import motion_log
from gateway.backtest import moments
from gateway.cli import app
from gateway.motion_log import MotionLog

ZONE = ZoneInfo("Asia/Shanghai")
KEYS = [
    *("file", "weeks", "alarms", "false_per_week", "injected", "detected", "delay_h_median"),
    *("delay_h_p90", "delay_h_max", "missed_12h"),
]


def written(folder: Path, days: int = 14, *, is_packed: bool = False) -> Path:
    """Write the log of a regular life: up at seven, out from ten to one, to bed at ten."""
    lines = ["ts_local,sensor,state,is_front_door"]
    for day in range(days):
        start = datetime(2026, 3, 2) + timedelta(days=day)  # noqa: DTZ001 -- a log has no zone
        for quarter in (*range(28, 40), *range(52, 88)):
            at = start + timedelta(minutes=15 * quarter)
            lines += [f"{at},Hall_PIR,ON,0", f"{at + timedelta(seconds=9)},Hall_PIR,OFF,0"]
        for hour in (10, 13):
            at = start + timedelta(hours=hour, seconds=-20)
            lines += [f"{at},Front door,ON,1", f"{at + timedelta(seconds=5)},Front door,OFF,1"]
    text = "\n".join(lines).encode()
    path = folder / ("home.csv.gz" if is_packed else "home.csv")
    path.write_bytes(gzip.compress(text) if is_packed else text)
    return path


def figures(*words: str) -> dict[str, object]:
    """Run the command and read its line."""
    result = CliRunner().invoke(app, ["backtest", *words, "--json"])
    assert 0 == result.exit_code, result.output
    (line,) = result.stdout.splitlines()
    row: dict[str, object] = json.loads(line)
    return row


def test_a_regular_life_has_no_false_alarm_and_every_emergency_one(tmp_path: Path) -> None:
    """With exactly the keys that the page names, in their order."""
    found = figures(str(written(tmp_path)), "--inject", "20", "--seed", "3")
    assert list(found) == KEYS
    assert ("home.csv", 0, 20, 20, 0) == tuple(
        found[key] for key in ("file", "alarms", "injected", "detected", "missed_12h")
    )
    assert 1 == round(float(str(found["weeks"])))
    assert 0 < float(str(found["delay_h_median"])) < float(str(found["delay_h_max"])) <= 12


def test_the_same_seed_gives_the_same_line_and_packing_changes_nothing(tmp_path: Path) -> None:
    """Only the file's name differs."""
    plain = figures(str(written(tmp_path)), "--inject", "5")
    packed = figures(str(written(tmp_path, is_packed=True)), "--inject", "5")
    assert plain | {"file": ""} == packed | {"file": ""}


def test_without_injections_there_are_no_delays(tmp_path: Path) -> None:
    """Nothing is made up."""
    found = figures(str(written(tmp_path)))
    assert (0, 0, None, None) == tuple(
        found[key] for key in ("injected", "detected", "delay_h_median", "delay_h_max")
    )


def test_a_parameter_can_be_tried(tmp_path: Path) -> None:
    """A limit of an hour raises something at each lunch and each night."""
    log = str(written(tmp_path))
    eager = figures(log, "--set", "no_motion.day_hours=1", "--set", "no_motion.night_hours=1")
    assert 13 == eager["alarms"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("no_motion.surprise", "RULE.KEY=VALUE"),
        ("colour.x=1", "no_motion"),
        ("no_motion.surprise=-1", "rules.no_motion.surprise"),
        ("no_motion.colour=1", "rules.no_motion.colour"),
    ],
)
def test_a_change_that_cannot_be_is_explained(tmp_path: Path, change: str, said: str) -> None:
    """With the key, and what would be right."""
    result = CliRunner().invoke(app, ["backtest", str(written(tmp_path)), "--set", change])
    assert 2 == result.exit_code
    assert said in result.stderr


@pytest.mark.parametrize("body", [b"", b"a,b\n1,2\n", b"\x1f\x8bxx", b"\xff\xfe\x00"])
def test_a_file_that_is_no_log_is_explained(tmp_path: Path, body: bytes) -> None:
    """And one that is not there."""
    path = tmp_path / "x.csv"
    path.write_bytes(body)
    for name in (path, tmp_path / "nowhere.csv"):
        result = CliRunner().invoke(app, ["backtest", str(name)])
        assert 2 == result.exit_code
        assert "ts_local,sensor,state,is_front_door" in result.stderr


def test_a_line_that_cannot_be_read_is_left_out_and_said(tmp_path: Path) -> None:
    """The others count."""
    path = written(tmp_path)
    path.write_bytes(
        path.read_bytes() + b"\nyesterday,Hall_PIR,ON,0\n2026-03-10 10:00:00,T1,21.5,0\n"
    )
    result = CliRunner().invoke(app, ["backtest", str(path)])
    assert 0 == result.exit_code
    assert "2 行" in result.stderr


def test_moments_are_at_home(tmp_path: Path) -> None:
    """None in an annotated absence, none in a long silence behind a door event."""
    path = written(tmp_path)
    beside = "start,end,activity\n2026-03-10 15:00:00,2026-03-10 18:00:00,leave-house\n"
    (tmp_path / "home.activities.csv").write_text(beside)
    log = motion_log.read(path, ZONE)
    drawn = moments(log, log.rows[0].at, 400, 1)
    assert 400 == len(drawn)
    absence = (datetime(2026, 3, 10, 15, tzinfo=ZONE), datetime(2026, 3, 10, 18, tzinfo=ZONE))
    assert [absence] == log.absences
    assert not any(absence[0] <= at < absence[1] for at in drawn)
    assert not any(10 <= at.hour < 12 for at in drawn)


def recorded(folder: Path, name: str) -> MotionLog:
    """One of the recorded homes."""
    return motion_log.read(folder / "data" / "motion" / f"{name}.csv.gz", ZONE)


@pytest.mark.parametrize("name", ["kasterenA", "kasterenC", "mitD", "ordonezA"])
def test_recorded_homes_are_read_whole(fixtures_dir: Path, name: str) -> None:
    """Every line, a sensor a device, and a class for each."""
    log = recorded(fixtures_dir, name)
    assert 0 == log.skipped
    classes = {device.type for device in log.home.devices}
    assert classes <= {"pir", "bed", "cupboard", "front_door"}
    assert len({device.id for device in log.home.devices}) == len(log.home.devices)


def test_a_recorded_home_is_guarded(fixtures_dir: Path) -> None:
    """Every injected emergency is found, and the false alarms stay few."""
    path = fixtures_dir / "data" / "motion" / "ordonezA.csv.gz"
    found = figures(str(path), "--inject", "40")
    assert (40, 40) == (found["injected"], found["detected"])
    assert float(str(found["false_per_week"])) <= 1.1
    assert float(str(found["delay_h_median"])) < 10
