"""The two brokers of the bars, each alone in a folder, the same for every contestant."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.brokers import Broker, embedded, mosquitto

BROKERS = ("mosquitto", "nats")


@asynccontextmanager
async def started(name: str, folder: Path) -> AsyncIterator[Broker]:
    """Run a broker: mosquitto as we ship it, or the embedded one as the gateway runs it."""
    if name == "mosquitto":
        async with mosquitto(folder) as broker:
            yield broker
    else:
        async with embedded(folder / "nats") as other:
            yield other
