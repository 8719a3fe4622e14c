"""`smartcare demo`: a whole installation on this machine, with a village, a carrier and phones.

The outside world runs in processes of its own (`python -m simulators …`) and speaks only the
wire; the gateway here is the real one on an embedded broker and a serial line. Nobody is called:
the carrier is on the loopback. What happens is told a line at a time, and the end is a summary.
"""

import asyncio
import contextlib
import json
import os
import pty
import signal
import sys
import tty
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.app import Gateway, built, serve
from gateway.config import parse
from gateway.decor import line_of
from gateway.log_port import StoredLine

LONGEST_SECONDS = 24 * 3600.0
VILLAGE_SPEED = 150.0
PEOPLE_SPEED = 6.0
_PUBLISHER, _SECRET = "village", "village-of-the-demo"
_STEPS = ("raised", "acknowledged", "attended", "closed")

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
[log]
level = "error"
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
    seq = 0
    while True:
        for stored in await gateway.journal.log_lines(seq, 100):
            seq = stored.seq
            _count(stored, seen)
            if stored.verb != "attempt_ended":
                print(f"▌ {line_of(stored, gateway.scribe.zone)}", flush=True)
        async with gateway.pump.grown:
            await gateway.pump.grown.wait()


def _count(stored: StoredLine, seen: Counter[str]) -> None:
    """Count what the summary tells, by kind and step."""
    seen[f"{stored.kind} {stored.verb}"] += 1
"""

"""
