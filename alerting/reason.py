"""Why an alarm was raised, in one sentence each of Chinese and English. Pure.

Made from the alarm's kind and the evidence its rule gave. `named` puts a room or a class to a
device's id, for nobody knows a device by its number. A kind without words of its own still says
what was heard and from where.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from alerting.words import WHAT

Named = Callable[[str], str]


class Reason(NamedTuple):
    """One sentence in each language."""

    zh: str
    en: str


def reason(kind: str, evidence: Mapping[str, str], named: Named) -> Reason:
    """Say why; every fact of the evidence that decides is in the sentence."""
    device = named(evidence["device"]) if evidence.get("device") else ""
    made = _MADE[kind](evidence, device) if kind in _MADE else _heard(kind, evidence, device)
    confirmed = evidence.get("confirmed_by")
    if confirmed:
        other = named(confirmed)
        made = Reason(f"{made.zh}；{other}也测到高温", f"{made.en}; {other} is hot, too")
    return Reason(f"{made.zh}。", f"{made.en}.")


def _silent(evidence: Mapping[str, str], device: str) -> Reason:
    del device
    hours, minutes = divmod(int(evidence.get("silent_minutes", "0")), 60)
    zh, en = (
        f"已经 {hours} 小时 {minutes} 分没有动静",
        f"nothing has moved for {hours} h {minutes} min",
    )
    by = evidence.get("limit", "")
    usual, days = evidence.get("usual_percent", "?"), evidence.get("days", "?")
    if by == "usual":
        return Reason(
            f"{zh}；按最近 {days} 天的作息，这段时间的每半小时平均有 {usual}% 的日子有动静",
            f"{en}; by its last {days} days, each half hour of this time is lively "
            f"on {usual}% of days",
        )
    if by == "longest":
        return Reason(
            f"{zh}；在家没动静最多等这么久", f"{en}, the longest any silence at home may last"
        )
    if by == "away":
        return Reason(
            f"大门开过以后，{zh}，也没有人回来",
            f"since the front door {en}, and nobody has come back",
        )
    return Reason(f"{zh}，超过设定的时限", f"{en}, longer than the limit that is set")


def _hot(evidence: Mapping[str, str], device: str) -> Reason:
    celsius, rise = evidence.get("celsius"), evidence.get("rise")
    if celsius is None:
        return Reason(f"{device}的感温探测器报警", f"the heat detector in {device} says so")
    if rise is not None:
        seconds = evidence.get("seconds", "?")
        return Reason(
            f"{device} {seconds} 秒里升了 {rise} 度，到 {celsius} °C，做饭取暖升不了这么快",
            f"{device} rose by {rise} K within {seconds} s to {celsius} °C, "
            "faster than cooking or heating does",
        )
    limit = evidence.get("limit", "?")
    return Reason(
        f"{device}到了 {celsius} °C，超过 {limit} °C",
        f"{device} is at {celsius} °C, above {limit} °C",
    )


def _pressed(evidence: Mapping[str, str], device: str) -> Reason:
    if "resident" in evidence:
        return Reason("本人在电话里说要人来", "the resident asked for people on the telephone")
    doubt = evidence.get("device_suspect")
    zh = f"{device}的求助按钮被按下" + ("，电池快没电，可能是误报" if doubt else "")
    en = f"the help button ({device}) was pressed" + ("; its battery is weak" if doubt else "")
    return Reason(zh, en)


def _lost(evidence: Mapping[str, str], device: str) -> Reason:
    del evidence
    return Reason(
        f"{device}比平时久没有消息", f"{device} has not been heard for longer than it should"
    )


def _heard(kind: str, evidence: Mapping[str, str], device: str) -> Reason:
    """Say it for a kind whose evidence needs no explaining."""
    level = f" ({evidence['level']})" if "level" in evidence else ""
    more = ", ".join(
        f"{name} {word}" for name, word in evidence.items() if name not in {"device", "level"}
    )
    more = f" ({more})" if more else ""
    zh = f"{device or '家里'}：{WHAT.get(kind, kind)}{level}{more}"
    return Reason(zh, f"{device or 'this home'}: {kind.replace('_', ' ')}{level}{more}")


_MADE: dict[str, Callable[[Mapping[str, str], str], Reason]] = {
    "no_motion": _silent,
    "heat": _hot,
    "help_call": _pressed,
    "device_lost": _lost,
}
