"""What every command of the command line shares: the configuration, the gateway, how it ends.

Exit status: 0 done, 1 refused, 2 wrong usage or configuration, 3 no gateway to be reached.
"""

import asyncio
import re
import sys
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console

from gateway import control_client
from gateway.backup import BackupFailedError
from gateway.clock import SystemClock
from gateway.control_client import UnreachableError
from gateway.door import NotDoneError
from gateway.entries import CommitFailedError
from gateway.lock import LockHeldError
from gateway.log_port import JournalFailedError
from gateway.mistake import Mistake, MistakesError, Words, read_toml
from gateway.request import Request
from gateway.schema import SchemaTooNewError

REFUSED, USAGE, UNREACHABLE = 1, 2, 3

ConfigFile = Annotated[
    Path,
    typer.Option(
        "--config", "-c", metavar="FILE", envvar="SMARTCARE_CONFIG", help="配置文件 configuration."
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="给程序看，一行一个对象 one object a line, for programs.")
]
CONFIG = Path("config.toml")

_CONFIG_BYTES = 1024 * 1024
_ZONE = "Asia/Shanghai"

REFUSALS = (
    *(BackupFailedError, CommitFailedError, JournalFailedError, LockHeldError, NotDoneError),
    SchemaTooNewError,
)

_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def out() -> Console:
    """Where results go; nothing in them is markup, and a line is never folded."""
    return Console(markup=False, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Tell the person something that is no result."""
    Console(stderr=True, markup=False, highlight=False, soft_wrap=True).print(text)


@contextmanager
def ending() -> Iterator[None]:
    """Turn what can go wrong into a sentence and an exit status."""
    try:
        yield
    except MistakesError as error:
        for mistake in error.mistakes:
            say(f"{mistake.text('zh')}\n  {mistake.text('en')}")
        raise typer.Exit(USAGE) from None
    except UnreachableError as error:
        say(str(error))
        raise typer.Exit(UNREACHABLE) from None
    except REFUSALS as error:
        say(str(error))
        raise typer.Exit(REFUSED) from None
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


class Reach:
    """An installation as a command reaches it: its state folder and its time.

    Only these two are read from the configuration: a mistake elsewhere in it must not keep an
    operator from an alarm, and looking for one takes longer than all the rest.
    """

    def __init__(self, file: Path) -> None:
        """Read the file; raises MistakesError where it cannot be read at all."""
        try:
            data = file.read_bytes()
        except OSError as error:
            reason = Words(f"读不出来（{error.strerror}）", f"cannot be read: {error.strerror}")
            mend = Words("用 --config 指明配置文件", "name the configuration by --config")
            raise MistakesError([Mistake(str(file), "", reason, mend)]) from None
        tables = read_toml(data, _CONFIG_BYTES)
        self.folder = file.parent / _text(tables, "state", "folder", "state")
        try:
            self.zone = ZoneInfo(_text(tables, "community", "timezone", _ZONE))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.zone = ZoneInfo(_ZONE)

    def ask(self, request: Request, body: Iterable[bytes] = ()) -> AsyncGenerator[bytes, None]:
        """Give the rows of the answer."""
        return control_client.rows(self.folder, request, body)

    def show(self, request: Request, each: Callable[[bytes], None]) -> None:
        """Ask, and do something with each row as it comes."""

        async def showing() -> None:
            async for row in self.ask(request):
                each(row)

        asyncio.run(showing())

    def instant(self, text: str) -> datetime:
        """Read `10m`, `2h`, `1d` (ago) or RFC 3339; raises typer.BadParameter."""
        ago = _AGO.fullmatch(text)
        if ago is not None:
            return SystemClock().now() - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise typer.BadParameter(
                "写 10m、3d 或 2026-03-02T09:00 write 10m, 3d, or an instant"
            ) from None
        return at if at.tzinfo else at.replace(tzinfo=self.zone)


def _text(tables: Mapping[str, object], name: str, key: str, otherwise: str) -> str:
    """Give a text of a table, or what stands for it."""
    table = tables.get(name)
    found = table.get(key) if isinstance(table, dict) else None
    return found if isinstance(found, str) and found else otherwise


def write_json(row: bytes) -> None:
    """Write a row as it came."""
    sys.stdout.write(row.decode() + "\n")
    sys.stdout.flush()
