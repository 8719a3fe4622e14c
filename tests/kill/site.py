"""The brokers under attack: the embedded one as the gateway runs it, mosquitto as we ship it."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

from gateway.broker_config import GATEWAY_USER
from tests.brokers import VILLAGE, Mosquitto, mosquitto
from tests.kill.daemon import CLOCK, Place
from tests.kill.outside import Login

READY_SECONDS = 15.0
AUTOSAVE_US = 1_300_000
"""mosquitto writes its queue down every second; what came after that dies with the process."""

_ESTABLISHED = "01"


class Site(Protocol):
    """A broker beside a gateway; killed, it forgets what it took in the last `forgets_us`."""

    name: str
    forgets_us: int

    def mqtt_settings(self) -> dict[str, object]:
        """Give what `[mqtt]` of the gateway's configuration must say."""

    def login(self) -> Login:
        """Say how the village logs in; for the embedded broker, once the gateway has started."""

    async def ready(self) -> None:
        """Wait until it accepts connections; raises TimeoutError."""

    def kill(self) -> None:
        """Kill the broker (SIGKILL)."""

    async def revive(self) -> None:
        """See to it that it is started again; it accepts connections on return."""


class Embedded:
    """The gateway's child. It outlives a killed gateway, and a living one starts it again."""

    name = "nats"
    forgets_us = 0

    def __init__(self, place: Place) -> None:
        self._config = place.state.resolve() / "broker" / "nats.json"

    def mqtt_settings(self) -> dict[str, object]:
        """Name no broker."""
        return {}

    def login(self) -> Login:
        """Log in as the gateway does: it may publish for everybody."""
        config = json.loads(self._config.read_bytes())
        return Login(
            config["mqtt"]["port"], GATEWAY_USER, config["authorization"]["users"][0]["password"]
        )

    def kill(self) -> None:
        """Kill the child; only ours has our configuration's name on its command line."""
        for pid in self._pids():
            os.kill(pid, signal.SIGKILL)

    async def ready(self) -> None:
        """Wait until the gateway has begun it and it accepts connections."""
        async with CLOCK.timeout(READY_SECONDS):
            while not self._config.exists():
                await CLOCK.sleep(0.02)
        await accepting(self.login().port)

    async def revive(self) -> None:
        """Leave it to the gateway."""
        await self.ready()

    def _pids(self) -> list[int]:
        wanted = f"\0-c\0{self._config}\0".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (folder / "cmdline").read_bytes().endswith(wanted):
                    found.append(int(folder.name))
        return found


class External:
    """mosquitto, which lives apart from the gateway."""

    name = "mosquitto"
    forgets_us = AUTOSAVE_US

    def __init__(self, broker: Mosquitto) -> None:
        self._broker = broker

    def mqtt_settings(self) -> dict[str, object]:
        """Name it, with the gateway's user."""
        user, password = self._broker.gateway
        url = f"mqtt://127.0.0.1:{self._broker.port}"
        return {"url": url, "username": user, "password": password}

    def login(self) -> Login:
        """Log in as the village."""
        return Login(self._broker.port, *VILLAGE)

    def kill(self) -> None:
        """Kill it."""
        self._broker.kill()

    async def ready(self) -> None:
        """Wait until it accepts connections."""
        await self._broker.ready()

    async def revive(self) -> None:
        """Start it again."""
        await self._broker.restart()


@asynccontextmanager
async def site(name: str, place: Place) -> AsyncIterator[Site]:
    """Run a broker; the embedded one only begins with the gateway, and ends here at the latest."""
    if name == Embedded.name:
        child = Embedded(place)
        try:
            yield child
        finally:
            child.kill()
    else:
        async with mosquitto(place.folder) as broker:
            yield External(broker)


async def accepting(port: int) -> None:
    """Wait until somebody listens on a loopback port; raises TimeoutError."""
    async with CLOCK.timeout(READY_SECONDS):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await CLOCK.sleep(0.02)


def connections(port: int) -> int:
    """How many connections a loopback server on this port has."""
    table = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    rows = [line.split() for line in table]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == _ESTABLISHED for row in rows)
