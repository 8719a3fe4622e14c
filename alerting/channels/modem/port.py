"""The open port of a module: one command at a time, and a queue of what nobody asked for.

The port is ours alone. A module that does not answer in time, or is pulled out, is lost: the port
is closed and everything that waits is told so; what was under way then is of unknown fate.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from glob import glob

import serial_asyncio_fast

from alerting.channels import Clock
from alerting.channels.modem.at import ESCAPE, Answered, Command, Conversation, Unsolicited

COMMAND_SECONDS = 5.0
CLOSE_SECONDS = 1.0
MOST_UNASKED = 1000
_READ_BYTES = 4096


class LostError(Exception):
    """The module is gone, or has fallen silent; the text says why."""


class Port:
    """One opening."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, clock: Clock
    ) -> None:
        self._reader, self._writer, self._clock = reader, writer, clock
        self._conversation = Conversation()
        self._turn = asyncio.Lock()
        self._answer: asyncio.Future[Answered] | None = None
        self._reason = ""
        self.has_call = False
        """A call is under way, which ends with the port."""
        self.unasked: asyncio.Queue[Unsolicited] = asyncio.Queue(MOST_UNASKED)

    async def ask(self, command: Command | str, seconds: float = COMMAND_SECONDS) -> Answered:
        """Ask, when it is our turn, and wait for the end of the answer; raises LostError."""
        if isinstance(command, str):
            command = Command(command)
        async with self._turn:
            if self._reason:
                raise LostError(self._reason)
            self._answer = asyncio.get_running_loop().create_future()
            self._conversation.begin(command)
            self._write()
            try:
                async with self._clock.timeout(seconds):
                    return await asyncio.shield(self._answer)
            except TimeoutError:
                self.lose(f"no answer to {command.line.partition('=')[0]}")
                raise LostError(self._reason) from None
            except asyncio.CancelledError:
                # The command is out, and its answer would be taken for the next one's.
                if not self._answer.done():
                    self.lose("a command was given up")
                raise

    async def greet(self, times: int) -> None:
        """Say AT until the module answers, whatever it was in the middle of; raises LostError."""
        for _ in range(times):
            self._writer.write(ESCAPE + b"\rAT\r")
            with suppress(TimeoutError):
                async with self._clock.timeout(1.0):
                    while b"OK" not in await self._reader.read(_READ_BYTES):
                        if self._reader.at_eof():
                            raise LostError("end of line")
                await self._drain()
                return
        raise LostError("no answer to AT")

    async def _drain(self) -> None:
        """Let go of what the module still has to say to a repeated greeting."""
        with suppress(TimeoutError):
            async with self._clock.timeout(0.1):
                while await self._reader.read(_READ_BYTES):
                    pass

    async def read(self) -> None:
        """Read until the module is lost, then raise LostError; `ask` needs this to run."""
        try:
            while data := await self._reader.read(_READ_BYTES):
                for event in self._conversation.feed(data):
                    if isinstance(event, Unsolicited):
                        if not self.unasked.full():
                            self.unasked.put_nowait(event)
                    elif self._answer is not None and not self._answer.done():
                        self._answer.set_result(event)
                self._write()
        except OSError as error:
            self.lose(f"lost: {error}")
        else:
            self.lose("lost: end of line")
        raise LostError(self._reason)

    def expect(self, unasked: tuple[str, ...]) -> None:
        """Know the prefixes of what this module says by itself; between two commands."""
        self._conversation = Conversation(unasked)

    def lose(self, reason: str) -> None:
        """Give the module up: nothing is asked any more, and whoever waits hears why."""
        if self._reason:
            return
        self._reason = reason
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(LostError(reason))
            self._answer.exception()
        if self.has_call:
            self._writer.write(b"\rAT+CHUP\r")
        if not self._writer.transport.is_closing():
            self._writer.transport.abort()  # what a dead line has not taken is not waited for

    def _write(self) -> None:
        if self._conversation.out:
            self._writer.write(self._conversation.out)
            self._conversation.out = b""


@asynccontextmanager
async def opened(path: str, baud: int, clock: Clock) -> AsyncIterator[Port]:
    """Open the port, or the first that a pattern finds and that opens; raises LostError."""
    reason = f"no port at {path}"
    for found in sorted(glob(path)) or [path]:  # noqa: PTH207 -- an absolute pattern
        try:
            reader, writer = await serial_asyncio_fast.open_serial_connection(
                url=found, baudrate=baud, exclusive=True
            )
        except OSError as error:
            reason = f"cannot open: {error}"
            continue
        port = Port(reader, writer, clock)
        try:
            yield port
        finally:
            port.lose("closed")
            with suppress(OSError, TimeoutError):  # the reason for which it was lost
                async with clock.timeout(CLOSE_SECONDS):
                    await writer.wait_closed()
        return
    raise LostError(reason)
