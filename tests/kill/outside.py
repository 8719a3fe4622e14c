"""The world outside: the carrier with its phones and the publishing village, each a process."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any, NamedTuple

import httpx

from tests.kill.daemon import CLOCK, ROOT
from tests.kill.verdict import Carried, Publish

Event = dict[str, Any]
READY_SECONDS = 15.0
STOP_SECONDS = 30.0

# A shell starts what runs in the background with interrupts ignored, and that is inherited.
INTERRUPTIBLE = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " runpy.run_module('simulators', run_name='__main__')"
)


class Login(NamedTuple):
    """Where a broker is, and as whom the village may publish for every device."""

    port: int
    username: str
    password: str


def _us(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp() * 1e6)


class Carrier:
    """The carrier's process, its log, and the requests that are open just now."""

    def __init__(self, folder: Path, registry: Path, *, latency_ms: int = 300) -> None:
        self.url = ""
        self.events: list[Event] = []
        self.carried = Carried()
        self.broken_off: list[int] = []
        """When a text or call lost the client that waited for its answer."""
        self._folder, self._registry, self._latency_ms = folder, registry, latency_ms
        self._control = ""
        self._log: IO[str] | None = None
        self._open: dict[int, Event] = {}
        self._process: subprocess.Popen[str] | None = None
        self._http = httpx.AsyncClient()

    async def start(self, web_port: int, *, speed: float = 4.0, token: str) -> None:
        """Start it; the gateway's webhooks are at `web_port`."""
        log = self._folder / "carrier.jsonl"
        words = ["--registry", self._registry, "--latency-ms", self._latency_ms, "--speed", speed]
        words += ["--public-url", f"http://127.0.0.1:{web_port}", "--log", log, "--quiet"]
        words += ["--token", token]
        with (self._folder / "carrier.err").open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: ASYNC220 -- it lasts until `stop`
                [sys.executable, "-m", "simulators", "carrier", *map(str, words)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._process.stdout is not None
        async with CLOCK.timeout(READY_SECONDS):
            first = json.loads(await asyncio.to_thread(self._process.stdout.readline))
        self.url, self._control = first["url"], first["control_url"]
        self._log = log.open(encoding="utf-8")

    async def stop(self) -> None:
        """Stop it."""
        await self._http.aclose()
        if self._process is not None:
            self._process.terminate()
            await asyncio.to_thread(self._process.wait)
            assert self._process.stdout is not None
            self._process.stdout.close()
        if self._log is not None:
            self._log.close()

    async def calm(self) -> None:
        """Let everybody pick up and press nothing, so that no person ends an alarm."""
        phones = (await self._http.get(f"{self._control}/_sim/phones")).json()
        for phone in phones:
            told = {"number": phone["number"], "temperament": "says_nothing"}
            (await self._http.post(f"{self._control}/_sim/phones", json=told)).raise_for_status()

    async def fault(self, kind: str, **fields: object) -> None:
        """Switch a fault on; the fields are those of the simulator's `Fault`."""
        told = {"kind": kind, **fields}
        (await self._http.post(f"{self._control}/_sim/faults", json=told)).raise_for_status()

    async def clear_faults(self) -> None:
        """Switch every fault off."""
        (await self._http.delete(f"{self._control}/_sim/faults")).raise_for_status()

    # --- its log ------------------------------------------------------------------------------

    def read(self) -> list[Event]:
        """Read what the log has grown by."""
        assert self._log is not None
        news = []
        while line := self._log.readline():
            if not line.endswith("\n"):
                self._log.seek(self._log.tell() - len(line.encode()))
                break
            news.append(json.loads(line))
        for event in news:
            self._book(event)
        self.events += news
        return news

    def _book(self, event: Event) -> None:
        """Keep the sums by attempt and alarm, and what is open."""
        attempt, is_call = event.get("attempt", ""), event.get("medium") == "call"
        carried = self.carried
        if event["event"] == "request" and event["method"] == "POST":
            self._open[event["n"]] = event
            if attempt:
                posts = carried.call_posts if is_call else carried.text_posts
                posts[attempt] += 1
        elif event["event"] == "accepted" and attempt:
            kept = carried.calls if is_call else carried.texts
            kept.setdefault(attempt.partition(".")[0], _us(event["at"]))
        elif event["event"] == "answered":
            request = self._open.pop(event["request"], None)
            if request is not None and event["is_gone"]:
                self.broken_off.append(_us(event["at"]))

    def open_posts(self) -> int:
        """How many texts and calls wait for their answer."""
        self.read()
        return len(self._open)

    def first_posts(self) -> dict[str, int]:
        """When the first request about each alarm arrived."""
        self.read()
        first: dict[str, int] = {}
        for event in self.events:
            if event["event"] == "request" and event.get("attempt"):
                first.setdefault(event["attempt"].partition(".")[0], _us(event["at"]))
        return first

    def displays(self) -> Iterator[tuple[int, str]]:
        """What phones have shown, and when."""
        self.read()
        for event in self.events:
            if event["event"] == "display":
                yield _us(event["at"]), event["text"]


class Village:
    """`python -m simulators flood`: identical readings at a steady rate until it is stopped."""

    def __init__(self, folder: Path, registry: Path) -> None:
        self._record = folder / "published.jsonl"
        self._errors = folder / "village.err"
        self._registry = registry
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, login: Login, *, rate: float, smokes: float, seconds: float) -> None:
        """Start publishing."""
        words = ["--mqtt", f"mqtt://127.0.0.1:{login.port}", "--registry", self._registry]
        words += ["--username", login.username, f"--password={login.password}"]
        words += ["--rate", rate, "--smokes", smokes, "--seconds", seconds]
        words += ["--identical", "--record", self._record]
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-c", INTERRUPTIBLE, "flood", *map(str, words)],
                cwd=ROOT,
                stdout=errors,
                stderr=errors,
            )

    async def stop(self) -> None:
        """Interrupt it; what it has recorded is then in the file."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)
        try:
            await asyncio.to_thread(self._process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    async def ended(self) -> None:
        """Wait until it has published everything."""
        assert self._process is not None
        await asyncio.to_thread(self._process.wait)

    def published(self) -> list[Publish]:
        """What the broker has acknowledged; asked when it has ended."""
        found: list[Publish] = []
        if not self._record.exists():  # it was stopped before it could begin
            return found
        for line in self._record.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            topic = f"care/v1/{row['home']}/{row['device']}/{row['kind']}"
            found.append(Publish(topic, row["sent_us"], row["acked_us"]))
        return found
