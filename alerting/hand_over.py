"""What a person reads to 119, 120 or 110, in the order in which a dispatcher asks."""

from typing import NamedTuple

from alerting.message import Facts
from alerting.words import WHAT


class Place(NamedTuple):
    """Where a home is, in the order in which a dispatcher asks; empty where not recorded."""

    district: str
    street: str
    compound: str
    building: str
    unit: str
    room: str
    gate: str
    floor: str
    lift: str


_MEASURED = {"heart_rate": "手环测得心率异常", "spo2": "手环测得血氧偏低"}
"""What a dispatcher must know and a neighbour's text may not say."""


def script(place: Place, facts: Facts, kind: str, caller: str) -> list[str]:
    """Write what a person reads to 119, 120 or 110, in the order in which it is asked."""
    where = f"{place.district}{place.street}{place.compound}"
    door = f"{place.building}{place.unit}{place.room}"
    return [
        f"地址：{where}{door}",
        f"从哪个门进：{place.gate or '未登记'}",
        f"楼层：{place.floor or '未登记'}；电梯：{place.lift or '未登记'}",
        f"联系电话：{facts.landline}（{caller}）",
        f"情况：{facts.time}{_MEASURED.get(kind) or WHAT.get(kind, '报警')}",
        "神志：未确认；呼吸：未确认",
        "门能否打开：未确认",
        f"谁接车：{facts.actor or caller}",
    ]
