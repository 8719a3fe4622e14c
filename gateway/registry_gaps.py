"""What a registry lacks: it can be used, and in an emergency somebody would be missing.

None of this stops an import. Gaps of one sort are told together, with the ids they are about.
"""

from collections.abc import Iterator
from typing import NamedTuple

from alerting.numbers import NumberError, normalise
from alerting.record import Role
from gateway.mistake import Words
from gateway.registry import Household, Registry

_GOES = {Role.NEIGHBOUR, Role.POST}


class Gap(NamedTuple):
    """One sort of gap; `ids` are of homes in `homes`, of people in `residents` and so on."""

    table: str
    ids: tuple[str, ...]
    reason: Words
    mend: Words


def gaps(registry: Registry) -> list[Gap]:
    """Find every gap, the gravest first."""
    found = [*_homes(registry), *_people(registry)]
    if registry.households and not has_desk(registry):
        found.insert(0, _NO_DESK)
    return [gap for gap in found if gap.ids or gap is _NO_DESK]


def has_desk(registry: Registry) -> bool:
    """Say whether there is a duty desk."""
    return any(row.role is Role.DESK for row in registry.rows.responders)


_NO_DESK = Gap(
    "responders",
    (),
    Words("没有值守台", "there is no duty desk"),
    Words('登记一个 role = "desk" 的响应人', 'add a responder with role = "desk"'),
)


def _homes(registry: Registry) -> Iterator[Gap]:
    households = registry.households
    empty = {home for home, h in households.items() if not h.residents and not h.devices}
    yield Gap(
        "homes",
        tuple(h for h, household in households.items() if not _has_goer(registry, household)),
        Words("没有邻居或门岗能上门", "have no neighbour or post who can go"),
        Words("在 [[pairings]] 里配上邻居", "pair neighbours in [[pairings]]"),
    )
    yield Gap(
        "homes",
        tuple(empty),
        Words("没有老人，也没有设备", "have neither a resident nor a device"),
        Words("补上，或删掉这一户", "add them, or take the home out"),
    )
    yield Gap(
        "homes",
        tuple(home for home, h in households.items() if not h.devices and home not in empty),
        Words("没有设备，没有人知道出了事", "have no device: nothing would be noticed"),
        Words("装上设备再登记，或安排探访", "install devices, or plan visits"),
    )


def _has_goer(registry: Registry, household: Household) -> bool:
    people = (registry.responders.get(pairing.responder) for pairing in household.pairings)
    return any(person is not None and person.role in _GOES for person in people)


def _people(registry: Registry) -> Iterator[Gap]:
    residents, responders = registry.rows.residents, registry.rows.responders
    yield Gap(
        "responders",
        tuple(row.id for row in responders if not row.sms and not row.voice),
        Words("短信和电话都不收", "take neither texts nor calls"),
        Words("至少留一样", "leave them one of the two"),
    )
    yield Gap(
        "responders",
        tuple(row.id for row in responders if not _is_usable(row.phone)),
        Words("号码打不通", "have a number that cannot be dialled"),
        Words("改成 E.164 格式的号码", "write the number in E.164 form"),
    )
    yield Gap(
        "residents",
        tuple(row.id for row in residents if row.phone and not _is_usable(row.phone)),
        Words("号码打不通", "have a number that cannot be dialled"),
        Words("改成 E.164 格式的号码", "write the number in E.164 form"),
    )
    yield Gap(
        "residents",
        tuple(row.id for row in residents if row.phone is None),
        Words("没有电话，不能先问本人", "have no telephone: they cannot be asked first"),
        Words("补上家里的电话", "add the number at home"),
    )
    yield Gap(
        "people",
        tuple("+".join(people) for people in registry.sharing()),
        Words("共用一个号码，回复只算第一个人的", "share a number: answers count for the first"),
        Words("各登记各的号码", "give each a number of their own"),
    )


def _is_usable(phone: str) -> bool:
    try:
        return normalise(phone) == phone
    except NumberError:
        return False
