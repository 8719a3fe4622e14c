"""The texts that belong to no alarm: those of away reports and of installation tests.

A text is pieces, each with its rank: the highest ranks are left out first where one SMS is too
short, 0 never. `message.render` joins them.
"""

from collections.abc import Callable
from typing import NamedTuple

from alerting.effect import Template

_HEARD = {
    "smoke": "烟雾",
    "gas": "燃气",
    "co": "一氧化碳",
    "heat": "高温",
    "water_leak": "水浸",
    "help_call": "求助",
    "fall": "跌倒",
    "motion": "有人",
    "presence": "有人",
    "contact": "开关门",
    "temperature": "温度",
}
"""What a device said, by the reading's kind."""

_MOST_NAMED = 4


class Notice(NamedTuple):
    """What a text is made from; `kind` is a reading's or an alarm's, the others as in `Facts`."""

    kind: str
    landline: str
    address: str
    resident: str
    time: str
    devices: tuple[str, ...]


Parts = tuple[tuple[str, int], ...]


def _tested(notice: Notice) -> Parts:
    what = _HEARD.get(notice.kind, notice.kind)
    return (f"安装测试：{notice.address}", 0), (notice.resident, 1), (f" {what}，不用派人。", 0)


def _begun(notice: Notice) -> Parts:
    said = f"{notice.address}安装测试开始，{notice.time}自动结束。请逐个试，试到一件回您一条。"
    return ((said, 0),)


def _heard(notice: Notice) -> Parts:
    what = _HEARD.get(notice.kind, "")
    return (f"{notice.address}", 2), ("、".join(notice.devices), 0), (f" {what}收到。", 0)


def _done(notice: Notice) -> Parts:
    count = len(notice.devices)
    named = "、".join(notice.devices[:_MOST_NAMED]) + f"等{count}件" * (count > _MOST_NAMED)
    said = f"没收到：{named}" if count else "都收到了"
    return (notice.address, 2), ("安装测试结束，报警照常。", 0), (f"{said}。", 0)


def _noted(notice: Notice) -> Parts:
    return (
        (f"记下了：{notice.address}外出到{notice.time}，到时自动恢复。", 0),
        ("早回来请回：回来了。", 1),
        (f"值班室{notice.landline}", 2),
    )


def _over(notice: Notice) -> Parts:
    return (f"记下了：{notice.address}回来了，照常守着。", 0), (f"值班室{notice.landline}", 1)


def _unclear(notice: Notice) -> Parts:
    said = "没记下。请写：外出3天，或：外出到3月5日；回来了就写：回来了。"
    return (said, 0), (f"值班室{notice.landline}", 0)


TEXTS: dict[Template, Callable[[Notice], Parts]] = {
    Template.TESTED: _tested,
    Template.INSTALLER_BEGUN: _begun,
    Template.INSTALLER_HEARD: _heard,
    Template.INSTALLER_DONE: _done,
    Template.AWAY_NOTED: _noted,
    Template.AWAY_OVER: _over,
    Template.AWAY_UNCLEAR: _unclear,
}
