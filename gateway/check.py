"""`smartcare check`: what is wrong with an installation before anybody depends on it.

Nothing is started or changed. The configuration is read as the gateway would read it; then what
can be seen without a device or a carrier: whether an alarm has a way to a person, what cannot work
together, and what the registry in the state folder lacks. An error keeps the gateway from starting
or an alarm from reaching anybody; a warning is for a person to decide.
"""

import json
import os
import sqlite3
import unicodedata
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, get_args

from rich.console import Console
from rich.table import Table
from rich.text import Text

from alerting.channels import Ports
from alerting.effect import Medium
from alerting.policy import Policy, Priority, Whom
from alerting.settings import RULES
from gateway import places
from gateway.clock import SystemClock
from gateway.config import CHANNELS, Config, load
from gateway.mistake import Mistake, MistakesError, Words
from gateway.read_only import opened
from gateway.registry import Registry
from gateway.registry_gaps import gaps
from gateway.registry_rows import DeviceClass
from gateway.registry_tables import QUERIES, query, rows_of
from gateway.topics import embedded_refusals
from sensors.families import discover

DATABASE = "journal.db"
SHOWN = 10
"""Ids of a gap that are shown."""

_ODD_SIGNS = {"So", "Cs", "Co", "Cn"}
_HELPING = {Whom.DESK, Whom.NEIGHBOURS, Whom.POSTS}


