"""What the link does whatever the broker, against mosquitto or a server that misbehaves."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.drop_watch import DropWatch
from gateway.link import Drained, LinkDown, LinkUp, Receipt
from gateway.mqtt_settings import Version
from tests.brokers import Broker, Login, Mosquitto, embedded, free_port, mosquitto
from tests.links.rig import CLOCK, TOPIC, Rig, linked, payloads, publish, until

TLS = Path(__file__).parent / "tls"


@pytest.fixture(params=["3.1.1", "5"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Mosquitto]:
    """Run mosquitto, spoken to in either version."""
    async with mosquitto(tmp_path) as running:
        running.version = request.param
        yield running


class Stranger(NamedTuple):
    """Something that listens and is no broker."""

    port: int
    version: Version = "3.1.1"
    gateway: Login = Login("gateway", "secret")
    settle_seconds: float = 0.0
    save_seconds: float = 0.0

    def kill(self) -> None:
        """It does not die."""

    def forget(self) -> None:
        """It knows nothing."""

    async def restart(self) -> None:
        """It never stopped."""


@asynccontextmanager
async def stranger(
    answer: bytes, tls: ssl.SSLContext | None = None, version: Version = "3.1.1"
) -> AsyncIterator[Broker]:
    """Answer the first bytes of every connection like this, and then say nothing."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
        yield Stranger(server.sockets[0].getsockname()[1], version)


@pytest.mark.parametrize("version", ["3.1.1", "5"])
@pytest.mark.parametrize("answer", [b"", b"\x20"])
async def test_a_silent_server_is_given_up(answer: bytes, version: Version) -> None:
    """After a keep-alive, and the link goes on trying."""
    async with (
        stranger(answer, version=version) as server,
        linked(server, keepalive_seconds=1) as rig,
    ):
        assert "lost: Keep alive timeout" == (await rig.next(LinkDown)).reason


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\xff" * 100,
        b"\x20\x02\x00\x00\x32\x01\x00",  # a session begun, then a publish of one byte
        b"\x20\x02\x00\x00\x32\x04\xff\xff\x00\x00",  # its topic ends outside the packet
        b"\x20\x03\x00\x00\x00\x32\x01\x00",  # the same two in MQTT 5
        b"\x20\x03\x00\x00\x00\x32\x04\xff\xff\x00\x00",
        b"\x20\x03\x00\x00\x00\xe0\x02\x8b\x00",  # let in, and sent away
        b"\x20\x03\x00\x00\x00\x32\xff\xff\xff\x7f" + b"x" * 100,  # a quarter of a gigabyte
    ],
)
@pytest.mark.parametrize("version", ["3.1.1", "5", "auto"])
async def test_a_server_that_speaks_no_mqtt_is_survived(answer: bytes, version: Version) -> None:
    """No bytes stop the link; it tells the loss and tries again."""
    async with (
        stranger(answer, version=version) as server,
        linked(server, keepalive_seconds=1) as rig,
    ):
        await rig.next(LinkDown)
        await CLOCK.sleep(0.3)
        rig.link.drop()


async def test_no_broker_is_told_once() -> None:
    """The first failure to connect is a loss like any other."""
    async with linked(Stranger(free_port())) as rig:
        down = await rig.next(LinkDown)
        assert down.reason.startswith("cannot connect: ")
        assert [] == await rig.silence(0.5)


async def test_a_topic_that_is_no_text_is_spelled_out() -> None:
    """A broker that does not check is no reason to stop."""
    hostile = b"\x20\x02\x00\x00" + b"\x32\x08\x00\x03\xffab\x00\x01x"
    async with stranger(hostile) as server, linked(server, filters={"#": "own"}) as rig:
        (receipt,) = await rig.receipts(1)
        assert ("\\xffab", b"x") == (receipt.address, receipt.payload)


async def test_a_quiet_evening_is_not_lost(broker: Broker) -> None:
    """The gap before a broker's death is never longer than two keep-alives."""
    async with linked(broker, keepalive_seconds=1) as rig:
        await rig.next(LinkUp)
        await CLOCK.sleep(3)
        broker.kill()
        down = await rig.next(LinkDown)
        broker.forget()
        await broker.restart()
        again = await rig.next(LinkUp)
        assert again.lost_since is not None
        assert timedelta(0) <= down.at - again.lost_since <= timedelta(seconds=2.2)


async def test_the_session_is_the_same_in_either_version(broker: Broker) -> None:
    """An installation that changes its mind loses nothing."""
    async with linked(broker) as rig:
        await rig.next(Drained)
    await publish(broker, [b"1"])
    for version in ("5", "3.1.1"):
        async with linked(broker, version=version, expects_session=True) as rig:
            assert None is (await rig.next(LinkUp)).lost_since
            assert [b"1"] == payloads(await rig.receipts(1))


