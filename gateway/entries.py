"""What one commit holds: the rows the pump hands to the journal in a single transaction."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from alerting.channels.desk import NotKeptError


class Entry(NamedTuple):
    """One event as the journal keeps it; `mark` is `duplicate` where the engine said so.

    `body` is the msgspec JSON of an `alerting.event.Event`; `home_id` is empty for an event of
    the whole installation.
    """

    at: datetime
    home_id: str
    kind: str
    body: bytes
    mark: str = ""


class OrderState(StrEnum):
    """Where an order of the outbox stands."""

    PENDING = "pending"
    SENDING = "sending"  # a voice call about to be posted: after a crash it is UNKNOWN
    SENT = "sent"  # the provider has it
    DONE = "done"


class OrderRow(NamedTuple):
    """A new row of the outbox; `body` is the msgspec JSON of an `alerting.effect.Effect`."""

    key: str
    alarm_id: str
    kind: str  # submit, resolve, cancel, hand_over
    not_before: datetime
    expires_at: datetime
    body: bytes


class OrderMove(NamedTuple):
    """A change of state of an order; None leaves `provider_id` as it was."""

    key: str
    state: OrderState
    provider_id: str | None = None
    outcome: str = ""


class StoredOrder(NamedTuple):
    """An order read back from the outbox."""

    key: str
    kind: str
    state: OrderState
    provider_id: str | None
    outcome: str
    created_at: datetime
    body: bytes


class LogLine(NamedTuple):
    """A line for the alarm log; `private` is personal text, erasable by `person_ids`."""

    key: str
    at: datetime
    home_id: str
    alarm_id: str
    kind: str
    verb: str
    priority: str
    facts: dict[str, str]
    private: str = ""
    person_ids: tuple[str, ...] = ()


class Quarantined(NamedTuple):
    """Input that could not be used, kept for inspection (raw bounded to 4 KiB)."""

    at: datetime
    link: str
    address: str
    code: str
    detail: str
    raw: bytes


class Lesson(NamedTuple):
    """What a family has to know of a link's earlier messages after a restart (`sensors.family`).

    The newest of each address counts; one with an empty body is forgotten.
    """

    link: str
    family: str
    address: str
    body: bytes


class Batch(msgspec.Struct):
    """Everything of one transaction. Empty lists are the common case."""

    entries: list[Entry] = []
    orders: list[OrderRow] = []
    moves: list[OrderMove] = []
    lines: list[LogLine] = []
    quarantined: list[Quarantined] = []
    lessons: list[Lesson] = []


class Snapshot(NamedTuple):
    """The state after all entries up to and including `seq`."""

    seq: int
    at: datetime
    body: bytes


class StoredEntry(NamedTuple):
    """An entry read back, in order of `seq`."""

    seq: int
    at: datetime
    home_id: str
    kind: str
    body: bytes
    mark: str


class CommitFailedError(NotKeptError):
    """Nothing of the batch was kept. `is_disk_full` tells the one cause people can mend.

    `is_damaged` says that a page of the file cannot be read, where others may be well.
    """

    def __init__(self, reason: str, *, is_disk_full: bool, is_damaged: bool = False) -> None:
        """Keep the reason for the operator."""
        super().__init__(reason)
        self.is_disk_full = is_disk_full
        self.is_damaged = is_damaged
