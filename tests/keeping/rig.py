"""A gateway on a real file, and readings that do not stop coming."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from alerting.event import ReportReceived
from gateway.job import Job
from gateway.journal import Journal
from gateway.recovery import rebuild
from sensors.reading import Kind, Reading, Replay, Report, Source
from tests.cli.rig import HastyClock, Yard, running


@asynccontextmanager
async def on_disk(folder: Path) -> AsyncIterator[Yard]:
    """Run the two homes' gateway on `folder / "state"`, with a journal in a file."""
    state = folder / "state"
    state.mkdir(mode=0o700, exist_ok=True)
    is_new = not (state / "journal.db").exists()
    journal = await Journal.open(state / "journal.db", HastyClock())
    try:
        async with running(folder, journal, is_empty=not is_new) as yard:
            if not is_new:
                yard.pump.engine, yard.pump.seq, _ = await rebuild(journal)
            yield yard
            await yard.pump.snapshot()
    finally:
        await journal.close()


def reading(yard: Yard, number: int, kind: Kind = Kind.TEMPERATURE, home: str = "h0001") -> Job:
    """One report of a device of the first home."""
    source = Source("mqtt", "own", "mqtt", replay=Replay.LIVE, is_dup=False)
    value = 20.0 + number % 9 if kind is Kind.TEMPERATURE else True
    report = Report(
        device_id=f"own-smoke-{home}",
        received_at=yard.clock.now(),
        readings=(Reading(kind, value),),
        source=source,
        digest=number,
    )
    return Job(events=(ReportReceived(home, report),))


async def committed(yard: Yard, job: Job) -> None:
    """Wait for what is acknowledged."""
    await yard.door().commit(job)


@asynccontextmanager
async def load(yard: Yard) -> AsyncIterator[list[int]]:
    """Commit reading after reading; gives the numbers of those that were acknowledged."""
    acknowledged: list[int] = []

    async def sending() -> None:
        while True:
            number = len(acknowledged)
            await committed(yard, reading(yard, number))
            acknowledged.append(number)

    task = asyncio.create_task(sending())
    try:
        yield acknowledged
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def names(folder: Path, pattern: str) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.rglob(pattern))