async def test_where_mqtt_5_is_unknown_the_older_is_spoken(tmp_path: Path) -> None:
    """What was published before goes out all the same, once."""
    async with embedded(tmp_path) as broker:
        rig = Rig(broker, version="auto")
        assert rig.link.publish("care/v1/h1/state/smoke", b"on")
        rig.start()
        assert [b"on"] == payloads(await rig.receipts(1))
        assert [] == [one for one in await rig.silence(0.5) if isinstance(one, Receipt)]
        await rig.stop()


async def test_mqtt_5_is_spoken_where_it_is_known(tmp_path: Path) -> None:
    """And nothing falls back for a broker that is only not there yet."""
    port = free_port()
    rig = Rig(Stranger(port, "auto"))
    rig.start()
    await rig.next(LinkDown)
    async with mosquitto(tmp_path, port) as broker:
        await rig.next(LinkUp)
        assert "p5" in broker.log()
        await rig.stop()


# The codec's panic leaves its cause to whoever collects it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_topic_that_is_no_text_is_spelled_out_in_mqtt_5_too() -> None:
    """The broker would offer it again for ever, so it is taken in, and what comes behind it."""
    let_in = b"\x20\x03\x01\x00\x00"
    hostile = b"\x32\x09\x00\x03\xffab\x00\x01\x00x"
    sound = b"\x32\x07\x00\x01a\x00\x02\x00y"
    async with (
        stranger(let_in + hostile + sound, version="5") as server,
        linked(server, filters={"#": "own"}) as rig,
    ):
        received = await rig.receipts(2)
        assert [("\\xffab", b"x"), ("a", b"y")] == [(r.address, r.payload) for r in received]
        assert [1, 2] == [r.token.mid for r in received]
        assert rig.link.is_up


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_reading_on_after_a_pause_survives_a_panic() -> None:
    """Then it is the pump that reads, from within its acknowledgement."""
    let_in = b"\x20\x03\x01\x00\x00"
    sound = b"".join(b"\x32\x07\x00\x01a" + n.to_bytes(2) + b"\x00y" for n in range(1, 9))
    hostile = b"\x32\x09\x00\x03\xffab\x00\x09\x00x"
    async with (
        stranger(let_in + sound + hostile, version="5") as server,
        linked(server, filters={"#": "own"}, high=4) as rig,
    ):
        for _ in range(2):
            rig.link.acknowledge([one.token for one in await rig.receipts(4)])
        assert ["\\xffab"] == [one.address for one in await rig.receipts(1)]


