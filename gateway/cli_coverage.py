"""`smartcare check --coverage`: prove the roster and the policies before the night."""

import os
import sqlite3
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from gateway.cli_reach import REFUSED, USAGE, ending, out, say, write_json
from gateway.clock import SystemClock
from gateway.config import Config, load
from gateway.coverage import Coverage, survey
from gateway.coverage_words import as_json as as_json_of
from gateway.coverage_words import show


def cover(path: Path, days: int, within: float, *, as_json: bool) -> None:
    """Prove and tell; ends with 1 where something is missing, with 2 where a policy is refused."""
    with ending():
        config = load(path, os.environ)
        coverage = _proved(config, days, within)
        if as_json:
            write_json(msgspec.json.encode(msgspec.json.decode(as_json_of(coverage))))
        else:
            show(coverage, out(), config.community.language)
        if coverage.refused:
            raise typer.Exit(USAGE)
        if coverage.gaps:
            raise typer.Exit(REFUSED)


def _proved(config: Config, days: int, within: float) -> Coverage:
    """Prove behind a bar; nothing is drawn where there is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    is_off = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=is_off) as bar:
        task = bar.add_task("读登记册 reading", total=None)

        def advance(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        try:
            return survey(config, SystemClock().now(), days, within, advance)
        except sqlite3.Error as error:
            say(f"数据库读不出来 the database cannot be read: {error}")
            raise typer.Exit(USAGE) from error
