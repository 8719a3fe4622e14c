"""What is kept about one person: given out whole, or erased without a break in the alarm log.

A person's name and number stand in the registry, and in the erasable half of the alarm log's lines
about them. Everything else, events and the log's public half, has ids only; so erasing takes the
rows and the texts away, and what remains tells of somebody nobody can name. Erasing is itself a
line of the log. Not reached are copies: backups, journals put aside, registry files, and what was
sent to other systems.
"""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Iterator

from alerting.alarm import Alarm
from alerting.home import HomeState
from gateway.door import Door, NotDoneError
from gateway.enrolment import put_in_force
from gateway.entries import LogLine
from gateway.job import Job
from gateway.registry import Registry
from gateway.registry_rows import Rows
from gateway.request import Erased, PersonView
from gateway.tables import to_us

_ABOUT = (
    "SELECT seq FROM alarm_log_person WHERE person_id = ?1"
    " UNION SELECT seq FROM alarm_log WHERE json_extract(facts, '$.person') = ?1"
    " OR json_extract(facts, '$.operator') = ?1 ORDER BY seq"
)


async def erase(door: Door, person_id: str, by: str) -> Erased:
    """Take a resident or responder out of the registry, and their text out of the alarm log.

    Raises NotDoneError where nobody is known by the id, or an open alarm still needs them;
    CommitFailedError, and then nothing has changed.
    """
    registry = door.registry
    is_registered = person_id in registry.residents or person_id in registry.responders
    if not is_registered and not await door.journal.read(_ABOUT, [person_id]):
        raise _unknown(person_id)
    needed = next(_needing(door, person_id), None)
    if needed is not None:
        raise NotDoneError(
            "open_alarm", f"{needed} 还没办结，先办结 is open and concerns them; close it first"
        )
    if is_registered:
        rows = await asyncio.to_thread(_without, registry.rows, person_id)
        await put_in_force(door, Registry(rows), is_whole=True)
    lines = await door.journal.erase_person(person_id)
    now = door.clock.now()
    noted = LogLine(
        key=f"person.{person_id}.erased.{to_us(now)}",
        at=now,
        home_id="",
        alarm_id="",
        kind="person",
        verb="person_erased",
        priority="trouble",
        facts={"person": person_id, "operator": by, "lines": str(lines)},
    )
    await door.commit(Job(lines=(noted,)))
    return Erased(person_id, is_registered, lines)


async def export(door: Door, person_id: str) -> AsyncGenerator[object, None]:
    """Give a PersonView, then every line of the alarm log about them, as it is stored.

    Raises NotDoneError where nobody is known by the id.
    """
    registry, seqs = door.registry, await door.journal.read(_ABOUT, [person_id])
    resident = registry.residents.get(person_id)
    responder = registry.responders.get(person_id)
    if resident is None and responder is None and not seqs:
        raise _unknown(person_id)
    row = resident or responder
    yield PersonView(
        id=person_id,
        registered=None if row is None else dataclasses.asdict(row),
        address="" if resident is None else registry.address_of(resident.home),
        devices=[d.device_id for d in registry.rows.devices if d.resident == person_id],
        called_for=[p.home for p in registry.rows.pairings if p.responder == person_id],
        log_lines=len(seqs),
    )
    for (seq,) in seqs:
        for line in await door.journal.log_lines(int(seq) - 1, 1):
            yield line


def _unknown(person_id: str) -> NotDoneError:
    return NotDoneError("unknown_person", f"没有 {person_id} 这个人 nobody has the id {person_id}")


def _needing(door: Door, person_id: str) -> Iterator[str]:
    """Name the open alarms that a person lives beside, holds or is on the way to."""
    resident = door.registry.residents.get(person_id)
    for home in door.engine.homes.values():
        is_theirs = resident is not None and resident.home == home.record.id
        for alarm in _open(home):
            told = {n.person_id for n in alarm.notifications.values()}
            if is_theirs or person_id in told | {alarm.holder_id, *alarm.scene_ids}:
                yield alarm.id


def _open(home: HomeState) -> Iterator[Alarm]:
    return (alarm for alarm in home.alarms.values() if alarm.is_open)


def _without(rows: Rows, person_id: str) -> Rows:
    """Give the rows with nobody of this id in them."""
    return dataclasses.replace(
        rows,
        residents=tuple(row for row in rows.residents if row.id != person_id),
        responders=tuple(row for row in rows.responders if row.id != person_id),
        pairings=tuple(row for row in rows.pairings if row.responder != person_id),
        devices=tuple(
            dataclasses.replace(row, resident=None) if row.resident == person_id else row
            for row in rows.devices
        ),
    )
