"""A whole gateway on its own broker: what goes wrong between the two is seen."""

import asyncio
import shutil
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from gateway import registry_file
from gateway.app import Gateway, built, serve
from gateway.config import parse
from gateway.door import DaemonDoor
from gateway.enrolment import put_in_force
from gateway.identity import client_id, gateway_id
from gateway.mqtt_link import MqttLink
from gateway.request import ReadStatus
from tests.brokers import VILLAGE
from tests.cli.rig import REGISTRY
from tests.links.rig import CLOCK, PATIENCE_SECONDS, until

CONFIG = '[community]\nname = "桂花苑"\nlandline = "84310000"\n[web]\nport = 0\n'
MOTION = b'{"v":1,"value":true}'


@asynccontextmanager
async def gateway(folder: Path) -> AsyncIterator[Gateway]:
    """Run one until its link is up; it ends in order."""
    config = parse(CONFIG, {}, folder)
    async with built(config, lambda _: None, dict([VILLAGE])) as running:
        serving = asyncio.create_task(serve(running))
        door = DaemonDoor(running, running.let_in)
        await put_in_force(door, registry_file.parse(REGISTRY.encode()))
        link = running.links["mqtt"]
        assert isinstance(link, MqttLink)
        await until(lambda: link.is_up)
        yield running
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def status(running: Gateway) -> dict[str, Any]:
    """What `smartcare status --json` prints."""
    assert running.operations is not None
    (row,) = [row async for row in running.operations.perform(ReadStatus())]
    assert isinstance(row, dict)
    return row


async def trouble(running: Gateway) -> dict[str, Any]:
    """The first trouble that comes."""
    async with CLOCK.timeout(PATIENCE_SECONDS):
        while not (troubles := (await status(running))["troubles"]):
            await CLOCK.sleep(0.05)
    found: dict[str, Any] = troubles[0]
    return found


async def publish(running: Gateway, topic: str, user: str, password: str) -> None:
    """Publish as a device does."""
    assert running.broker is not None
    port = running.broker.port
    async with aiomqtt.Client("127.0.0.1", port, username=user, password=password) as client:
        await client.publish(topic, MOTION, qos=1)


async def test_a_device_in_another_home_is_a_trouble(tmp_path: Path) -> None:
    """Kept, never acted on, and seen in the status and in the alarm log."""
    async with gateway(tmp_path) as running:
        await publish(running, "care/v1/h0002/smoke-h0001/smoke", *VILLAGE)
        found = await trouble(running)
        expected = ("wrong_home", "own-smoke-h0001 at h0002", 1)
        assert expected == (found["code"], found["subject"], found["times"])
        assert {"wrong_home": 1} == (await status(running))["refused"]
        lines = await running.journal.log_lines(0, 100)
        assert [("h0001", "wrong_home", "raised")] == [(x.home_id, x.kind, x.verb) for x in lines]


async def test_what_the_broker_does_not_let_pass_is_a_trouble(tmp_path: Path) -> None:
    """It tells the device that all is well, and us only in its log."""
    async with gateway(tmp_path) as running:
        device = ("smoke-h0001", "not-a-secret-at-all")
        await publish(running, "care/v1/h0002/smoke-h0001/smoke", *device)
        found = await trouble(running)
        assert ("forbidden_topic", "care/v1/h0002/smoke-h0001/smoke") == (
            found["code"],
            found["subject"],
        )
        assert 1 == (await status(running))["broker"]["forbidden_topic"]


async def test_a_session_lost_between_two_starts_is_a_gap(tmp_path: Path) -> None:
    """The first connection of a start says so too, and the status shows it."""
    async with gateway(tmp_path) as running:
        assert [] == (await status(running))["gaps"]
    async with gateway(tmp_path) as running:
        assert [] == (await status(running))["gaps"]
        await publish(running, "care/v1/h0001/smoke-h0001/smoke", *VILLAGE)
        await until(lambda: running.pump.counts["received"] > 0)
    shutil.rmtree(tmp_path / "state" / "broker" / "store")
    async with gateway(tmp_path) as running:
        await until(lambda: running.pump.counts["gaps"] == 1)
        (gap,) = (await status(running))["gaps"]
        assert "mqtt" == gap["link"]
        assert gap["since"] < gap["until"]


async def test_the_client_id_cannot_be_guessed(tmp_path: Path) -> None:
    """Drawn once, ours alone, kept; and what we publish under does not give it away."""
    first, other = tmp_path / "one", tmp_path / "two"
    first.mkdir()
    other.mkdir()
    drawn = client_id(first)
    assert drawn == client_id(first) != client_id(other)
    assert 0o600 == stat.S_IMODE((first / "client_id").stat().st_mode)
    assert 128 <= 4 * len(drawn.removeprefix("smartcare-"))
    assert drawn.removeprefix("smartcare-")[:8] not in gateway_id(drawn)


def test_a_client_id_that_cannot_be_kept_is_used(tmp_path: Path) -> None:
    """A full disk does not keep the gateway from starting; the next start has lost the session."""
    assert client_id(tmp_path / "nowhere") != client_id(tmp_path / "nowhere")


@pytest.mark.parametrize(("written", "expected"), [("", None), ('client_id = "gw7"\n', "gw7")])
async def test_a_written_client_id_wins(tmp_path: Path, written: str, expected: str | None) -> None:
    """Whoever has a session under a name of his own keeps it."""
    assert expected == parse(f"{CONFIG}[mqtt]\n{written}", {}, tmp_path).mqtt.client_id
