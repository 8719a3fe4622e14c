"""What a start of the gateway leaves for the next: how many there were, and the clock's anchor."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
import structlog

from gateway.clock import Anchor, SystemClock
from gateway.entries import CommitFailedError
from gateway.log_port import Log

_KEY = "start"
_log = structlog.get_logger(__name__)


class _Start(msgspec.Struct):
    count: int = 0
    anchor: Anchor | None = None


async def begin(journal: Log, clock: SystemClock) -> tuple[int, datetime | None]:
    """Count the start and resume the clock; gives the count and the journal's last instant."""
    stored = await journal.get_meta(_KEY)
    before = msgspec.json.decode(stored, type=_Start) if stored else _Start()
    _, last_at = await journal.last()
    clock.resume(before.anchor, last_at)
    count = before.count + 1
    try:
        await anchor_keeper(journal, count)(clock.anchor())
    except CommitFailedError as error:  # a full disk must not keep the gateway from starting
        _log.critical("start_not_noted", reason=str(error))
    return count, last_at


def anchor_keeper(journal: Log, count: int) -> Callable[[Anchor], Awaitable[None]]:
    """Give what stores an anchor of the start of that number; it raises CommitFailedError."""

    async def keep(anchor: Anchor) -> None:
        await journal.put_meta(_KEY, msgspec.json.encode(_Start(count, anchor)))

    return keep
