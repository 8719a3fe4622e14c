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
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
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
from gateway.config_values import (
    Baud,
    BrokerAddress,
    FamilyName,
    Landline,
    Loopback,
    Mode,
    Name,
    Port,
    ServiceNumber,
    Signature,
    Text,
    TopicFilter,
    Waiting,
    WebAddress,
    Zone,
)
from gateway.mistake import Mistake, MistakesError, Words, mistakes_of, read_toml, spell, wrong
from gateway.topics import embedded_refusals

MOST_BYTES = 1024 * 1024

CHANNELS = discover_channels()
"""Every kind of channel, by name."""

SECRETS = {
    ("mqtt", "password"): "SMARTCARE_MQTT_PASSWORD",
    ("channels", "twilio", "auth_token"): "SMARTCARE_TWILIO_TOKEN",
}
"""Keys that the environment overrides, and that `<key>_file` may give."""

_PATHS = (
    ("state", "folder"),
    ("mqtt", "ca_file"),
    *((*key[:-1], f"{key[-1]}_file") for key in SECRETS),
)

Tables = dict[str, Any]


# --- tables ---------------------------------------------------------------------------------------


class Table(BaseModel):
    """A table of the file; a key nobody has defined is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Community(Table):
    """Who calls. Each text begins with the name and gives the landline."""

    name: Signature
    landline: Landline
    timezone: Zone = "Asia/Shanghai"
    language: Literal["zh", "en"] = "zh"


class State(Table):
    """Where the journal, the embedded broker's store and the control socket are."""

    folder: Text = "state"


class Mqtt(Table):
    """The broker at `url`, or the embedded one where there is none."""

    url: BrokerAddress | None = None
    port: Port = 0
    client_id: Name | None = None
    username: Text | None = None
    password: SecretStr | None = None
    ca_file: Text | None = Field(default=None, validate_default=True)
    filters: dict[TopicFilter, FamilyName] = {}

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


def _channel_tables() -> type[Table]:
    """Make the model of `[channels]`; a channel that needs nothing is open without a table."""
    fields: Tables = {}
    for name, kind in CHANNELS.items():
        table = create_model(f"{name.title()}Table", __base__=kind.settings, enabled=(bool, True))
        needs = any(field.is_required() for field in table.model_fields.values())
        fields[name] = (table | None, None if needs else table())
    return create_model("ChannelTables", __base__=Table, **fields)


ChannelTables = _channel_tables()


class Config(Table):
    """The whole file."""

    community: Community
    state: State = State()
    mqtt: Mqtt = Mqtt()
    serial: tuple[SerialPort, ...] = ()
    web: Web = Web()
    channels: ChannelTables = ChannelTables()  # type: ignore[valid-type]
    dispatch: Dispatch = Dispatch()
    log: Logging = Logging()
    limits: Limits = Limits()
    rules: RuleTables = RuleTables()  # type: ignore[valid-type]
    policies: Policies = Policies()  # type: ignore[valid-type]

    @field_validator("serial")
    @classmethod
    def _once(cls, ports: tuple[SerialPort, ...]) -> tuple[SerialPort, ...]:
        """Refuse two ports, or a port and the MQTT link, under one name."""
        names = [port.name for port in ports]
        twice = {name for name in names if ["mqtt", *names].count(name) > 1}
        if twice:
            raise wrong(
                Words(
                    f"名称重复：{'、'.join(sorted(twice))}", f"has a name twice: {sorted(twice)}"
                ),
                Words("每个串口用自己的名称，也不能叫 mqtt", "name each differently, none mqtt"),
            )
        return ports

    def channels_open(self) -> Iterator[tuple[str, ChannelSettings]]:
        """Give the channels in use with their settings, those that reach a telephone first."""
        for name in sorted(CHANNELS, key=lambda name: (name == "console", name)):
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
        raise MistakesError([_unreadable("", path, error)]) from None
    return parse(data, environment, path.parent)


def parse(
    text: str | bytes, environment: Mapping[str, str] | None = None, folder: Path = Path()
) -> Config:
    """Read a configuration whose paths count from `folder`; raises MistakesError with them all."""
    data = text.encode() if isinstance(text, str) else text
    tables: Tables = read_toml(data, MOST_BYTES)
    _place(tables, folder)
    mistakes = list(_unveil(tables, environment or {}))
    _complete_policies(tables)
    try:
        config = Config.model_validate(tables)
    except ValidationError as error:
        mistakes += mistakes_of(error, Config)
    if mistakes:
        raise MistakesError(mistakes)
    return config


def _place(tables: Tables, folder: Path) -> None:
    """Count paths from the file's folder; a table that is not there is an empty one."""
    tables.setdefault("community", {})
    if isinstance(state := tables.setdefault("state", {}), dict):
        state.setdefault("folder", State().folder)
    for *way, key in _PATHS:
        table = _table(tables, way)
        if table is not None and isinstance(table.get(key), str) and table[key]:
            table[key] = str(folder / table[key])


def _unveil(tables: Tables, environment: Mapping[str, str]) -> Iterator[Mistake]:
    """Put secrets in their places: from the environment, or from files of their own."""
    for (*way, key), variable in SECRETS.items():
        table = _table(tables, way)
        if table is None:
            continue
        path = table.pop(f"{key}_file", None)
        if environment.get(variable):
            table[key] = environment[variable]
        elif path is not None:
            place = spell((*way, f"{key}_file"))
            if key in table:
                yield Mistake(
                    place,
                    "",
                    Words(f"与 {key} 重复", f"is given beside {key}"),
                    Words("两项只留一项", "keep one of the two"),
                )
            try:
                table[key] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError, TypeError, ValueError) as error:
                table[key] = "unread"  # or it would be called missing as well
                yield _unreadable(place, path, error)


def _complete_policies(tables: Tables) -> None:
    """Let a policy's table say only what differs; its steps are replaced as a whole."""
    policies = _table(tables, ["policies"])
    for kind, given in (policies or {}).items():
        if kind in RULES and isinstance(given, dict):
            policies[kind] = {**_as_written(RULES[kind].policy), **given}  # type: ignore[index]


def _as_written(policy: object) -> Tables:
    return dataclasses.asdict(policy)  # type: ignore[call-overload, no-any-return]


def _table(tables: object, way: list[str]) -> Tables | None:
    """Give the table at the end of the way, None where there is none."""
    for name in way:
        tables = tables.get(name) if isinstance(tables, dict) else None
    return tables if isinstance(tables, dict) else None


def _unreadable(place: str, path: object, error: Exception) -> Mistake:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Mistake(
        place,
        str(path),
        Words(f"文件读不出来（{said}）", f"the file cannot be read: {said}"),
        Words("检查路径和权限", "check the path and the permissions"),
    )
