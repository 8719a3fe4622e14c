"""Building single parts from the configuration: links, channels, the embedded broker."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from random import Random
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from alerting.channels import Ports
from alerting.channels import discover as discover_channels
from alerting.channels.contract import Channel
from gateway.broker_config import GATEWAY_USER, SETTLE_SECONDS, BrokerUser, device_user
from gateway.clock import Clock
from gateway.config import Config
from gateway.dead_man import Outside
from gateway.drop_watch import DropWatch
from gateway.embedded_broker import EmbeddedBroker
from gateway.identity import client_id, gateway_id
from gateway.inbox import Inbox
from gateway.modbus_link import ModbusLink, Question
from gateway.mqtt_link import MqttLink
from gateway.mqtt_settings import MqttSettings
from gateway.push_link import PushLink
from gateway.scribe import Community
from gateway.serial_link import SerialLink
from gateway.tcp_link import TcpLink
from gateway.topics import embedded_refusals
from gateway.troubles import Troubles
from gateway.ups import Place, UpsWatch
from sensors.families import discover as discover_families

BROKER_DROPPED = "broker_dropped"
"""The code of a trouble: messages were thrown away by a broker that has no room for them."""

PLAIN_PORT, TLS_PORT = 1883, 8883
"""MQTT's ports without and with TLS."""

CONNECTIONS_A_START = 1_000_000_000
"""Numbers for the connections of one start: a watch that comes and goes uses many."""


def community(config: Config) -> Community:
    """Say who calls, for texts."""
    return Community(
        config.community.name,
        config.community.landline,
        ZoneInfo(config.community.timezone),
        {"120": config.dispatch.number_120, "119": config.dispatch.number_119},
        hears_keys=_hears_keys(config),
    )


def _hears_keys(config: Config) -> bool:
    """Say whether a key pressed in a call can reach us over every channel that may place it.

    Where a carrier has to call us back for it, that takes a public address.
    """
    return all(
        getattr(settings, "public_url", "") is not None for _, settings in config.channels_open()
    )


def filters(config: Config) -> dict[str, str]:
    """Map MQTT filters to families: every family's own, and those the installation adds.

    On the embedded broker only those that can live there.
    """
    usual = {topic: f.name for f in discover_families().values() for topic in f.topics}
    if config.mqtt.url is None:
        for topic in embedded_refusals(usual):
            del usual[topic]
    return usual | config.mqtt.filters


def long_topics() -> tuple[str, ...]:
    """Give the ends of topics on which families hear more than a device says."""
    return tuple(end for f in discover_families().values() for end in f.long_topics)


def broker_settings(config: Config, broker: EmbeddedBroker | None) -> MqttSettings:
    """Say where the broker is: our own, or the user's."""
    mqtt = config.mqtt
    client = mqtt.client_id or client_id(Path(config.state.folder))
    name = mqtt.client_id or gateway_id(client)
    if broker is not None:
        return MqttSettings(
            gateway_id=name,
            client_id=client,
            filters=filters(config),
            port=broker.port,
            username=GATEWAY_USER,
            password=broker.password,
            settle_seconds=SETTLE_SECONDS,
            high=config.limits.unacknowledged,
            long_topics=long_topics(),
        )
    url = urlsplit(mqtt.url or "")
    is_tls = url.scheme == "mqtts"
    return MqttSettings(
        gateway_id=name,
        client_id=client,
        filters=filters(config),
        host=url.hostname or "127.0.0.1",
        port=url.port or (TLS_PORT if is_tls else PLAIN_PORT),
        username=mqtt.username,
        password=mqtt.secret(),
        ca_file=mqtt.ca_file,
        cert_file=mqtt.cert_file,
        key_file=mqtt.key_file,
        version=mqtt.version,
        high=config.limits.unacknowledged,
        long_topics=long_topics(),
    )


