"""What the link promises, on each broker that we name to users."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from gateway.link import Drained, LinkDown, LinkUp, Receipt, Token
from gateway.mqtt_link import TOO_LONG_BYTES, UNKNOWN_SINCE
from tests.brokers import DEVICE, Broker, embedded, mosquitto
from tests.links.rig import CLOCK, TOPIC, Rig, linked, payloads, publish, until

STATUS = "care/v1/gateway/g1/status"


@pytest.fixture(params=["mosquitto 3.1.1", "mosquitto 5", "embedded 3.1.1"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Broker]:
    """Run one broker after the other, each in the versions of MQTT that it knows."""
    name, version = request.param.split()
    async with mosquitto(tmp_path) if name == "mosquitto" else embedded(tmp_path) as running:
        running.version = version
        yield running


async def status_of(broker: Broker) -> bytes:
    """Read the retained status of the gateway."""
    async with aiomqtt.Client("127.0.0.1", broker.port, **broker.gateway._asdict()) as client:
        await client.subscribe(STATUS, qos=1)
        payload = (await anext(aiter(client.messages))).payload
        assert isinstance(payload, bytes)
        return payload


class TestReceiving:
    """What comes in."""

    async def test_a_publish_becomes_a_receipt(self, broker: Broker) -> None:
        """Address, bytes, flags and token are those of the wire."""
        async with linked(broker, first_connection=7) as rig:
            await rig.next(LinkUp)
            before = CLOCK.now()
            await publish(broker, [b'{"v":1,"value":true}'], login=DEVICE)
            (receipt,) = await rig.receipts(1)
            assert before < receipt.received_at < CLOCK.now()
            token = Token("mqtt", 7, receipt.token.mid, 1)
            expected = Receipt(
                received_at=receipt.received_at,
                family="own",
                address=TOPIC,
                payload=b'{"v":1,"value":true}',
                is_retained=False,
                is_dup=False,
                token=token,
            )
            assert expected == receipt

    async def test_the_first_connection_ever_has_lost_nothing(self, broker: Broker) -> None:
        """Nobody had subscribed before."""
        async with linked(broker) as rig:
            up = await rig.next(LinkUp)
            assert (1, None) == (up.connection, up.lost_since)

    async def test_a_missing_session_has_lost_readings(self, broker: Broker) -> None:
        """A broker that does not know us any more has thrown away what it kept."""
        async with linked(broker, expects_session=True) as rig:
            assert UNKNOWN_SINCE == (await rig.next(LinkUp)).lost_since

    async def test_retained_is_passed_on(self, broker: Broker) -> None:
        """What the broker repeats to a new subscriber is marked as old."""
        await publish(broker, [b"old"], retain=True)
        async with linked(broker) as rig:
            (receipt,) = await rig.receipts(1)
            assert (b"old", True) == (receipt.payload, receipt.is_retained)

    async def test_a_device_cannot_speak_for_another(self, broker: Broker) -> None:
        """The broker throws it away, and does not say so."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            await publish(broker, [b"forged"], topic="care/v1/h1/smoke-2/smoke", login=DEVICE)
            await publish(broker, [b"true"], login=DEVICE)
            assert [b"true"] == payloads(await rig.receipts(1))

    async def test_an_endless_payload_is_cut(self, broker: Broker) -> None:
        """It arrives short enough to keep and long enough to be refused."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            await publish(broker, [b"x" * 300_000])
            (receipt,) = await rig.receipts(1)
            assert TOO_LONG_BYTES == len(receipt.payload)

    async def test_the_gateways_own_topics_are_no_receipts(self, broker: Broker) -> None:
        """Not ours, and not those of whoever takes the name."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            await publish(broker, [b"x"], topic="care/v1/gateway/g1/smoke")
            await publish(broker, [b"reading"])
            assert [b"reading"] == payloads(await rig.receipts(1))
            assert 1 == rig.link.unacknowledged


