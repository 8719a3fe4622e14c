"""What an import changes, proved on SQLite: what is read back is what was planned."""

import asyncio
import random
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.event import HomeChanged, HomeRemoved
from alerting.record import HomeRecord
from gateway.mistake import MistakesError
from gateway.registry import Registry
from gateway.registry_file import parse
from gateway.registry_import import Import, plan
from gateway.registry_tables import RANGES, SHIFTS, TABLES
from tests.registry.village import (
    VILLAGE,
    device,
    file,
    home,
    pairing,
    resident,
    responder,
)


class Database:
    """The registry's tables in memory, and the registry that was imported last."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.registry = Registry()
        self._numbers = count(1)
        for table in (*TABLES, *RANGES, *SHIFTS):
            self.connection.execute(table)

    def bring(self, *rows: str, is_whole: bool = False) -> Import:
        """Import a file and commit it."""
        change = plan(
            self.registry,
            parse(file(*rows)),
            is_whole=is_whole,
            make_secret=lambda: f"made-secret-{next(self._numbers)}",
        )
        for sql, values in change.statements:
            self.connection.execute(sql, tuple(values))
        self.registry.adopt(change.after)
        return change

    async def read(self, sql: str, parameters: Sequence[object]) -> list[tuple[object, ...]]:
        """As the journal reads."""
        return self.connection.execute(sql, tuple(parameters)).fetchall()

    async def loaded(self) -> Registry:
        """What a gateway that starts now would find."""
        return await Registry.load(self.read)


def heard(change: Import) -> list[str]:
    """What the core hears: changed homes by id, removed ones with a minus."""
    return [
        f"-{event.home_id}" if isinstance(event, HomeRemoved) else event.home.id
        for event in change.events
    ]


async def test_the_first_import_tells_the_core_every_home() -> None:
    """And what is read back is the same registry."""
    database = Database()
    change = database.bring(*VILLAGE)
    assert (["h1", "h2"], (2, 0, 0)) == (heard(change), change[3:6])
    assert change.after.households == (await database.loaded()).households


def test_the_same_file_again_changes_nothing() -> None:
    """Not a statement, not an event: it may be imported every night."""
    database = Database()
    database.bring(*VILLAGE)
    change = database.bring(*VILLAGE)
    assert ([], [], (0, 0, 0)) == (change.statements, change.events, change[3:6])


def test_the_core_hears_what_the_registry_now_says() -> None:
    """The event has the record that the registry gives."""
    database = Database()
    change = database.bring(*VILLAGE)
    assert [HomeChanged(r) for h in ("h1", "h2") if (r := change.after.record(h))] == change.events


def test_a_new_name_is_stored_and_not_told() -> None:
    """The core knows no names."""
    database = Database()
    database.bring(*VILLAGE)
    rows = [row.replace("李明", "李亮") for row in VILLAGE]
    change = database.bring(*rows)
    assert ([], 4) == (heard(change), len(change.statements))


def test_a_new_number_is_told() -> None:
    """It may be tried again, at every home it is called for."""
    database = Database()
    database.bring(*VILLAGE)
    rows = [row.replace("+8613900000001", "+8613900000009") for row in VILLAGE]
    assert ["h1", "h2"] == heard(database.bring(*rows))


def test_a_desk_is_told_to_every_home() -> None:
    """Also to those that are not in the file."""
    database = Database()
    database.bring(*VILLAGE)
    change = database.bring(responder("d2", "desk", "+8657184310001"))
    assert (["h1", "h2"], (0, 0, 0)) == (heard(change), change[3:6])


async def test_a_home_is_replaced_with_everything_in_it() -> None:
    """What stood there and is not in the file is gone."""
    database = Database()
    database.bring(*VILLAGE)
    change = database.bring(home("h1", "501"), device("smoke-9", "h1"))
    loaded = await database.loaded()
    assert (["h1"], (0, 1, 0)) == (heard(change), change[3:6])
    assert ["own-smoke-2", "own-smoke-9"] == sorted(loaded.devices)


async def test_what_is_not_in_the_file_stays() -> None:
    """Another home, and people nobody named."""
    database = Database()
    before = database.bring(*VILLAGE).after
    database.bring(home("h3", "601"))
    loaded = await database.loaded()
    assert before.record("h2") == loaded.record("h2")
    assert ["d1", "f1", "n1", "n2"] == sorted(loaded.responders)


async def test_a_whole_file_leaves_nothing_else() -> None:
    """What it does not name goes, and the core hears of the homes."""
    database = Database()
    database.bring(*VILLAGE)
    change = database.bring(home("h2", "502"), responder("n1"), is_whole=True)
    loaded = await database.loaded()
    assert (["h2", "-h1"], (0, 1, 1)) == (heard(change), change[3:6])
    assert (["h2"], ["n1"]) == (list(loaded.households), list(loaded.responders))


def test_a_device_without_a_secret_gets_one_and_keeps_it() -> None:
    """Import the file again, and the device can still log in."""
    database = Database()
    database.bring(home("h1"), device("s1", "h1"))
    database.bring(home("h1"), device("s1", "h1"), device("s2", "h1"))
    assert [("s1", "h1", "made-secret-1"), ("s2", "h1", "made-secret-2")] == (
        database.registry.credentials()
    )


def test_a_secret_in_the_file_counts() -> None:
    """So a device can be given a new one."""
    database = Database()
    database.bring(home("h1"), device("s1", "h1"))
    database.bring(home("h1"), device("s1", "h1", 'secret = "by-my-own-hand"'))
    assert [("s1", "h1", "by-my-own-hand")] == database.registry.credentials()


async def test_a_person_can_move_between_homes_of_the_file() -> None:
    """With what they wear."""
    database = Database()
    database.bring(*VILLAGE)
    moved = [
        home("h1", "501"),
        home("h2", "502"),
        resident("r1", "h2"),
        device("band-1", "h2", 'resident = "r1"', "wristband"),
    ]
    database.bring(*moved)
    loaded = await database.loaded()
    assert ("h2", "h2") == (loaded.residents["r1"].home, loaded.home_of("own-band-1"))


@pytest.mark.parametrize(
    ("rows", "path"),
    [
        ((home("h3"), resident("r1", "h3")), "residents[0].id"),
        ((home("h3"), device("smoke-1", "h3")), "devices[0].id"),
        ((home("h3"), resident("n1", "h3")), "residents[0].id"),
        ((responder("r1"),), "responders[0].id"),
    ],
)
def test_nobody_is_taken_out_of_a_home_that_is_not_in_the_file(
    rows: tuple[str, ...], path: str
) -> None:
    """A wrong id must not leave another home without its smoke detector."""
    database = Database()
    database.bring(*VILLAGE)
    with pytest.raises(MistakesError) as caught:
        database.bring(*rows)
    assert [path] == [mistake.path for mistake in caught.value.mistakes]


async def test_a_stored_row_is_not_judged_again() -> None:
    """A rule that has become stricter since must not keep the gateway from starting."""
    database = Database()
    database.bring(*VILLAGE)
    database.connection.execute("UPDATE responders SET phone = 'none', name = '' WHERE id = 'n1'")
    database.connection.execute("DELETE FROM homes WHERE id = 'h2'")
    database.connection.execute("DELETE FROM responders WHERE id = 'n2'")
    record = (await database.loaded()).record("h1")
    assert record is not None
    assert ["d1", "n1", "f1"] == [person.id for person in record.responders]


def draw(rng: random.Random) -> list[str]:
    """A random file about a few homes and a few people."""
    homes = rng.sample(["h1", "h2", "h3"], rng.randint(0, 3))
    people = rng.sample(["n1", "n2", "d1", "d2"], rng.randint(0, 4))
    rows = [home(home_id, str(rng.randint(1, 3))) for home_id in homes]
    rows += [
        responder(p, "desk" if p[0] == "d" else "neighbour", f"+861390000000{rng.randint(0, 3)}")
        for p in people
    ]
    for home_id in homes:
        own = rng.sample(["1", "2", "3"], rng.randint(0, 3))
        rows += [resident(f"{home_id}-{n}", home_id) for n in own]
        rows += [device(f"s-{home_id}-{n}", home_id) for n in own]
        rows += [pairing(home_id, p, rng.randint(1, 3)) for p in people if rng.random() < 0.5]
    return rows


@settings(max_examples=25)
@given(st.integers(0, 2**32))
def test_imports_in_any_order_leave_what_was_planned(seed: int) -> None:
    """After each: the database has the registry, and the core has been told every difference."""
    rng = random.Random(seed)
    database = Database()
    known: dict[str, HomeRecord] = {}
    for _ in range(5):
        change = database.bring(*draw(rng), is_whole=rng.random() < 0.3)
        for event in change.events:
            if isinstance(event, HomeRemoved):
                del known[event.home_id]
            else:
                known[event.home.id] = event.home
        loaded = asyncio.run(database.loaded())
        assert change.after.households == loaded.households
        assert change.after.responders == loaded.responders
        assert known == {home_id: loaded.record(home_id) for home_id in loaded.households}


def told_of(known: dict[str, HomeRecord], events: Iterable[HomeChanged | HomeRemoved]) -> None:
    """Be what the core is once it has heard them."""
    for event in events:
        if isinstance(event, HomeRemoved):
            del known[event.home_id]
        else:
            known[event.home.id] = event.home


@settings(max_examples=25)
@given(st.integers(0, 2**32))
def test_an_import_that_is_cut_off_leaves_whole_homes_and_can_be_run_again(seed: int) -> None:
    """After each turn database, memory and core agree on every home that has no later turn."""
    rng = random.Random(seed)
    database = Database()
    known = dict[str, HomeRecord]()
    told_of(known, database.bring(*draw(rng)).events)
    rows, is_whole = parse(file(*draw(rng))), rng.random() < 0.5
    change = plan(database.registry, rows, is_whole=is_whole, make_secret=lambda: "made-secret-1")
    steps = list(change.steps(1))
    for step in steps[: rng.randint(0, len(steps))]:
        for sql, values in step.statements:
            database.connection.execute(sql, tuple(values))
        told_of(known, step.events)
        database.registry.take(change.after, step.homes, step.gone)
        loaded = asyncio.run(database.loaded())
        assert loaded.households == database.registry.households
        assert known.keys() == loaded.households.keys()
        assert all(known[h] == database.registry.record(h) for h in step.homes)
        assert loaded.devices == database.registry.devices
        database.registry.settle(change.after)
        assert loaded.households == database.registry.households
    again = plan(
        database.registry,
        rows,
        is_whole=is_whole,
        make_secret=lambda: "made-secret-1",
        knows=known.get,
    )
    for sql, values in again.statements:
        database.connection.execute(sql, tuple(values))
    told_of(known, again.events)
    loaded = asyncio.run(database.loaded())
    assert again.after.households == loaded.households
    assert known == {home: loaded.record(home) for home in loaded.households}


NOBODYS = resident("r9", "", "birth_year = 1950")


async def test_who_has_no_home_is_on_the_list() -> None:
    """They stay when others are imported, are changed by their id, and the core hears nothing."""
    database = Database()
    change = database.bring(*VILLAGE, NOBODYS)
    assert (["h1", "h2"], 1) == (heard(change), change.people)
    change = database.bring(home("h1", "501"))
    assert (0, "") == (change.people, change.after.residents["r9"].home)
    change = database.bring(resident("r9", "", "birth_year = 1951"))
    assert ([], 1, 1951) == (heard(change), change.people, change.after.residents["r9"].birth_year)
    assert change.after.residents == (await database.loaded()).residents


async def test_who_has_no_home_comes_into_one_and_goes_again() -> None:
    """Both ways, and with the whole file they are gone."""
    database = Database()
    database.bring(NOBODYS)
    assert 1 == database.bring(home("h1"), resident("r9", "h1")).people
    assert ["r9"] == [row.id for row in (await database.loaded()).households["h1"].residents]
    assert 1 == database.bring(home("h1"), NOBODYS).people
    loaded = await database.loaded()
    assert ([], "") == (loaded.households["h1"].residents, loaded.residents["r9"].home)
    assert 1 == database.bring(home("h1"), is_whole=True).people
    assert {} == (await database.loaded()).residents
