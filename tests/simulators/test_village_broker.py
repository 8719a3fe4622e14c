"""A village and a flood over a real broker, and what reaches a subscriber."""

import asyncio
import json
import os
import pty
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypedDict

import aiomqtt
import pytest

from simulators import village
from simulators.clock import Clock
from simulators.lane import Broker
from simulators.play import Play
from simulators.publish import BrokerRefusedError, Flood, open_loop
from simulators.resident import CHINA, Emergency
from simulators.village import Household

HOMES = village.households(village.registry(3, 1, 0))
START = datetime(2026, 3, 2, 7, 0, tzinfo=CHINA)
SECOND = timedelta(seconds=1)
PATIENCE = 10 * SECOND
PATH = f"{os.environ['PATH']}:/usr/sbin"
SETTINGS = """\
listener {port} 127.0.0.1
max_queued_messages 0
user root
password_file {folder}/passwords
acl_file {folder}/rights
"""
RIGHTS = "user village\ntopic care/v1/#\npattern write care/v1/+/%u/#\n"


class Mosquitto:
    """A broker as a child process that can be killed and started again on the same port.

    Each device may publish under its own name with its own secret; `village` may do anything.
    """

    def __init__(self, folder: Path) -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.open = Broker("127.0.0.1", port)
        self.village = Broker("127.0.0.1", port, "village", "secret")
        self._folder = folder
        accounts = {entry.id: entry.secret for home in HOMES for entry in home.devices}
        accounts["village"] = "secret"
        passwords = folder / "passwords"
        passwords.write_text("".join(f"{name}:{word}\n" for name, word in accounts.items()))
        subprocess.run(["mosquitto_passwd", "-U", passwords], check=True)
        (folder / "rights").write_text(RIGHTS)
        (folder / "mosquitto.conf").write_text(SETTINGS.format(port=port, folder=folder))

    def start(self) -> None:
        """Start the process; it listens a moment later."""
        program = shutil.which("mosquitto", path=PATH)
        assert program, "this test needs mosquitto: apt-get install mosquitto"
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "-c", self._folder / "mosquitto.conf"], stdout=log, stderr=log
            )

    async def listens(self) -> bool:
        """Wait until it listens, for five seconds at most."""
        for _ in range(250):
            with suppress(OSError), socket.create_connection(self.open[:2]):
                return True
            await Clock().wait(timedelta(milliseconds=20))
        return False

    def kill(self) -> None:
        """Kill the process as a power cut does."""
        self._process.kill()
        self._process.wait()


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    """A running mosquitto."""
    child = Mosquitto(tmp_path)
    child.start()
    try:
        assert await child.listens(), (tmp_path / "log").read_text()
        yield child
    finally:
        child.kill()


class Row(TypedDict):
    """What the tests look at in a record."""

    n: int
    device: str
    boot: str
    seq: int
    due_us: int
    sent_us: int
    acked_us: int


def rows(record: Path) -> list[Row]:
    """Read a record file."""
    return [json.loads(line) for line in record.read_text().splitlines()]


def listener(broker: Mosquitto) -> aiomqtt.Client:
    """A client that may read everything."""
    host, port, username, password = broker.village
    return aiomqtt.Client(host, port, username=username, password=password)


def fire_at_once(homes: Sequence[Household], start: datetime, speed: float) -> dict[str, Emergency]:
    """Script of half a second: a fire in the first home."""
    return {homes[0].id: Emergency(fire_at=start + SECOND * speed / 2)}


async def test_a_flood_arrives_and_its_record_says_what_was_promised(
    broker: Mosquitto, tmp_path: Path
) -> None:
    """Every reading due is acknowledged and recorded once, each with its own counter."""
    flood = Flood(rate=500, seconds=1, smokes=10, salt="a")
    record = tmp_path / "record.jsonl"
    tally = await open_loop(flood, HOMES, broker.village, clock=Clock(), record=record)
    recorded = rows(record)
    assert (500, 500, 10, 0) == (tally.due, tally.acked, tally.smokes_acked, tally.unacked)
    assert list(range(500)) == sorted(row["n"] for row in recorded)
    assert 500 == len({(row["device"], row["boot"], row["seq"]) for row in recorded})
    assert [] == [row for row in recorded if not row["due_us"] <= row["sent_us"] <= row["acked_us"]]


