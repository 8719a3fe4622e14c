"""A Zigbee bridge on a real broker: every sort of device once, each saying what it can say.

`python -m simulators zigbee --mqtt mqtt://…` is for looking: a gateway, or a person, learns the
names and hears each device say its piece, with the bridge started anew in the middle.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

import aiomqtt

from simulators.clock import Clock
from simulators.devices.zigbee import MODELS, Bridge, Node, Publication
from simulators.lane import Broker

FIRST_ADDRESS = 0x00158D0000000001
PIECES: dict[str, tuple[dict[str, object], ...]] = {
    "pir": ({"occupancy": True}, {"occupancy": False}),
    "door": ({"contact": False}, {"contact": True}),
    "smoke": ({"smoke": True, "test": True}, {"smoke": False, "test": False}),
    "gas": ({"gas": False, "gas_value": 12},),
    "leak": ({"water_leak": False, "battery": 81},),
    "button": (),
    "climate": ({"temperature": 21.5, "humidity": 45}, {"temperature": -327.68}),
}
"""What each sort of device says; a test is the only alarm among it."""


def network(topic: str) -> Bridge:
    """Make a bridge with one device of each sort, in rooms with names people give."""
    nodes = (
        Node(f"0x{FIRST_ADDRESS + n:016x}", f"一楼/living room/{model}", model)
        for n, model in enumerate(MODELS)
    )
    return Bridge(nodes, topic=topic)


def play(bridge: Bridge) -> Iterator[Publication]:
    """Let every device say its piece, and then the bridge start anew with all it remembers."""
    yield from bridge.start()
    for address, node in bridge.nodes.items():
        for state in PIECES[node.model]:
            yield from bridge.says(address, **state)
        if node.model == "button":
            yield from bridge.announces(address)
            yield from bridge.presses(address, "single")
    yield from bridge.stop()
    yield from bridge.start()


async def publish(
    broker: Broker,
    publications: Iterable[Publication],
    *,
    clock: Clock | None = None,
    pause: timedelta = timedelta(),
    say: Callable[[str], None] = lambda _: None,
) -> int:
    """Publish at QoS 1, each acknowledged by the broker; gives how many there were."""
    sent = 0
    async with aiomqtt.Client(
        broker.host, broker.port, username=broker.username, password=broker.password
    ) as client:
        for topic, payload, is_retained in publications:
            await client.publish(topic, payload, qos=1, retain=is_retained)
            say(f"{topic} {payload[:200].decode(errors='replace')}")
            sent += 1
            if clock is not None:
                await clock.wait(pause)
    return sent
