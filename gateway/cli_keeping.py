"""Commands about what is kept: a tried backup, its restore, the state as of any instant."""

import asyncio
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.text import Text

from gateway import backup as backups
from gateway.cli_alarms import card
from gateway.cli_reach import (
    CONFIG,
    REFUSED,
    AsJson,
    ConfigFile,
    Reach,
    ending,
    out,
    say,
    write_json,
)
from gateway.clock import SystemClock
from gateway.control_client import JOURNAL, UnreachableError
from gateway.door import StoppedDoor
from gateway.log_port import Log
from gateway.operations import Operations
from gateway.read_only import readable
from gateway.registry import Registry
from gateway.replay import Compared, Rebuilt, compare, rebuilt
from gateway.request import AlarmView, ListAlarms, TakeSnapshot

_DIFFER_SHOWN = 10


class Replayed(msgspec.Struct, frozen=True):
    """What a journal folds to: after which entry, and the open alarms of that instant."""

    seq: int
    at: datetime | None
    homes: int
    open_alarms: list[AlarmView]
    compared: Compared | None = None


def backup(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="备份文件 the file to write.")],
    *,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """备份 Copy journal and registry, the gateway running or not, and restore the copy on trial."""
    with ending():
        folder = Reach(config).folder
        columns = (TextColumn("备份 copying"), BarColumn(), TaskProgressColumn())
        console = Console(stderr=True)
        with Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal
        ) as progress:
            task = progress.add_task("")

            def moved(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            trial = backups.backup(folder, path, SystemClock(), moved)
        _tell(trial, as_json=as_json)
        say(f"已备份到 {path}，已试恢复 kept in {path}, and restored on trial")


def restore(
    path: Annotated[Path, typer.Argument(metavar="BACKUP", help="备份文件 a backup.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="原来的日志挪到一边 put the journal there is aside.")
    ] = False,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """恢复备份 Put a backup in force in the state folder; the gateway must be stopped."""
    with ending():
        folder = Reach(config).folder
        trial, aside = backups.restore(path, folder, SystemClock(), is_replacing=replace)
        _tell(trial, as_json=as_json)
        if aside is not None:
            say(f"原来的在 {aside} what was there is kept in {aside}")
        say(f"已恢复到 {folder}，可以启动 restored to {folder}; start: smartcare run")


def _tell(trial: backups.Trial, *, as_json: bool) -> None:
    """Say what a copy holds."""
    if as_json:
        write_json(msgspec.json.encode(trial))
        return
    out().print(
        f"日志 journal: {trial.seq}  报警记录 log: {trial.log_lines}  住户 homes: {trial.homes}"
        f"  没办结 open alarms: {trial.open_alarms}  {trial.size_bytes} B\n{trial.head_hash}"
    )
    if trial.folds_same is False:
        say(
            "重放和存下的状态不一样（升级后可能如此），smartcare replay --compare 看是哪几户 "
            "the journal does not fold to the stored state, as may be after an upgrade"
        )


def replay(
    *,
    until: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="到何时 10m ago, or an instant; the end if left out."),
    ] = None,
    journal: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="别的日志或备份 another journal, or a backup."),
    ] = None,
    is_compared: Annotated[
        bool, typer.Option("--compare", help="和内存里的状态比 hold it against the live state.")
    ] = False,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """重放日志 Rebuild the state as of an instant, and show the alarms that were open then."""
    with ending():
        reach = Reach(config)
        at = None if until is None else reach.instant(until)
        file = journal or reach.folder / JOURNAL
        if not file.is_file():
            raise UnreachableError(f"还没有日志 there is no journal: {file}")
        if is_compared and journal is None:
            asyncio.run(_have_state_stored(reach))
        replayed = asyncio.run(_replay(file, at, is_compared=is_compared))
        if as_json:
            write_json(msgspec.json.encode(replayed))
        else:
            _show(replayed, reach)
        if replayed.compared is not None and replayed.compared.is_same is False:
            raise typer.Exit(REFUSED)


async def _have_state_stored(reach: Reach) -> None:
    """Let a running gateway store the state it has in memory; a stopped one did when it stopped."""
    async with aclosing(reach.ask(TakeSnapshot())) as rows:
        async for _ in rows:
            pass


async def _replay(file: Path, until: datetime | None, *, is_compared: bool) -> Replayed:
    clock = SystemClock()
    with readable(file, clock) as log:
        state = await rebuilt(log, until)
        views = await _views(log, state, clock)
        compared = await compare(log) if is_compared else None
    return Replayed(state.seq, state.at, len(state.engine.homes), views, compared)


async def _views(log: Log, state: Rebuilt, clock: SystemClock) -> list[AlarmView]:
    """Show the alarms of a state with the names of the registry as the file has it now."""
    door = StoppedDoor(log, await Registry.load(log.read), clock, state.engine)
    views = []
    async with aclosing(Operations(door).perform(ListAlarms())) as rows:
        async for row in rows:
            assert isinstance(row, AlarmView)
            views.append(row)
    return views


def _show(replayed: Replayed, reach: Reach) -> None:
    when = "-" if replayed.at is None else f"{replayed.at.astimezone(reach.zone):%F %H:%M:%S}"
    out().print(
        f"{when}  日志第 {replayed.seq} 条 entry {replayed.seq}  住户 homes: {replayed.homes}"
        f"  没办结 open alarms: {len(replayed.open_alarms)}"
    )
    for view in replayed.open_alarms:
        out().print(Text(card(view, replayed.at or view.raised_at)))
    compared = replayed.compared
    if compared is None:
        return
    if compared.is_same is None:
        say("没有可比的 nothing to compare with: there is no earlier state to fold from")
    elif compared.is_same:
        out().print(
            f"一致 the same: {compared.since_seq} → {compared.seq} 重放得到内存里的状态 "
            "the fold gives the state in memory"
        )
    else:
        shown = " ".join(compared.homes[:_DIFFER_SHOWN])
        out().print(f"不一致 different at {compared.seq}: {len(compared.homes)} 户 homes: {shown}")
