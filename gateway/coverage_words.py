"""Coverage told: to a program as JSON, to an operator as what is missing and what to do."""

import json
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from alerting.coverage import Lack
from gateway.check import SHOWN
from gateway.coverage import Coverage, Gap, Ladder, Span
from gateway.mistake import Words

_MISSING: dict[Lack, tuple[Words, Words]] = {
    Lack.NOBODY: (
        Words("一个打得通的人都没有", "nobody can be reached at all"),
        Words("马上配上邻居和门岗，查值守台的电话", "pair neighbours and a post; mend the desk"),
    ),
    Lack.UNSTAFFED: (
        Words(
            "没有一处有人值守的地方会接电话", "no call ends at a staffed place where one is awake"
        ),
        Words(
            "把门岗、镇值班室或派出所登记成 post（at_night = true）并配对",
            "pair a gatehouse, duty room or police station as a post with at_night = true",
        ),
    ),
    Lack.NO_GOER: (
        Words("没有能上门的人", "nobody who could go is called"),
        Words("在 [[pairings]] 里配上邻居或门岗", "pair neighbours or a post in [[pairings]]"),
    ),
    Lack.NIGHT: (
        Words("夜里没有人答应起来", "nobody has agreed to be woken"),
        Words("问邻居愿不愿夜里来，或配上门岗", "ask neighbours for the night, or pair a post"),
    ),
    Lack.UNABLE: (
        Words("来的人都干不了：爬不了楼，或扶不起人", "whoever comes cannot: stairs, or lifting"),
        Words("配上一个爬得了楼、扶得起人的", "pair one who climbs stairs and can lift"),
    ),
    Lack.ALONE: (
        Words("火、燃气不能一个人去，只有一个人", "only one could go, and nobody goes alone"),
        Words("再配一个邻居或门岗", "pair one more neighbour, or a post"),
    ),
    Lack.LATE: (
        Words("找到有人值守的地方太晚", "a staffed place is reached too late"),
        Words("把值守台或门岗放到前面的步骤", "put the desk or the posts on an earlier step"),
    ),
    Lack.NUMBER: (
        Words("号码打不通", "have a number that cannot be dialled"),
        Words("问本人，改成 E.164 格式的号码", "ask them; write the number in E.164 form"),
    ),
    Lack.MUTE: (
        Words("短信和电话都不收", "take neither texts nor calls"),
        Words("至少留一样", "leave them one of the two"),
    ),
    Lack.SHIFT: (
        Words("这一班没有人值", "the shift has nobody on it: all of them are rung, at home"),
        Words("在 duty 里排上人，或写替班的人", "put somebody on duty then, or one to stand in"),
    ),
    Lack.ABSENT: (
        Words("这几天不在家", "are away on these days, and asked last"),
        Words("给这一户临时配上别的邻居", "pair another neighbour for those days"),
    ),
    Lack.SHARED: (
        Words("和前面的人是同一个号码，只算一个人", "have the number of somebody before them"),
        Words("登记各自的号码", "give each a number of their own"),
    ),
}
_REFUSED = Words(
    "预案被拒绝：转多少圈也叫不到醒着的人", "policy refused: it can go round for ever in silence"
)


def as_json(coverage: Coverage) -> str:
    """Give everything: every gap with all its homes, every chain with its times."""
    told = {
        "ok": coverage.is_whole,
        "homes": coverage.homes,
        "sorts": coverage.sorts,
        "hours": coverage.hours,
        "within_seconds": coverage.within,
        "refused": [
            {"kind": kind, "lack": lack, "reason": _MISSING[lack][0]._asdict()}
            for kind, lack in coverage.refused.items()
        ],
        "gaps": [_gap(gap) for gap in coverage.gaps],
        "ladders": [_ladder(ladder) for ladder in coverage.ladders],
    }
    return json.dumps(told, ensure_ascii=False, indent=1)


def _gap(gap: Gap) -> dict[str, object]:
    reason, mend = _MISSING[gap.lack]
    return {
        "lack": gap.lack,
        "kinds": gap.kinds,
        "hours": gap.hours,
        "spans": [[span.since.isoformat(), span.until.isoformat()] for span in gap.spans],
        "reason": reason._asdict(),
        "mend": mend._asdict(),
        "homes": gap.homes,
        "people": {home: people for home, people in gap.people.items() if people},
    }


