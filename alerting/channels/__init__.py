"""The ways to reach people; the only I/O in `alerting`. One module a channel, with a `CHANNEL`.

A channel is opened with its settings, read from `[channels.<name>]`, and with the ports through
which it meets the rest of the gateway. Channels are found by walking this package; a module
without a `CHANNEL` only serves its neighbours.
"""

import importlib
import pkgutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict

from alerting.channels.contract import Channel


class Clock(Protocol):
    """Time, as a channel needs it."""

    def now(self) -> datetime:
        """Aware UTC, never going backward."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """Raise TimeoutError from the block when it takes longer."""


class Inbound(NamedTuple):
    """A text or a call that reached the gateway's number; `sent_at` is by our clock.

    The provider may show it again after a restart: `provider_id` is what tells it apart.
    """

    kind: Literal["sms", "call"]
    from_number: str
    text: str
    provider_id: str
    sent_at: datetime


class Ports(NamedTuple):
    """What a channel is given besides its settings.

    `inbound` takes what people send of themselves, `say` a line for the gateway's own terminal.
    What was sent before `since` has been seen by an earlier run.
    """

    clock: Clock
    inbound: Callable[[Inbound], None]
    say: Callable[[str], None]
    since: datetime


class ChannelSettings(BaseModel):
    """What `[channels.<name>]` of the configuration may hold; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """A channel that an installation may choose.

    `open` takes an instance of `settings`; it does no I/O and may raise nothing.
    """

    name: str
    settings: type[ChannelSettings]
    open: Callable[[Any, Ports], Channel]


def discover() -> dict[str, ChannelKind]:
    """Give every kind of channel by its name."""
    kinds: dict[str, ChannelKind] = {}
    for found in pkgutil.iter_modules(__path__):
        kind = getattr(importlib.import_module(f"{__name__}.{found.name}"), "CHANNEL", None)
        if kind is not None:
            assert isinstance(kind, ChannelKind), found.name
            assert kind.name not in kinds, kind.name
            kinds[kind.name] = kind
    return kinds
