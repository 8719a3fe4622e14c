"""A port that watches call: real sockets on the loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from random import Random

from gateway import tcp_link
from gateway.clock import SystemClock
from gateway.inbox import Inbox
from gateway.link import Drained, LinkDown, LinkUp, Receipt
from gateway.tcp_link import TcpLink
from sensors.families import watch3g
from simulators.devices.watch3g import Watch
from tests.links.rig import PATIENCE_SECONDS, payloads, until

AT = datetime(2030, 1, 1, tzinfo=UTC)
WATCH = Watch("8800000015")
CRY = WATCH.alarm(AT, "sos")
ANSWER = b"[3G*8800000015*0002*AL]"


class Haste(SystemClock):
    """The machine's clock, whose rounds are quick and whose hours pass by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Give the time, as far ahead as the test has said."""
        return super().now() + self.ahead

    async def sleep(self, seconds: float) -> None:
        """Wait, but not long."""
        await super().sleep(min(seconds, 0.02))


class Port:
    """One link that listens, and those who call it."""

    def __init__(self, limit: int = 1000, most: int = 20, port: int = 0) -> None:
        self.clock = Haste()
        self.inbox = Inbox(self.clock, limit=limit)
        self.link = TcpLink(
            "watches",
            "127.0.0.1",
            port,
            watch3g.FAMILY,
            inbox=self.inbox,
            clock=self.clock,
            rng=Random(1),
            most=most,
            first_connection=7,
        )

    async def call(self, said: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection and say something."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.link.port)
        writer.write(said)
        return reader, writer

    async def receipt(self) -> Receipt:
        """Take the next receipt."""
        while True:
            (item,) = await self.inbox.take(1, timeout_seconds=PATIENCE_SECONDS)
            if isinstance(item, Receipt):
                return item


@asynccontextmanager
async def listening(limit: int = 1000, most: int = 20) -> AsyncIterator[Port]:
    """Listen for the length of a block; whoever called has gone at its end."""
    port = Port(limit, most)
    running = asyncio.create_task(port.link.run())
    await until(lambda: port.link.is_up)
    try:
        yield port
    finally:
        running.cancel()
        await asyncio.wait([running])


async def heard(reader: asyncio.StreamReader, number: int = 4096) -> bytes:
    """Take what the link says; empty where it has gone."""
    async with SystemClock().timeout(PATIENCE_SECONDS):
        try:
            return await reader.read(number)
        except ConnectionError:
            return b""


async def is_answered(reader: asyncio.StreamReader) -> bool:
    """Whether anything comes within a moment."""
    with suppress(TimeoutError):
        async with SystemClock().timeout(0.1):
            return bool(await reader.read(1))
    return False


async def test_a_cry_is_answered_after_the_commit() -> None:
    """Nothing is said before; a frame in pieces is one frame."""
    async with listening() as port:
        up, drained = await port.inbox.take(2)
        assert isinstance(up, LinkUp)
        assert Drained("watches", up.at, 7) == drained
        reader, writer = await port.call(CRY[:20])
        await writer.drain()
        writer.write(CRY[20:])
        receipt = await port.receipt()
        assert ("watch3g", CRY, "tcp", 1) == (
            *(receipt.family, receipt.payload, receipt.transport, receipt.token.qos),
        )
        assert 1 == port.link.unacknowledged
        assert not await is_answered(reader)
        port.link.acknowledge([receipt.token])
        assert ANSWER == await heard(reader)
        writer.close()
        await until(lambda: not port.link.connections)


async def test_an_answer_goes_to_nobody_else() -> None:
    """What is committed after its connection has gone answers nobody who called since."""
    async with listening() as port:
        _, first = await port.call(CRY)
        late = await port.receipt()
        first.close()
        await until(lambda: not port.link.connections)
        reader, writer = await port.call(CRY)
        again = await port.receipt()
        port.link.acknowledge([late.token, again.token])
        assert ANSWER == await heard(reader)
        port.link.drop()
        assert b"" == await heard(reader)
        assert {"closed": 1, "dropped": 1} == port.link.counts
        writer.close()


async def test_what_is_not_answered_is_owed_by_us() -> None:
    """A position is not said again: after a failed commit it is ours to keep."""
    async with listening() as port:
        _, writer = await port.call(WATCH.position(AT))
        assert 0 == (await port.receipt()).token.qos
        writer.close()


async def test_the_silent_and_the_mute_are_closed() -> None:
    """A half-open connection ends; one that keeps alive stays."""
    async with listening() as port:
        quiet, quiets = await port.call(CRY)
        mute, mutes = await port.call()
        await port.receipt()
        await until(lambda: len(port.link.connections) == 2)
        port.clock.ahead += tcp_link.MUTE_LIMIT
        assert b"" == await heard(mute)
        assert {"mute": 1} == port.link.counts
        port.clock.ahead += timedelta(minutes=20)
        alive, alives = await port.call(WATCH.keep_alive())
        assert b"" == await heard(quiet)
        assert {"mute": 1, "idle": 1} == port.link.counts
        port.link.acknowledge([(await port.receipt()).token])
        assert b"[3G*8800000015*0002*LK]" == await heard(alive)
        for writer in (quiets, mutes, alives):
            writer.close()


async def test_opened_sockets_lock_nobody_out() -> None:
    """The longest mute makes room; where all have spoken, the newcomer must wait."""
    async with listening(most=2) as port:
        mute, mutes = await port.call()
        await until(lambda: len(port.link.connections) == 1)
        _, first = await port.call(CRY)
        await port.receipt()
        _, second = await port.call(CRY)
        await port.receipt()
        assert b"" == await heard(mute)
        refused, refuseds = await port.call(CRY)
        assert b"" == await heard(refused)
        assert {"displaced": 1, "refused": 1} == port.link.counts
        for writer in (mutes, first, second, refuseds):
            writer.close()


async def test_a_full_inbox_ends_the_connection() -> None:
    """So that the watch calls again and says it again."""
    async with listening(limit=1) as port:
        reader, writer = await port.call(CRY * 3)
        assert b"" == await heard(reader)
        assert {"full": 1} == port.link.counts
        writer.close()


async def test_too_much_uncommitted_is_not_read() -> None:
    """And read on after it is kept, in order."""
    async with listening() as port:
        _, writer = await port.call(b"".join(b"[3G*1*0003*AL%d]" % n for n in range(5000)))
        read: list[Receipt] = []
        while len(read) < 5000:
            read.append(await port.receipt())
            assert port.link.unacknowledged <= tcp_link.UNCOMMITTED_LIMIT
            port.link.acknowledge([read[-1].token])
        assert [b"[3G*1*0003*AL%d]" % n for n in range(5000)] == payloads(read)
        writer.close()


async def test_a_word_to_a_watch() -> None:
    """Over the connection it spoke on last; to one that is not there it cannot be said."""
    async with listening() as port:
        reader, writer = await port.call(CRY)
        await port.receipt()
        text = watch3g.message(b"3G", b"8800000015", "有人来了")
        assert not port.link.tell("watch3g-1", text)
        assert port.link.tell("watch3g-8800000015", text)
        assert text == await heard(reader)
        writer.close()
        await until(lambda: not port.link.connections)
        assert not port.link.tell("watch3g-8800000015", text)


async def test_who_does_not_listen_is_let_go() -> None:
    """A connection that takes no answers does not fill our memory."""
    async with listening() as port:
        with socket.create_connection(("127.0.0.1", port.link.port)) as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.sendall(CRY)
            await port.receipt()
            for _ in range(1000):
                if not port.link.tell("watch3g-8800000015", b"x" * 65_536):
                    break
            assert {"unread": 1} == port.link.counts


async def test_a_port_that_is_taken_is_told_once() -> None:
    """And tried again."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = Port(port=other.getsockname()[1])
        running = asyncio.create_task(port.link.run())
        (down,) = await port.inbox.take(1, timeout_seconds=PATIENCE_SECONDS)
        assert isinstance(down, LinkDown)
        assert down.reason.startswith("cannot listen: ")
        other.close()
        (up,) = await port.inbox.take(1, timeout_seconds=PATIENCE_SECONDS)
        assert isinstance(up, LinkUp)
        running.cancel()
        await asyncio.wait([running])
