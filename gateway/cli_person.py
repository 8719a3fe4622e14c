"""Commands about one person's data: given out, or erased."""

import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gateway.cli_alarms import By, operator_of
from gateway.cli_reach import CONFIG, AsJson, ConfigFile, Reach, ending, out, say, write_json
from gateway.request import Erased, ErasePerson, ExportPerson

app = typer.Typer(no_args_is_help=True, help="个人信息 What is kept about one person.")

PersonId = Annotated[
    str, typer.Argument(metavar="ID", help="登记册编号 a resident's or responder's id.")
]


@app.command()
def export(
    person: PersonId,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="写到文件 printed if left out.")
    ] = None,
    *,
    config: ConfigFile = CONFIG,
) -> None:
    """导出个人信息 Give out all that is kept about a person, one object a line."""
    with ending():
        rows: list[bytes] = []
        Reach(config).show(ExportPerson(person), rows.append)
        if file is None:
            for row in rows:
                write_json(row)
            return
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as written:
            os.fchmod(descriptor, 0o600)
            written.writelines(row + b"\n" for row in rows)
        say(f"写到 {file} written, readable by you alone: {len(rows)}")


@app.command()
def erase(
    person: PersonId,
    *,
    is_sure: Annotated[bool, typer.Option("--yes", help="不再问 do not ask again.")] = False,
    config: ConfigFile = CONFIG,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """抹去个人信息 Erase a person from registry and alarm log; the hash chain stays whole."""
    with ending():
        question = f"抹去 {person} 的全部个人信息，不能恢复？ Erase all about {person}, for good?"
        if not is_sure and not typer.confirm(question, err=True):
            raise typer.Exit(1)
        rows: list[bytes] = []
        Reach(config).show(ErasePerson(person, operator_of(by)), rows.append)
        if as_json:
            write_json(rows[0])
            return
        erased = msgspec.json.decode(rows[0], type=Erased)
        where = "登记册和" if erased.was_registered else ""
        out().print(f"已抹去 erased: {where}{erased.lines} 行记录 lines of the alarm log")
        say(
            "备份、挪到一边的日志、登记册文件和发给别的平台的不在此列 "
            "not reached: backups, journals put aside, registry files, what other systems were told"
        )
