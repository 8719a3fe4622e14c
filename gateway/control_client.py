"""The command line's side: ask the running gateway, or look into the folder of a stopped one.

`rows` asks over the socket of the state folder. Where nobody listens there, the lock is taken and
the same operations are done on the folder itself, save those that need a gateway to act.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from itertools import chain
from pathlib import Path

import msgspec

from gateway.clock import SystemClock
from gateway.control import reachable
from gateway.door import NotDoneError, StoppedDoor
from gateway.journal import Journal
from gateway.lock import LockHeldError, state_lock
from gateway.operations import Operations
from gateway.recovery import rebuild
from gateway.registry import Registry
from gateway.request import Act, Drill, ReadLog, Request

JOURNAL = "journal.db"
_ROW_LIMIT_BYTES = 16 * 1024 * 1024


class UnreachableError(Exception):
    """No gateway answers; the text says what to do about it."""


class _Answer(msgspec.Struct):
    """One line of an answer."""

    row: msgspec.Raw = msgspec.Raw()
    refused: str = ""
    detail: str = ""


_ANSWERS = msgspec.json.Decoder(_Answer)


async def rows(
    folder: Path, request: Request, body: Iterable[bytes] = ()
) -> AsyncGenerator[bytes, None]:
    """Ask, giving each row as JSON; `body` are the lines that follow an import.

    Raises UnreachableError, NotDoneError or JournalFailedError.
    """
    if not folder.is_dir():  # noqa: ASYNC240 -- a command has nothing else to do meanwhile
        raise UnreachableError(f"还没有运行过 nothing has run here yet: there is no {folder}")
    connection = await _connected(folder)
    if connection is not None:
        async with aclosing(_asked(*connection, request, body)) as answered:
            async for row in answered:
                yield row
        return
    if isinstance(request, Act | Drill) or (isinstance(request, ReadLog) and request.is_followed):
        raise UnreachableError("网关没有运行 the gateway does not run; start it: smartcare run")
    async with (
        stopped(folder) as door,
        aclosing(Operations(door).perform(request, _lines(body))) as done,
    ):
        async for found in done:
            yield msgspec.json.encode(found)


async def _lines(body: Iterable[bytes]) -> AsyncIterator[bytes]:
    for line in body:
        yield line


async def _connected(
    folder: Path,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    """Open the socket; None where nobody listens."""
    try:
        with reachable(folder) as address:
            return await asyncio.open_unix_connection(address, limit=_ROW_LIMIT_BYTES)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except OSError as error:
        raise UnreachableError(f"连不上网关 cannot reach the gateway: {error}") from error


async def _asked(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    request: Request,
    body: Iterable[bytes],
) -> AsyncGenerator[bytes, None]:
    """Send the request and give the rows of the answer."""
    try:
        for line in chain([msgspec.json.encode(request)], body):
            writer.write(line + b"\n")
            await writer.drain()
        while line := await reader.readline():
            if line == b"\n":
                continue
            answer = _ANSWERS.decode(line)
            if answer.refused:
                raise NotDoneError(answer.refused, answer.detail)
            if not answer.row:
                return
            yield bytes(answer.row)
    except ConnectionError:
        pass  # told below
    finally:
        writer.close()
    raise UnreachableError("网关中途停了 the gateway went away before it had answered")


@asynccontextmanager
async def stopped(folder: Path) -> AsyncIterator[StoppedDoor]:
    """Open a folder no gateway works on; raises UnreachableError where one does all the same."""
    try:
        with state_lock(folder):
            clock = SystemClock()
            journal = await Journal.open(folder / JOURNAL, clock)
            try:
                _, last_at = await journal.last()
                clock.resume(None, last_at)
                registry = await Registry.load(journal.read)
                recovered = await rebuild(journal)
                yield StoppedDoor(journal, registry, clock, recovered.engine)
            finally:
                await journal.close()
    except LockHeldError as error:
        raise UnreachableError(f"网关没有回答 the gateway does not answer: {error}") from error
