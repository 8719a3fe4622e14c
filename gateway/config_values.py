"""The values of `config.toml`: what each may be, and the words for one that is not.

What pydantic cannot say by itself is a function here; the types below put the two together.
"""

import ipaddress
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StringConstraints

from alerting.channels import discover as discover_channels
from alerting.numbers import is_emergency
from gateway.mistake import ID, LINE, Words, wrong
from sensors.errors import DecodeError
from sensors.families import discover as discover_families
from sensors.families.enocean_profiles import PROFILES
from sensors.families.modbus import read_map


class Table(BaseModel):
    """A table of the file; a key nobody has defined is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong(
            Words("没有这个时区", "is not a time zone"),
            Words("写成 Asia/Shanghai 的样子", "write one like Asia/Shanghai"),
        ) from None
    return name


def _landline(number: str) -> str:
    if is_emergency(number):
        raise wrong(
            Words("这是紧急号码，不是值班室电话", "is an emergency number, not the duty desk's"),
            Words("写值班室的座机号码", "write the duty desk's landline"),
        )
    return number


def _loopback(host: str) -> str:
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise wrong(
            Words("现在只能监听本机", "would be reachable from outside, which is not built yet"),
            Words(
                "写 127.0.0.1，外面由反向代理加 TLS 转进来",
                "write 127.0.0.1 and let a front that ends TLS forward to it",
            ),
        )
    return host


def _host(host: str) -> str:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise wrong(
            Words("不是本机的地址", "is not an address of this machine"),
            Words("写 0.0.0.0 或一块网卡的地址", "write 0.0.0.0 or the address of one interface"),
        ) from None
    return host


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise wrong(
            Words("不是网址", "is not an address of the web"),
            Words("写成 https://care.example.org 的样子", "write it like https://care.example.org"),
        )
    return url.rstrip("/")


def _broker_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in {"mqtt", "mqtts"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or parts.path not in {"", "/"} or parts.query or parts.username is not None:
        raise wrong(
            Words("不是 MQTT 服务器的地址", "is not the address of a broker"),
            Words(
                "写成 mqtt://主机:1883 或 mqtts://主机:8883，用户名另写在 username",
                "write mqtt://host:1883 or mqtts://host:8883; the user goes into username",
            ),
        )
    return url


def _not_yet(mode: str) -> str:
    if mode == "auto":
        raise wrong(
            Words("还没有做好，现在不能用", "is not built yet"),
            Words("写 assist：值班员照稿打，打通按 9", "write assist: a person calls, and says so"),
        )
    return mode


def _family(name: str) -> str:
    return _one_of(sorted(discover_families()), name)


def _stream_family(name: str) -> str:
    return _one_of(sorted(f.name for f in discover_families().values() if f.stream), name)


def _profile(name: str) -> str:
    known = {*PROFILES, "D5-00-01"}
    if name.upper() not in known:
        raise wrong(
            Words("不认识这个 EEP", "is not a profile we can read"),
            Words("见 docs/wire/enocean.md", f"write one of {', '.join(sorted(known))}"),
        )
    return name.upper()


def _points(points: str) -> str:
    try:
        read_map(f"bus/1/{points}")
    except DecodeError as error:
        raise wrong(
            Words(f"看不懂：{error.detail}", f"is not a map: {error.detail}"),
            Words("写成 temperature*0.1,humidity*0.1", "write like temperature*0.1,humidity*0.1"),
        ) from None
    return points


def _one_of(known: list[str], name: str) -> str:
    if name not in known:
        raise wrong(
            Words("这里没有这种设备类型", "is not a device family that can be here"),
            Words(f"可以写 {'、'.join(known)}", f"write {', '.join(known)}"),
        )
    return name


def _spelled(pattern: str, reason: Words, mend: Words) -> AfterValidator:
    """Demand that a text is written in a certain way."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise wrong(reason, mend)
        return text

    return AfterValidator(check)


Name = Annotated[str, StringConstraints(pattern=ID)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINE)]
Signature = Annotated[str, StringConstraints(min_length=1, max_length=16, pattern=LINE)]
Landline = Annotated[
    str,
    _spelled(
        r"[+0-9][0-9 -]{3,19}",
        Words("不是座机号码", "is not a telephone number"),
        Words("写成 0571-84310000 的样子", "write it like 0571-84310000"),
    ),
    AfterValidator(_landline),
]
ServiceNumber = Annotated[
    str,
    _spelled(
        "[0-9]{3,12}",
        Words("不是可以拨打的号码", "is not a number to dial"),
        Words("只写数字，3 到 12 位", "write 3 to 12 digits"),
    ),
]
Zone = Annotated[str, AfterValidator(_zone)]
Loopback = Annotated[str, AfterValidator(_loopback)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
BrokerAddress = Annotated[str, AfterValidator(_broker_address)]
TopicFilter = Annotated[
    str,
    _spelled(
        r"#|(?:\+|[^+#/\x00-\x1f]*)(?:/(?:\+|[^+#/\x00-\x1f]*))*(?:/#)?",
        Words("不是 MQTT 主题过滤器", "is not an MQTT topic filter"),
        Words("# 只能是最后一级，+ 要占一整级", "# is the last level alone, + is a whole level"),
    ),
    StringConstraints(min_length=1, max_length=200),
]
FamilyName = Annotated[str, AfterValidator(_family)]
SenderId = Annotated[
    str,
    _spelled(
        "[0-9A-Fa-f]{8}",
        Words("不是 EnOcean 的发送号", "is not the id of an EnOcean sender"),
        Words("写八位十六进制，如 0181B744", "write eight hexadecimal digits like 0181B744"),
    ),
]
ProfileName = Annotated[str, AfterValidator(_profile)]
StreamFamilyName = Annotated[str, AfterValidator(_stream_family)]
Host = Annotated[str, AfterValidator(_host)]
UnitNumber = Annotated[int, Strict(), Field(ge=1, le=247)]
Register = Annotated[int, Strict(), Field(ge=0, le=65535)]
Seconds = Annotated[int, Strict(), Field(ge=1, le=3600)]
Points = Annotated[str, AfterValidator(_points)]
Minutes = Annotated[int, Strict(), Field(ge=1, le=1440)]
Connections = Annotated[int, Strict(), Field(ge=1, le=60_000)]
Mode = Annotated[Literal["dry_run", "assist", "auto"], AfterValidator(_not_yet)]
Port = Annotated[int, Strict(), Field(ge=0, le=65535)]
Baud = Annotated[int, Strict(), Field(ge=300, le=4_000_000)]
PollSeconds = Annotated[float, Strict(), Field(ge=1, le=60)]
Flag = Annotated[bool, Strict()]
Days = Annotated[int, Strict(), Field(ge=1, le=3650)]
Waiting = Annotated[int, Strict(), Field(ge=16, le=1_000_000)]


def _known_channel(name: str) -> str:
    """Take the name of a channel; raises ValueError."""
    known = discover_channels()
    if name not in known:
        names = ", ".join(sorted(known))
        raise wrong(
            Words(f"没有渠道 {name}", f"names no channel: {name}"),
            Words(f"写 {names} 里的", f"choose from {names}"),
        )
    return name


ChannelName = Annotated[str, AfterValidator(_known_channel)]
CHANNEL_ORDER = ("twilio", "modem")
"""Who is asked first where several carry the same: the cloud has more lines than one card."""
Command = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=1000)], ...], Field(max_length=50)
]
PingSeconds = Annotated[float, Field(ge=10, le=3600)]
