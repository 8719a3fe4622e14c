"""What a channel offers: submit, resolve, cancel, health and a stream of outcomes.

The channel turns what the provider did into an `Outcome` by its table and decides nothing else:
who is tried next is the core's decision, which channel carries it the courier's.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from alerting.effect import Medium
from alerting.event import Outcome


class Order(msgspec.Struct, frozen=True):
    """One rendered attempt, ready for the wire.

    `to` is E.164 (or a name on the console); `text` is the SMS, or what a call speaks, once:
    the channel repeats it. `wants_key` asks a call to wait for a digit. `created_at` is when
    the attempt was first committed: `resolve` looks from there. What it is about stands beside it
    for channels that programs read or that have to choose who is next; `state` is the alarm's.
    """

    attempt_id: str
    medium: Medium
    to: str
    text: str
    created_at: datetime
    expires_at: datetime
    wants_key: bool = True
    provider_id: str | None = None
    home_id: str = ""
    alarm_id: str = ""
    kind: str = ""
    state: str = ""
    is_drill: bool = False
    is_urgent: bool = False
    raised_at: datetime | None = None


class Submitted(NamedTuple):
    """What became of a submission, a look-up or a cancellation."""

    outcome: Outcome
    provider_id: str | None = None
    detail: str = ""
    retry_after_seconds: float | None = None


class Progress(NamedTuple):
    """A later outcome of an attempt, told by callback or found by polling."""

    attempt_id: str
    outcome: Outcome
    provider_id: str | None = None
    detail: str = ""


class Health(NamedTuple):
    """Whether the channel believes it can carry; `reason` is for the operator."""

    is_up: bool
    reason: str = ""


class Way(Protocol):
    """A way to reach people: one channel, or several of which one takes over from another."""

    async def submit(self, order: Order) -> Submitted:
        """Make the attempt once; never retry inside, never raise for what a provider does."""

    async def resolve(self, order: Order) -> Submitted:
        """Find an attempt whose submission ended UNKNOWN: its state, NOT_FOUND, or UNKNOWN."""

    async def cancel(self, order: Order) -> Submitted:
        """Take back a queued or ringing attempt."""

    def track(self, order: Order) -> None:
        """Watch an attempt submitted before a restart (`provider_id` is set)."""

    def exclude(self, provider_ids: Iterable[str]) -> None:
        """Take none of these for another attempt's: they belong to some that have ended."""

    def health(self) -> Health:
        """Say whether it can carry."""


class Channel(Way, Protocol):
    """One way to reach people, by one provider or module.

    The ids it gives to attempts begin with its name and a hyphen, unless they are the provider's
    own (`has_foreign_ids`).
    """

    name: str
    media: frozenset[Medium]
    needs_internet: bool
    has_foreign_ids: bool

    async def run(self, report: Callable[[Progress], None]) -> None:
        """Poll or listen until cancelled, reporting progress of what was submitted or tracked."""
