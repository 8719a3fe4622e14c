"""What a link is: bytes in with a stamp, acknowledgements out, nothing decided.

A link puts a `Receipt` for everything it hears into the inbox. When the pump has committed a
receipt it hands the receipt's token back through `acknowledge`. A token carries the number of
its connection: a broker renumbers packets after a reconnect, so a token from an older
connection must be discarded, or it would acknowledge another message.
"""

from datetime import datetime
from typing import NamedTuple, Protocol


class Token(NamedTuple):
    """Proof of receipt to hand back after the commit; `mid` is the packet id, 0 where none."""

    link: str
    connection: int
    mid: int
    qos: int


class Receipt(NamedTuple):
    """Bytes from a device, stamped with the gateway's clock (aware UTC).

    `transport` is mqtt, serial, tcp or http; `address` is the topic, empty where there is none.
    """

    received_at: datetime
    family: str
    address: str
    payload: bytes
    is_retained: bool
    is_dup: bool
    token: Token
    transport: str = "mqtt"


class LinkUp(NamedTuple):
    """A link works again; `lost_since` is set where readings could be lost before now.

    With a persistent session the broker kept them and nothing was lost: `lost_since` is None.
    `lost_since` at the smallest datetime means "unknown: since the last we heard".
    """

    link: str
    at: datetime
    connection: int
    lost_since: datetime | None


class LinkDown(NamedTuple):
    """A link does not work; `reason` is a word or two for the operator."""

    link: str
    at: datetime
    reason: str


class Drained(NamedTuple):
    """Everything the broker had queued for us before this connection is in the inbox."""

    link: str
    at: datetime
    connection: int


class Link(Protocol):
    """One way in. `name` is unique in the installation (`mqtt`, `serial0`)."""

    name: str

    async def run(self) -> None:
        """Keep the link up until cancelled; never raise for what a cable or a broker does."""

    def acknowledge(self, tokens: list[Token]) -> None:
        """Acknowledge to the source, in order; ignore tokens of older connections."""

    def drop(self) -> None:
        """Break the connection on purpose, so that what is not acknowledged comes again."""
