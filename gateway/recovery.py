"""From the journal to the live state: the newest snapshot, then every entry after it."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import msgspec
import structlog

from alerting.engine import Engine
from alerting.event import Event, HomeChanged
from gateway.entries import StoredEntry
from gateway.job import Job
from gateway.log_port import Log
from gateway.registry import Registry
from gateway.supervisor import contain

_log = structlog.get_logger(__name__)
_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


class Recovered(NamedTuple):
    """The rebuilt core and the last entry it has seen.

    `is_cut` says that entries before the first one folded have been pruned, and that no snapshot
    which has them could be read: what they said is not known any more.
    """

    engine: Engine
    seq: int
    is_cut: bool = False


async def rebuild(
    log: Log, until_seq: int | None = None, snapshot_before: int | None = None
) -> Recovered:
    """Fold the journal into a core, up to `until_seq` where given.

    A snapshot that cannot be read costs a longer fold: an older one serves, or the journal alone.
    With `snapshot_before` only snapshots before that seq serve, so that a later one can be checked.
    """
    before = None if until_seq is None else until_seq + 1
    before = before if snapshot_before is None else snapshot_before
    engine, seq = Engine(), 0
    while (snapshot := await log.latest_snapshot(before)) is not None:
        if contain(partial(engine.restore, snapshot.body), _tell):
            seq = snapshot.seq
            break
        engine, before = Engine(), snapshot.seq
    is_cut = False
    async for entry in log.read_from(seq):
        if until_seq is not None and entry.seq > until_seq:
            break
        if entry.seq > seq + 1:
            is_cut = True
            _log.critical("state_lost", known_from=entry.at.isoformat())
        fold(engine, entry)
        seq = entry.seq
    return Recovered(engine, seq, is_cut)


def enrolled_again(registry: Registry) -> Iterator[Job]:
    """Tell a core that has lost its past of every home, one by one: it watches from now on."""
    for home_id in registry.households:
        if (record := registry.record(home_id)) is not None:
            yield Job(events=(HomeChanged(record),))


def caught_up(engine: Engine, registry: Registry) -> Iterator[Job]:
    """Tell the core of each home whose record it has otherwise: an import was cut off between."""
    for home_id in registry.households:
        known, record = engine.homes.get(home_id), registry.record(home_id)
        if record is not None and (known is None or known.record != record):
            yield Job(events=(HomeChanged(record),))


def fold(engine: Engine, entry: StoredEntry) -> None:
    """Fold one entry; what it asked for was done or stands in the outbox.

    What the core could not handle then it cannot handle now: the same is contained the same way,
    so that the state comes out the same, and the gateway starts.
    """
    contain(lambda: engine.handle(_EVENT.decode(entry.body), entry.at), _tell)


def _tell(error: Exception) -> None:
    """Say what of the past could not be read or folded."""
    _log.critical("not_recovered", exc_info=error)
