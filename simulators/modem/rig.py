"""A module on its line, as one thing: for the command line and for whoever tests against it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from simulators.clock import Clock
from simulators.modem.line import Line
from simulators.modem.makes import MAKES
from simulators.modem.module import Module
from simulators.modem.network import Network


class Plugged:
    """A module that is plugged in."""

    def __init__(self, module: Module, line: Line) -> None:
        self.module, self.network, self.line = module, module.network, line

    def pull(self) -> None:
        """Pull the module out; its call is over."""
        self.module.calls.forget()
        self.line.pull()

    def plug(self) -> None:
        """Put it back: it boots."""
        self.line.plug()
        self.module.boot()


@asynccontextmanager
async def plugged(
    path: Path, make: str = "simcom", network: Network | None = None, clock: Clock | None = None
) -> AsyncIterator[Plugged]:
    """Put a module on a path."""
    clock = clock or Clock()
    line = Line(path)
    module = Module(MAKES[make], network or Network(clock), clock, line.write)

    async def listen() -> None:
        while True:
            module.hear(await line.heard())

    line.plug()
    running = [asyncio.create_task(module.run()), asyncio.create_task(listen())]
    try:
        yield Plugged(module, line)
    finally:
        for task in running:
            task.cancel()
        for task in running:
            with suppress(asyncio.CancelledError):
                await task
        line.pull()
