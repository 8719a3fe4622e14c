"""The link for devices that call us over TCP and stay: watches, fire panels.

Theory of operation. Every connection has a framer of its own and a number, which its tokens carry:
what is committed after a connection has gone answers nobody. A frame becomes a receipt; what the
family answers to it leaves after the commit. A connection with too much uncommitted is not read,
so that its own buffers hold the device back.

Connections are cheap to open and some are never heard again. The system's keep-alive finds those
whose other end has gone; a round every few seconds closes the silent, and sooner those that have
not yet said one whole frame. When there are as many as there may be, the longest mute of them
makes room: nobody can lock the watches out by opening sockets. Who a device says it is, nobody
checks here (docs/wire/watch3g.md): ids that no home has claimed act on nothing.
"""

import asyncio
import resource
import socket
from collections import Counter, OrderedDict, deque
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

from gateway.clock import Clock
from gateway.inbox import Inbox
from gateway.link import Drained, LinkDown, LinkUp, Receipt, Token
from gateway.supervisor import Backoff
from sensors.family import Family

MUTE_LIMIT = timedelta(seconds=60)
"""How long a connection may take for its first whole frame."""

UNCOMMITTED_LIMIT = 32
"""Frames of one connection that may wait for the journal before it is read no further."""

UNREAD_LIMIT_BYTES = 64 * 1024
"""Answers that the other end does not take before its connection is broken."""

SENDERS_KEPT = 65_536
"""Devices of which it is known over which connection they spoke last."""

_ROUND_SECONDS = 5.0
_OUR_FILES = 512
_UNKNOWN_SINCE = datetime.min.replace(tzinfo=UTC)


class TcpLink:
    """One listening port for one family. `counts` says why connections ended, by word.

    A device offers again only what it has not been answered, and only for a while: what was said
    while we did not listen may be lost, if an earlier start had listened (`was_heard`).
    """

    def __init__(  # noqa: PLR0913 -- what an installation says of a port, and three ports of ours
        self,
        name: str,
        host: str,
        port: int,
        family: Family,
        *,
        inbox: Inbox,
        clock: Clock,
        rng: Random,
        idle: timedelta = timedelta(minutes=20),
        most: int = 5000,
        first_connection: int = 1,
        was_heard: bool = False,
    ) -> None:
        assert family.stream is not None, family.name
        self.name = name
        self.is_up = False
        self.connection = first_connection
        self.reason = ""
        self.counts: Counter[str] = Counter()
        self.port = port
        self.family = family
        self.stream = family.stream
        self.clock = clock
        self.connections: OrderedDict[int, _Connection] = OrderedDict()
        """Those that are open, the longest silent first."""
        self._skipped: Counter[str] = Counter()
        self._host = host
        self._inbox = inbox
        self._idle = idle
        self._most = most
        self._backoff = Backoff(rng)
        self._numbers = count(first_connection)
        self._senders: OrderedDict[str, int] = OrderedDict()
        self._lost_since = _UNKNOWN_SINCE if was_heard else None

    @property
    def skipped(self) -> Counter[str]:
        """Bytes that were no frame, by code, since the start."""
        return sum((each.framer.skipped for each in self.connections.values()), self._skipped)

    @property
    def unacknowledged(self) -> int:
        """How many frames wait for the journal."""
        return sum(len(each.waiting) for each in self.connections.values())

    async def run(self) -> None:
        """Listen until cancelled; never raise for what a network does."""
        _allow_files(self._most + _OUR_FILES)
        while True:
            try:
                server = await asyncio.get_running_loop().create_server(
                    lambda: _Connection(self), self._host, self.port, backlog=1024
                )
            except OSError as error:
                if self.reason != (reason := f"cannot listen: {error.strerror or error}"):
                    self.reason = reason
                    self._inbox.put(LinkDown(self.name, self.clock.now(), reason))
                await self.clock.sleep(self._backoff.next_seconds())
                continue
            async with server:
                self.port = server.sockets[0].getsockname()[1]
                self._go_up()
                try:
                    await self._make_rounds()
                finally:
                    self.is_up = False
                    self.drop()

    def _go_up(self) -> None:
        self.is_up, self.reason = True, ""
        now = self.clock.now()
        self._inbox.put(LinkUp(self.name, now, self.connection, self._lost_since))
        self._inbox.put(Drained(self.name, now, self.connection))  # a port has no backlog

    async def _make_rounds(self) -> None:
        """Close who has been silent for too long."""
        while True:
            await self.clock.sleep(_ROUND_SECONDS)
            now = self.clock.now()
            for each in list(self.connections.values()):
                if now - each.heard_at >= self._idle:
                    each.end("idle")
                elif not each.has_spoken and now - each.opened_at >= MUTE_LIMIT:
                    each.end("mute")

    def acknowledge(self, tokens: list[Token]) -> None:
        """Send what these frames are answered with; ignore those of connections that have gone."""
        for token in tokens:
            found = self.connections.get(token.connection)
            if found is not None:
                found.answer(token.mid)

    def drop(self) -> None:
        """Break every connection, so that what is not answered is said again."""
        for each in list(self.connections.values()):
            each.end("dropped")

    def tell(self, device_id: str, data: bytes) -> bool:
        """Send bytes to a device over the connection it spoke on last; False where it has none."""
        found = self.connections.get(self._senders.get(device_id, 0))
        return found is not None and found.send(data)

    # --- for the connections ----------------------------------------------------------------------

    def enter(self, opened: "_Connection") -> int | None:
        """Number a connection; None where there is no room for one more."""
        if len(self.connections) >= self._most:
            mute = next((c for c in self.connections.values() if not c.has_spoken), None)
            if mute is None:
                self.counts["refused"] += 1
                return None
            mute.end("displaced")
        number = next(self._numbers)
        self.connections[number] = opened
        return number

    def leave(self, number: int, reason: str) -> None:
        """Forget a connection."""
        gone = self.connections.pop(number, None)
        if gone is not None:
            self.counts[reason] += 1
            self._skipped += gone.framer.skipped

    def take(self, number: int, mid: int, frame: bytes) -> bool:
        """Put a frame into the inbox; False where there is no room."""
        self.connections.move_to_end(number)
        sender = self.stream.sender(frame)
        if sender:
            self._senders[sender] = number
            self._senders.move_to_end(sender)
            if len(self._senders) > SENDERS_KEPT:
                self._senders.popitem(last=False)
        now = self.clock.now()
        is_said_again = bool(self.stream.answer(frame, now))  # until it is answered
        token = Token(self.name, number, mid, qos=int(is_said_again))
        receipt = Receipt(
            received_at=now,
            family=self.family.name,
            address="",
            payload=frame,
            is_retained=False,
            is_dup=False,
            token=token,
            transport="tcp",
        )
        return self._inbox.put(receipt)


