"""`smartcare backtest`: how the rules would have done on recorded homes and fires."""

import re
import tomllib
from functools import partial
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from alerting.settings import RULES, Settings
from gateway import fire_log, motion_log
from gateway.backtest import Figures, backtest
from gateway.cli_reach import AsJson, ending, out, say, write_json
from gateway.mistake import Mistake, MistakesError, Words, mistakes_of
from sensors.supervision import BUDGETS

_PATIENT_HOURS = 24 * 366.0

Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help="记录 recorded logs.")]
Inject = Annotated[
    int, typer.Option(metavar="N", min=0, max=100_000, help="假设出事几次 emergencies to inject.")
]
Seed = Annotated[int, typer.Option(help="随机种子 the same seed draws the same moments.")]
Split = Annotated[
    float, typer.Option(min=0.0, max=0.99, help="前面多少算历史 the part that is history.")
]
Fire = Annotated[
    bool, typer.Option("--fire", help="温度记录 the logs are of fires: TIME and TC…_1.")
]
ReportSeconds = Annotated[
    float, typer.Option(min=1, max=3600, help="温度计多久报一次 how often a thermometer speaks.")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="RULE.KEY=VALUE", help="改一个参数 change a parameter."),
]


def run(  # noqa: PLR0913 -- a command line has these options
    files: Files,
    *,
    inject: Inject = 0,
    seed: Seed = 1,
    split: Split = 0.5,
    is_fire: Fire = False,
    report_seconds: ReportSeconds = 10.0,
    as_json: AsJson = False,
    changes: Set = None,
) -> None:
    """回测 Feed recorded logs through the rules: false alarms, and delays of injected ones."""
    with ending():
        settings = settings_of(changes or [])
        if is_fire:
            _run_fires(files, report_seconds, settings, as_json=as_json)
            return
        zone = ZoneInfo(settings.timezone)
        logs = [motion_log.read(file, zone) for file in files]
        for log in logs:
            if log.skipped:
                say(f"{log.name}: 跳过 {log.skipped} 行 lines left out")
        with _bar() as bar:
            for log in logs:
                task = bar.add_task(log.name, total=len(log.rows))
                advance = partial(bar.advance, task)
                figures = backtest(log, settings, split, (inject, seed), advance)
                _tell(figures, as_json=as_json)


def _run_fires(
    files: list[Path], report_seconds: float, settings: Settings, *, as_json: bool
) -> None:
    """Say of each room of each fire when heat would have been found."""
    fires = [(file.name, fire_log.read(file)) for file in files]
    with _bar() as bar:
        for name, rooms in fires:
            task = bar.add_task(name, total=len(rooms))
            for room in rooms:
                verdict = fire_log.judge(name, room, report_seconds, settings)
                bar.advance(task)
                _tell_fire(verdict, as_json=as_json)


def _tell_fire(verdict: fire_log.Verdict, *, as_json: bool) -> None:
    if as_json:
        write_json(msgspec.json.encode(verdict))
        return
    best, worst = (
        "没有 none" if seconds is None else f"{seconds:.0f} s"
        for seconds in (verdict.alarm_seconds_best, verdict.alarm_seconds_worst)
    )
    out().print(
        f"{verdict.file} {verdict.room}: 最高 hottest {verdict.hottest_celsius:.0f} °C · "
        f"每 every {verdict.report_seconds:g} s · 报警 alarm 最早 best {best}, 最晚 worst {worst}"
    )


def settings_of(changes: list[str]) -> Settings:
    """Give the default settings with these changes; no device of a recording is ever lost."""
    tables: dict[str, dict[str, object]] = {
        "device_lost": {"budget_hours": dict.fromkeys(BUDGETS, _PATIENT_HOURS)}
    }
    for change in changes:
        found = re.fullmatch(r"(\w+)\.(\w+)=(.+)", change)
        if found is None or found[1] not in RULES:
            raise _cannot(change)
        try:
            value = tomllib.loads(f"x = {found[3]}")["x"]
        except tomllib.TOMLDecodeError:
            raise _cannot(change) from None
        tables.setdefault(found[1], {})[found[2]] = value
    try:
        return Settings.model_validate({"rules": tables})
    except ValidationError as error:
        raise MistakesError(mistakes_of(error, Settings)) from None


def _bar() -> Progress:
    """Make a bar for the terminal; nothing where the output is no terminal."""
    console = Console(stderr=True)
    columns = (
        *(TextColumn("{task.description}", markup=False), BarColumn()),
        *(TaskProgressColumn(), TimeRemainingColumn()),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _tell(figures: Figures, *, as_json: bool) -> None:
    if as_json:
        write_json(msgspec.json.encode(figures))
        return
    out().print(
        f"{figures.file}: {figures.weeks:.1f} 周 weeks · 误报 false alarms {figures.alarms} "
        f"({figures.false_per_week:.2f}/周 a week)"
    )
    if figures.injected:
        median, p90, longest = (
            "-" if hours is None else f"{hours:.1f}"
            for hours in (figures.delay_h_median, figures.delay_h_p90, figures.delay_h_max)
        )
        out().print(
            f"  假设出事 injected {figures.injected} · 发现 found {figures.detected} · "
            f"小时 hours: 中位 median {median}, 90% {p90}, 最长 longest {longest} · "
            f"12 小时后才发现或没发现 later than 12 h or never {figures.missed_12h}"
        )


def _cannot(change: str) -> MistakesError:
    reason = Words("看不懂", "cannot be read")
    mend = Words(
        f"写 规则.参数=数值，如 no_motion.surprise=7；规则有 {', '.join(RULES)}",
        f"write RULE.KEY=VALUE, as no_motion.surprise=7; the rules are {', '.join(RULES)}",
    )
    return MistakesError([Mistake("--set", change, reason, mend)])
