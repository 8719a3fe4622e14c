"""A desk that writes down what it is told, for tests of the routes in front of it."""

import asyncio
from datetime import datetime
from typing import NamedTuple

from alerting.channels.contract import Progress
from alerting.channels.desk import Spoken, UnknownAttemptError
from gateway.entries import CommitFailedError


class Texted(NamedTuple):
    """A text that came."""

    from_number: str
    text: str
    provider_id: str


class NotingDesk:
    """Commits at once, unless `is_open` is cleared or `is_failing` is set."""

    def __init__(self) -> None:
        self.known = {"a1"}
        self.progress: list[Progress] = []
        self.keys: list[tuple[str, str]] = []
        self.texts: list[Texted] = []
        self.greeting = Spoken("这里是值班室")
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.is_failing = False

    async def progressed(self, progress: Progress) -> None:
        """Note a step."""
        await self._commit(progress.attempt_id)
        self.progress.append(progress)

    async def keyed(self, attempt_id: str, digits: str) -> str:
        """Note a key; the digits of the texts mean something."""
        await self._commit(attempt_id)
        self.keys.append((attempt_id, digits))
        return f"好的，{digits}。" if digits in {"1", "2", "3", "4", "8", "9"} else ""

    async def texted(
        self, from_number: str, text: str, provider_id: str, sent_at: datetime | None = None
    ) -> None:
        """Note a text."""
        del sent_at
        await self._commit("a1")
        self.texts.append(Texted(from_number, text, provider_id))

    async def called(self, from_number: str) -> Spoken:
        """Greet whoever calls."""
        del from_number
        await self._commit("a1")
        return self.greeting

    async def _commit(self, attempt_id: str) -> None:
        await self.is_open.wait()
        if self.is_failing:
            raise CommitFailedError("disk", is_disk_full=True)
        if attempt_id not in self.known:
            raise UnknownAttemptError(attempt_id)
