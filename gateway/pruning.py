"""Drops what nobody needs any more: old entries, done orders, quarantined input, personal text.

Theory of operation. A bite is one short transaction of at most `BITE` rows, a millisecond's work of
the journal's thread; whoever commits waits for one bite at the longest. After a full bite comes a
pause and the next one, so that a county's readings are dropped faster than they come; after one
that was not full there is nothing left for a while. An entry goes only when it is in every
snapshot, an order only when it is done. The file does not shrink: freed pages are used again.
"""

from collections import Counter
from datetime import timedelta

import structlog

from gateway.clock import Clock
from gateway.config import Retention
from gateway.entries import CommitFailedError
from gateway.log_port import Log

BITE = 500
PAUSE_SECONDS = 0.2
"""Between two bites: 2,500 rows a second, a county has 1,100 readings in one."""

REST_SECONDS = 600.0
"""When nothing more is old enough, and after a bite that failed."""

_log = structlog.get_logger(__name__)


class Pruning:
    """Runs until cancelled; `counts` are what this start has dropped."""

    def __init__(self, journal: Log, clock: Clock, kept: Retention) -> None:
        """Take what to prune, and how long it is kept."""
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._prunes = {
            "entries": (kept.journal_days, journal.prune),
            "orders": (kept.outbox_days, journal.prune_orders),
            "quarantined": (kept.quarantine_days, journal.prune_quarantine),
            "log_texts": (kept.log_text_days, journal.prune_log_text),
        }

    async def run(self) -> None:
        """Bite until nothing is left, rest, and look again."""
        while True:
            is_more = await self.bite()
            await self._clock.sleep(PAUSE_SECONDS if is_more else REST_SECONDS)

    async def bite(self) -> bool:
        """Drop some of everything that is too old; says whether there may be more of it."""
        is_more = False
        for name, (days, prune) in self._prunes.items():
            try:
                dropped = await prune(self._clock.now() - timedelta(days=days), BITE)
            except CommitFailedError as error:  # a full disk can be written again after a while
                _log.warning("not_pruned", what=name, reason=str(error))
                return False
            self.counts[name] += dropped
            is_more |= dropped == BITE
        return is_more
