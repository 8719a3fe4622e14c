"""Who is measured: each starts as a process of its own and is ready when this returns."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from bench.sink import CLOCK
from tests.brokers import Broker

READY = timedelta(seconds=3)
STOP = timedelta(seconds=20)
CONFIG = """
[community]
name = "测速"
landline = "84310000"
[state]
folder = "state"
[mqtt]
url = "mqtt://127.0.0.1:{mqtt}"
username = "{user}"
password = "{secret}"
[web]
port = 0
[channels.twilio]
account_sid = "AC{sid}"
auth_token = "measured"
from_number = "+8616900000000"
base_url = "http://127.0.0.1:{sink}"
public_url = "http://127.0.0.1:9"
slow_poll_seconds = 600
[log]
level = "error"
"""


class Course(NamedTuple):
    """Where a contestant runs: its folder, the broker, the sink's port, the village's registry."""

    folder: Path
    broker: Broker
    sink_port: int
    registry: Path


Process = asyncio.subprocess.Process
Contestant = Callable[[Course], Awaitable[Process]]


_STARTED: list[Process] = []


async def spawn(*words: str) -> Process:
    """Start a Python process of ours; `end_all` ends what a failed measurement left."""
    process = await asyncio.create_subprocess_exec(sys.executable, *words)
    _STARTED.append(process)
    return process


async def end_all() -> None:
    """End whatever still runs."""
    for process in _STARTED:
        await end(process)


async def end(process: Process) -> None:
    """Stop it as a person would, and kill it when it does not."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await CLOCK.within(STOP, process.wait())
    except TimeoutError:
        process.kill()
        await process.wait()


def configured(course: Course) -> tuple[str, str]:
    """Write the gateway's configuration; gives the option that names it."""
    config = course.folder / "config.toml"
    config.write_text(
        CONFIG.format(
            mqtt=course.broker.port,
            sink=course.sink_port,
            sid="5" * 32,
            user=course.broker.gateway.username,
            secret=course.broker.gateway.password,
        )
    )
    return "--config", str(config)


async def imported(course: Course) -> None:
    """Import the village into a gateway's state folder."""
    words = ("registry", "import", str(course.registry), *configured(course))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.cli", *words),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    if await process.wait() != 0:
        raise RuntimeError("the registry was not imported")


async def resumed(course: Course) -> Process:
    """Start the daemon on a state folder that is there; it is not ready yet."""
    return await spawn("-m", "gateway.cli", "run", *configured(course))


async def gateway(course: Course) -> Process:
    """Start the real daemon on its own state folder, with the registry imported."""
    await imported(course)
    process = await resumed(course)
    await CLOCK.wait(READY)
    return process


async def bare(course: Course) -> Process:
    """Start the loop without durability."""
    return await _peer("bare", course)


async def commit(course: Course) -> Process:
    """Start the loop that commits each message by itself."""
    return await _peer("commit", course)


async def _peer(kind: str, course: Course) -> Process:
    login = course.broker.gateway
    where = (str(course.broker.port), login.username, login.password, str(course.sink_port))
    process = await spawn("-m", "bench.peers", kind, *where, str(course.folder))
    await CLOCK.wait(READY)
    return process


CONTESTANTS: dict[str, Contestant] = {"gateway": gateway, "bare": bare, "commit": commit}