def mqtt_link(  # noqa: PLR0913 -- an installation's facts and three ports
    config: Config,
    broker: EmbeddedBroker | None,
    *,
    inbox: Inbox,
    clock: Clock,
    rng: Random,
    start: int,
    was_up: bool,
    troubles: Troubles,
) -> MqttLink:
    """Build the MQTT link; `start` counts the gateway's starts, to number connections."""

    def tell(dropped: int) -> None:
        detail = f"{dropped} since its start: raise max_queued_messages 加大 max_queued_messages"
        troubles.note(BROKER_DROPPED, "broker", detail)

    return MqttLink(
        "mqtt",
        broker_settings(config, broker),
        inbox=inbox,
        clock=clock,
        rng=rng,
        drops=DropWatch(tell) if broker is None else None,
        first_connection=start * 100_000,
        expects_session=was_up,
    )


def serial_links(
    config: Config, *, inbox: Inbox, clock: Clock, rng: Random, was_up: bool
) -> list[SerialLink]:
    """Build a link for each configured port."""
    return [
        SerialLink(
            port.name,
            port.path,
            discover_families()[port.family],
            inbox=inbox,
            clock=clock,
            rng=rng,
            baud=port.baud,
            profiles={f"enocean-{sender.lower()}": eep for sender, eep in port.profiles.items()},
            was_heard=was_up,
        )
        for port in config.serial
    ]


def tcp_links(
    config: Config, *, inbox: Inbox, clock: Clock, rng: Random, start: int, was_up: bool
) -> list[TcpLink]:
    """Build a link for each port that devices call; `start` numbers their connections."""
    return [
        TcpLink(
            port.name,
            port.host,
            port.port,
            discover_families()[port.family],
            inbox=inbox,
            clock=clock,
            rng=rng,
            idle=timedelta(minutes=port.idle_minutes),
            most=port.connections,
            first_connection=start * CONNECTIONS_A_START,
            was_heard=was_up,
        )
        for port in config.tcp
    ]


def modbus_links(
    config: Config, *, inbox: Inbox, clock: Clock, rng: Random, was_up: bool
) -> list[ModbusLink]:
    """Build a link for each line of sensors that are asked."""
    return [
        ModbusLink(
            line.name,
            line.path,
            [
                Question(u.unit, u.table, u.first, u.points, timedelta(seconds=u.every_seconds))
                for u in line.units
            ],
            inbox=inbox,
            clock=clock,
            rng=rng,
            baud=line.baud,
            was_heard=was_up,
        )
        for line in config.modbus
    ]


def push_links(config: Config, *, inbox: Inbox, clock: Clock, start: int) -> list[PushLink]:
    """Build a link for each source that pushes; `start` numbers their connections."""
    return [
        PushLink(
            source.name,
            source.secret.get_secret_value(),
            inbox=inbox,
            clock=clock,
            connection=start * 100_000,
        )
        for source in config.push
    ]


def embedded_broker(
    config: Config, state: Path, clock: Clock, rng: Random, troubles: Troubles
) -> EmbeddedBroker | None:
    """Build the embedded broker where the configuration names none."""
    if config.mqtt.url is not None:
        return None
    return EmbeddedBroker(state, clock=clock, rng=rng, port=config.mqtt.port, troubles=troubles)


def ups_watch(
    config: Config, troubles: Troubles, clock: Clock, say: Callable[[str], None]
) -> UpsWatch | None:
    """Build what asks about the UPS, where one is named."""
    ups = config.ups
    if ups.name is None:
        return None
    return UpsWatch(Place(ups.host, ups.port, ups.name, ups.poll_seconds), troubles, clock, say)


def outside(config: Config) -> Outside:
    """Say whom the dead-man switch tells."""
    every = timedelta(seconds=config.heartbeat.every_seconds)
    return Outside(config.heartbeat.url, every, config.announce.command or ())


def broker_users(
    credentials: Iterable[tuple[str, str, str]], simulator: Mapping[str, str]
) -> list[BrokerUser]:
    """List who may publish: each device for itself, and, in a demo, one user for a village."""
    users = [device_user(device, home, secret) for device, home, secret in credentials]
    users += [BrokerUser(name, secret, "care.v1.>") for name, secret in simulator.items()]
    return users


def channels(config: Config, ports: Ports) -> dict[str, Channel]:
    """Open every configured channel."""
    kinds = discover_channels()
    return {name: kinds[name].open(settings, ports) for name, settings in config.channels_open()}
