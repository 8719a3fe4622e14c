"""The daemon's own door for the operator: a Unix socket in the state folder.

Theory of operation. A request is one JSON object on one line; an import's pieces follow it, a line
each. The answer is one object a line: any number of `{"row": …}`, then `{"end": {}}` or
`{"refused": …, "detail": …}`. An empty line says that there is nothing yet; by writing it the
gateway notices a follower who has gone. A connection carries one request. Only the gateway's own
user can open the socket, and still everything that comes over it is bounded: how long a line is,
how long it may take, how many are served at once, and how many follow the log. Whatever is wrong
is answered by a refusal.

Whoever listens here holds the state folder's lock, so a socket left by a crash is nobody's.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path

import msgspec
import structlog

from gateway.clock import Clock
from gateway.door import NotDoneError
from gateway.enrolment import PIECE_LIMIT_BYTES
from gateway.log_port import JournalFailedError
from gateway.operations import Operations
from gateway.request import ImportRegistry, ReadLog, Request

NAME = "control.sock"
PATIENCE_SECONDS = 10.0
MOST_CONNECTIONS = 32
"""Served at once, followers not counted: these go on for ever and may lock nobody out."""

MOST_FOLLOWERS = 32
_SUN_PATH_BYTES = 100  # the system's limit is 108 with its end, elsewhere 104
_REQUESTS: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_encode = msgspec.json.encode
_log = structlog.get_logger(__name__)


@contextmanager
def reachable(folder: Path) -> Iterator[str]:
    """Give a name for the folder's socket that fits into an address, however deep the folder."""
    path = folder / NAME
    if len(os.fsencode(path)) <= _SUN_PATH_BYTES:
        yield str(path)
        return
    descriptor = os.open(folder, os.O_DIRECTORY | os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)


def _listen(folder: Path) -> socket.socket:
    """Bind the socket so that it never was open to anybody else; raises OSError."""
    (folder / NAME).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    umask = os.umask(0o177)
    try:
        with reachable(folder) as address:
            listener.bind(address)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(umask)
    return listener


class Control:
    """Serves the socket until cancelled; without a socket the gateway runs on all the same."""

    def __init__(self, folder: Path, operations: Operations, clock: Clock) -> None:
        """Take the state folder, whose lock is held, and who does what is asked."""
        self._folder = folder
        self._operations = operations
        self._clock = clock
        self._serving: set[asyncio.Task[None]] = set()
        self._followers = 0

    async def run(self) -> None:
        """Answer until cancelled."""
        try:
            listener = _listen(self._folder)
        except OSError as error:
            _log.error("control_unavailable", reason=str(error))
            return
        try:
            async with asyncio.TaskGroup() as tasks:

                def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                    if len(self._serving) - self._followers >= MOST_CONNECTIONS:
                        writer.close()
                        return
                    task = tasks.create_task(self._connection(reader, writer))
                    self._serving.add(task)
                    task.add_done_callback(self._serving.discard)

                server = await asyncio.start_unix_server(
                    connected, sock=listener, limit=PIECE_LIMIT_BYTES
                )
                try:
                    await asyncio.Event().wait()
                finally:
                    server.close()
        finally:
            (self._folder / NAME).unlink(missing_ok=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request; who leaves, or no longer reads, takes nothing else with them."""
        try:
            with suppress(ConnectionError, TimeoutError):
                await self._serve(reader, writer)
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read the request, do it, write what comes of it."""
        end: object = {"end": {}}
        try:
            request = _decoded(await self._line(reader))
            body = self._body(reader, request)
            with self._counted(request):
                async with aclosing(self._operations.perform(request, body)) as rows:
                    async for row in rows:
                        await self._write(writer, b"" if row is None else _encode({"row": row}))
        except NotDoneError as error:
            end = {"refused": error.code, "detail": str(error)}
        except JournalFailedError as error:
            end = {"refused": "journal_failed", "detail": str(error)}
        await self._write(writer, _encode(end))

    @contextmanager
    def _counted(self, request: Request) -> Iterator[None]:
        """Count a follower of the alarm log apart; raises NotDoneError for one too many."""
        if not (isinstance(request, ReadLog) and request.is_followed):
            yield
            return
        if self._followers >= MOST_FOLLOWERS:
            raise NotDoneError(
                "too_many_followers",
                f"已有 {MOST_FOLLOWERS} 个在看记录，关掉几个 so many follow the log; end some",
            )
        self._followers += 1
        try:
            yield
        finally:
            self._followers -= 1

    async def _body(self, reader: asyncio.StreamReader, request: Request) -> AsyncIterator[bytes]:
        """Give the lines that an import says come after it."""
        for _ in range(request.lines if isinstance(request, ImportRegistry) else 0):
            yield await self._line(reader)

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        """Read a line; raises NotDoneError where none comes that can be used."""
        try:
            async with self._clock.timeout(PATIENCE_SECONDS):
                line = await reader.readline()
        except TimeoutError:
            raise NotDoneError("too_slow", f"no line in {PATIENCE_SECONDS:.0f} s") from None
        except ValueError:
            limit = f"a line of more than {PIECE_LIMIT_BYTES} bytes"
            raise NotDoneError("too_long", limit) from None
        if not line.endswith(b"\n"):
            raise NotDoneError("cut_off", "the line has no end")
        return line

    async def _write(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        """Write a line; raises TimeoutError where nobody takes it."""
        writer.write(line + b"\n")
        async with self._clock.timeout(PATIENCE_SECONDS):
            await writer.drain()


def _decoded(line: bytes) -> Request:
    try:
        return _REQUESTS.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotDoneError("bad_request", str(error)) from None
