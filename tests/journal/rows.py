"""Rows to put into a journal, and a clock to date them by."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.clock import SystemClock
from gateway.entries import Entry, LogLine, OrderMove, OrderRow, OrderState, Quarantined
from gateway.journal import Journal
from gateway.log_port import Log
from gateway.memory_journal import MemoryJournal

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


class StillClock:
    """A clock that always says noon; waiting is left to the machine's."""

    def now(self) -> datetime:
        """Say noon."""
        return NOON

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await SystemClock().sleep(seconds)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """Give up after a while."""
        return SystemClock().timeout(seconds)


@asynccontextmanager
async def file_journal(path: Path) -> AsyncIterator[Journal]:
    """A journal in a file, closed in the end."""
    journal = await Journal.open(path, StillClock())
    try:
        yield journal
    finally:
        await journal.close()


@asynccontextmanager
async def memory_journal() -> AsyncIterator[MemoryJournal]:
    """A journal in memory."""
    journal = MemoryJournal(StillClock())
    try:
        yield journal
    finally:
        journal.discard()


async def read_all(log: Log) -> list[bytes]:
    """Bodies of all entries, in order."""
    return [entry.body async for entry in log.read_from(0)]


def entry(number: int) -> Entry:
    """An entry whose body tells it from others."""
    at = NOON + timedelta(microseconds=number)
    return Entry(at, f"h{number % 3}", "report", b"entry %d" % number)


def order_row(key: str) -> OrderRow:
    """An order for an SMS."""
    return OrderRow(key, "a1", "submit", NOON, NOON + timedelta(minutes=5), key.encode())


def done(key: str) -> OrderMove:
    """The end of an order."""
    return OrderMove(key, OrderState.DONE, outcome="delivered")


def line(key: str, private: str = "", *person_ids: str) -> LogLine:
    """A line of the alarm log."""
    return LogLine(
        key, NOON, "h1", "a1", "smoke", "raised", "life", {"via": "sms"}, private, person_ids
    )


def quarantined(number: int, code: str = "bad_json") -> Quarantined:
    """Input that could not be used."""
    return Quarantined(NOON, "mqtt", "care/v1/x", code, f"detail {number}", b"raw %d" % number)