def _ladder(ladder: Ladder) -> dict[str, object]:
    return {
        "kind": ladder.kind,
        "is_night": ladder.is_night,
        "homes": ladder.homes,
        "example": ladder.example,
        "staffed_seconds": ladder.told,
        "rungs": [
            {
                "starts_seconds": rung.starts,
                "ends_seconds": rung.ends,
                "calls": [
                    {"person": ladder.people[call.person], "media": call.media}
                    for call in rung.calls
                ],
            }
            for rung in ladder.rungs
        ],
    }


def show(coverage: Coverage, console: Console, language: str) -> None:
    """Print what is missing and what to do, the gravest first, and the slowest chains."""
    for kind, lack in coverage.refused.items():
        line = Text(f"policies.{kind} ", style="bold red")
        said = f"{_REFUSED.to(language)} ({_MISSING[lack][0].to(language)})"
        console.print(line.append(said, style="default"))
    for gap in coverage.gaps:
        console.print("\n".join(_lines(gap, language)))
    if coverage.ladders:
        console.print(_slowest(coverage, language))
    console.print(_sum(coverage).to(language))


def _lines(gap: Gap, language: str) -> Iterator[str]:
    reason, mend = _MISSING[gap.lack]
    kinds = " ".join(gap.kinds)
    when = _when(gap.spans[0], gap.hours, len(gap.spans)).to(language)
    people = sorted({person for those in gap.people.values() for person in those})
    homes = Words(f"{len(gap.homes)} 户", f"{len(gap.homes)} homes").to(language)
    yield f"{homes}  {reason.to(language)}" + (f"  [{kinds}]" if kinds else "")
    yield f"  {when}"
    yield f"  {_some(gap.homes)}"
    if people:
        yield f"  {Words('谁', 'who').to(language)}: {_some(people)}"
    yield f"  → {mend.to(language)}"


def _when(span: Span, hours: float, spans: int) -> Words:
    since, until = f"{span.since:%m-%d %H:%M}", f"{span.until:%m-%d %H:%M}"
    if spans == 1:
        return Words(f"{since} 到 {until}，{hours:g} 小时", f"{since} to {until}, {hours:g} hours")
    return Words(
        f"{since} 到 {until}，这样的 {spans} 段，共 {hours:g} 小时",
        f"{since} to {until}, and {spans - 1} more like it: {hours:g} hours",
    )


def _some(ids: tuple[str, ...] | list[str]) -> str:
    return "、".join(ids[:SHOWN]) + ("…" if len(ids) > SHOWN else "")


def _slowest(coverage: Coverage, language: str) -> Table:
    """Draw, for each hazard, the home for which a staffed place is reached last."""
    title = Words(
        "没人接的时候，最慢的一户：每一步最迟几秒开始，几秒打完",
        "if nobody answers, the slowest home: seconds at which each rung begins and is over",
    )
    table = Table(title=title.to(language), show_header=False, title_justify="left")
    worst: dict[str, Ladder] = {}
    for ladder in coverage.ladders:
        before = worst.get(ladder.kind)
        if before is None or (ladder.told or -1) > (before.told or -1):
            worst[ladder.kind] = ladder
    for kind, ladder in worst.items():
        rungs = " → ".join(
            f"{rung.starts:.0f}-{rung.ends:.0f} s {len(rung.calls)}" for rung in ladder.rungs
        )
        told = "-" if ladder.told is None else f"{ladder.told:.0f} s"
        table.add_row(kind, ladder.example, told, rungs)
    return table


def _sum(coverage: Coverage) -> Words:
    homes = len({home for gap in coverage.gaps for home in gap.homes})
    return Words(
        f"{coverage.homes} 户（{coverage.sorts} 种），{coverage.hours:g} 小时：{homes} 户有缺口",
        f"{coverage.homes} homes ({coverage.sorts} sorts), {coverage.hours:g} hours: "
        f"{homes} have gaps",
    )
