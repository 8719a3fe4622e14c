"""The broker of our own: who may do what on it, and how it lives and dies."""

import asyncio
import json
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from random import Random

import aiomqtt
import pytest

from gateway.broker_config import ACK_WAIT_SECONDS, BrokerUser, device_user
from gateway.child import Child
from gateway.embedded_broker import EmbeddedBroker
from gateway.entries import LogLine
from gateway.link import Drained, LinkUp
from gateway.troubles import Troubles
from tests.brokers import DEVICE, SECRET, Embedded, Login, embedded, free_port
from tests.links.rig import CLOCK, PATIENCE_SECONDS, linked, payloads, publish, said, until

# A gateway that has nothing but a broker; it says the broker's process id and port.
GATEWAY = """
import asyncio, sys
from pathlib import Path
from random import Random
from gateway.clock import SystemClock
from gateway.embedded_broker import EmbeddedBroker

async def main():
    broker = EmbeddedBroker(Path(sys.argv[1]), clock=SystemClock(), rng=Random(1))
    running = asyncio.create_task(broker.run())
    await broker.ready()
    print(broker.pid, broker.port, flush=True)
    await running

asyncio.run(main())
"""


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Embedded]:
    """Run it."""
    async with embedded(tmp_path) as running:
        yield running


def is_alive(pid: int) -> bool:
    """Whether there is such a process, other than as an entry waiting for its parent."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False


async def killed_gateway(state: Path) -> tuple[int, int]:
    """Run a gateway and kill it; give process id and port of the broker it leaves behind."""
    gateway = await asyncio.create_subprocess_exec(
        sys.executable, "-c", GATEWAY, state, stdout=subprocess.PIPE
    )
    assert gateway.stdout is not None
    async with CLOCK.timeout(PATIENCE_SECONDS):
        pid, port = (await gateway.stdout.readline()).split()
    gateway.kill()
    await gateway.wait()
    return int(pid), int(port)


class TestRights:
    """A device speaks for itself."""

    async def test_a_device_speaks_in_its_home_only(self, broker: Embedded) -> None:
        """What it says elsewhere does not arrive."""
        async with linked(broker, filters={"#": "own"}) as rig:
            await rig.next(LinkUp)
            for topic in ("care/v1/h2/smoke-1/smoke", "zigbee2mqtt/smoke-1"):
                await publish(broker, [b"forged"], topic, login=DEVICE)
            await publish(broker, [b"true"], login=DEVICE)
            assert [b"true"] == payloads(await rig.receipts(1))

    async def test_a_device_hears_nothing(self, broker: Embedded) -> None:
        """Not even about itself."""
        async with aiomqtt.Client("127.0.0.1", broker.port, **DEVICE._asdict()) as client:
            with pytest.raises(aiomqtt.MqttError):
                await self._listen(client, broker)

    async def _listen(self, client: aiomqtt.Client, broker: Embedded) -> None:
        """Subscribe, and hear something within a moment."""
        await client.subscribe("care/v1/h1/smoke-1/#", qos=1)
        await publish(broker, [b"1"])
        try:
            async with CLOCK.timeout(0.3):
                await anext(aiter(client.messages))
        except TimeoutError as error:
            raise aiomqtt.MqttError(str(error)) from error

    @pytest.mark.parametrize("login", [Login("smoke-1", "wrong"), Login("smoke-2", SECRET)])
    async def test_a_stranger_stays_outside(self, broker: Embedded, login: Login) -> None:
        """With a wrong secret, or as nobody."""
        with pytest.raises(aiomqtt.MqttError):
            await publish(broker, [b"1"], login=login)

    async def test_users_are_exchanged_while_it_runs(self, broker: Embedded) -> None:
        """The new one gets in, the old one no longer, and the link does not notice."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            broker.broker.set_users([device_user("smoke-2", "h1", "new")])
            await CLOCK.sleep(0.3)
            await publish(broker, [b"2"], "care/v1/h1/smoke-2/smoke", Login("smoke-2", "new"))
            with pytest.raises(aiomqtt.MqttError):
                await publish(broker, [b"1"], login=DEVICE)
            assert [b"2"] == payloads(await rig.receipts(1))
            assert 1 == rig.link.connection

    async def test_a_device_without_a_secret_is_nobody(self, broker: Embedded) -> None:
        """An empty secret opens nothing."""
        broker.broker.set_users([device_user("smoke-2", "h1", "")])
        await CLOCK.sleep(0.3)
        with pytest.raises(aiomqtt.MqttError):
            await publish(broker, [b"1"], login=Login("smoke-2", ""))

    @pytest.mark.parametrize("name", ["smoke-1", "gateway.smartcare"])
    def test_a_name_is_given_once(self, tmp_path: Path, name: str) -> None:
        """The broker would not start with two of them."""
        broker = EmbeddedBroker(tmp_path, clock=CLOCK, rng=Random(1))
        with pytest.raises(ValueError, match="twice"):
            broker.set_users([BrokerUser(name, "1", ">"), BrokerUser("smoke-1", "2", ">")])

    async def test_the_configuration_is_ours_alone(self, broker: Embedded) -> None:
        """It holds every secret."""
        config = broker.folder / "broker" / "nats.json"
        assert 0o600 == stat.S_IMODE(config.stat().st_mode)
        assert 0o700 == stat.S_IMODE(config.parent.stat().st_mode)

    async def test_it_listens_on_loopback_only(self, broker: Embedded) -> None:
        """Devices of a real village need TLS and therefore another broker."""
        config = json.loads((broker.folder / "broker" / "nats.json").read_bytes())
        assert {"127.0.0.1"} == {config["host"], config["mqtt"]["host"]}


