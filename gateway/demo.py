"""`smartcare demo`: a whole installation on this machine, with a village, a carrier and phones.

The outside world runs in processes of its own (`python -m simulators …`) and speaks only the
wire; the gateway here is the real one on an embedded broker and a serial line. Nobody is called:
the carrier is on the loopback. What happens is told a line at a time, and the end is a summary.
"""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    closing,
    suppress,
)
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway import logs
from gateway.app import built, serve
from gateway.assembly import Gateway
from gateway.clock import SystemClock
from gateway.config import Config, parse
from gateway.demo_tale import Display, Tale
from gateway.door import DaemonDoor
from gateway.enrolment import put_in_force
from gateway.registry_file import parse as parse_registry
from gateway.request import LineView, ReadLog

LONGEST_SECONDS = 24 * 3600.0
VILLAGE_SPEED = 200.0
PEOPLE_SPEED = 25.0
_PUBLISHER, _SECRET = "village", "village-of-the-demo"
_OPENING = """\
smart-care gateway 演示 demo · 都在本机，不打给任何人 all on this machine, nobody is called
村子、运营商和手机是虚拟的，网关是真的 the village is made up, the gateway is real

  马上会看到 what you are going to see:
{plan}
  每次火警 each fire is
    触发 raised → 通知到 notified → 有人去 acknowledged → 到场 attended → 办结 closed

  每行开头 a line begins with
    ⌂ 住户家里 a home   ▌ 报警记录 the alarm log   ▣ 值守台 the duty desk   ☎ 手机 a phone
  随时可以按 Ctrl-C 结束 Ctrl-C ends it
"""
_BY_MQTT = "走 MQTT: its sensor reports by MQTT"
_BY_SERIAL = "走串口: its sensor reports by a serial line"
_PLAN = (
    f"起火 a fire, {_BY_MQTT}",
    f"起火 a fire, {_BY_SERIAL}",
    "没有动静 nobody moves: the resident is asked first, then neighbours",
    "一个传感器没有信号 a sensor is silent: for the operator alone",
)
"""What the simulators' script `demo` does in the first four homes."""

CONFIG = """
[community]
name = "昭觉社区"
landline = "84310000"
[state]
folder = "{state}"
[[serial]]
name = "serial0"
path = "{serial}"
[web]
port = {web_port}
[channels.twilio]
account_sid = "{account}"
auth_token = "{token}"
from_number = "{number}"
base_url = "{url}"
public_url = "http://127.0.0.1:{web_port}"
[rules.no_motion]
day_hours = {silent_hours}
night_hours = {silent_hours}
[rules.device_lost]
budget_hours = {{ pir = {lost_hours}, contact = 26.0, wristband = 26.0, help_button = 26.0 }}
[policies.no_motion]
cancel_window_seconds = 6
"""
"""Limits are shortened to match the village's speed, or nothing would be missed in a minute."""


