"""The rows of a registry: homes, residents, devices, responders, and who is paired with whom.

A row is the same in the file, in the database and in memory. Slotted dataclasses, because a county
has 400,000 of them; pydantic reads them from a file, with the words for what is wrong.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, Strict, StringConstraints

from alerting.numbers import EmergencyNumberError, NumberError, normalise
from alerting.record import Role
from alerting.shifts import absences_of, shifts_of
from gateway.mistake import ID, ID_OR_NONE, LINE, SECRET, Words, wrong
from sensors.families import discover
from sensors.families.own import RESERVED_HOME

FAMILIES = frozenset(discover())


_NO_NUMBER = Words("不是 E.164 格式的电话号码", "is not a telephone number in E.164 form")


def _phone(number: str) -> str:
    """Demand the one spelling under which a carrier and a caller's number are the same."""
    try:
        spelled = normalise(number)
    except EmergencyNumberError:
        raise wrong(
            Words("这是紧急号码，不能登记给个人", "is an emergency number, nobody's contact"),
            Words("写本人的手机号", "write the person's own number"),
        ) from None
    except NumberError:
        raise wrong(
            _NO_NUMBER, Words("写成 +8613812345678 的样子", "write it like +8613812345678")
        ) from None
    if spelled != number:
        raise wrong(_NO_NUMBER, Words(f"写成 {spelled}", f"write {spelled}"))
    return number


def _home_id(home: str) -> str:
    if home == RESERVED_HOME:
        raise wrong(
            Words("这个编号留给网关自己", "is the gateway's own name"),
            Words("换一个编号", "choose another id"),
        )
    return home


def _family(name: str) -> str:
    if name not in FAMILIES:
        known = ", ".join(sorted(FAMILIES))
        raise wrong(
            Words("没有这种设备类型", "is not a device family"),
            Words(f"可以写 {known}", f"write {known}"),
        )
    return name


def _no_hash(secret: str) -> str:
    """Refuse what the embedded broker takes for a bcrypt hash of another secret."""
    if secret.startswith("$2"):
        raise wrong(
            Words("$2 开头的会被当成密码的哈希", "would be taken for the hash of a password"),
            Words("换一个不以 $2 开头的", "choose one that does not begin with $2"),
        )
    return secret


def _line(most: int, least: int = 0) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=most, pattern=LINE)


Id = Annotated[str, StringConstraints(pattern=ID)]
HomeOrNone = Annotated[str, StringConstraints(pattern=ID_OR_NONE)]
Name = Annotated[str, _line(40, least=1)]
Line = Annotated[str, _line(60)]
Note = Annotated[str, _line(200)]
Phone = Annotated[str, AfterValidator(_phone)]
Secret = Annotated[str, StringConstraints(pattern=SECRET), AfterValidator(_no_hash)]
Flag = Annotated[bool, Strict()]
Floor = Annotated[int, Strict(), Field(ge=-9, le=200)]
Year = Annotated[int, Strict(), Field(ge=1890, le=2100)]
Rank = Annotated[int, Strict(), Field(ge=1, le=99)]
DeviceClass = Literal[
    "smoke",
    "pir",
    "help_button",
    "wristband",
    "bed",
    "contact",
    "cupboard",
    "front_door",
    "temperature",
    "gas",
    "co",
    "leak",
]


def _duty(line: str) -> str:
    try:
        shifts_of(line)
    except ValueError:
        raise wrong(
            Words("班次看不懂", "is not shifts that can be read"),
            Words("写成 1-5 08:00-18:00, 6 20:00-08:00", "write 1-5 08:00-18:00, 6 20:00-08:00"),
        ) from None
    return line


def _absent(line: str) -> str:
    try:
        absences_of(line)
    except ValueError:
        raise wrong(
            Words("不在的日期看不懂", "is not dates that can be read"),
            Words("写成 2027-02-05/2027-02-20", "write 2027-02-05/2027-02-20"),
        ) from None
    return line


Duty = Annotated[str, _line(200), AfterValidator(_duty)]
Absent = Annotated[str, _line(200), AfterValidator(_absent)]

SORTS: dict[str, str] = {
    "smoke": "烟雾",
    "pir": "红外",
    "help_button": "求助按钮",
    "wristband": "手环",
    "contact": "门磁",
    "temperature": "温度",
    "gas": "燃气",
    "co": "一氧化碳",
    "leak": "水浸",
}
"""What people call a class of devices."""

_CLOSED = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class HomeRow:
    """One home and how to find its door; the address people use is building, unit and room."""

    __pydantic_config__ = _CLOSED
    id: Annotated[Id, AfterValidator(_home_id)]
    compound: Line
    building: Annotated[str, _line(20, least=1)]
    unit: Annotated[str, _line(20)]
    room: Annotated[str, _line(20)]
    floor: Floor | None = None
    lift: Flag | None = None
    gate: Line = ""
    district: Line = ""
    street: Line = ""
    key_holder: Line = ""


@dataclass(frozen=True, slots=True)
class ResidentRow:
    """One person cared for; `called` is the form of address.

    An empty `home` says that they have none here: they are on a list, and nothing watches them.

    What is usual for them, heart rate in 1/min and SpO2 in per cent, is written where a doctor has
    said so; otherwise that of the configuration.
    """

    __pydantic_config__ = _CLOSED
    id: Id
    home: HomeOrNone
    name: Name
    called: Line = ""
    phone: Phone | None = None
    birth_year: Year | None = None
    sex: Literal["f", "m"] | None = None
    deaf: Flag = False
    no_speech: Flag = False
    health_note: Note = ""
    heart_rate_low: Annotated[int, Strict(), Field(ge=20, le=80)] | None = None
    heart_rate_high: Annotated[int, Strict(), Field(ge=90, le=250)] | None = None
    spo2_low: Annotated[int, Strict(), Field(ge=50, le=99)] | None = None


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One device; `id` is the native one, and `resident` is who wears it."""

    __pydantic_config__ = _CLOSED
    id: Id
    family: Annotated[str, AfterValidator(_family)]
    home: Id
    device_class: Annotated[DeviceClass, Field(alias="class")]
    room: Line = ""
    resident: Id | None = None
    secret: Secret | None = field(default=None, repr=False)

    @property
    def device_id(self) -> str:
        """Name under which readings come."""
        return f"{self.family}-{self.id}"


@dataclass(frozen=True, slots=True)
class ResponderRow:
    """One person or place that can be called."""

    __pydantic_config__ = _CLOSED
    id: Id
    name: Name
    role: Role
    phone: Phone
    sms: Flag = True
    voice: Flag = True
    at_night: Flag = True
    stairs: Flag = True
    lifts: Flag = True
    duty: Duty = ""
    absent: Absent = ""


@dataclass(frozen=True, slots=True)
class PairingRow:
    """That a responder is called for a home; `rank` 1 is asked first."""

    __pydantic_config__ = _CLOSED
    home: Id
    responder: Id
    rank: Rank


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows, in the order of the file."""

    __pydantic_config__ = _CLOSED
    version: Literal[1] = 1
    homes: tuple[HomeRow, ...] = ()
    residents: tuple[ResidentRow, ...] = ()
    devices: tuple[DeviceRow, ...] = ()
    responders: tuple[ResponderRow, ...] = ()
    pairings: tuple[PairingRow, ...] = ()