class TestOffers:
    """It offers again what is not acknowledged, on the same connection too."""

    async def test_what_is_in_hand_is_not_taken_twice(self, broker: Embedded) -> None:
        """A slow commit does not multiply readings."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            await publish(broker, [b"1"])
            await rig.receipts(1)
            await rig.silence(1.5 * ACK_WAIT_SECONDS)
            assert 1 == rig.link.unacknowledged
            assert [] == [item for item in rig.taken if getattr(item, "is_dup", False)]


class TestLife:
    """It dies and comes back."""

    async def test_when_it_dies_it_is_started_again(self, broker: Embedded) -> None:
        """On the same port, with what it held."""
        async with linked(broker) as rig:
            await rig.next(LinkUp)
            await publish(broker, [b"1"])
            await rig.receipts(1)
            assert broker.broker.pid is not None
            os.kill(broker.broker.pid, signal.SIGKILL)
            up = await rig.next(LinkUp)
            assert (2, None) == (up.connection, up.lost_since)
            assert [b"1"] == payloads(await rig.receipts(1))
            assert 2 == broker.broker.starts

    async def test_it_ends_with_the_gateway(self, tmp_path: Path) -> None:
        """When that ends in order."""
        async with embedded(tmp_path) as running:
            pid = running.broker.pid
            assert pid is not None
            assert is_alive(pid)
        assert not is_alive(pid)

    async def test_it_survives_a_killed_gateway(self, tmp_path: Path) -> None:
        """The next one adopts it: the same process, the same port."""
        pid, port = await killed_gateway(tmp_path)
        assert is_alive(pid)
        async with embedded(tmp_path) as running:
            adopted = (running.broker.pid, running.port, running.broker.starts)
            assert (pid, port, 0) == adopted
        assert not is_alive(pid)

    async def test_an_adopted_one_learns_the_users(self, tmp_path: Path) -> None:
        """Those of the new gateway, who did not exist for the old one."""
        await killed_gateway(tmp_path)
        async with embedded(tmp_path) as running, linked(running) as rig:
            await rig.next(LinkUp)
            await CLOCK.sleep(0.3)
            await publish(running, [b"1"], login=DEVICE)
            assert [b"1"] == payloads(await rig.receipts(1))

    async def test_one_with_other_settings_is_replaced(self, tmp_path: Path) -> None:
        """Its port cannot be changed while it runs."""
        pid, _ = await killed_gateway(tmp_path)
        port = free_port()
        async with embedded(tmp_path, port=port) as running:
            assert (port, 1) == (running.port, running.broker.starts)
            assert not is_alive(pid)

    async def test_an_adopted_one_is_watched_too(self, tmp_path: Path) -> None:
        """When it dies, there is another."""
        pid, _ = await killed_gateway(tmp_path)
        async with embedded(tmp_path) as running:
            os.kill(pid, signal.SIGKILL)
            await until(lambda: running.broker.starts == 1)

    async def test_the_port_is_kept(self, tmp_path: Path) -> None:
        """Devices have been told."""
        async with embedded(tmp_path) as first:
            pass
        async with embedded(tmp_path) as second:
            assert first.port == second.port

    async def test_nobody_elses_process_is_found(self, broker: Embedded, tmp_path: Path) -> None:
        """A broker with another file is not ours."""
        assert broker.broker.pid is not None
        assert None is Child.find(Path("nats-server"), ["-c", str(tmp_path / "nats.json")])

    async def test_a_port_that_is_taken_is_said_and_tried_again(self, tmp_path: Path) -> None:
        """Until whoever has it lets go; nobody of ours speaks to a stranger meanwhile."""
        lines: list[LogLine] = []
        async with await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            broker = EmbeddedBroker(
                tmp_path,
                clock=CLOCK,
                rng=Random(1),
                port=port,
                troubles=Troubles(CLOCK, lines.append),
            )
            running = asyncio.create_task(broker.run())
            await CLOCK.sleep(1)
            assert [("broker_port_taken", "raised", str(port))] == said(lines)
            assert "mqtt.port" in lines[0].facts["detail"]
            assert (0, False) == (broker.starts, broker.is_up)
        async with CLOCK.timeout(PATIENCE_SECONDS):
            await broker.ready()
        running.cancel()
        await asyncio.wait([running])
        assert ("broker_port_taken", "restored", str(port)) == said(lines)[-1]


class TestTroubles:
    """What only its log says is counted and seen."""

    async def test_what_it_does_not_let_pass_is_counted(self, broker: Embedded) -> None:
        """A forbidden publish is acknowledged and dropped; a refused login hears nothing."""
        await publish(broker, [b"forged"], "care/v1/h2/smoke-1/smoke", login=DEVICE)
        with pytest.raises(aiomqtt.MqttError):
            await publish(broker, [b"1"], login=Login("smoke-1", "wrong"))
        await until(lambda: len(broker.broker.counts) > 1)
        assert {"forbidden_topic": 1, "refused_login": 1} == dict(broker.broker.counts)
        assert {
            ("forbidden_topic", "care/v1/h2/smoke-1/smoke"),
            ("refused_login", "smoke-1"),
        } == {(kind, subject) for kind, _, subject in said(broker.lines)}

    async def test_a_broker_that_could_not_write_is_started_anew(self, broker: Embedded) -> None:
        """It would refuse for ever what was full once; nothing that was accepted is lost."""
        async with linked(broker) as rig:
            await rig.next(Drained)
            await publish(broker, [b"before"])
            assert broker.broker.pid is not None
            limits = resource.prlimit(broker.broker.pid, resource.RLIMIT_FSIZE)
            full = (512, limits[1])
            resource.prlimit(broker.broker.pid, resource.RLIMIT_FSIZE, full)
            with pytest.raises(aiomqtt.MqttError):
                await publish(broker, [b"full" * 1000])
            resource.prlimit(broker.broker.pid, resource.RLIMIT_FSIZE, limits)
            with suppress(aiomqtt.MqttError):
                await publish(broker, [b"still"])
            await until(lambda: broker.broker.starts > 1 and broker.broker.is_up)
            await publish(broker, [b"after"])
            received = payloads(await rig.receipts(2))
            while b"after" not in received:
                received += payloads(await rig.receipts(1))
            assert b"before" in received
        verbs = [verb for kind, verb, _ in said(broker.lines) if kind == "broker_cannot_store"]
        assert ["raised", "restored"] == verbs
