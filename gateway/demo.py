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
from collections import Counter
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
from gateway.app import Gateway, built, serve
from gateway.cli_words import line_of
from gateway.config import Config, parse
from gateway.door import DaemonDoor
from gateway.enrolment import put_in_force
from gateway.registry_file import parse as parse_registry
from gateway.request import LineView, ReadLog

LONGEST_SECONDS = 24 * 3600.0
VILLAGE_SPEED = 200.0
PEOPLE_SPEED = 25.0
_PUBLISHER, _SECRET = "village", "village-of-the-demo"
_STEPS = {
    "raised": "触发 raised",
    "acknowledged": "有人去 acknowledged",
    "attended": "到场 attended",
    "closed": "办结 closed",
}
_OPENING = """\
smart-care gateway 演示 demo · 都在本机，不打给任何人 all on this machine, nobody is called
  ▌ 报警记录 the alarm log   ▣ 值守台 the duty desk   ☎ 手机 phones   其余：住户家里 the homes
"""

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


async def _tell(process: asyncio.subprocess.Process, mark: str) -> None:
    """Print what a part of the outside world says; its JSON lines are for programs."""
    assert process.stdout is not None
    async for line in process.stdout:
        words = line.decode(errors="replace").rstrip()
        if not words.startswith("{"):
            print(f"{mark} {words}", flush=True)


async def _follow(gateway: Gateway, seen: Counter[str]) -> None:
    """Print the alarm log as it grows, and count its steps."""
    assert gateway.operations is not None
    async for row in gateway.operations.perform(ReadLog(after_seq=0, is_followed=True)):
        if not isinstance(row, LineView):
            continue  # nothing new in this second
        seen[f"{row.kind} {row.verb}"] += 1
        if row.verb != "attempt_ended":
            print(f"▌ {line_of(row, gateway.scribe.zone)}", flush=True)


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


async def _play(folder: Path, seconds: float, homes: int, seed: int) -> Counter[str]:
    """Run the installation and the world around it; gives how often each step happened."""
    seen: Counter[str] = Counter()
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
        start(_tell(carrier, "  ☎"))
        start(_follow(gateway, seen))
        village = parse_registry(registry.read_bytes())
        await put_in_force(DaemonDoor(gateway, gateway.let_in), village)
        assert gateway.broker is not None
        await gateway.broker.ready()
        play = await stack.enter_async_context(
            _village(registry, gateway.broker.port, line, seed, seconds)
        )
        start(_tell(play, "    "))
        await gateway.clock.sleep(seconds)
    return seen


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


def _summary(seen: Counter[str]) -> str:
    """Tell in two languages what happened."""
    steps = "  ".join(f"{word} {seen[f'smoke {verb}']}" for verb, word in _STEPS.items())
    return (
        "\n演示结束 · summary\n"
        f"  烟雾 smoke: {steps}\n"
        f"  长时间无活动 no motion: {seen['no_motion pre_alarm']}"
        f"   离线 sensor lost: {seen['device_lost raised']}"
    )


def main(seconds: float | None, homes: int, seed: int) -> int:
    """Play until the time is up or Ctrl-C; gives the exit status."""
    print(_OPENING, flush=True)
    logs.configure("error", "text")
    seen: Counter[str] = Counter()
    with TemporaryDirectory(prefix="smartcare-demo-") as folder, suppress(KeyboardInterrupt):
        lasts = LONGEST_SECONDS if seconds is None else seconds
        seen = asyncio.run(_play(Path(folder), lasts, homes, seed))
    print(_summary(seen), flush=True)
    return 0