class TestAcknowledging:
    """Nothing is let go before we say so."""

    async def test_only_what_is_acknowledged_is_gone(self, broker: Broker) -> None:
        """After a drop the rest comes again, marked, over a later connection."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            await publish(broker, [b"1", b"2", b"3"])
            first, *_ = await rig.receipts(3)
            rig.link.acknowledge([first.token])
            await CLOCK.sleep(0.1)
            rig.link.drop()
            again = await rig.receipts(2)
            assert [b"2", b"3"] == payloads(again)
            assert [(True, 2)] * 2 == [(r.is_dup, r.token.connection) for r in again]
            await rig.next(Drained)
            assert 5 == sum(isinstance(item, Receipt) for item in rig.taken)

    async def test_a_stale_token_acknowledges_nothing(self, broker: Broker) -> None:
        """The same packet id means another message on another connection."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            await publish(broker, [b"1"])
            (stale,) = await rig.receipts(1)
            rig.link.drop()
            await rig.receipts(1)
            rig.link.acknowledge([stale.token])
            assert 1 == rig.link.unacknowledged
            rig.link.drop()
            assert [b"1"] == payloads(await rig.receipts(1))

    async def test_a_token_of_a_broken_connection_acknowledges_nothing(
        self, broker: Broker
    ) -> None:
        """Also while there is no new connection yet."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            await publish(broker, [b"1"])
            (stale,) = await rig.receipts(1)
            rig.link.drop()
            rig.link.acknowledge([stale.token])
            assert [b"1"] == payloads(await rig.receipts(1))


class TestSession:
    """What happens while one side is away."""

    async def test_what_came_while_we_were_down_is_delivered(self, broker: Broker) -> None:
        """A new start resumes the session; nothing was lost."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
        await publish(broker, [b"%d" % number for number in range(50)])
        async with linked(broker, first_connection=2, expects_session=True) as rig:
            up = await rig.next(LinkUp)
            assert (2, None) == (up.connection, up.lost_since)
            receipts = await rig.receipts(50)
            assert [b"%d" % number for number in range(50)] == payloads(receipts)

    async def test_drained_comes_after_the_backlog(self, broker: Broker) -> None:
        """Also what was handed out but not acknowledged is in the inbox before it."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            await publish(broker, [b"unacknowledged"])
            await rig.receipts(1)
        await publish(broker, [b"%d" % number for number in range(300)])
        async with linked(broker, first_connection=2, expects_session=True) as rig:
            drained = await rig.next(Drained)
            assert 2 == drained.connection
            assert 301 == sum(isinstance(item, Receipt) for item in rig.taken)

    async def test_a_killed_broker_loses_nothing(self, broker: Broker) -> None:
        """Neither what it had handed out nor the session."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            await publish(broker, [b"1"])
            await rig.receipts(1)
            await CLOCK.sleep(broker.save_seconds)
            broker.kill()
            await rig.next(LinkDown)
            await broker.restart()
            up = await rig.next(LinkUp)
            assert (2, None) == (up.connection, up.lost_since)
            (again,) = await rig.receipts(1)
            assert (b"1", 2) == (again.payload, again.token.connection)

    async def test_a_broker_that_forgot_us_has_lost_since_we_lost_it(self, broker: Broker) -> None:
        """The gap begins when the broker was last alive."""
        before = CLOCK.now()
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            broker.kill()
            down = await rig.next(LinkDown)
            broker.forget()
            await broker.restart()
            again = await rig.next(LinkUp)
            assert again.lost_since is not None
            assert before <= again.lost_since <= down.at

    async def test_one_loss_is_told_once(self, broker: Broker) -> None:
        """However often it tries in vain."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            broker.kill()
            await rig.next(LinkDown)
            await CLOCK.sleep(1)
            await broker.restart()
            assert isinstance(await rig.next(LinkDown | LinkUp), LinkUp)  # type: ignore[arg-type]

    async def test_a_wrong_password_is_said(self, broker: Broker) -> None:
        """And tried again, quietly."""
        async with linked(broker, password="wrong") as rig:
            assert "refused: Not authorized" == (await rig.next(LinkDown)).reason
            assert [] == await rig.silence(1)


class TestStatus:
    """What others can see of the gateway."""

    async def test_birth(self, broker: Broker) -> None:
        """Online is retained."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            await CLOCK.sleep(0.1)
            assert b'{"v":1,"status":"online"}' == await status_of(broker)

    async def test_last_will(self, broker: Broker) -> None:
        """Whoever goes without a word is offline."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            await CLOCK.sleep(0.1)
        await CLOCK.sleep(0.2)
        assert b'{"v":1,"status":"offline"}' == await status_of(broker)

    async def test_birth_after_a_drop(self, broker: Broker) -> None:
        """The will of the old connection does not hide the birth of the new one."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            rig.link.drop()
            await rig.next(LinkUp)
            await CLOCK.sleep(0.2)
            assert b'{"v":1,"status":"online"}' == await status_of(broker)


class TestBackpressure:
    """A slow journal holds the broker back."""

    HIGH = 500

    async def test_reading_stops_and_the_connection_lives(self, broker: Broker) -> None:
        """Memory stays bounded, the broker keeps the rest and does not give us up."""
        is_fast = broker.settle_seconds == 0
        number, keepalive = (10_000, 1) if is_fast else (1_500, 2)
        async with linked(broker, high=self.HIGH, keepalive_seconds=keepalive) as rig:
            await rig.next(LinkUp)
            await publish(broker, (b"%d" % each for each in range(number)))
            await self._stays_paused(rig, 2.25 * keepalive)
            await self._takes_all(rig, number)

    async def _stays_paused(self, rig: Rig, seconds: float) -> None:
        """For more than two keep-alives nothing is read and nothing breaks."""
        await until(lambda: rig.link.is_paused)
        held = rig.link.unacknowledged
        assert self.HIGH <= held < self.HIGH + 20
        await CLOCK.sleep(seconds)
        assert (held, True, 1) == (rig.link.unacknowledged, rig.link.is_up, rig.link.connection)

    async def _takes_all(self, rig: Rig, number: int) -> None:
        """Once the journal works again everything comes, over the same connection."""
        seen: set[bytes] = set()
        while len(seen) < number or rig.link.unacknowledged:
            receipts = await rig.receipts(1)
            seen |= set(payloads(receipts))
            assert rig.link.unacknowledged < self.HIGH + 20
            rig.link.acknowledge([receipt.token for receipt in receipts])
        assert (1, False) == (rig.link.connection, rig.link.is_paused)

    async def test_bytes_count_too(self, broker: Broker) -> None:
        """A few large messages are as many as many small ones."""
        async with linked(broker, high_bytes=100_000) as rig:
            await rig.next(LinkUp)
            await publish(broker, [b"x" * 30_000] * 6)
            await until(lambda: rig.link.is_paused)
            assert 4 == rig.link.unacknowledged
            rig.link.acknowledge([receipt.token for receipt in await rig.receipts(4)])
            assert 2 == len(await rig.receipts(2))
