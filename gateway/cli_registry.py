"""Commands about the registry: a file goes in, a file comes out."""

import asyncio
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from gateway import registry_file
from gateway.cli_reach import CONFIG, USAGE, ConfigFile, Reach, ending, out, say
from gateway.enrolment import pieces
from gateway.request import ExportRegistry, Imported, ImportRegistry, Wrong

app = typer.Typer(no_args_is_help=True, help="登记册 The registry: homes, people, devices.")

_ANSWER = Imported | Wrong


class _Bar:
    """A bar on the terminal; nothing where the output is no terminal."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        console = Console(stderr=True)
        is_off = not console.is_terminal
        self._progress = Progress(*columns, console=console, transient=True, disable=is_off)

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
    file: Annotated[Path, typer.Argument(metavar="FILE", help="登记册文件 a registry file, TOML.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="文件以外的都删掉 what is not in the file goes.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只看会改什么 only say what would change.")
    ] = False,
    config: ConfigFile = CONFIG,
) -> None:
    """导入登记册 Put a file in force, whole or not at all; each mistake in it is explained."""
    with ending():
        reach = Reach(config)
        lines = pieces(registry_file.parse(_read(file)))
        if not reach.folder.is_dir():
            say(f"新建 made {reach.folder}")
            reach.folder.mkdir(mode=0o700, parents=True)
        request = ImportRegistry(len(lines), is_whole=replace, is_dry_run=dry_run)
        asyncio.run(_import(reach, request, lines))


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as source:
            return source.read(registry_file.MOST_BYTES + 1)
    except OSError as error:
        say(f"文件读不出来 cannot read {file}: {error.strerror}")
        raise typer.Exit(USAGE) from None


async def _import(reach: Reach, request: ImportRegistry, lines: list[bytes]) -> None:
    """Send the pieces and tell what came of them."""
    async for row in reach.ask(request, _Bar().over(lines)):
        answer = msgspec.json.decode(row, type=dict[str, str | int | bool])
        if "path" in answer:
            say(f"{answer['zh']}\n  {answer['en']}")
            continue
        would = "会 would: " if answer["is_dry_run"] else ""
        out().print(
            f"{would}新增 added {answer['added']}  改动 changed {answer['changed']}  "
            f"删除 removed {answer['removed']}  (户 homes)"
        )


@app.command("export")
def export(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="不写就打印 printed if left out.")
    ] = None,
    *,
    config: ConfigFile = CONFIG,
) -> None:
    """导出登记册 Write the registry as a file, telephone numbers and device secrets included."""
    with ending():
        reach = Reach(config)
        texts: list[str] = []
        reach.show(ExportRegistry(), lambda row: texts.append(msgspec.json.decode(row, type=str)))
        data = "".join(texts).encode()
        if file is None:
            sys.stdout.buffer.write(data)
            return
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as sink:
                if stat.S_ISREG(os.fstat(descriptor).st_mode):
                    os.fchmod(descriptor, 0o600)  # a file that was there may be anybody's to read
                sink.write(data)
        except OSError as error:
            say(f"写不进去 cannot write {file}: {error.strerror}")
            raise typer.Exit(USAGE) from None
