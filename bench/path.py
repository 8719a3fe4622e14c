"""What each part of a reading's way costs, in one process and without a wire: microseconds each.

The parts are the real ones: inbox, intake, core, journal, and at the end the pump with all of them.
The readings are those of our own schema as a village sends them, every one new.
"""

import itertools
import resource
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from alerting.effect import Effect, Log, Submit
from alerting.engine import Engine
from alerting.event import HomeChanged, ReportReceived
from alerting.record import DeviceRecord, HomeRecord, ResidentRecord, ResponderRecord, Role
from bench.latency import Figures
from gateway.clock import SystemClock
from gateway.entries import Batch, Entry, LogLine
from gateway.inbox import Inbox
from gateway.intake import Intake
from gateway.journal import Journal
from gateway.link import Link, Receipt, Token
from gateway.pump import TURN, Pump
from sensors.families import discover

KINDS = (("motion", b"true"), ("temperature", b"21.5"), ("contact", b"true"), ("motion", b"true"))
CLASSES = ("pir", "temperature", "contact", "pir")
WHOLE = 1 << 40
"""A limit that is never reached."""


class _Nobody:
    """Stands where effects would be acted on: ordinary readings have none."""

    def take(self, effects: list[Effect]) -> None:
        """Act on nothing."""

    def improvise(self, effects: list[Effect]) -> None:
        """Act on nothing."""

    def rescue(self, submits: list[Submit]) -> None:
        """Act on nothing."""

    def write(self, effect: Log, at: datetime) -> LogLine:
        """Write the line of a village where nothing happens."""
        raise AssertionError((effect, at))


class _Claims(NamedTuple):
    """Whose each device is."""

    homes: dict[str, str]

    def home_of(self, device_id: str) -> str | None:
        """Give a device's home."""
        return self.homes.get(device_id)

    def is_help_button(self, device_id: str) -> bool:
        """Say that nobody has claimed one."""
        del device_id
        return False


def _home(number: int) -> HomeRecord:
    """Give a home with four devices."""
    name = f"h{number:05d}"
    devices = (DeviceRecord(f"own-{name}-{n}", kind) for n, kind in enumerate(CLASSES))
    people = (ResponderRecord("d01", Role.DESK), ResponderRecord("n01", Role.NEIGHBOUR))
    return HomeRecord(name, (ResidentRecord(f"r{number}"),), tuple(devices), people)


def _engine(homes: int, intake: Intake, now: datetime) -> Engine:
    """Give a core that has heard every device before: what follows is an ordinary day."""
    engine = Engine()
    for number in range(homes):
        engine.handle(HomeChanged(_home(number)), now)
    for event in _events(intake, _receipts(homes, homes * len(KINDS), now)):
        engine.handle(event, now)
    return engine


def _events(intake: Intake, receipts: list[Receipt]) -> list[ReportReceived]:
    taken = itertools.chain(*map(intake.take, receipts))
    return [one for one in taken if isinstance(one, ReportReceived)]


def _receipts(homes: int, count: int, now: datetime, first: int = 0) -> list[Receipt]:
    """Make readings numbered from `first`; homes take turns, far apart in memory."""
    made = []
    for number in range(first, first + count):
        home, which = divmod(number, len(KINDS))
        name = f"h{home * 7919 % homes:05d}"
        kind, value = KINDS[which]
        body = b'{"v":1,"value":%s,"seq":%d,"boot":"b1"}' % (value, number)
        topic, token = f"care/v1/{name}/{name}-{which}/{kind}", Token("mqtt", 1, 1, 1)
        made.append(Receipt(now, "own", topic, body, is_retained=False, is_dup=False, token=token))
    return made


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _timed(each: float, act: Callable[[], object]) -> float:
    """Give the microseconds of processor time for each of `each`."""
    before = _cpu_seconds()
    act()
    return (_cpu_seconds() - before) / each * 1e6


async def measure(folder: Path, homes: int, count: int) -> Figures:
    """Measure every part at so many homes."""
    clock = SystemClock()
    now = clock.now()
    receipts = _receipts(homes, count, now, first=homes * len(KINDS))
    claims = _Claims({d.id: home.id for home in map(_home, range(homes)) for d in home.devices})
    intake = Intake(discover(), claims)
    engine = _engine(homes, intake, now)
    figures: Figures = {"part": "path", "broker": "none", "contestant": "gateway", "homes": homes}
    inbox = Inbox(clock, limit=WHOLE)
    figures["inbox_us"] = _timed(count, lambda: [inbox.put(one) for one in receipts])
    events: list[ReportReceived] = []
    figures["decode_us"] = _timed(count, lambda: events.extend(_events(intake, receipts)))
    later = now + timedelta(seconds=1)
    figures["core_us"] = _timed(count, lambda: [engine.handle(one, later) for one in events])
    encode, entries = msgspec.json.Encoder().encode, list[Entry]()
    figures["encode_us"] = _timed(
        count,
        lambda: entries.extend(Entry(now, one.home_id, "report", encode(one)) for one in events),
    )
    journal = await Journal.open(folder / "parts.db", clock)
    before = _cpu_seconds()
    for start in range(0, count, TURN):
        await journal.commit(Batch(entries=entries[start : start + TURN]))
    figures["commit_us"] = (_cpu_seconds() - before) / count * 1e6
    await journal.close()
    engine = _engine(homes, intake, now)
    figures["turn_us"] = await _turns(folder, intake, inbox, engine, count)
    return figures


async def _turns(folder: Path, intake: Intake, inbox: Inbox, engine: Engine, count: int) -> float:
    """Let the pump take what is in the inbox; microseconds of processor time for each."""
    clock, nobody, links = SystemClock(), _Nobody(), dict[str, Link]()
    journal = await Journal.open(folder / "whole.db", clock)
    pump = Pump(
        engine=engine,
        inbox=inbox,
        intake=intake,
        journal=journal,
        carrier=nobody,
        scribe=nobody,
        links=links,
        clock=clock,
        snapshot_every=WHOLE,
    )
    before = _cpu_seconds()
    while len(inbox):
        await pump.turn(await inbox.take(TURN))
    used = _cpu_seconds() - before
    await journal.close()
    return used / count * 1e6
