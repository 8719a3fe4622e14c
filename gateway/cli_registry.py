"""Commands about the registry: a file goes in, a file comes out, a row is changed."""

import asyncio
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import tomli
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from gateway import registry_csv, registry_file
from gateway.cli_alarms import By, operator_of
from gateway.cli_reach import CONFIG, USAGE, ConfigFile, Reach, ending, out, say
from gateway.enrolment import pieces
from gateway.registry import Registry
from gateway.request import (
    ExportRegistry,
    Imported,
    ImportRegistry,
    RemoveRow,
    Request,
    SetRow,
    Wrong,
)

app = typer.Typer(no_args_is_help=True, help="登记册 The registry: homes, people, devices.")

_ANSWER = Imported | Wrong


_UNSTAFFED = (
    "注意：没有值守台了，报警不再有值班员接。马上登记一个 role=desk 的响应人\n"
    "  there is no duty desk any more, which alarms call first: add a responder with role=desk"
)


class Table(StrEnum):
    """The tables of the registry."""

    HOMES = "homes"
    RESIDENTS = "residents"
    DEVICES = "devices"
    RESPONDERS = "responders"
    PAIRINGS = "pairings"


TableOf = Annotated[
    Table, typer.Argument(metavar="TABLE", help="homes residents devices responders pairings")
]
RowOf = Annotated[
    str, typer.Argument(metavar="ROW", help="编号 an id; a pairing's home/responder.")
]


class _Bar:
    """A bar on the terminal; nothing where the output is no terminal."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        console = Console(stderr=True)
        is_off = not console.is_terminal
        self._progress = Progress(*columns, console=console, transient=True, disable=is_off)

    def read(self, file: Path) -> list[bytes]:
        """Read a file into pieces, which takes seconds for a county."""
        with self._progress as progress:
            task = progress.add_task("读文件 reading", total=None)
            lines = pieces(_parsed(file))
            progress.remove_task(task)
        return lines

    def over(self, lines: list[bytes]) -> Iterator[bytes]:
        """Move on with each line that is taken."""
        with self._progress as progress:
            task = progress.add_task("送入 sending", total=len(lines))
            for line in lines:
                yield line
                progress.advance(task)
            progress.update(task, description="写入 writing")


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="登记册 TOML, a folder of CSV files, or one of them."),
    ],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="文件以外的都删掉 what is not in the file goes.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只看会改什么 only say what would change.")
    ] = False,
    config: ConfigFile = CONFIG,
    by: By = None,
) -> None:
    """导入登记册 Put a file in force, whole or not at all; each mistake in it is explained."""
    with ending():
        reach = Reach(config)
        bar = _Bar()
        lines = bar.read(file)
        if not reach.folder.is_dir():
            say(f"新建 made {reach.folder}")
            reach.folder.mkdir(mode=0o700, parents=True)
        request = ImportRegistry(
            len(lines), is_whole=replace, is_dry_run=dry_run, by=operator_of(by)
        )
        asyncio.run(_change(reach, request, bar.over(lines)))


def _parsed(file: Path) -> Registry:
    """Read TOML, a folder of CSV files, or one of them; raises MistakesError."""
    if file.is_dir():
        names = [name for name in registry_file.TABLES if (file / f"{name}.csv").exists()]
        if not names:
            say(f"{file} 里没有 has none of: {', '.join(f'{n}.csv' for n in registry_file.TABLES)}")
            raise typer.Exit(USAGE)
        return registry_csv.parse({name: _read(file / f"{name}.csv") for name in names})
    if file.suffix.lower() != ".csv":
        return registry_file.parse(_read(file))
    if file.stem not in registry_file.TABLES:
        say(f"CSV 文件名要是表名 its name must be a table: {', '.join(registry_file.TABLES)}")
        raise typer.Exit(USAGE)
    return registry_csv.parse({file.stem: _read(file)})


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as source:
            return source.read(registry_file.MOST_BYTES + 1)
    except OSError as error:
        say(f"文件读不出来 cannot read {file}: {error.strerror}")
        raise typer.Exit(USAGE) from None


async def _change(reach: Reach, request: Request, lines: Iterable[bytes] = ()) -> None:
    """Send the pieces and tell what came of them."""
    async for row in reach.ask(request, lines):
        answer = msgspec.json.decode(row, type=dict[str, str | int | bool])
        if "path" in answer:
            say(f"{answer['zh']}\n  {answer['en']}")
            continue
        would = "会 would: " if answer["is_dry_run"] else ""
        line = (
            f"{would}新增 added {answer['added']}  改动 changed {answer['changed']}  "
            f"删除 removed {answer['removed']}  (户 homes)"
        )
        people = f"  没有住户的人 people without a home {answer['people']}"
        out().print(line + people * bool(answer["people"]))
        if answer["is_unstaffed"]:
            say(_UNSTAFFED)


@app.command("set")
def set_(
    table: TableOf,
    row: RowOf,
    cells: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="空的删掉这一项 empty takes it out.")
    ],
    *,
    config: ConfigFile = CONFIG,
    by: By = None,
) -> None:
    """改一行 Change a row, or add it: at once, without a restart, with a line in the alarm log."""
    with ending():
        changes = dict(cell.partition("=")[::2] for cell in cells)
        if any("=" not in cell for cell in cells):
            raise typer.BadParameter("写 KEY=VALUE，如 phone=+8613812345678")
        request = SetRow(table.value, row, changes, operator_of(by))
        asyncio.run(_change(Reach(config), request))


@app.command("remove")
def remove(table: TableOf, row: RowOf, *, config: ConfigFile = CONFIG, by: By = None) -> None:
    """删一行 Take a row out, with what hangs on it; refused for a home with an open alarm."""
    with ending():
        asyncio.run(_change(Reach(config), RemoveRow(table.value, row, operator_of(by))))


@app.command("export")
def export(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="不写就打印 printed if left out.")
    ] = None,
    *,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="FILE 是文件夹 a folder, with a CSV file a table.")
    ] = False,
    config: ConfigFile = CONFIG,
) -> None:
    """导出登记册 Write the registry as a file, telephone numbers and device secrets included."""
    with ending():
        reach = Reach(config)
        texts: list[str] = []
        reach.show(ExportRegistry(), lambda row: texts.append(msgspec.json.decode(row, type=str)))
        text = "".join(texts)
        if as_csv and file is None:
            raise typer.BadParameter("写 FOLDER: name a folder for the CSV files")
        if file is None:
            sys.stdout.buffer.write(text.encode())
        elif as_csv:
            _write(file, lambda: _folder(file, text))
        else:
            _write(file, lambda: _put(file, text.encode()))


def _folder(folder: Path, text: str) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, data in registry_csv.dump(tomli.loads(text)).items():
        _put(folder / f"{name}.csv", data)


def _put(file: Path, data: bytes) -> None:
    """Write a file that nobody else can read, also where one was that others could."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as sink:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)  # a file that was there may be anybody's to read
        sink.write(data)


def _write(file: Path, write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as error:
        say(f"写不进去 cannot write {file}: {error.strerror}")
        raise typer.Exit(USAGE) from None
