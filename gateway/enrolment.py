"""A registry file on its way into force: in pieces to whoever can commit it, then turn by turn.

Reading a county's file takes seconds in which nothing else would happen, so the command line does
that, and sends rows; what the gateway does with a piece takes it a millisecond. It plans the change
in a thread. A small change is one transaction, whole or not at all; a county's is one for every
hundred homes, each home's rows with what the core hears of it (docs/adr/0070).
"""

import asyncio
from collections.abc import AsyncIterable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import chain, pairwise
from typing import Any

import msgspec
from pydantic import TypeAdapter, ValidationError

from alerting.record import HomeRecord
from gateway.door import Door, NotDoneError
from gateway.entries import LogLine
from gateway.job import Job
from gateway.registry import Registry
from gateway.registry_file import TABLES
from gateway.registry_import import PENDING, Import, Step, plan
from gateway.registry_rows import Rows

PIECE_ROWS = 100
PIECE_LIMIT_BYTES = 256 * 1024
"""More than a hundred rows can have."""

MARK = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
UNMARK = "DELETE FROM meta WHERE key = ?"

_ROWS = TypeAdapter(Rows)


def pieces(file: Registry) -> list[bytes]:
    """Give a registry's rows as lines of JSON, a hundred at most in each."""
    tables = _ROWS.dump_python(file.rows, mode="json", by_alias=True, exclude_defaults=True)
    return [
        msgspec.json.encode({name: rows[start : start + PIECE_ROWS]})
        for name in TABLES
        if (rows := tables.get(name))
        for start in range(0, len(rows), PIECE_ROWS)
    ]


async def assembled(lines: AsyncIterable[bytes]) -> Registry:
    """Make a registry of its pieces; raises NotDoneError where it is none."""
    whole: dict[str, list[Any]] = {name: [] for name in TABLES}
    try:
        async for line in lines:
            piece = _ROWS.validate_json(line)
            for name in TABLES:
                whole[name] += getattr(piece, name)
    except ValidationError as error:
        raise NotDoneError("bad_registry", str(error)) from None
    return await asyncio.to_thread(_registry, whole)  # it takes a second for a county


def _registry(tables: dict[str, list[Any]]) -> Registry:
    rows = Rows(**{name: tuple(table) for name, table in tables.items()})  # type: ignore[arg-type]
    tables.clear()
    if not all(_sound(rows)):
        raise NotDoneError("bad_registry", "an id is given twice, or of no row")
    return Registry(rows)


def _sound(rows: Rows) -> Iterator[bool]:
    """Check what holds the tables together; a file is explained where it is read, not here."""
    homes = {row.id for row in rows.homes}
    responders = {row.id for row in rows.responders}
    people = responders | {row.id for row in rows.residents}
    yield len(rows.homes) == len(homes)
    yield len(rows.residents) + len(rows.responders) == len(people)
    yield len(rows.devices) == len({row.device_id for row in rows.devices})
    yield len(rows.pairings) == len({(row.home, row.responder) for row in rows.pairings})
    yield homes.issuperset(row.home for row in rows.residents if row.home)
    yield homes.issuperset(row.home for row in rows.devices)
    yield homes.issuperset(row.home for row in rows.pairings)
    yield responders.issuperset(row.responder for row in rows.pairings)


async def put_in_force(
    door: Door,
    file: Registry,
    line: LogLine | None = None,
    *,
    is_whole: bool = False,
    is_dry_run: bool = False,
) -> Import:
    """Commit what a file changes, and let it be in force; gives what that was.

    `line` goes into the alarm log with it: who changed it, and when.

    Raises MistakesError where the file does not fit what is there, NotDoneError where a home with
    an open alarm would go, CommitFailedError.
    """
    knows = partial(_known_to, door)
    change = await asyncio.to_thread(plan, door.registry, file, is_whole=is_whole, knows=knows)
    del file
    _refuse_open(door, change.gone)
    if not is_dry_run and not change.is_empty:
        await _apply(door, change, line)
    return change


def _known_to(door: Door, home_id: str) -> HomeRecord | None:
    home = door.engine.homes.get(home_id)
    return None if home is None else home.record


def _refuse_open(door: Door, gone: Iterable[str]) -> None:
    """An import must not make an alarm disappear: raises NotDoneError."""
    for home_id in gone:
        home = door.engine.homes.get(home_id)
        if home is not None and any(alarm.is_open for alarm in home.alarms.values()):
            sentence = f"{home_id} 还有没办结的报警 has an open alarm; close it first"
            raise NotDoneError("open_alarm", sentence)


async def _apply(door: Door, change: Import, line: LogLine | None) -> None:
    """Commit turn by turn, each home's rows with its event, and let each be in force at once.

    The line that says who did it comes with the first. From then to the last turn a mark stands in
    the database, with the next home in it, so that a start after a crash tells the operator.
    """
    is_marked = await door.journal.get_meta(PENDING) is not None
    lines = () if line is None else (_counted(line, change),)
    with ExitStack() as given_up:
        given_up.callback(door.registry.settle, change.after)
        for step, following in pairwise(chain(change.steps(), [None])):
            assert step is not None
            _refuse_open(door, step.gone)
            statements = step.statements
            if following is not None:
                is_marked = True
                statements.append((MARK, (PENDING, _next_home(following).encode())))
            elif is_marked:
                statements.append((UNMARK, (PENDING,)))
            job = Job(events=tuple(step.events), lines=lines, statements=tuple(statements))
            await door.commit(job)
            lines = ()
            if following is not None:
                door.registry.take(change.after, step.homes, step.gone)
        given_up.pop_all()
    door.adopt(change.after)


def _next_home(step: Step) -> str:
    return next(iter((*step.homes, *step.gone)), "")


def _counted(line: LogLine, change: Import) -> LogLine:
    """Say in the line how many homes, and people without one, a change was about."""
    counts = {"added": change.added, "changed": change.changed, "removed": change.removed}
    counts["people"] = change.people
    said = {name: str(count) for name, count in counts.items() if count}
    return line._replace(facts={**line.facts, **said})
