"""The gateway's side of a conversation, as a channel meets it: keys, texts and calls that come in.

A webhook stands between the desk and a carrier in the cloud; a channel that speaks with people
itself (`Conversing`) is given the desk when the gateway is built.
"""

from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable


class UnknownAttemptError(LookupError):
    """The desk knows no such attempt."""


class NotKeptError(Exception):
    """A fact could not be committed: it has to be told again."""


class Spoken(NamedTuple):
    """What a caller hears; `wants_key` needs the `attempt_id` under which the key is told."""

    text: str
    wants_key: bool = False
    attempt_id: str | None = None


class Desk(Protocol):
    """Where answers go. Each method returns when the fact is committed.

    It may be cancelled, and told the same again: it has to know what it knows.
    """

    async def keyed(self, attempt_id: str, digits: str) -> str:
        """A key was pressed: the text to say, empty where it means nothing here.

        Raises UnknownAttemptError, NotKeptError.
        """

    async def texted(
        self, from_number: str, text: str, provider_id: str, sent_at: datetime | None = None
    ) -> None:
        """A text came. Raises NotKeptError."""

    async def called(self, from_number: str) -> Spoken:
        """Somebody calls: what to say."""


@runtime_checkable
class Conversing(Protocol):
    """A channel that hears what people answer."""

    def meet(self, desk: Desk) -> None:
        """Take the desk, before `run`."""
