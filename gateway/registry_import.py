"""What an import changes: the next registry, the statements that write it, and what the core hears.

A file replaces the homes that stand in it, with everybody and everything in them, and the
responders that stand in it. What it does not name is left alone, unless `is_whole` says that the
file is everything: then it goes. A home that is as before costs no statement and no event, so the
same file may be imported every night.
"""

import dataclasses
import secrets
from collections.abc import Callable, Iterator
from typing import NamedTuple

from alerting.event import HomeChanged, HomeRemoved
from gateway.log_port import Statement
from gateway.mistake import Mistake, MistakesError, Words
from gateway.registry import Registry
from gateway.registry_rows import DeviceRow, ResidentRow, Rows
from gateway.registry_tables import clear_home, insert, put, remove


class Import(NamedTuple):
    """An import to be committed: write `statements` and `events` in one transaction.

    After the commit the gateway's registry adopts `after`. `added`, `changed` and `removed`
    count homes; a home is changed where any of its rows is. `people` counts those without a home
    who have come, gone or changed.
    """

    after: Registry
    statements: list[Statement]
    events: list[HomeChanged | HomeRemoved]
    added: int
    changed: int
    removed: int
    people: int = 0


def random_secret() -> str:
    """Give a device secret nobody can guess."""
    return secrets.token_urlsafe(18)


def plan(
    current: Registry,
    file: Registry,
    *,
    is_whole: bool = False,
    make_secret: Callable[[], str] = random_secret,
) -> Import:
    """Say what the file changes; a device without a secret keeps the one it has, or gets one.

    Takes seconds for a county, so not on the event loop. Raises MistakesError where the file
    takes a person or a device out of a home that is not in it.
    """
    if not is_whole:
        mistakes = list(_taken_away(current, file))
        if mistakes:
            raise MistakesError(mistakes)
    after = Registry(_next_rows(current, file, make_secret, is_whole=is_whole))
    gone = [home for home in current.households if home not in after.households]
    changed = [h for h, new in after.households.items() if current.households.get(h) != new]
    added = sum(home not in current.households for home in changed)
    before, now = _homeless(current), _homeless(after)
    statements = [
        *_responders(current, after),
        *(remove("residents", row.id) for row in before if row not in now),
        *_homes(current, after, gone, changed),
        *(insert("residents", row) for row in now if row not in before),
    ]
    return Import(
        after,
        statements,
        [*_events(current, after), *map(HomeRemoved, gone)],
        added,
        len(changed) - added,
        len(gone),
        len({row.id for row in before.keys() ^ now.keys()}),
    )


def _homeless(registry: Registry) -> dict[ResidentRow, None]:
    """Give who has no home here, in order."""
    return {row: None for row in registry.rows.residents if not row.home}


def _taken_away(current: Registry, file: Registry) -> Iterator[Mistake]:
    """Find who and what the file moves here from a home it says nothing of."""
    for at, resident in enumerate(file.rows.residents):
        before = current.residents.get(resident.id)
        if resident.id in current.responders:
            yield _taken(f"residents[{at}].id", resident.id, None)
        elif before is not None and before.home and before.home not in file.households:
            yield _taken(f"residents[{at}].id", resident.id, before.home)
    for at, device in enumerate(file.rows.devices):
        home = current.home_of(device.device_id)
        if home is not None and home not in file.households:
            yield _taken(f"devices[{at}].id", device.id, home)
    for at, responder in enumerate(file.rows.responders):
        if responder.id in current.residents:
            yield _taken(f"responders[{at}].id", responder.id, None)


def _taken(path: str, row_id: str, home: str | None) -> Mistake:
    if home is None:
        return Mistake(
            path,
            f'"{row_id}"',
            Words("登记里另有一个人用这个编号", "is the id of another person in the registry"),
            Words("换一个编号", "choose another id"),
        )
    return Mistake(
        path,
        f'"{row_id}"',
        Words(
            f"登记里属于 {home}，而文件里没有这一户", f"belongs to {home}, which is not in the file"
        ),
        Words(
            f"把 {home} 也写进文件，或换一个编号", f"put {home} in the file, or choose another id"
        ),
    )


def _next_rows(
    current: Registry, file: Registry, make_secret: Callable[[], str], *, is_whole: bool
) -> Rows:
    """Put the file's rows in the place of those it replaces, the others staying where they are."""
    old, new = current.rows, file.rows
    devices = tuple(_with_secret(row, current, make_secret) for row in new.devices)
    # Who was there keeps their place, as in the database.
    responders = {**current.responders, **file.responders}.values()
    if is_whole:
        kept = tuple(row for row in responders if row.id in file.responders)
        return dataclasses.replace(new, devices=devices, responders=kept)

    def is_left(home: str) -> bool:
        return home not in file.households

    return Rows(
        homes=(*(row for row in old.homes if is_left(row.id)), *new.homes),
        residents=(
            *(r for r in old.residents if is_left(r.home) and r.id not in file.residents),
            *new.residents,
        ),
        devices=(*(row for row in old.devices if is_left(row.home)), *devices),
        responders=tuple(responders),
        pairings=(*(row for row in old.pairings if is_left(row.home)), *new.pairings),
    )


def _with_secret(row: DeviceRow, current: Registry, make_secret: Callable[[], str]) -> DeviceRow:
    if row.secret is not None:
        return row
    before = current.devices.get(row.device_id)
    known = None if before is None else before.secret
    return dataclasses.replace(row, secret=known or make_secret())


def _responders(current: Registry, after: Registry) -> Iterator[Statement]:
    for row in after.responders.values():
        if current.responders.get(row.id) != row:
            yield put("responders", row)
    yield from (
        remove("responders", row_id)
        for row_id in current.responders
        if row_id not in after.responders
    )


def _homes(
    current: Registry, after: Registry, gone: list[str], changed: list[str]
) -> Iterator[Statement]:
    """Write the changed homes anew; all that goes, goes before anything comes."""
    for home in (*gone, *changed):
        if home in current.households:
            yield from clear_home(home)
    for home in gone:
        yield remove("homes", home)
    for home in changed:
        household = after.households[home]
        yield put("homes", household.home)
        yield from (insert("residents", row) for row in household.residents)
        yield from (insert("devices", row) for row in household.devices)
        yield from (insert("pairings", row) for row in household.pairings)


def _events(current: Registry, after: Registry) -> Iterator[HomeChanged]:
    """Give the core what is new to it; a corrected number counts, for it may be tried again."""
    for home in after.households:
        record = after.record(home)
        assert record is not None
        people = [p.id for p in record.residents] + [p.id for p in record.responders]
        if current.record(home) != record or any(
            _phone(current, person) != _phone(after, person) for person in people
        ):
            yield HomeChanged(record)


def _phone(registry: Registry, person_id: str) -> str | None:
    person = registry.person_of(person_id)
    return None if person is None else person.phone
