"""`config.toml`: one installation. Homes, people and devices are in the registry, not here.

The file is read once a start; every mistake in it is found at once. Paths in it are counted from
its own folder. A secret may stand in the file, in a file of its own (`password_file`), or in the
environment, which counts most. What a rule, a policy or a channel may be told is defined beside
it, and its table is made here from what is found; so a new one is still one file.
"""

import dataclasses
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
)

from alerting.channels import ChannelSettings
from alerting.channels import discover as discover_channels
from alerting.settings import RULES, Policies, RuleTables
from gateway.config_secrets import FOLDER, Tables, place, table_at, unreadable, unveil
from gateway.config_values import (
    CHANNEL_ORDER,
    Baud,
    BrokerAddress,
    ChannelName,
    Connections,
    Days,
    FamilyName,
    Flag,
    Host,
    Landline,
    Loopback,
    Minutes,
    Mode,
    Name,
    Points,
    Port,
    ProfileName,
    Register,
    Seconds,
    SenderId,
    ServiceNumber,
    Signature,
    StreamFamilyName,
    Table,
    Text,
    TopicFilter,
    UnitNumber,
    Waiting,
    WebAddress,
    Zone,
)
from gateway.config_watched import Announce, Heartbeat, Monitoring, Ups
from gateway.mistake import MistakesError, Words, mistakes_of, read_toml, wrong
from gateway.mqtt_settings import Version
from gateway.topics import embedded_refusals

MOST_BYTES = 1024 * 1024

CHANNELS = discover_channels()
"""Every kind of channel, by name."""

# --- tables ---------------------------------------------------------------------------------------


class Community(Table):
    """Who calls. Each text begins with the name and gives the landline."""

    name: Signature
    landline: Landline
    timezone: Zone = "Asia/Shanghai"
    language: Literal["zh", "en"] = "zh"


class State(Table):
    """Where the journal, the embedded broker's store and the control socket are."""

    folder: Text = FOLDER