class Level(StrEnum):
    """How grave a finding is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(NamedTuple):
    """One finding; `ids` are all it is about, where it is about rows of the registry."""

    level: Level
    mistake: Mistake
    ids: tuple[str, ...] = ()


class Rung(NamedTuple):
    """One step of a ladder: when it starts at the latest, and whom it calls."""

    seconds: float
    whom: tuple[str, ...]


class Findings(NamedTuple):
    """Everything that was found; `ladders` is by kind of alarm, empty with a broken file."""

    found: tuple[Finding, ...]
    ladders: Mapping[str, tuple[Rung, ...]]
    language: str = "zh"

    @property
    def is_fatal(self) -> bool:
        """Whether there is an error."""
        return any(finding.level is Level.ERROR for finding in self.found)


def check(path: Path, environment: Mapping[str, str] = os.environ) -> Findings:
    """Look at the installation of a configuration file."""
    try:
        config = load(path, environment)
    except MistakesError as error:
        return Findings(tuple(Finding(Level.ERROR, one) for one in error.mistakes), {})
    found = (
        *_reach(config),
        *_odd(config),
        *_places(config),
        *_registry(config),
    )
    ladders = {kind: _ladder(getattr(config.policies, kind)) for kind in RULES}
    return Findings(found, ladders, config.community.language)


# --- the configuration ----------------------------------------------------------------------------


def media_of(config: Config) -> frozenset[Medium]:
    """Give what the channels in use can carry; opening one does nothing by itself."""
    clock = SystemClock()
    ports = Ports(clock, lambda _: None, lambda _: None, clock.now())
    opened = (CHANNELS[name].open(settings, ports) for name, settings in config.channels_open())
    return frozenset(medium for channel in opened for medium in channel.media)


def _reach(config: Config) -> Iterator[Finding]:
    """Find alarms that would reach nobody, or nobody who is not looking at a screen."""
    media = media_of(config)
    if not media & {Medium.SMS, Medium.VOICE}:
        yield _warning(
            "channels",
            Words("没有短信和电话渠道，报警只显示在屏幕上", "no texts, no calls: alarms only show"),
            Words("配置 [channels.twilio]", "write [channels.twilio]"),
        )
    for kind in RULES:
        policy: Policy = getattr(config.policies, kind)
        if not _reached(policy, media):
            mistake = Mistake(
                f"policies.{kind}",
                "",
                Words("用现有的渠道通知不到任何人", "reaches nobody over the channels in use"),
                Words("加一个渠道，或改步骤的 media", "add a channel, or change the steps' media"),
            )
            yield Finding(Level.ERROR, mistake)


def _reached(policy: Policy, media: frozenset[Medium]) -> set[Whom]:
    """Give who is called by a policy over these media."""
    aims = (aim for step in policy.steps for aim in step.aims)
    return {aim.whom for aim in aims if media & set(aim.media) and aim.whom is not Whom.EMERGENCY}


def _odd(config: Config) -> Iterator[Finding]:
    """Find what does not do what its writer may believe."""
    for name, settings in config.channels_open():
        if getattr(settings, "public_url", "") is None:
            yield _warning(
                "web.public_url",
                Words(
                    f"没有外网地址：{name} 只能轮询，电话里按键无效",
                    f"no address from outside: {name} is polled, and keys in calls do nothing",
                ),
                Words(
                    "写上反向代理的 https 网址；没有就让人回短信",
                    "write the front's https address; without it people answer by text",
                ),
            )
    yield from _slips(config)
    if config.mqtt.url is None:
        for key in ("username", "password"):
            if getattr(config.mqtt, key) is not None:
                yield _warning(
                    f"mqtt.{key}",
                    Words(
                        "没有写 url，用的是内置服务器，这一项不起作用", "does nothing without url"
                    ),
                    Words("写上 url，或删掉这一项", "write url, or take it out"),
                )


def _slips(config: Config) -> Iterator[Finding]:
    """Find what is well-formed and cannot be meant."""
    classes, rules = get_args(DeviceClass), config.model_dump(include={"rules"})["rules"]
    for name in sorted(set(rules["device_lost"]["budget_hours"]) - set(classes)):
        yield _warning(
            f"rules.device_lost.budget_hours.{name}",
            Words("没有这一类设备，这一项不起作用", "is no class of devices, and does nothing"),
            Words(f"可以写 {'、'.join(classes)}", f"write one of {', '.join(classes)}"),
        )
    day = rules["no_motion"]
    if day["day_from_hour"] >= day["day_to_hour"]:
        yield _warning(
            "rules.no_motion.day_from_hour",
            Words("白天还没开始就结束，永远算夜里", "is not before day_to_hour: always night"),
            Words("day_from_hour 要比 day_to_hour 小", "let day_from_hour be the smaller"),
        )
    if any(unicodedata.category(sign) in _ODD_SIGNS for sign in config.community.name):
        yield _warning(
            "community.name",
            Words("有老手机显示不出的符号", "has a sign that older phones cannot show"),
            Words("只写汉字、字母和数字", "write letters and digits only"),
        )


def _places(config: Config) -> Iterator[Finding]:
    """Find what the machine does not give: the state folder, the web port."""
    is_web = bool(config.push) or any(name == "twilio" for name, _ in config.channels_open())
    port = config.web.port if is_web else None
    for mistake in places.seen(Path(config.state.folder), config.web.host, port):
        yield Finding(Level.ERROR, mistake)


def _warning(path: str, reason: Words, mend: Words) -> Finding:
    return Finding(Level.WARNING, Mistake(path, "", reason, mend))


def _ladder(policy: Policy) -> tuple[Rung, ...]:
    """Say when each rung starts if nobody answers: the worst case."""
    at = policy.cancel_window_seconds
    rungs = [Rung(0, (Whom.RESIDENT,))] if policy.priority is Priority.SOFT and at else []
    for step in policy.steps:
        rungs.append(Rung(at, tuple(aim.whom.value for aim in step.aims)))
        at += step.wait_seconds
    return tuple(rungs)


# --- the registry ---------------------------------------------------------------------------------


def _registry(config: Config) -> Iterator[Finding]:
    """Find what the registry of the state folder lacks."""
    try:
        registry = stored(Path(config.state.folder) / DATABASE)
    except sqlite3.Error as error:
        mistake = Mistake(
            "registry",
            "",
            Words(f"数据库读不出来（{error}）", f"the database cannot be read: {error}"),
            Words("用备份恢复，或换一个 state.folder", "restore a backup, or another state.folder"),
        )
        yield Finding(Level.ERROR, mistake)
        return
    if not registry.households:
        reason = Words("还没有登记住户", "no home is registered yet")
        mend = Words("smartcare registry import 文件", "smartcare registry import FILE")
        yield Finding(Level.NOTE, Mistake("registry", "", reason, mend))
    yield from _unheard(config, registry)
    for gap in gaps(registry):
        shown = "、".join(gap.ids[:SHOWN]) + ("…" if len(gap.ids) > SHOWN else "")
        value = f"{len(gap.ids)}: {shown}" if gap.ids else ""
        mistake = Mistake(f"registry.{gap.table}", value, gap.reason, gap.mend)
        yield Finding(Level.WARNING, mistake, gap.ids)


def _unheard(config: Config, registry: Registry) -> Iterator[Finding]:
    """Find devices that the embedded broker cannot carry: nothing they say would be heard."""
    if config.mqtt.url is not None:
        return
    carried = set(config.mqtt.filters.values())
    far = {
        family.name
        for family in discover().values()
        if family.topics
        and len(embedded_refusals(dict.fromkeys(family.topics, ""))) == len(family.topics)
    }
    ids = tuple(row.device_id for row in registry.devices.values() if row.family in far - carried)
    if ids:
        value = f"{len(ids)}: {'、'.join(ids[:SHOWN])}" + ("…" if len(ids) > SHOWN else "")
        mistake = Mistake(
            "registry.devices",
            value,
            Words(
                "内置服务器带不了这些设备：主题名里有空格",
                "cannot be heard over the embedded broker: names in their topics have spaces",
            ),
            Words("装 mosquitto 或 EMQX，并写上 mqtt.url", "use mosquitto or EMQX; write mqtt.url"),
        )
        yield Finding(Level.ERROR, mistake, ids)


def stored(database: Path) -> Registry:
    """Read a registry without changing a byte; an empty one where there is none."""
    if not database.is_file():
        return Registry()
    with opened(database) as connection:
        found = {}
        for name in QUERIES:
            present = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
            found[name] = connection.execute(query(name, present)).fetchall()
    return Registry(rows_of(found))


# --- telling --------------------------------------------------------------------------------------

_LEVELS = {
    Level.ERROR: (Words("错误", "error"), "bold red"),
    Level.WARNING: (Words("注意", "warning"), "yellow"),
    Level.NOTE: (Words("提示", "note"), "cyan"),
}


def as_json(findings: Findings) -> str:
    """Give the findings for a program: both languages, every id."""
    rows = [
        {
            "level": finding.level,
            "path": finding.mistake.path,
            "value": finding.mistake.value,
            "line": finding.mistake.line,
            "reason": finding.mistake.reason._asdict(),
            "mend": finding.mistake.mend._asdict(),
            "ids": finding.ids,
        }
        for finding in findings.found
    ]
    ladders = {kind: [rung._asdict() for rung in rungs] for kind, rungs in findings.ladders.items()}
    told = {"ok": not findings.is_fatal, "findings": rows, "ladders": ladders}
    return json.dumps(told, ensure_ascii=False, indent=1)


def show(findings: Findings, console: Console, language: str | None = None) -> None:
    """Print the findings for a person, and how long each rung takes at worst."""
    said = language or findings.language
    for finding in findings.found:
        word, style = _LEVELS[finding.level]
        line = Text(f"{word.to(said)} ", style=style)
        console.print(line.append(finding.mistake.text(said), style="default"))
    if findings.ladders:
        console.print(_drawn(findings.ladders, said))
    if not findings.found:
        console.print(Words("没有发现问题", "nothing found").to(said))


def _drawn(ladders: Mapping[str, tuple[Rung, ...]], language: str) -> Table:
    """Draw the ladders: a row a kind, each rung with its seconds at worst."""
    title = Words("没人回应时，最迟几秒通知到谁", "if nobody answers, who is called after seconds")
    table = Table(title=title.to(language), show_header=False, title_justify="left")
    for kind, rungs in ladders.items():
        steps = (f"{rung.seconds:.0f} s {'+'.join(rung.whom)}" for rung in rungs)
        table.add_row(kind, " → ".join(steps))
    return table
