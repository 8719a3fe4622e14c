"""Other people's programs drive the simulated module: smstools and gammu each send a Chinese text.

They judge the simulator, and what they have sent to its own card our driver then reads off it.
"""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from alerting.channels import Ports
from alerting.channels.modem import ModemChannel
from alerting.channels.modem.settings import ModemSettings
from simulators.modem.network import Arrived
from simulators.modem.rig import Plugged, plugged
from tests.answers.desk import NotingDesk
from tests.channels.fake_twilio import CLOCK

TEXT = (
    "急！3栋2单元502张桂芳家烟雾报警，请马上去敲门。见烟见火别进去，打119。能去回1，不能回2。" * 2
)
SECONDS = 45.0
SMSD = """\
devices = GSM1
outgoing = {folder}/outgoing
checked = {folder}/checked
incoming = {folder}/incoming
failed = {folder}/failed
sent = {folder}/sent
logfile = {folder}/smsd.log
infofile = {folder}/smsd.working
pidfile = {folder}/smsd.pid
delaytime = 1
errorsleeptime = 1

[GSM1]
device = {device}
incoming = no
baudrate = 115200
"""


def program(name: str) -> str:
    """Find a program of Debian's; without it there is no test, and in CI that is a failure."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        words = f"{name} is not installed: make partners"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    return found


async def until_sent(there: Plugged, process: asyncio.subprocess.Process) -> None:
    """Wait until the text has arrived on its phone; the program may end before."""
    async with CLOCK.timeout(SECONDS):
        while not there.network.arrived:
            assert not process.returncode, "it has given up"
            await CLOCK.sleep(0.05)


async def smstools(there: Plugged, folder: Path) -> None:
    """Put a file into smsd's folder, as its users do."""
    for name in ("outgoing", "checked", "incoming", "failed", "sent"):
        (folder / name).mkdir()
    config = folder / "smsd.conf"
    config.write_text(SMSD.format(folder=folder, device=there.line.path), encoding="ascii")
    number = there.network.own.removeprefix("+")
    message = f"To: {number}\nAlphabet: UTF-8\n\n{TEXT}"
    (folder / "outgoing" / "one").write_text(message, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        program("smsd"), f"-c{config}", "-t", stdout=asyncio.subprocess.DEVNULL
    )
    try:
        await until_sent(there, process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def gammu(there: Plugged, folder: Path) -> None:
    """Send from gammu's command line."""
    config = folder / "gammurc"
    said = f"[gammu]\ndevice = {there.line.path}\nconnection = at115200\n"
    config.write_text(said, encoding="ascii")
    words = ["-c", str(config), "sendsms", "TEXT", there.network.own, "-unicode", "-len", "300"]
    process = await asyncio.create_subprocess_exec(
        program("gammu"), *words, "-text", TEXT, stdout=asyncio.subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    try:
        await until_sent(there, process)
        async with CLOCK.timeout(SECONDS):
            assert 0 == await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("send", [smstools, gammu])
async def test_a_chinese_text_of_two_parts(send: object, tmp_path: Path) -> None:
    """Whole on its phone; and, sent to the card itself, read by our driver and then deleted."""
    assert callable(send)
    async with plugged(tmp_path / "modem") as there:
        await send(there, tmp_path)
        assert [Arrived(there.network.own, TEXT)] == there.network.arrived
        await CLOCK.sleep(0.1)
        assert 2 == len(there.module.memory.places)
        desk = NotingDesk()
        settings = ModemSettings(path=str(there.line.path))
        ports = Ports(CLOCK, lambda _: None, lambda _: None, CLOCK.now())
        channel = ModemChannel(settings, ports)
        channel.meet(desk)
        running = asyncio.create_task(channel.run(lambda _: None))
        async with CLOCK.timeout(20.0):
            while there.module.memory.places:
                await CLOCK.sleep(0.05)
        running.cancel()
        await asyncio.wait({running})
        assert [(there.network.own, TEXT)] == [one[:2] for one in desk.texts]
