"""From the journal to the live state: the newest snapshot, then every entry after it."""

from typing import NamedTuple

import msgspec

from alerting.engine import Engine
from alerting.event import Event
from gateway.entries import StoredEntry
from gateway.log_port import Log

_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


class Recovered(NamedTuple):
    """The rebuilt core and the last entry it has seen."""

    engine: Engine
    seq: int


async def rebuild(log: Log, until_seq: int | None = None) -> Recovered:
    """Fold the journal into a core, up to `until_seq` where given."""
    engine, seq = Engine(), 0
    snapshot = await log.latest_snapshot(None if until_seq is None else until_seq + 1)
    if snapshot is not None and engine.restore(snapshot.body):
        seq = snapshot.seq
    async for entry in log.read_from(seq):
        if until_seq is not None and entry.seq > until_seq:
            break
        fold(engine, entry)
        seq = entry.seq
    return Recovered(engine, seq)


def fold(engine: Engine, entry: StoredEntry) -> None:
    """Fold one entry; what it asked for was done or stands in the outbox."""
    engine.handle(_EVENT.decode(entry.body), entry.at)
