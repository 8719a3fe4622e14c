"""A whole installation on the loopback: broker, gateway, carrier with phones, and the village."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from simulators.village import Registry
from tests.brokers import free_port
from tests.kill.daemon import Daemon, Place
from tests.kill.outside import Carrier, Village
from tests.kill.site import Site, site
from tests.kill.village import TOKEN, write_config, write_registry


@dataclass
class Installation:
    """The processes, all running but the village."""

    place: Place
    site: Site
    daemon: Daemon
    carrier: Carrier
    village: Village


@asynccontextmanager
async def installed(  # noqa: PLR0913 -- what one installation differs in from another
    broker: str,
    folder: Path,
    rows: Registry,
    *,
    conditions: tuple[str, ...] = (),
    latency_ms: int = 300,
    speed: float = 4.0,
    tables: Mapping[str, object] | None = None,
) -> AsyncIterator[Installation]:
    """Set everything up in a folder of its own and take it down, whatever happens.

    `tables` go into the gateway's configuration; `speed` is how much faster than life people are.
    """
    place, registry = Place(folder), folder / "registry.toml"
    write_registry(registry, rows)
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(site(broker, place))
        carrier = Carrier(folder, registry, latency_ms=latency_ms)
        stack.push_async_callback(carrier.stop)
        web_port = free_port()
        await carrier.start(web_port, speed=speed, token=TOKEN)
        write_config(place, ground.mqtt_settings(), carrier.url, web_port, **(tables or {}))
        daemon = Daemon(place, conditions)
        stack.push_async_callback(daemon.stop)
        daemon.start()
        await daemon.ready()
        await ground.ready()
        await daemon.call("registry", "import", str(registry), "--config", str(place.config))
        village = Village(folder, registry)
        stack.push_async_callback(village.stop)
        yield Installation(place, ground, daemon, carrier, village)
