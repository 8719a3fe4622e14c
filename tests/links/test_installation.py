"""A whole gateway on its own broker: what goes wrong between the two is seen."""

import asyncio
import os
import shutil
import stat
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from gateway import registry_file
from gateway.app import built, serve
from gateway.assembly import Gateway
from gateway.config import parse
from gateway.door import DaemonDoor
from gateway.enrolment import put_in_force
from gateway.identity import client_id, gateway_id
from gateway.mqtt_link import MqttLink
from gateway.request import ReadStatus
from tests.brokers import SECRET, VILLAGE, free_port, mosquitto
from tests.cli.rig import REGISTRY
from tests.links.rig import CLOCK, PATIENCE_SECONDS, until
from tests.links.rig import publish as publish_to
from tests.tree import ROOT

CONFIG = '[community]\nname = "桂花苑"\nlandline = "84310000"\n[web]\nport = 0\n'
MOTION = b'{"v":1,"value":true}'


@asynccontextmanager
async def gateway(folder: Path, more: str = "") -> AsyncIterator[Gateway]:
    """Run one until its link is up; it ends in order."""
    config = parse(CONFIG + more, {}, folder)
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


async def publish(
    running: Gateway, topic: str, user: str, password: str, payload: bytes = MOTION
) -> None:
    """Publish as a device does."""
    assert running.broker is not None
    port = running.broker.port
    async with aiomqtt.Client("127.0.0.1", port, username=user, password=password) as client:
        await client.publish(topic, payload, qos=1)


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


async def test_the_pages_example_is_taken(tmp_path: Path) -> None:
    """What docs/wire/push.md tells to type raises the alarm."""
    page = (ROOT / "docs" / "wire" / "push.md").read_text(encoding="utf-8")
    script = page.split("```sh\n")[1].split("```")[0]
    assert all(map(shutil.which, ("curl", "openssl"))), "this test needs curl and openssl"
    source = '[[push]]\nname = "acme-cloud"\nsecret = "sixteen-characters-or-more"\n'
    async with gateway(tmp_path, source) as running:
        assert running.web is not None
        shell = await asyncio.create_subprocess_exec(
            *("sh", "-c", script),
            stdout=subprocess.PIPE,
            env=os.environ | {"GATEWAY": f"http://127.0.0.1:{running.web.port}"},
        )
        said, _ = await shell.communicate()
        assert b'{"taken":1} 200\n' == said
        figures = await status(running)
        assert ({"life": 1}, {"taken": 1}) == (
            dict(figures["open_alarms"]),
            dict(figures["links"]["acme-cloud"]["counts"]),
        )


async def test_a_broker_that_wants_a_certificate(tmp_path: Path) -> None:
    """Mqtts with a CA of our own, a certificate from us, user and password from a file."""
    certified(tmp_path)
    port = free_port()
    listener = (
        f"listener {port}\ncertfile {tmp_path}/broker.crt\nkeyfile {tmp_path}/broker.key\n"
        f"cafile {tmp_path}/ca.crt\nrequire_certificate true\n"
    )
    (tmp_path / "password").write_text(f"{SECRET}\n")
    where = f'[mqtt]\nurl = "mqtts://localhost:{port}"\nca_file = "ca.crt"\n'
    who = 'username = "gateway"\npassword_file = "password"\n'
    ours = 'cert_file = "gateway.crt"\nkey_file = "gateway.key"\n'
    async with mosquitto(tmp_path, extra=listener) as plain:
        async with gateway(tmp_path, where + who + ours) as running:
            await publish_to(plain, [MOTION], "care/v1/h0001/smoke-h0001/smoke")
            await until(lambda: running.pump.counts["received"] > 0)
        config = parse(CONFIG + where + who, {}, tmp_path)
        async with built(config, lambda _: None) as bare:
            serving = asyncio.create_task(serve(bare))
            link = bare.links["mqtt"]
            assert isinstance(link, MqttLink)
            await until(lambda: link.reason != "")
            assert not link.is_up
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving


def certified(folder: Path) -> None:
    """Make a CA, and certificates of it for the broker and for the gateway."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=ours")
    (folder / "names").write_text("subjectAltName=DNS:localhost")
    for name, subject in (("broker", "/CN=localhost"), ("gateway", "/CN=gateway")):
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
        sign = ("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.crt", "-days", "2")
        openssl(*sign, "-CA", "ca.crt", "-CAkey", "ca.key", "-extfile", "names")


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
