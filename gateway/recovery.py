"""From the journal to the live state: the newest snapshot, then every entry after it."""

from functools import partial
from typing import NamedTuple

import msgspec
import structlog

from alerting.engine import Engine
from alerting.event import Event
from gateway.entries import StoredEntry
from gateway.log_port import Log
from gateway.supervisor import contain

_log = structlog.get_logger(__name__)
_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


class Recovered(NamedTuple):
    """The rebuilt core and the last entry it has seen."""

    engine: Engine
    seq: int


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
    async for entry in log.read_from(seq):
        if until_seq is not None and entry.seq > until_seq:
            break
        fold(engine, entry)
        seq = entry.seq
    return Recovered(engine, seq)


def fold(engine: Engine, entry: StoredEntry) -> None:
    """Fold one entry; what it asked for was done or stands in the outbox.

    What the core could not handle then it cannot handle now: the same is contained the same way,
    so that the state comes out the same, and the gateway starts.
    """
    contain(lambda: engine.handle(_EVENT.decode(entry.body), entry.at), _tell)


def _tell(error: Exception) -> None:
    """Say what of the past could not be read or folded."""
    _log.critical("not_recovered", exc_info=error)
