"""Work for the pump that does not come from a link: outcomes, answers, operators, the registry.

Everything that changes the state passes the same door as a reading: one queue, one commit.
"""

import asyncio
from typing import NamedTuple

from alerting.engine import Decision
from alerting.event import Event
from gateway.entries import LogLine, OrderMove
from gateway.log_port import Statement


class Job(NamedTuple):
    """Events to fold and rows to write in one transaction.

    `done` is resolved with the last event's decision once all is committed, or gets the
    CommitFailedError; without it the job is put back and tried again after a failed commit.
    With `is_snapshot` the state is stored before that, when it is what the journal folds to.
    """

    events: tuple[Event, ...] = ()
    moves: tuple[OrderMove, ...] = ()
    lines: tuple[LogLine, ...] = ()
    statements: tuple[Statement, ...] = ()
    done: asyncio.Future[Decision] | None = None
    is_snapshot: bool = False