class _Connection(asyncio.Protocol):
    """One device that has called. `waiting` are its frames that are not committed yet."""

    def __init__(self, link: TcpLink) -> None:
        self.framer = link.stream.framer()
        self.waiting: dict[int, bytes] = {}
        self.opened_at = self.heard_at = link.clock.now()
        self.has_spoken = False
        self._link = link
        self._number = 0
        self._mids = count(1)
        self._behind: deque[bytes] = deque()
        self._transport: asyncio.Transport | None = None
        self._is_paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        number = self._link.enter(self)
        if number is None:
            transport.abort()
            return
        self._number, self._transport = number, transport
        _watch_other_end(transport.get_extra_info("socket"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._link.leave(self._number, "closed" if exc is None else "broken")

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        self.heard_at = self._link.clock.now()
        frames = self.framer.feed(data)
        self.has_spoken = self.has_spoken or bool(frames)
        self._behind += frames
        self._hand_on()

    def _hand_on(self) -> None:
        """Put frames into the inbox as far as they may wait there; read no more meanwhile."""
        while self._behind and len(self.waiting) < UNCOMMITTED_LIMIT:
            frame, mid = self._behind.popleft(), next(self._mids)
            self.waiting[mid] = frame
            if not self._link.take(self._number, mid, frame):
                self.end("full")
        if self._transport is None or self._is_paused == bool(self._behind):
            return
        self._is_paused = bool(self._behind)
        if self._is_paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def answer(self, mid: int) -> None:
        """Answer a frame that is kept, and go on."""
        frame = self.waiting.pop(mid, None)
        if frame is not None and self._transport is not None:
            self.send(self._link.stream.answer(frame, self._link.clock.now()))
            self._hand_on()

    def send(self, data: bytes) -> bool:
        """Send bytes; False where nobody takes them any more."""
        if self._transport is None:
            return False
        if self._transport.get_write_buffer_size() > UNREAD_LIMIT_BYTES:
            self.end("unread")
            return False
        self._transport.write(data)
        return True

    def end(self, reason: str) -> None:
        """Break the connection, now."""
        transport, self._transport = self._transport, None
        self._behind.clear()
        self._link.leave(self._number, reason)
        if transport is not None:
            transport.abort()


def _watch_other_end(sock: socket.socket) -> None:
    """Let the system find out within two minutes that nobody is there any more."""
    with suppress(OSError):  # it has just gone
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 20)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 120_000)


def _allow_files(wanted: int) -> None:
    """Raise our own limit on open files as far as we may: a shell gives 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