async def test_a_flood_reaches_a_subscriber_in_the_order_of_each_device(
    broker: Mosquitto,
) -> None:
    """What a device counted is what arrives, from 1 on."""
    async with listener(broker) as client:
        await client.subscribe("care/v1/+/+/motion", qos=1)
        await open_loop(Flood(400, 0.5), HOMES, broker.village, clock=Clock())
        counts: dict[str, list[int]] = {}
        for _ in range(125):
            message = await Clock().within(PATIENCE, anext(client.messages))
            device = message.topic.value.split("/")[3]
            counts.setdefault(device, []).append(json.loads(message.payload)["seq"])
    assert [] == [seen for seen in counts.values() if seen != sorted(set(seen))]


async def test_identical_readings_are_the_same_bytes(broker: Mosquitto) -> None:
    """With `identical`, nothing but the topic tells one smoke from the next."""
    async with listener(broker) as client:
        await client.subscribe("care/v1/+/+/smoke", qos=1)
        flood = Flood(rate=100, seconds=0.5, smokes=20, identical=True)
        await open_loop(flood, HOMES, broker.village, clock=Clock())
        payloads = [
            (await Clock().within(PATIENCE, anext(client.messages))).payload for _ in range(10)
        ]
    assert [b'{"v":1,"value":true}'] * 10 == payloads


async def test_a_flood_outlives_its_broker(broker: Mosquitto, tmp_path: Path) -> None:
    """Killed and started again, the broker gets what it had not acknowledged once more."""
    flood = Flood(rate=500, seconds=2, salt="a")
    record = tmp_path / "record.jsonl"
    sending = asyncio.create_task(
        open_loop(flood, HOMES, broker.village, clock=Clock(), record=record)
    )
    await Clock().wait(SECOND)
    broker.kill()
    broker.start()
    tally = await sending
    assert (1000, 0) == (tally.acked, tally.unacked)
    assert tally.reconnects >= 4
    assert list(range(1000)) == sorted(row["n"] for row in rows(record))


async def test_a_wrong_password_ends_the_flood(broker: Mosquitto) -> None:
    """There is no use in trying again; the error says so."""
    stranger = broker.village._replace(password="wrong")
    with pytest.raises(BrokerRefusedError, match="code 5"):
        await open_loop(Flood(10, 1), HOMES, stranger, clock=Clock())


@pytest.mark.parametrize("account", ["devices", "village"])
async def test_a_village_plays_over_mqtt_and_a_serial_line(
    broker: Mosquitto, tmp_path: Path, account: str
) -> None:
    """Every device reports for duty, one home by wire; the fire is published and said aloud."""
    master, slave = pty.openpty()
    said: list[str] = []
    path = tmp_path / "port"
    path.symlink_to(os.ttyname(slave))
    async with listener(broker) as client:
        await client.subscribe("care/v1/h0001/smoke-h0001/smoke", qos=1)
        summary = await Play(HOMES, 1, START, 2.2 * SECOND, fire_at_once).perform(
            broker.village if account == "village" else broker.open,
            clock=Clock(),
            serial_path=path,
            say=said.append,
        )
        message = await Clock().within(PATIENCE, anext(client.messages))
    wired = os.read(master, 4096)
    os.close(master)
    os.close(slave)
    assert True is json.loads(message.payload)["value"]
    assert ["[住户 h0001] 厨房烟雾传感器: 有烟 smoke 走 MQTT by MQTT"] == said
    assert (0, 0) == (summary.unsent, summary.refused)
    assert {entry.id for entry in HOMES[1].devices} == {
        entry.id for entry in HOMES[1].devices if f'"{entry.id}"'.encode() in wired
    }
    assert sum(len(home.devices) for home in HOMES) == (summary.mqtt + summary.serial)["heartbeat"]


async def test_a_playing_village_outlives_its_broker(broker: Mosquitto) -> None:
    """Devices that lost their broker come back by themselves and deliver what they had kept."""
    said: list[str] = []
    play = Play(HOMES, 1, START, 3 * SECOND, fire_at_once)
    playing = asyncio.create_task(play.perform(broker.open, clock=Clock(), say=said.append))
    await Clock().wait(SECOND)
    broker.kill()
    broker.start()
    summary = await playing
    assert 0 == summary.unsent
    assert summary.refused > 0
