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
from alerting.record import HomeRecord
from gateway.log_port import Statement
from gateway.mistake import Mistake, MistakesError, Words
from gateway.registry import Registry
from gateway.registry_rows import DeviceRow, ResidentRow, Rows
from gateway.registry_tables import clear_home, insert, put, remove

PENDING = "import_pending"
"""What stands in `meta` from the first turn of an import of several turns to its last."""

HOMES_A_TURN = 100
"""Homes of one turn: it takes a few hundredths of a second, and a smoke waits for two at most."""


class Step(NamedTuple):
    """What one transaction of an import does; `homes` come or change, `gone` go."""

    homes: list[str]
    gone: list[str]
    statements: list[Statement]
    events: list[HomeChanged | HomeRemoved]


class Import(NamedTuple):
    """An import to be committed, step by step; what is written is made when it is its turn.

    `written` are homes with a changed row, `told` those of which the core hears. After the last
    commit the gateway's registry adopts `after`. `added`, `changed` and `removed` count homes.
    `people` counts those without a home who have come, gone or changed.
    """

    after: Registry
    written: list[str]
    told: set[str]
    added: int
    changed: int
    removed: int
    people: int
    gone: list[str]
    fresh: set[str]
    """Homes that were not there."""
    joined: set[str]
    """Homes between which somebody or something moves: they change in one transaction."""
    first: list[Statement]
    last: list[Statement]
    come: list[Statement]
    """Those without a home who come, or have left a home."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.written or self.told or self.gone or self.first or self.last or self.come)

    @property
    def statements(self) -> list[Statement]:
        """Give all that is written, as one transaction would."""
        return [statement for step in self.steps(None) for statement in step.statements]

    @property
    def events(self) -> list[HomeChanged | HomeRemoved]:
        """Give all that the core hears."""
        return [event for step in self.steps(None) for event in step.events]

    def steps(self, size: int | None = HOMES_A_TURN) -> Iterator[Step]:
        """Give the transactions in order: responders first, deletions last.

        After each the registry and the core agree on every home: its rows go with its event.
        """
        if self.is_empty:
            return
        written = set(self.written)
        homes = [h for h in self.after.households if h in written or h in self.told]
        homes.sort(key=lambda home: home not in self.joined)
        alone = [home for home in self.gone if home not in self.joined]
        bound = [home for home in self.gone if home in self.joined]
        size = size or max(1, len(homes) + len(self.gone))
        together = sum(home in self.joined for home in homes)
        ends = [min(len(homes), max(size, together))]
        while ends[-1] < len(homes):
            ends.append(min(len(homes), ends[-1] + size))
        is_one = len(homes) + len(self.gone) <= size
        for start, end in zip([0, *ends], ends, strict=False):
            gone = (self.gone if is_one else bound) if start == 0 else []
            step = self._step(homes[start:end], gone, written)
            if start == 0:
                step.statements[:0] = self.first
                step.statements.extend(self.come)
            if end == len(homes) and (is_one or not alone):
                step.statements.extend(self.last)
            yield step
        if is_one:
            return
        for start in range(0, len(alone), size):
            step = self._step([], alone[start : start + size], written)
            if start + size >= len(alone):
                step.statements.extend(self.last)
            yield step

    def _step(self, homes: list[str], gone: list[str], written: set[str]) -> Step:
        rows = [home for home in homes if home in written]
        records = (self.after.record(home) for home in homes if home in self.told)
        return Step(
            homes,
            gone,
            list(_homes(self.after, gone, rows, self.fresh)),
            [*(HomeChanged(r) for r in records if r is not None), *map(HomeRemoved, gone)],
        )


def random_secret() -> str:
    """Give a device secret nobody can guess."""
    return secrets.token_urlsafe(18)


def plan(
    current: Registry,
    file: Registry,
    *,
    is_whole: bool = False,
    make_secret: Callable[[], str] = random_secret,
    knows: Callable[[str], HomeRecord | None] | None = None,
) -> Import:
    """Say what the file changes; a device without a secret keeps the one it has, or gets one.

    `knows` gives the core's own record of a home: where an import was cut off it may be behind.

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
    fresh = {home for home in changed if home not in current.households}
    before, now = _homeless(current), _homeless(after)
    return Import(
        after=after,
        written=changed,
        told=set(_told(current, after, knows)),
        added=len(fresh),
        changed=len(changed) - len(fresh),
        removed=len(gone),
        people=len({row.id for row in before.keys() ^ now.keys()}),
        gone=gone,
        fresh=fresh,
        joined=_joined(current, after, changed),
        first=[
            *_responders(current, after),
            *(remove("residents", row.id) for row in before if row not in now),
        ],
        last=[remove("responders", r) for r in current.responders if r not in after.responders],
        come=[insert("residents", row) for row in now if row not in before],
    )


def _joined(current: Registry, after: Registry, changed: list[str]) -> set[str]:
    """Find the homes between which somebody or something moves, also to or from no home."""
    joined: set[str] = set()
    for home in changed:
        household = after.households[home]
        origins = [current.home_of(row.device_id) for row in household.devices]
        residents = (current.residents.get(row.id) for row in household.residents)
        origins += [None if row is None else row.home for row in residents]
        moved = {origin for origin in origins if origin is not None and origin != home}
        if moved:
            joined |= {home, *moved}
    for row in after.rows.residents:
        before = current.residents.get(row.id)
        if not row.home and before is not None and before.home:
            joined.add(before.home)
    return joined


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


def _homes(
    after: Registry, gone: list[str], written: list[str], fresh: set[str]
) -> Iterator[Statement]:
    """Write homes anew; all that goes, goes before anything comes."""
    for home in (*gone, *written):
        if home not in fresh:
            yield from clear_home(home)
    for home in gone:
        yield remove("homes", home)
    for home in written:
        household = after.households[home]
        yield put("homes", household.home)
        yield from (insert("residents", row) for row in household.residents)
        yield from (insert("devices", row) for row in household.devices)
        yield from (insert("pairings", row) for row in household.pairings)


def _told(
    current: Registry, after: Registry, knows: Callable[[str], HomeRecord | None] | None
) -> Iterator[str]:
    """Give the homes new to the core; a corrected number counts, for it may be tried again."""
    for home in after.households:
        record = after.record(home)
        assert record is not None
        people = [p.id for p in record.residents] + [p.id for p in record.responders]
        if (
            current.record(home) != record
            or (knows is not None and knows(home) != record)
            or any(_phone(current, person) != _phone(after, person) for person in people)
        ):
            yield home


def _phone(registry: Registry, person_id: str) -> str | None:
    person = registry.person_of(person_id)
    return None if person is None else person.phone
