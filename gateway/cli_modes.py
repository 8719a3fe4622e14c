"""Commands about what a home is in besides watched: away, or under installation test."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
import typer

from gateway.cli_alarms import By, operator_of
from gateway.cli_reach import CONFIG, AsJson, ConfigFile, Reach, ending, out, say, write_json
from gateway.cli_words import plain, span
from gateway.clock import SystemClock
from gateway.request import (
    AwayView,
    BeginWalkTest,
    EndAway,
    EndWalkTest,
    ListAway,
    ListWalkTests,
    ReportAway,
    Request,
    WalkTestView,
)

_AHEAD = re.compile(r"(\d{1,5})([hd])")
_ONE_OF = "写 HOME --to WHEN 或 HOME --end: a home, and one of the two"
_UNITS = {"h": "hours", "d": "days"}

HomeName = Annotated[str, typer.Argument(metavar="HOME", help="住户编号 the home's id.")]


class Do(StrEnum):
    """What to do with an installation test."""

    START = "start"
    STOP = "stop"
    STATUS = "status"


def _ahead(reach: Reach, text: str) -> datetime:
    """Read `8h`, `3d` (from now) or an instant."""
    found = _AHEAD.fullmatch(text)
    if found is None:
        return reach.instant(text)
    return SystemClock().now() + timedelta(**{_UNITS[found[2]]: int(found[1])})


def away(  # noqa: PLR0913 -- a command has its options
    home: Annotated[
        str, typer.Argument(metavar="HOME", help="住户编号 the home's id; none: all reports.")
    ] = "",
    *,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="WHEN", help="从 from when; now if left out."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--to", metavar="WHEN", help="到 until: 8h, 3d, or 2026-03-05T18:00."),
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="回来了 they are back.")] = False,
    resident: Annotated[
        str, typer.Option(metavar="ID", help="只这一位 this resident alone; all if left out.")
    ] = "",
    config: ConfigFile = CONFIG,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """外出报备 Report somebody away or back; without --to and --end, show who is away."""
    with ending():
        reach = Reach(config)
        request: Request = ListAway(home)
        if (end and until) or (not home and (end or until)) or (since and not until):
            raise typer.BadParameter(_ONE_OF)
        if end:
            request = EndAway(home, operator_of(by), resident)
        elif until:
            begins = _ahead(reach, since) if since else None
            request = ReportAway(home, _ahead(reach, until), operator_of(by), begins, resident)
        rows: list[bytes] = []
        reach.show(request, write_json if as_json else rows.append)
        for row in rows:
            out().print(_away_line(msgspec.json.decode(row, type=AwayView), reach))
        if not rows and not as_json:
            say("没有人外出 nobody is away")


def _away_line(view: AwayView, reach: Reach) -> str:
    """Spell who is away, from when to when, and who said so."""
    since, until = (at.astimezone(reach.zone) for at in (view.since, view.until))
    parts = (
        view.home,
        plain(view.address),
        plain(view.name) or "全家 everybody",
        f"外出 away {since:%m-%d %H:%M} → {until:%m-%d %H:%M}",
        f"报备 by {plain(view.by_name)}",
        "家里没人 empty now" if view.is_empty else "",
    )
    return "  ".join(part for part in parts if part)


def install_test(  # noqa: PLR0913 -- a command has its options
    home: HomeName,
    action: Annotated[Do, typer.Argument(metavar="start|stop|status", help="开始、结束、查看.")],
    *,
    installer: Annotated[
        str,
        typer.Option(metavar="ID", help="安装员编号 the installer, a responder with a telephone."),
    ] = "",
    minutes: Annotated[
        float, typer.Option(min=1, max=30, help="几分钟 ends by itself after so many.")
    ] = 30,
    config: ConfigFile = CONFIG,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """安装测试 Try a home's devices: alarms go to installer and desk alone, for half an hour."""
    with ending():
        if action is Do.START and not installer:
            raise typer.BadParameter("写 --installer ID, who is told of each device")
        reach = Reach(config)
        requests: dict[Do, Request] = {
            Do.START: BeginWalkTest(home, installer, operator_of(by), minutes),
            Do.STOP: EndWalkTest(home, operator_of(by)),
            Do.STATUS: ListWalkTests(home),
        }
        rows: list[bytes] = []
        reach.show(requests[action], write_json if as_json else rows.append)
        for row in rows:
            out().print(_test_lines(msgspec.json.decode(row, type=WalkTestView)))
        if not rows and not as_json:
            say("没有安装测试，报警照常 no installation test: alarms are alarms")


def _test_lines(view: WalkTestView) -> str:
    """Spell a running test: how long it goes on, what was heard and what was not."""
    rest = span(view.until - SystemClock().now())
    who = plain(view.installer_name)
    head = (view.home, plain(view.address), "安装测试 installation test", who)
    lines = ["  ".join([*head, f"还有 ends in {rest}"])]
    for words, devices in (
        ("收到 heard", view.heard),
        ("没收到 not heard", view.silent),
        ("还在响 still crying", view.crying),
    ):
        if devices:
            lines.append(f"    {words}: {plain('、'.join(devices))}")
    return "\n".join(lines)
