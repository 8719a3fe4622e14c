"""What the MQTT link asks of whoever speaks the protocol, and what it is told in return.

Two speak it: `paho_client` MQTT 3.1.1, which every broker knows, and `mqtt5_client` MQTT 5, where
the broker does. A client knows packets and a socket; sessions, gaps, backpressure and what a
message means are the link's.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol


class Message(NamedTuple):
    """A PUBLISH as it came; `mid` is the packet id, 0 where none."""

    topic: str
    payload: bytes
    mid: int
    qos: int
    is_retained: bool
    is_dup: bool


class Outgoing(NamedTuple):
    """What is to be published at QoS 1."""

    topic: str
    payload: bytes
    is_retained: bool


class Listener(Protocol):
    """Who is told about a connection. Nothing of a connection is told after `ended`."""

    def connected(self, *, has_session: bool) -> None:
        """The broker has let us in, and has or has not kept our session."""

    def subscribed(self, number: int, refused: tuple[bool, ...]) -> None:
        """A subscription is answered, filter by filter, in the order they were asked for."""

    def heard(self) -> None:
        """The broker has shown a sign of life."""

    def received(self, message: Message) -> None:
        """A message has come; what has a packet id waits for its acknowledgement."""

    def ended(self, reason: str) -> None:
        """The connection is over."""

    def unsupported(self) -> None:
        """The broker does not speak this version; `ended` comes next."""


class Client(Protocol):
    """One connection after another to one broker; never raises but where said."""

    @property
    def is_paused(self) -> bool:
        """Whether the socket is left unread."""

    async def connect(self) -> None:
        """Open a connection and ask to be let in; raises OSError."""

    def subscribe(self, filters: Iterable[str], qos: int) -> int:
        """Ask for these; gives the number under which it will be answered."""

    def publish(self, outgoing: Outgoing) -> bool:
        """Send at QoS 1, at once or when there is a connection; False where too much waits."""

    def waiting(self) -> list[Outgoing]:
        """What was never sent, for another client to send."""

    def acknowledge(self, mids: Iterable[int]) -> None:
        """Send a PUBACK for each, together."""

    def pause(self) -> None:
        """Leave the socket unread, so that the broker is held back."""

    def resume(self) -> None:
        """Read on, beginning now."""

    def tick(self, *, is_quiet: bool) -> None:
        """Keep the connection alive; only when all is quiet may the client judge it."""

    def cut(self) -> None:
        """Break the connection for both sides, at once and without a word."""


ClientKind = Callable[[Listener], Client]
"""How a client is made for a link."""
