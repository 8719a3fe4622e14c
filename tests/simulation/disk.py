"""The disk: a journal in memory that can be full or slow, and says what it has kept.

A name is kept once the commit that holds it has returned: from then on, and not before, the source
may be told.
"""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

import msgspec

from alerting.event import ReportReceived
from gateway.entries import Batch
from gateway.log_port import Statement
from gateway.memory_journal import MemoryJournal
from gateway.tables import Work
from tests.simulation.loop import VirtualClock

T = TypeVar("T")
HOP_SECONDS = 0.002
_REPORTS = msgspec.json.Decoder(ReportReceived)


def name_of(body: bytes) -> str:
    """Name the message of a report's entry as nothing else is named: device, boot, counter."""
    report = _REPORTS.decode(body).report
    return f"{report.device_id.removeprefix('own-')}/{report.boot}/{report.seq}"


class Disk(MemoryJournal):
    """Survives every crash.

    Attributes:
        kept: names of the messages whose commit has returned.
        slowest_seconds: how long a write may take at present, beside its usual time.
    """

    def __init__(self, clock: VirtualClock, dice: Random) -> None:
        super().__init__(clock, lambda: dice.randbytes(16), hop_seconds=HOP_SECONDS)
        self.kept: set[str] = set()
        self.slowest_seconds = 0.0
        self._dice = dice

    async def commit(self, batch: Batch, also: Sequence[Statement] = ()) -> int:
        """Keep all of it in one transaction; gives the seq of the last entry."""
        seq = await super().commit(batch, also)
        self.kept.update(name_of(entry.body) for entry in batch.entries if entry.kind == "report")
        return seq

    async def _write(self, work: Work[T]) -> T:
        if self.slowest_seconds:
            await self._clock.sleep(self._dice.uniform(0, self.slowest_seconds))
        return await super()._write(work)
