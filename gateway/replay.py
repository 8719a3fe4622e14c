"""The state as of an instant, folded again from a journal; and whether the fold gives what was.

A gateway's state is a fold over its journal, so any journal tells what the gateway knew at any
instant it reaches back to. Comparing takes two ways to one state: the newest snapshot, which the
gateway stored out of its memory, and the fold from the snapshot before it, or from the beginning.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from alerting.engine import Engine
from gateway.door import NotDoneError
from gateway.log_port import Log
from gateway.recovery import rebuild
from gateway.tables import from_us, to_us

_LAST_BEFORE = "SELECT seq, at FROM journal WHERE at <= ? ORDER BY seq DESC LIMIT 1"
_SNAPSHOTS = "SELECT seq, at FROM snapshot ORDER BY seq"


class Rebuilt(NamedTuple):
    """The state after the entry `seq` of the journal, which was written `at`; None before all."""

    engine: Engine
    seq: int
    at: datetime | None


class Compared(msgspec.Struct, frozen=True):
    """Whether the stored state at `seq` is the fold's from `since_seq` on; `homes` differ.

    `is_same` is None where nothing could be compared: no snapshot, or none before the pruned part.
    """

    is_same: bool | None
    seq: int
    since_seq: int
    homes: list[str]


async def rebuilt(log: Log, until: datetime | None = None) -> Rebuilt:
    """Fold the journal up to an instant, or to its end.

    Raises NotDoneError where the journal does not reach so far back any more.
    """
    if until is None:
        recovered = await rebuild(log)
        return Rebuilt(recovered.engine, recovered.seq, (await log.last())[1])
    found = await log.read(_LAST_BEFORE, [to_us(until)])
    stats = await log.stats()
    if not found and stats.first_seq <= 1:
        return Rebuilt(Engine(), 0, None)
    seq = int(found[0]["seq"]) if found else 0
    if not await _reaches(log, seq):
        oldest = (await log.read(_SNAPSHOTS))[:1]
        since = from_us(oldest[0]["at"]).isoformat(timespec="seconds") if oldest else "-"
        raise NotDoneError(
            "pruned", f"日志只能回到 {since}，更早的已清理 the journal reaches back to {since} only"
        )
    return Rebuilt((await rebuild(log, seq)).engine, seq, from_us(found[0]["at"]))


async def _reaches(log: Log, seq: int) -> bool:
    """Say whether the state at an entry can still be folded."""
    stats = await log.stats()
    if stats.first_seq <= 1:
        return True
    return await log.latest_snapshot(seq + 1) is not None


async def compare(log: Log) -> Compared:
    """Hold the newest snapshot against the fold that leads to it."""
    stored = await log.latest_snapshot()
    if stored is None:
        return Compared(None, 0, 0, [])
    earlier = await log.latest_snapshot(stored.seq)
    since_seq = 0 if earlier is None else earlier.seq
    if earlier is None and (await log.stats()).first_seq > 1:
        return Compared(None, stored.seq, 0, [])
    folded = await rebuild(log, stored.seq, snapshot_before=stored.seq)
    body = folded.engine.snapshot()
    if body == stored.body:
        return Compared(True, stored.seq, since_seq, [])  # noqa: FBT003 -- a field of a row
    mine, theirs = _homes(body), _homes(stored.body)
    differ = sorted(h for h in mine | theirs if mine.get(h) != theirs.get(h))
    return Compared(False, stored.seq, since_seq, differ)  # noqa: FBT003 -- (the same)


def _homes(body: bytes) -> dict[str, bytes]:
    """Take a snapshot apart, a piece for each home."""
    state = msgspec.json.decode(body, type=Mapping[str, msgspec.Raw])
    homes = msgspec.json.decode(state["homes"], type=dict[str, msgspec.Raw])
    return {home: bytes(raw) for home, raw in homes.items()}