async def test_what_tls_has_read_ahead_is_not_left_lying() -> None:
    """Many messages in one record: the selector sees the first bytes only."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(f"{TLS}/server.crt", f"{TLS}/server.key")
    session_resumed = b"\x20\x02\x01\x00"
    publishes = [b"\x32\x06\x00\x01a" + number.to_bytes(2) + b"x" for number in range(1, 300)]
    secured = {"host": "localhost", "ca_file": f"{TLS}/server.crt", "filters": {"a": "own"}}
    answer = session_resumed + b"".join(publishes)
    async with stranger(answer, tls) as server, linked(server, **secured) as rig:
        assert 299 == len(await rig.receipts(299))


async def test_tls(tmp_path: Path) -> None:
    """A backlog comes through, although TLS reads ahead of the event loop."""
    port = free_port()
    listener = f"listener {port}\ncertfile {TLS}/server.crt\nkeyfile {TLS}/server.key\n"
    async with mosquitto(tmp_path, extra=listener) as plain:
        secured = {"host": "localhost", "port": port, "ca_file": f"{TLS}/server.crt"}
        async with linked(plain, **secured) as rig:
            await rig.next(Drained)
        sent = [b"%d" % number + b" " * 999 for number in range(500)]
        await publish(plain, sent)
        async with linked(plain, **secured, high=50) as rig:
            received: list[bytes] = []
            while len(received) < len(sent):
                (receipt,) = await rig.receipts(1)
                received.append(receipt.payload)
                rig.link.acknowledge([receipt.token])
            assert sent == received


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_an_unknown_certificate_is_refused(tmp_path: Path) -> None:
    """Also when everything else is right."""
    port = free_port()
    listener = f"listener {port}\ncertfile {TLS}/server.crt\nkeyfile {TLS}/server.key\n"
    async with mosquitto(tmp_path, extra=listener) as plain:
        other = f"{TLS}/other.crt"
        async with linked(plain, host="localhost", port=port, ca_file=other) as rig:
            assert "CERTIFICATE_VERIFY_FAILED" in (await rig.next(LinkDown)).reason


async def test_filters_name_the_family(broker: Broker) -> None:
    """The first that matches."""
    filters = {"care/v1/h1/+/+": "first", "care/v1/#": "second"}
    async with linked(broker, filters=filters) as rig:
        await rig.next(LinkUp)
        await publish(broker, [b"1"], topic="care/v1/h1/d/smoke")
        await publish(broker, [b"2"], topic="care/v1/h2/d/smoke")
        assert ["first", "second"] == [each.family for each in await rig.receipts(2)]


async def test_a_filter_of_the_past_is_no_receipt(broker: Broker) -> None:
    """The session may still hold what the configuration no longer has."""
    async with linked(broker) as rig:
        await rig.next(LinkUp)
    async with linked(broker, filters={"care/v1/h1/+/+": "own"}) as rig:
        await rig.next(LinkUp)
        await publish(broker, [b"stray"], topic="care/v1/h2/d/smoke")
        await publish(broker, [b"reading"])
        assert [b"reading"] == payloads(await rig.receipts(1))
        assert 1 == rig.link.strays


async def test_drained_needs_no_filter_of_ours(broker: Broker) -> None:
    """The link subscribes to its marker where no filter covers it."""
    async with linked(broker, filters={"care/v1/h1/+/+": "own"}) as rig:
        assert 1 == (await rig.next(Drained)).connection


async def test_a_full_inbox_leaves_it_to_the_broker(broker: Broker) -> None:
    """What cannot be taken in waits, in order and on the same connection, until there is room."""
    sent = [b"%d" % number for number in range(100)]
    async with linked(broker, inbox_limit=5) as rig:
        await rig.next(LinkUp)
        await publish(broker, sent)
        received: list[bytes] = []
        while len(received) < len(sent):
            (receipt,) = await rig.receipts(1)
            received.append(receipt.payload)
            rig.link.acknowledge([receipt.token])
        assert (sent, 1) == (received, rig.link.connection)


async def test_what_the_inbox_drops_is_not_offered_again(broker: Broker) -> None:
    """A dropped motion would otherwise hold its place for as long as the connection lasts."""
    async with linked(broker, inbox_limit=2) as rig:
        await rig.next(LinkUp)
        await publish(broker, [b"%d" % each for each in range(10)], "care/v1/h1/smoke-1/motion")
        await until(lambda: rig.inbox.drops.total() == 8)
        assert 2 == rig.link.unacknowledged
        assert [b"8", b"9"] == payloads(await rig.receipts(2))


async def test_publish_waits_for_the_link(broker: Broker) -> None:
    """A state published while the link is down is sent when it is up."""
    rig = Rig(broker)
    assert rig.link.publish("care/v1/h1/state/smoke", b"on")
    rig.start()
    assert [b"on"] == payloads(await rig.receipts(1))
    await rig.stop()


async def test_publish_does_not_wait_without_end() -> None:
    """A thousand wait; who asks for more is told."""
    rig = Rig(Stranger(free_port()))
    assert [True] * 1000 + [False] == [rig.link.publish(TOPIC, b"") for _ in range(1001)]


async def test_publish_can_be_retained(broker: Broker) -> None:
    """For those who come later."""
    async with linked(broker, client_id="one") as rig:
        await rig.next(LinkUp)
        rig.link.publish(TOPIC, b"state", retain=True)
        await rig.receipts(1)
    async with linked(broker, client_id="two") as rig:
        assert [True] == [receipt.is_retained for receipt in await rig.receipts(1)]


async def test_what_the_broker_throws_away_is_told(tmp_path: Path) -> None:
    """It has told the sender that all is well; only its own counter knows."""
    told: list[int] = []
    small = "max_queued_messages 5\nsys_interval 1\n"
    async with mosquitto(tmp_path, extra=small) as broker:
        async with linked(broker) as rig:
            await rig.next(Drained)
        await publish(broker, [b"%d" % number for number in range(30)])
        async with linked(broker, drops=DropWatch(told.append), expects_session=True) as rig:
            await rig.next(LinkUp)
            await until(lambda: told != [])
            assert [] == rig.link.refused_filters
            assert [] == [item for item in rig.taken if "$SYS" in getattr(item, "address", "")]
    assert told[0] > 0


@pytest.mark.parametrize("payload", [b"", b"-1", b"many", b"1.5", b"9" * 400, "٣".encode()])
def test_a_counter_that_is_none_is_ignored(payload: bytes) -> None:
    """Another broker may say anything there."""
    told: list[int] = []
    DropWatch(told.append).hear(payload)
    assert [] == told
