"""Who is measured: each starts as a process of its own and is ready when this returns."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from simulators.clock import Clock
from tests.brokers import Mosquitto

Contestant = Callable[[Path, int, int, Path], Awaitable[asyncio.subprocess.Process]]

READY = timedelta(seconds=3)
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


async def _start(*words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, *words)


async def gateway(
    folder: Path, mqtt_port: int, sink_port: int, registry: Path
) -> asyncio.subprocess.Process:
    """Start the real daemon on its own state folder, with the registry imported."""
    config = folder / "config.toml"
    config.write_text(
        CONFIG.format(
            mqtt=mqtt_port,
            sink=sink_port,
            sid="5" * 32,
            user=Mosquitto.gateway.username,
            secret=Mosquitto.gateway.password,
        )
    )
    program, option = ("-m", "gateway.cli"), ("--config", str(config))
    imported = await _start(*program, "registry", "import", str(registry), *option)
    if await imported.wait() != 0:
        raise RuntimeError("the registry was not imported")
    process = await _start(*program, "run", *option)
    await Clock().wait(READY)
    return process


async def bare(
    folder: Path, mqtt_port: int, sink_port: int, registry: Path
) -> asyncio.subprocess.Process:
    """Start the loop without durability."""
    del registry
    return await _peer("bare", folder, mqtt_port, sink_port)


async def commit(
    folder: Path, mqtt_port: int, sink_port: int, registry: Path
) -> asyncio.subprocess.Process:
    """Start the loop that commits each message by itself."""
    del registry
    return await _peer("commit", folder, mqtt_port, sink_port)


async def _peer(
    kind: str, folder: Path, mqtt_port: int, sink_port: int
) -> asyncio.subprocess.Process:
    words = ("-m", "bench.peers", kind, str(mqtt_port), str(sink_port), str(folder))
    process = await _start(*words)
    await Clock().wait(READY)
    return process
