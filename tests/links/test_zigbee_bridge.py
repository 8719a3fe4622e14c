"""A simulated Zigbee bridge, a real broker and a whole gateway: what it says arrives as it is."""

from datetime import timedelta
from pathlib import Path

from gateway import registry_file
from gateway.assembly import Gateway
from gateway.door import DaemonDoor
from gateway.enrolment import put_in_force
from gateway.mqtt_link import LONG_LIMIT_BYTES, PAYLOAD_LIMIT_BYTES, TOO_LONG_BYTES
from sensors.families.zigbee2mqtt import FAMILY, Zigbee
from sensors.family import Message
from sensors.reading import Flag, Kind, Replay
from simulators.devices.zigbee import Bridge, Node, Publication
from simulators.lane import Broker as Address
from simulators.zigbee import network, play, publish
from tests.brokers import SECRET, VILLAGE, Broker, mosquitto
from tests.cli.rig import REGISTRY
from tests.links.rig import linked, until
from tests.links.rig import publish as publish_to
from tests.links.test_installation import gateway
from tests.sensors.zigbee import AT

HEAD = "0x00158d0000000003"
ZIGBEE = REGISTRY.replace(
    'id = "smoke-h0001"\nfamily = "own"', f'id = "{HEAD}"\nfamily = "zigbee2mqtt"'
)
NAME = "厨房 2/smoke head"


def address(broker: Broker) -> Address:
    """Say where the bridge finds its broker."""
    return Address("127.0.0.1", broker.port, *VILLAGE)


def where(broker: Broker) -> str:
    """Say where the gateway finds it."""
    url = f'url = "mqtt://127.0.0.1:{broker.port}"'
    return f'[mqtt]\n{url}\nusername = "gateway"\npassword = "{SECRET}"\n'


async def enrol(running: Gateway) -> None:
    """Claim the smoke head behind the bridge to a home."""
    await put_in_force(DaemonDoor(running, running.let_in), registry_file.parse(ZIGBEE.encode()))


def open_alarms(running: Gateway) -> list[str]:
    """Give the kinds of the alarms that are open."""
    homes = running.pump.engine.homes.values()
    return [a.kind for home in homes for a in home.alarms.values() if a.is_open]


def test_what_the_simulated_bridge_says_is_what_we_hear() -> None:
    """Two that share no code agree; the second half is the cache."""
    listener, bridge = Zigbee(), network("attic/zigbee")
    heard: dict[Kind, list[object]] = {}
    cached = 0
    start = len(bridge.start())
    for n, (topic, payload, is_retained) in enumerate(play(bridge)):
        at = AT + timedelta(seconds=n if n < start else n + 60)
        message = Message(topic, payload, at)
        for decoded in listener.hear(message).said:
            cached += decoded.replay is Replay.CACHED
            for reading in decoded.readings:
                is_drill = Flag.TEST in reading.flags
                heard.setdefault(reading.kind, []).append((reading.value, is_drill))
        assert is_retained == ("/bridge/" in topic)
    remembered = sum(bool(node.cache) for node in bridge.nodes.values())
    assert remembered + 3 == cached  # and the bridge's three words about itself
    assert [(True, True), (False, False), (False, False)] == heard[Kind.SMOKE]
    assert [(True, False), (False, False), (False, False)] == heard[Kind.MOTION]
    assert [(True, False), (False, False), (False, False)] == heard[Kind.CONTACT]
    assert [(45, False)] * 3 == heard[Kind.HUMIDITY]
    assert Kind.HELP_CALL not in heard


async def test_a_smoke_of_the_backlog_is_known_by_its_name(tmp_path: Path) -> None:
    """We were away, and the broker has lost the listing: what was learned before serves."""
    bridge = Bridge([Node(HEAD, NAME, "smoke")])
    async with mosquitto(tmp_path) as broker:
        async with gateway(tmp_path, where(broker)) as running:
            await enrol(running)
            sent = await publish(
                address(broker), [*bridge.start(), *bridge.says(HEAD, smoke=False)]
            )
            await until(lambda: running.pump.counts["received"] >= sent)
            assert [] == open_alarms(running)
        forgotten = (p._replace(payload=b"") for p in bridge.start() if "/bridge/" in p.topic)
        await publish(address(broker), forgotten)
        await publish(address(broker), bridge.says(HEAD, smoke=True))
        async with gateway(tmp_path, where(broker)) as running:
            await enrol(running)
            await until(lambda: open_alarms(running) == ["smoke"])


async def test_a_listing_may_be_longer_than_a_message(tmp_path: Path) -> None:
    """Only there: everywhere else a long payload is cut to what shows that it is too long."""
    long = b"[" + b" " * PAYLOAD_LIMIT_BYTES + b"]"
    assert len(long) < LONG_LIMIT_BYTES
    settings = {"filters": {"zigbee2mqtt/#": FAMILY.name}, "long_topics": FAMILY.long_topics}
    async with mosquitto(tmp_path) as broker, linked(broker, **settings) as rig:
        await until(lambda: rig.link.is_up)
        for topic in ("zigbee2mqtt/bridge/devices", "zigbee2mqtt/a"):
            await publish_to(broker, [long], topic)
        receipts = await rig.receipts(2)
        assert [len(long), TOO_LONG_BYTES] == [len(each.payload) for each in receipts]


def test_a_publication_is_what_a_client_needs() -> None:
    """A rename lists again and repeats the cache; a press is told twice and never kept."""
    bridge = Bridge([Node(HEAD, "a", "button")], has_cache=True)
    bridge.says(HEAD, battery=90)
    pressed = bridge.presses(HEAD, "emergency")
    assert [b'{"battery":90,"action":"emergency","linkquality":90}', b"emergency"] == [
        publication.payload for publication in pressed
    ]
    _, cache = bridge.renames(HEAD, "b c")
    assert Publication("zigbee2mqtt/b c", b'{"battery":90,"linkquality":90}') == cache