class Mqtt(Table):
    """The broker at `url`, or the embedded one where there is none."""

    url: BrokerAddress | None = None
    version: Version = "auto"
    port: Port = 0
    client_id: Name | None = None
    username: Text | None = None
    password: SecretStr | None = None
    ca_file: Text | None = Field(default=None, validate_default=True)
    cert_file: Text | None = None
    key_file: Text | None = Field(default=None, validate_default=True)
    filters: dict[TopicFilter, FamilyName] = Field(default_factory=dict)

    @field_validator("ca_file")
    @classmethod
    def _as_url_says(cls, ca_file: str | None, info: ValidationInfo) -> str | None:
        """Demand the certificate with `mqtts`, and only there."""
        if "url" not in info.data:
            return ca_file  # the url is wrong, and that is said
        is_tls = (info.data["url"] or "").startswith("mqtts:")
        if is_tls and ca_file is None:
            raise wrong(
                Words("mqtts 要有服务器的 CA 证书", "is missing: mqtts needs the broker's CA"),
                Words("写证书文件的路径", "write the path of the certificate"),
            )
        if ca_file is not None and not is_tls:
            raise wrong(
                Words("只有 mqtts:// 才用证书", "is only of use with mqtts://"),
                Words(
                    "把 url 改成 mqtts://，或删掉这一项", "change url to mqtts://, or take it out"
                ),
            )
        return ca_file

    @field_validator("key_file")
    @classmethod
    def _with_its_key(cls, key_file: str | None, info: ValidationInfo) -> str | None:
        """Demand our own certificate and its key together, beside the CA's."""
        cert_file, ca_file = info.data.get("cert_file"), info.data.get("ca_file", "")
        if (key_file is None) != (cert_file is None):
            raise wrong(
                Words("cert_file 和 key_file 要一起写", "goes together with cert_file"),
                Words("两项都写，或都删掉", "write both, or neither"),
            )
        if key_file is not None and ca_file is None:
            raise wrong(
                Words("只有 mqtts:// 才用证书", "is only of use with mqtts://"),
                Words("把 url 改成 mqtts://，写上 ca_file", "write an mqtts:// url and ca_file"),
            )
        return key_file

    @field_validator("filters")
    @classmethod
    def _can_live_there(cls, filters: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        """Refuse what the embedded broker cannot carry."""
        refusals = embedded_refusals(filters) if info.data.get("url", "") is None else {}
        if refusals:
            topics = ", ".join(refusals)
            raise wrong(
                Words(
                    f"内置服务器带不了 {topics}：主题名里会有空格",
                    f"the embedded broker cannot carry {topics}: names in them have spaces",
                ),
                Words("装 mosquitto，并写上 mqtt.url", "install mosquitto and write mqtt.url"),
            )
        return filters

    def secret(self) -> str | None:
        """Give the password in clear, for the link alone."""
        return None if self.password is None else self.password.get_secret_value()


class SerialPort(Table):
    """One serial port; a path below /dev/serial/by-id stays the same wherever it is plugged in."""

    name: Name
    path: Text
    baud: Baud = 115_200
    family: StreamFamilyName = "own"
    profiles: dict[SenderId, ProfileName] = Field(default_factory=dict)


class TcpPort(Table):
    """A port on which devices call us and stay connected."""

    name: Name
    family: StreamFamilyName
    port: Port
    host: Host = "127.0.0.1"
    idle_minutes: Minutes = 20
    connections: Connections = 5000


class ModbusUnit(Table):
    """What one sensor on the line is asked, and what its registers are."""

    unit: UnitNumber
    points: Points
    table: Literal["input", "holding", "discrete", "coil"] = "input"
    first: Register = 0
    every_seconds: Seconds = 60


class ModbusLine(Table):
    """A line of sensors that are asked."""

    name: Name
    path: Text
    baud: Baud = 9600
    units: Annotated[tuple[ModbusUnit, ...], Field(min_length=1, max_length=247)]


class Push(Table):
    """A source that pushes readings over HTTP, and what it signs them with."""

    name: Name
    secret: Annotated[SecretStr, Field(min_length=16, max_length=200)]


class Web(Table):
    """Where the carrier's callbacks come in; `public_url` is how it reaches us from outside."""

    host: Loopback = "127.0.0.1"
    port: Port = 8480
    public_url: WebAddress | None = None


class Dispatch(Table):
    """How an alarm is handed over to 119 and 120."""

    mode: Mode = "dry_run"
    number_119: ServiceNumber = "119"
    number_120: ServiceNumber = "120"


class Logging(Table):
    """The gateway's own log."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Limits(Table):
    """How much may wait: in the inbox, and unacknowledged at the broker."""

    inbox: Waiting = 16_384
    unacknowledged: Waiting = 4096


class Retention(Table):
    """How long is kept what nothing needs any more; the alarm log stays, but for names in it."""

    journal_days: Days = 30
    outbox_days: Days = 30
    quarantine_days: Days = 30
    log_text_days: Days = 730


def _channel_tables() -> type[Table]:
    """Make the model of `[channels]`; a channel that needs nothing is open without a table."""
    fields: Tables = {}
    for name, kind in CHANNELS.items():
        table = create_model(f"{name.title()}Table", __base__=kind.settings, enabled=(Flag, True))
        needs = any(field.is_required() for field in table.model_fields.values())
        fields[name] = (table | None, None if needs else table())
    fields["order"] = (list[ChannelName], list(CHANNEL_ORDER))
    return create_model("ChannelTables", __base__=Table, **fields)


ChannelTables = _channel_tables()


class Config(Table):
    """The whole file."""

    community: Community
    state: State = State()
    mqtt: Mqtt = Mqtt()
    serial: tuple[SerialPort, ...] = ()
    tcp: tuple[TcpPort, ...] = ()
    modbus: tuple[ModbusLine, ...] = ()
    push: tuple[Push, ...] = ()
    web: Web = Web()
    monitor: Monitoring = Monitoring()
    ups: Ups = Ups()
    heartbeat: Heartbeat = Heartbeat()
    announce: Announce = Announce()
    channels: ChannelTables = ChannelTables()  # type: ignore[valid-type]
    dispatch: Dispatch = Dispatch()
    log: Logging = Logging()
    limits: Limits = Limits()
    retention: Retention = Retention()
    rules: RuleTables = RuleTables()  # type: ignore[valid-type]
    policies: Policies = Policies()  # type: ignore[valid-type]

    @field_validator("serial", "tcp", "modbus", "push")
    @classmethod
    def _once(
        cls, links: tuple[SerialPort | TcpPort | ModbusLine | Push, ...], info: ValidationInfo
    ) -> tuple[SerialPort | TcpPort | ModbusLine | Push, ...]:
        """Refuse two links under one name; one is the MQTT link's."""
        names = [link.name for link in links]
        taken = ["mqtt", *names]
        for others in ("serial", "tcp", "modbus"):
            if others != info.field_name:
                taken += [port.name for port in info.data.get(others, ())]
        twice = sorted({name for name in names if taken.count(name) > 1})
        if twice:
            raise wrong(
                Words(f"名称重复：{'、'.join(twice)}", f"has a name twice: {twice}"),
                Words("串口、端口、推送来源各用自己的名称，也不能叫 mqtt", "name each differently"),
            )
        return links

    def channels_open(self) -> Iterator[tuple[str, ChannelSettings]]:
        """Give the channels in use with their settings, in the order in which they are asked."""
        order: list[str] = self.channels.order  # type: ignore[attr-defined]
        last = len(order)
        places = {name: place for place, name in reversed(tuple(enumerate(order)))}
        ranks = {one: (one == "console", places.get(one, last), one) for one in CHANNELS}
        for name in sorted(CHANNELS, key=ranks.__getitem__):
            settings = getattr(self.channels, name)
            if settings is None or not settings.enabled:
                continue
            assert isinstance(settings, ChannelSettings)
            if getattr(settings, "public_url", "") is None:
                yield name, settings.model_copy(update={"public_url": self.web.public_url})
            else:
                yield name, settings


# --- reading --------------------------------------------------------------------------------------


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read a file, its secrets from the environment too; raises MistakesError."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise MistakesError([unreadable("", path, error)]) from None
    return parse(data, environment, path.parent)


def parse(
    text: str | bytes, environment: Mapping[str, str] | None = None, folder: Path = Path()
) -> Config:
    """Read a configuration whose paths count from `folder`; raises MistakesError with them all."""
    data = text.encode() if isinstance(text, str) else text
    tables: Tables = read_toml(data, MOST_BYTES)
    place(tables, folder)
    mistakes = list(unveil(tables, environment or {}))
    _complete_policies(tables)
    try:
        config = Config.model_validate(tables)
    except ValidationError as error:
        mistakes += mistakes_of(error, Config)
    if mistakes:
        raise MistakesError(mistakes)
    return config


def _complete_policies(tables: Tables) -> None:
    """Let a policy's table say only what differs; its steps are replaced as a whole."""
    policies = table_at(tables, ["policies"])
    for kind, given in (policies or {}).items():
        if kind in RULES and isinstance(given, dict):
            policies[kind] = {**_as_written(RULES[kind].policy), **given}  # type: ignore[index]


def _as_written(policy: object) -> Tables:
    return dataclasses.asdict(policy)  # type: ignore[call-overload, no-any-return]
