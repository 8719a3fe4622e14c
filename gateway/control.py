"""The daemon's own door for the operator: a Unix socket in the state folder.

Theory of operation. A request is one JSON object on one line; the answer is one object a line:
any number of `{"row": …}`, then `{"end": {}}` or `{"refused": …}`. An empty line means that there
is nothing yet; by it a follower who has gone is noticed. One connection carries one request. Only the gateway's own user can open the socket, and still everything that comes over it
is bounded: the line, the body a request may announce and then sends, how long it may take to
come, and how many are served at once. Whatever is wrong is answered with a refusal.

The state folder's lock is held by whoever listens here, so a socket left by a crash can be taken
away without asking.
"""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path

import msgspec
import structlog

from gateway.clock import Clock
from gateway.door import NotDoneError
from gateway.operations import Operations, Request

NAME = "control.sock"
LINE_LIMIT_BYTES = 16 * 1024
PATIENCE_SECONDS = 10.0
MOST_CONNECTIONS = 32
_SUN_PATH_BYTES = 100  # the system's limit is 108 with its end, elsewhere 104
_REQUESTS = msgspec.json.Decoder(Request)
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
                    task = tasks.create_task(self._connection(reader, writer))
                    self._serving.add(task)
                    task.add_done_callback(self._serving.discard)

                server = await asyncio.start_unix_server(
                    connected, sock=listener, limit=LINE_LIMIT_BYTES
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
            if len(self._serving) > MOST_CONNECTIONS:
                raise NotDoneError("busy", "同时来的太多 too many requests at once; try again")
            request = await self._request(reader)
            async with aclosing(self._operations.perform(request)) as rows:
                async for row in rows:
                    await self._write(writer, b"" if row is None else _encode({"row": row}))
        except NotDoneError as error:
            end = {"refused": error.code, "detail": str(error)}
        await self._write(writer, _encode(end))

    async def _request(self, reader: asyncio.StreamReader) -> Request:
        """Read one line; raises NotDoneError where it is not a request."""
        try:
            async with self._clock.timeout(PATIENCE_SECONDS):
                return _REQUESTS.decode(await reader.readline())
        except TimeoutError:
            raise NotDoneError("too_slow", f"no request in {PATIENCE_SECONDS:.0f} s") from None
        except (ValueError, RecursionError) as error:
            # The stream's word for a line that is too long, and msgspec's for what is no request.
            raise NotDoneError("bad_request", str(error)) from None

    async def _write(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        """Write a line; raises TimeoutError where nobody takes it."""
        writer.write(line + b"\n")
        async with self._clock.timeout(PATIENCE_SECONDS):
            await writer.drain()
