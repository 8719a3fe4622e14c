"""The users written for a mosquitto, tried against a real one."""

import stat
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import msgspec
import pytest

from gateway import mosquitto_users
from gateway.link import LinkUp
from gateway.registry import Credential
from tests.brokers import VILLAGE, Login, Mosquitto, free_port
from tests.cli.rig import Yard
from tests.links.rig import CLOCK, linked, publish

PASSWORD = "not-a-secret-at-all"
OWN = Login("smoke-h0001", PASSWORD)
TOPIC = "care/v1/h0001/smoke-h0001/smoke"
SHIPPED = "pattern write care/v1/+/%u/+\n\nuser gateway\ntopic readwrite care/v1/#\n"


@asynccontextmanager
async def written(yard: Yard, folder: Path) -> AsyncIterator[Mosquitto]:
    """Run a mosquitto that had the gateway and the village, with the devices written to it."""
    broker = Mosquitto(folder / "mosquitto", free_port(), "")
    place = folder / "mosquitto"
    for name, link in (("passwords", "smartcare.passwords"), ("rights", "smartcare.acl")):
        (place / name).rename(place / link)
        (place / name).symlink_to(link)
    done = await yard.type("devices", "credentials", "--mosquitto", str(place), "--json")
    assert 0 == done.exit_code, done.output
    row = msgspec.json.decode(done.stdout)
    assert (1, 0, True) == (row["devices"], row["without_secret"], row["has_gateway"])
    broker.start()
    try:
        await broker.ready()
        yield broker
    finally:
        broker.kill()


async def test_a_device_speaks_for_itself_in_its_own_home(yard: Yard, tmp_path: Path) -> None:
    """Its own reading arrives; under another home, another device or our own name none does."""
    async with written(yard, tmp_path) as broker, linked(broker) as rig:
        await rig.next(LinkUp)
        for topic in (
            "care/v1/h0002/smoke-h0001/smoke",
            "care/v1/h0001/smoke-h0002/smoke",
            "care/v1/gateway/g1/status",
        ):
            await publish(broker, [b"forged"], topic=topic, login=OWN)
        await publish(broker, [b"true"], topic=TOPIC, login=OWN)
        await publish(broker, [b"kept"], topic=TOPIC, login=VILLAGE)
        assert [b"true", b"kept"] == [one.payload for one in await rig.receipts(2)]


async def test_a_device_hears_nothing(yard: Yard, tmp_path: Path) -> None:
    """It may subscribe, and what others say does not reach it."""
    async with (
        written(yard, tmp_path) as broker,
        aiomqtt.Client("127.0.0.1", broker.port, **OWN._asdict()) as spy,
    ):
        await spy.subscribe("#", qos=1)
        await publish(broker, [b"private"], topic=TOPIC, login=VILLAGE)
        with pytest.raises(TimeoutError):
            async with CLOCK.timeout(0.5):
                await anext(aiter(spy.messages))


@pytest.mark.parametrize("login", [None, Login("smoke-h0001", "guess"), Login("smoke-h0002", "")])
async def test_a_stranger_is_turned_away(yard: Yard, tmp_path: Path, login: Login | None) -> None:
    """Without a name, with a wrong password, or with a device's name nobody gave."""
    async with written(yard, tmp_path) as broker:
        words = {} if login is None else login._asdict()
        with pytest.raises(aiomqtt.MqttError):
            async with aiomqtt.Client("127.0.0.1", broker.port, **words):
                pass


def test_a_device_that_left_loses_its_login(tmp_path: Path) -> None:
    """What others wrote stays; the rule that opened every home goes; nobody else can read it."""
    (tmp_path / "smartcare.acl").write_text(SHIPPED)
    passwords = tmp_path / "smartcare.passwords"
    passwords.write_text("gateway:$7$x\nzigbee2mqtt:$7$y\n")
    gone, stays = Credential("old", "h1", "a" * 20), Credential("new", "h2", "b" * 20)
    mosquitto_users.write(tmp_path, [gone, stays])
    mosquitto_users.write(tmp_path, [stays])
    users = [line.partition(":")[0] for line in passwords.read_text().splitlines()]
    assert ["gateway", "zigbee2mqtt", "new"] == users
    rights = (tmp_path / "smartcare.acl").read_text()
    assert "pattern" not in rights
    assert rights.endswith("user new\ntopic write care/v1/h2/new/#\n")
    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert {0o600} == modes


def test_mosquitto_takes_the_file_for_its_own(tmp_path: Path) -> None:
    """Its own program can add the gateway to a file that we began."""
    files = mosquitto_users.write(tmp_path, [Credential("d", "h1", PASSWORD)])
    assert not files.has_gateway
    place = tmp_path / "smartcare.passwords"
    subprocess.run(["mosquitto_passwd", "-b", place, "gateway", "x"], check=True)
    assert mosquitto_users.write(tmp_path, [Credential("d", "h1", PASSWORD)]).has_gateway


@pytest.mark.parametrize("name", ["gateway", "zigbee2mqtt"])
def test_a_device_cannot_take_another_user_over(tmp_path: Path, name: str) -> None:
    """Refused, and nothing is written."""
    (tmp_path / "smartcare.passwords").write_text("zigbee2mqtt:$7$y\n")
    with pytest.raises(ValueError, match=name):
        mosquitto_users.write(tmp_path, [Credential(name, "h1", PASSWORD)])
    assert ["smartcare.passwords"] == [file.name for file in tmp_path.iterdir()]
