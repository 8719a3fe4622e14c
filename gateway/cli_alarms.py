"""Commands about alarms: what has happened, what is open, and the operator's hand on it."""

import getpass
import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import msgspec
import typer
from rich.text import Text

from alerting.alarm import Disposition
from alerting.event import Verb
from gateway.cli_reach import (
    CONFIG,
    AsJson,
    ConfigFile,
    Reach,
    ending,
    out,
    say,
    write_json,
)
from gateway.cli_words import DISPOSITIONS, KINDS, STATES, both, line_of, plain, span
from gateway.clock import SystemClock
from gateway.request import Act, AlarmView, Drill, LineView, ListAlarms, ReadLog, Request

_STYLES = {"life": "bold red", "soft": "yellow", "trouble": "cyan"}

AlarmName = Annotated[
    str,
    typer.Argument(metavar="ALARM", help="编号、编号开头或住户 an id, its beginning, or a home."),
]
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="NAME",
        envvar="SMARTCARE_OPERATOR",
        help="值班员 the operator: an id, or a name in the registry. [default: who is logged in]",
    ),
]


def tail(
    *,
    config: ConfigFile = CONFIG,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="一直看下去 go on as lines are written.")
    ] = False,
    as_json: AsJson = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN", help="从 from: 10m ago, an RFC 3339 instant, or after a line's number."
        ),
    ] = None,
) -> None:
    """看报警记录 Show the alarm log: its last 20 lines, or those since WHEN."""
    with ending():
        reach = Reach(config)
        request = _reading(reach, since, is_followed=follow)

        def show(row: bytes) -> None:
            line = msgspec.json.decode(row, type=LineView)
            text = Text(line_of(line, reach.zone), style=_STYLES.get(line.priority, ""))
            out().print(text)

        reach.show(request, write_json if as_json else show)


def _reading(reach: Reach, since: str | None, *, is_followed: bool) -> ReadLog:
    if since is None:
        return ReadLog(is_followed=is_followed)
    if re.fullmatch(r"\d{1,15}", since):
        return ReadLog(after_seq=int(since), is_followed=is_followed)
    return ReadLog(since=reach.instant(since), is_followed=is_followed)


def alarms(
    *,
    config: ConfigFile = CONFIG,
    is_all: Annotated[
        bool, typer.Option("--all", help="刚办结的也列 those that are just closed too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """列出没办结的报警 List the open alarms, the worst first."""
    with ending():
        reach = Reach(config)
        if as_json:
            reach.show(ListAlarms(is_all), write_json)
            return
        views: list[AlarmView] = []
        reach.show(ListAlarms(is_all), _gather(views))
        now = SystemClock().now()
        for view in views:
            out().print(Text(card(view, now), style=_STYLES.get(view.priority, "")))
        if not views:
            say("没有报警 no alarms")


def _gather(views: list[AlarmView]) -> Callable[[bytes], None]:
    return lambda row: views.append(msgspec.json.decode(row, type=AlarmView))


def card(view: AlarmView, now: datetime) -> str:
    """Spell an alarm as the desk reads it: what, who goes and until when; below it, where."""
    parts = (
        view.id,
        "演练 drill" if view.is_drill else "",
        "安装测试 test" if view.is_test else "",
        both(KINDS, view.kind),
        both(STATES, view.state),
        both(DISPOSITIONS, view.disposition) if view.disposition else "",
        plain(view.holder),
        f"{span(now - view.raised_at)} 前 ago",
        f"下一步 next in {span(view.next_due - now)}" if view.next_due else "",
    )
    where = plain(" ".join([view.address, *view.residents]))
    return "  ".join(part for part in parts if part) + f"\n    {where}"


# --- the operator's hand --------------------------------------------------------------------------


def ack(alarm: AlarmName, *, config: ConfigFile = CONFIG, by: By = None) -> None:
    """接警 Take an alarm over: the ladder waits for the desk's lease."""
    _do(config, Act(alarm, Verb.ACKNOWLEDGE, operator_of(by)))


def attend(alarm: AlarmName, *, config: ConfigFile = CONFIG, by: By = None) -> None:
    """到场 Note that someone is with the person."""
    _do(config, Act(alarm, Verb.ATTEND, operator_of(by)))


def called(
    alarm: AlarmName,
    service: Annotated[
        str, typer.Argument(metavar="SERVICE", help="119、120、110，不写按警种 by the kind.")
    ] = "",
    *,
    config: ConfigFile = CONFIG,
    by: By = None,
) -> None:
    """已叫 Note that 119, 120 or 110 has been called: everybody involved hears it."""
    _do(config, Act(alarm, Verb.CALLED, operator_of(by), service))


def close(
    alarm: AlarmName,
    *,
    disposition: Annotated[
        Disposition,
        typer.Option("--as", metavar="DISPOSITION", help=f"处置结果 {', '.join(Disposition)}."),
    ],
    note: Annotated[str, typer.Option(help="备注 in your own words, for the alarm log.")] = "",
    config: ConfigFile = CONFIG,
    by: By = None,
) -> None:
    """办结 Close an alarm; 见到本人了吗？ has the person been seen?"""
    _do(config, Act(alarm, Verb.CLOSE, operator_of(by), disposition, note))


def drill(
    home: Annotated[str, typer.Argument(metavar="HOME", help="住户编号 the home's id.")],
    kind: Annotated[str, typer.Argument(metavar="KIND", help="种类 smoke, help_call, …")],
    *,
    config: ConfigFile = CONFIG,
    by: By = None,
) -> None:
    """演练 Rehearse an alarm from end to end: people are reached, and told that it is a drill."""
    _do(config, Drill(home, kind, operator_of(by)))


def operator_of(by: str | None) -> str:
    """Give who acts; a login may have signs that no id has."""
    return by or re.sub(r"[^A-Za-z0-9_-]", "-", getpass.getuser())[:64]


def _do(file: ConfigFile, request: Request) -> None:
    """Have it done and show the alarm as it is then."""
    with ending():
        reach = Reach(file)
        views: list[AlarmView] = []
        reach.show(request, _gather(views))
        for view in views:
            out().print(f"{view.id} {both(STATES, view.state)}")
