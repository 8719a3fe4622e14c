"""The broker and the wire to it: at least once, with a persistent session, and it can go away.

It keeps what devices say until it is acknowledged. Over each connection packets are numbered anew
from 1, and what was not acknowledged comes again with DUP: before all else, or, from a broker that
waits for acknowledgements, a little later and behind what is new. An acknowledgement takes its time
on the wire and dies with the connection. Devices say again what they got no receipt for, so a
message may come twice without DUP; while the broker is down they wait for it, and then all speak at
once. A session that is lost takes with it whatever was queued: of that nobody was told.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import NamedTuple, Protocol

from tests.simulation.loop import VirtualClock
from tests.simulation.trace import Trace

LAST_MID = 65_535
AGAIN_AFTER_SECONDS = 1.7


class Published(NamedTuple):
    """One message; `name` tells it from every other (device, boot and counter)."""

    name: str
    device: str
    topic: str
    payload: bytes


class Socket(Protocol):
    """The gateway's end of a connection."""

    def heard(self, connection: int, mid: int, message: Published, *, is_dup: bool) -> None:
        """A packet arrives."""

    def drained(self, connection: int) -> None:
        """Everything that was queued at the connect has arrived."""

    def broken(self, connection: int) -> None:
        """The connection is over."""


class Broker:
    """One broker with one subscriber.

    Attributes:
        acknowledged: names of what the gateway has taken over.
        lost: names of what a lost session took with it, and when it was said.
        is_up: whether it takes connections and messages.
        renewed_at: when the gateway connected and found no session.
        connected_at: since when the gateway's connection stands, None without one.
        on_acknowledged: is told each name that was acknowledged.
    """

    def __init__(
        self, clock: VirtualClock, trace: Trace, dice: Random, start: Callable[..., object]
    ) -> None:
        self.on_acknowledged: Callable[[str], None] = lambda _: None
        self.connected_at: datetime | None = None
        self.renewed_at: list[datetime] = []
        self.acknowledged: set[str] = set()
        self.lost: dict[str, datetime] = {}
        self.is_up = True
        self._clock, self._trace, self._dice, self._start = clock, trace, dice, start
        self._has_session = False
        self._queue: deque[tuple[Published, bool]] = deque()
        self._flying: dict[int, Published] = {}
        self._said: dict[str, datetime] = {}
        self._again: list[Published] = []
        self._again_after = dice.choice((0.0, AGAIN_AFTER_SECONDS))
        self._unsent: dict[str, list[Published]] = {}
        self._socket: Socket | None = None
        self._connection = 0
        self._backlog: set[str] | None = None
        self._mid = 0
        self._is_handing = False

    # --- devices -----------------------------------------------------------------------------

    def publish(self, message: Published) -> None:
        """A device says something; while the broker is down it waits."""
        if self.is_up:
            self._enqueue(message)
        else:
            self._unsent.setdefault(message.device, []).append(message)

    def _enqueue(self, message: Published) -> None:
        self._said[message.name] = self._clock.now()
        if not self._has_session:
            self._lose(message)
            return
        self._queue.append((message, False))
        self._hand_soon()

    def _lose(self, message: Published) -> None:
        if message.name not in self.acknowledged:
            self.lost[message.name] = self._said[message.name]
            self._trace.note(f"lost {message.name}")

    # --- what goes wrong ---------------------------------------------------------------------

    def cut(self) -> None:
        """The connection breaks; what was on its way is queued again, before the rest."""
        if self._socket is None:
            return
        socket, self._socket, self.connected_at = self._socket, None, None
        self._trace.note(f"broker cut, {len(self._flying)} come again")
        self._again += self._flying.values()
        self._flying.clear()
        socket.broken(self._connection)

    def go_down(self) -> None:
        """Stop; the session is kept on the disk."""
        self.is_up = False
        self.cut()

    def forget(self) -> None:
        """Lose the session and all that is in it."""
        self.cut()
        self._has_session = False
        for message in (*self._again, *(queued for queued, _ in self._queue)):
            self._lose(message)
        self._again.clear()
        self._queue.clear()

    def come_up(self) -> None:
        """Start; the devices that have waited speak, in an order of their own."""
        self.is_up = True
        waiting = list(self._unsent.values())
        self._unsent = {}
        while waiting:
            said = self._dice.choice(waiting)
            self._enqueue(said.pop(0))
            waiting = [rest for rest in waiting if rest]

    # --- the gateway ---------------------------------------------------------------------------

    async def connect(self, socket: Socket) -> tuple[int, bool] | None:
        """Give the connection's number and whether the session was there; None where refused."""
        await self._clock.sleep(self._dice.uniform(0.001, 0.02))
        if not self.is_up:
            return None
        self.cut()
        self._connection += 1
        self._socket, self._mid = socket, 0
        self._backlog = {message.name for message in self._again}
        self._backlog.update(message.name for message, _ in self._queue)
        self.connected_at = self._clock.now()
        had_session, self._has_session = self._has_session, True
        if not had_session:
            self.renewed_at.append(self._clock.now())
        self._trace.note(f"broker connection {self._connection}, {len(self._backlog)} queued")
        self._start(self._say_again(self._connection))
        self._hand_soon()
        return self._connection, had_session

    def acknowledge(self, connection: int, mid: int) -> None:
        """A PUBACK leaves the gateway over a connection."""
        self._start(self._arrive(connection, mid))

    def disconnect(self, connection: int) -> None:
        """The gateway's end of a connection is gone."""
        if connection == self._connection:
            self.cut()

    async def _arrive(self, connection: int, mid: int) -> None:
        await self._clock.sleep(self._dice.uniform(0.0005, 0.003))
        if self._socket is None or connection != self._connection:
            return
        message = self._flying.pop(mid, None)
        if message is not None:
            self.acknowledged.add(message.name)
            self._said.pop(message.name, None)
            self._trace.note(f"acknowledged {message.name}")
            self.on_acknowledged(message.name)

    async def _say_again(self, connection: int) -> None:
        """Queue what was under way when the last connection broke, in its old order."""
        if self._again_after:
            await self._clock.sleep(self._again_after)
        if self._socket is None or connection != self._connection:
            return
        again, self._again = self._again, []
        if self._again_after:
            self._queue.extend((message, True) for message in again)
        else:
            self._queue.extendleft((message, True) for message in reversed(again))
        self._hand_soon()

    def _hand_soon(self) -> None:
        if self._socket is not None and not self._is_handing:
            self._is_handing = True
            self._start(self._hand_over())

    async def _hand_over(self) -> None:
        """Put what is queued on the wire, a burst at a time."""
        await self._clock.sleep(self._dice.uniform(0.0005, 0.003))
        self._is_handing = False
        burst = self._dice.randint(1, 64)
        while self._socket is not None and self._queue and burst:
            burst -= 1
            message, is_dup = self._queue.popleft()
            self._mid = self._mid % LAST_MID + 1
            self._flying[self._mid] = message
            self._trace.note(f"heard {message.name}{' DUP' * is_dup}")
            if self._backlog:
                self._backlog.discard(message.name)
            self._socket.heard(self._connection, self._mid, message, is_dup=is_dup)
        if self._socket is not None and self._backlog is not None and not self._backlog:
            self._backlog = None
            self._socket.drained(self._connection)
        if self._queue:
            self._hand_soon()
