"""The composition root: builds the parts, starts them, and takes them down in reverse.

Order of a start: the lock, the journal, the clock resumed where the journal ends, the registry,
the core folded from the journal; then channels, courier, pump and doors; the links last. Nothing
is heard before the core knows what it knew, and what was heard is decided before the end.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from random import Random

import structlog

from gateway import logs, places
from gateway.assembly import Gateway, assemble, connect, open_doors
from gateway.clock import SystemClock
from gateway.clock_watch import ClockWatch
from gateway.config import Config
from gateway.journal import Journal
from gateway.lock import state_lock
from gateway.registry import Registry
from gateway.start import anchor_keeper, begin
from gateway.supervisor import Crash, supervise

GARBAGE = (50_000, 20, 100)
"""When the collector looks: a turn makes thousands of objects, and hardly ever a cycle."""

_log = structlog.get_logger(__name__)


def _folder(config: Config) -> Path:
    """Make the state folder, for this user alone."""
    state = Path(config.state.folder)
    with places.folder_needed(state):
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    return state


@asynccontextmanager
async def built(
    config: Config, say: Callable[[str], None] = print, publishers: dict[str, str] | None = None
) -> AsyncIterator[Gateway]:
    """Build a gateway on its state folder, and let go of everything in reverse.

    `publishers` are extra users of the embedded broker with their secrets, for a simulated
    village. Raises LockHeldError, JournalFailedError, MistakesError where the folder or the web
    port cannot be had.
    """
    async with AsyncExitStack() as stack:
        state = _folder(config)
        with places.folder_needed(state):
            stack.enter_context(state_lock(state))
        clock = SystemClock()
        journal = await Journal.open(state / "journal.db", clock)
        stack.push_async_callback(journal.close)
        start, last_at = await begin(journal, clock)
        registry = await Registry.load(journal.read)
        gateway = await assemble(config, clock, journal, registry, say, last_at)
        await connect(gateway, state, start, publishers or {})
        gateway.runs["clock watch"] = ClockWatch(
            clock,
            gateway.troubles,
            inbox=gateway.inbox,
            engine=lambda: gateway.pump.engine,
            links=gateway.links,
            keep=anchor_keeper(journal, start),
        ).run
        open_doors(gateway, state)
        yield gateway
        with suppress(asyncio.CancelledError):
            await gateway.pump.snapshot()


def _tell_crash(crash: Crash) -> None:
    """Report a programmer's error with its trace; the part is started again."""
    _log.critical(
        "crashed",
        part=crash.part,
        restart_in_seconds=round(crash.restart_in_seconds, 2),
        exc_info=crash.error,
    )


async def serve(gateway: Gateway) -> None:
    """Run every part, each supervised, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for name, run in gateway.runs.items():
            tasks.create_task(
                supervise(
                    name,
                    run,
                    clock=gateway.clock,
                    rng=Random(),  # noqa: S311 -- jitter
                    report=_tell_crash,
                ),
                name=name,
            )


async def _until_signalled(config: Config) -> None:
    """Serve until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    console = logs.Writer(sys.stdout)
    gc.disable()
    async with built(config, console.say) as gateway:
        gc.freeze()  # a county's state is no garbage: walking it stops everything for a while
        gc.set_threshold(*GARBAGE)
        gc.enable()
        serving = asyncio.create_task(serve(gateway))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, serving.cancel)
        _log.info("started", state=str(config.state.folder))
        with suppress(asyncio.CancelledError):
            await serving
        _log.info("stopped")


def run(config: Config) -> None:
    """Run the gateway until it is told to stop."""
    writer = logs.configure(config.log.level, config.log.format)
    try:
        asyncio.run(_until_signalled(config))
    finally:
        writer.drain()