@asynccontextmanager
async def _simulator(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a part of the outside world; it is ended by id."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", "simulators", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _tell(
    process: asyncio.subprocess.Process, mark: str, shown: Callable[[str], str] = str
) -> None:
    """Print what a part of the outside world says; its JSON lines are for programs."""
    assert process.stdout is not None
    async for line in process.stdout:
        words = line.decode(errors="replace").rstrip()
        if not words.startswith("{") and (words := shown(words)):
            print(f"{mark} {words}", flush=True)


async def _follow(gateway: Gateway, tale: Tale) -> None:
    """Print the alarm log as it grows, and let the tale grow with it."""
    assert gateway.operations is not None
    async for row in gateway.operations.perform(ReadLog(after_seq=0, is_followed=True)):
        if not isinstance(row, LineView):
            continue  # nothing new in this second
        told = tale.take(row, _link_of(gateway, row), gateway.scribe.zone)
        if told:
            print(f"▌ {told}", flush=True)


def _link_of(gateway: Gateway, line: LineView) -> str:
    """Give the link over which the device that a line names was heard, nothing if there is none."""
    home = gateway.pump.engine.homes.get(line.home)
    device = home.devices.get(line.facts.get("device", "")) if home is not None else None
    return device.link if device is not None else ""


def _say_desk(text: str) -> None:
    """Show what the duty desk's console shows."""
    print(f"  ▣ 值守台 desk {text}", flush=True)


async def _first_line(process: asyncio.subprocess.Process) -> dict[str, Any]:
    """Read where a part of the outside world can be reached."""
    assert process.stdout is not None
    said = json.loads(await process.stdout.readline())
    assert isinstance(said, dict)
    return said


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port


async def _play(folder: Path, seconds: float, homes: int, seed: int, tale: Tale) -> None:
    """Run the installation and the world around it; `tale` learns what happens."""
    registry, line = folder / "village.toml", folder / "serial"
    words = ("--homes", str(homes), "--seed", str(seed), "--out", str(registry))
    async with _simulator("village", *words) as writing:
        await writing.wait()
    web_port = _free_port()
    async with AsyncExitStack() as stack:
        carrier = await stack.enter_async_context(_carrier(registry, web_port, seed))
        config = await _config(carrier, folder / "state", line, web_port)
        gateway = await stack.enter_async_context(built(config, _say_desk, {_PUBLISHER: _SECRET}))
        start = await stack.enter_async_context(_crew())
        start(serve(gateway))
        start(_tell(carrier, "  ☎", Display().take))
        start(_follow(gateway, tale))
        village = parse_registry(registry.read_bytes())
        await put_in_force(DaemonDoor(gateway, gateway.let_in), village)
        assert gateway.broker is not None
        await gateway.broker.ready()
        play = await stack.enter_async_context(
            _village(registry, gateway.broker.port, line, seed, seconds)
        )
        start(_tell(play, "⌂"))
        await gateway.clock.sleep(seconds)


def _carrier(
    registry: Path, web_port: int, seed: int
) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    """Start the carrier and everybody's phones."""
    address = f"http://127.0.0.1:{web_port}"
    return _simulator(
        *("carrier", "--registry", str(registry), "--public-url", address),
        *("--speed", str(PEOPLE_SPEED), "--seed", str(seed)),
    )


async def _config(
    carrier: asyncio.subprocess.Process, state: Path, line: Path, web_port: int
) -> Config:
    """Write the installation's configuration, once it is known where the carrier is."""
    reach = await _first_line(carrier)
    return parse(
        CONFIG.format(
            state=state,
            serial=line,
            web_port=web_port,
            account=reach["account"],
            token=reach["token"],
            number=reach["numbers"][0],
            url=reach["url"],
            silent_hours=30 / 3600,
            lost_hours=33 / 3600,
        )
    )


def _village(
    registry: Path, port: int, line: Path, seed: int, seconds: float
) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    """Let the village live: everybody over MQTT, one home over the serial line."""
    return _simulator(
        *("run", "--registry", str(registry), "--mqtt", f"mqtt://127.0.0.1:{port}"),
        *("--username", _PUBLISHER, "--password", _SECRET, "--serial", str(line)),
        *("--seed", str(seed), "--speed", str(VILLAGE_SPEED), "--seconds", str(seconds)),
        *("--script", "demo", "--from", "09:00"),
    )


@asynccontextmanager
async def _crew() -> AsyncIterator[Callable[[Coroutine[Any, Any, None]], None]]:
    """Give a way to start tasks that are ended with the block."""
    crew: list[asyncio.Task[None]] = []
    async with asyncio.TaskGroup() as tasks:
        yield lambda work: crew.append(tasks.create_task(work))
        for task in crew:
            task.cancel()


def _opening(homes: int) -> str:
    """Say what is going to be seen; a village of one home stands on the serial line."""
    plan = (f"起火 a fire, {_BY_SERIAL}",) if homes == 1 else _PLAN[:homes]
    told = "\n".join(f"    h{number:04}  {what}" for number, what in enumerate(plan, 1))
    return _OPENING.format(plan=told)


async def _play_until_told(folder: Path, seconds: float, homes: int, seed: int, tale: Tale) -> None:
    """Play until the time is up, Ctrl-C or SIGTERM; every process it started has ended then."""
    playing = asyncio.create_task(_play(folder, seconds, homes, seed, tale))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, playing.cancel)
    with suppress(asyncio.CancelledError):
        await playing


def main(seconds: float | None, homes: int, seed: int) -> int:
    """Play until the time is up or somebody ends it; gives the exit status."""
    print(_opening(homes), flush=True)
    logs.configure("error", "text")
    clock, tale = SystemClock(), Tale()
    began = clock.now()
    with TemporaryDirectory(prefix="smartcare-demo-") as folder:
        lasts = LONGEST_SECONDS if seconds is None else seconds
        asyncio.run(_play_until_told(Path(folder), lasts, homes, seed, tale))
    print(tale.summary((clock.now() - began).total_seconds()), flush=True)
    return 0
