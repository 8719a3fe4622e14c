"""A registry file goes into force whole or not at all, with the daemon running or stopped."""

import asyncio
import dataclasses
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from alerting.event import Verb
from gateway import control_client, registry_file
from gateway.app import built, serve
from gateway.config import parse
from gateway.door import NotDoneError
from gateway.enrolment import pieces
from gateway.registry import Registry
from gateway.registry_import import HOMES_A_TURN, PENDING
from gateway.registry_rows import DeviceRow, HomeRow, Rows
from gateway.request import Act, Drill, ExportRegistry, ImportRegistry
from tests.cli.rig import CONFIG, REGISTRY, Row, Yard, installed, running
from tests.links.rig import until

TWICE = (
    b'{"homes":[{"id":"h1","compound":"","building":"1","unit":"","room":""},'
    b'{"id":"h1","compound":"","building":"1","unit":"","room":""}]}'
)
FILE = registry_file.parse(REGISTRY.encode())


async def imported(
    yard: Yard, file: Registry, *, is_whole: bool = False, is_dry_run: bool = False
) -> list[Row]:
    """Send a registry over the socket."""
    lines = pieces(file)
    return await yard.ask(ImportRegistry(len(lines), is_whole, is_dry_run), lines)


def without_second_home() -> Registry:
    """Give the registry as if the second home had moved away."""
    return Registry(dataclasses.replace(FILE.rows, homes=FILE.rows.homes[:1]))


async def test_an_import_is_in_force_at_once(tmp_path: Path) -> None:
    """For the data path, the core and the broker's users."""
    async with running(tmp_path, is_empty=True) as yard:
        (answer,) = await imported(yard, FILE)
        assert 2 == answer["added"]
        assert "h0001" == yard.registry.home_of("own-smoke-h0001")
        assert ["h0001", "h0002"] == sorted(yard.pump.engine.homes)
        assert ["claimed"] == yard.told


async def test_the_same_file_again_changes_nothing(yard: Yard) -> None:
    """No event, no statement."""
    before = yard.pump.seq
    (answer,) = await imported(yard, FILE)
    assert (0, 0, 0) == (answer["added"], answer["changed"], answer["removed"])
    assert before == yard.pump.seq


async def test_a_dry_run_changes_nothing(yard: Yard) -> None:
    """It says what would be."""
    (answer,) = await imported(yard, without_second_home(), is_whole=True, is_dry_run=True)
    assert 1 == answer["removed"]
    assert ["h0001", "h0002"] == sorted(yard.registry.households)


async def test_a_whole_file_takes_away_what_it_does_not_name(yard: Yard) -> None:
    """Also from the core."""
    await imported(yard, without_second_home(), is_whole=True)
    assert ["h0001"] == sorted(yard.registry.households)
    assert ["h0001"] == sorted(yard.pump.engine.homes)


async def test_a_home_with_an_open_alarm_stays(yard: Yard) -> None:
    """An import must not make an alarm disappear."""
    (alarm,) = await yard.ask(Drill("h0002", "smoke", "d01"))
    with pytest.raises(NotDoneError, match="h0002"):
        await imported(yard, without_second_home(), is_whole=True)
    await yard.ask(Act(str(alarm["id"]), Verb.CLOSE, "d01", "drill"))
    (answer,) = await imported(yard, without_second_home(), is_whole=True)
    assert 1 == answer["removed"]


async def test_a_file_that_does_not_fit_is_explained(yard: Yard) -> None:
    """A resident of a home the file says nothing of: a row for each mistake, and nothing done."""
    rows = FILE.rows
    moved = dataclasses.replace(rows.residents[0], home="h0002")
    file = Registry(Rows(homes=rows.homes[1:], residents=(moved,)))
    lines = pieces(file)
    answered = control_client.rows(yard.folder, ImportRegistry(len(lines)), lines)
    wrong = msgspec.json.decode(await anext(answered))
    assert "residents[0].id" == wrong["path"]
    with pytest.raises(NotDoneError):
        await anext(answered)


@pytest.mark.parametrize(
    "piece",
    [
        b'{"residents":[{"id":"r9","home":"h9","name":"a"}]}',
        TWICE,
        b'{"pairings":[{"home":"h0001","responder":"n01","rank":1}]}',
        b'{"others":[]}',
        b'{"homes":7}',
    ],
)
async def test_pieces_of_no_registry_are_refused(yard: Yard, piece: bytes) -> None:
    """Whoever sends them has not read a file."""
    with pytest.raises(NotDoneError):
        await yard.ask(ImportRegistry(1), [piece])
    assert ["h0001", "h0002"] == sorted(yard.registry.households)


async def test_what_is_exported_can_be_imported(yard: Yard) -> None:
    """The text is a file with the same rows, secrets included."""
    text = "".join(str(row) for row in await yard.ask(ExportRegistry()))
    assert FILE.rows == registry_file.parse(text.encode()).rows


async def test_with_the_daemon_stopped_the_folder_is_written(tmp_path: Path) -> None:
    """The next start folds what was imported; asking again finds it."""
    state = installed(tmp_path).parent / "state"
    state.mkdir()
    lines = pieces(FILE)
    request = ImportRegistry(len(lines))
    assert [] != [row async for row in control_client.rows(state, request, lines)]
    async with control_client.stopped(state) as door:
        assert ["h0001", "h0002"] == sorted(door.engine.homes)
        assert FILE.rows == door.registry.rows


def many_homes(count: int) -> Registry:
    """Give so many homes with a smoke detector each."""
    homes = tuple(HomeRow(f"k{n:04d}", "", str(n), "", "") for n in range(count))
    devices = tuple(DeviceRow(f"s{n:04d}", "own", f"k{n:04d}", "smoke") for n in range(count))
    return Registry(Rows(homes=homes, devices=devices))


async def test_a_large_import_takes_turns_and_leaves_no_mark(yard: Yard) -> None:
    """What is in force is the file beside what there was, and one line says who did it."""
    before = await yard.journal.read("SELECT count(*) FROM alarm_log WHERE kind = 'registry'")
    (answer,) = await imported(yard, many_homes(2 * HOMES_A_TURN + 1))
    assert 2 * HOMES_A_TURN + 1 == answer["added"]
    assert yard.registry.households.keys() == yard.pump.engine.homes.keys()
    assert "k0200" == yard.registry.home_of("own-s0200")
    assert yard.registry.rows == (await Registry.load(yard.journal.read)).rows
    assert await yard.journal.get_meta(PENDING) is None
    after = await yard.journal.read("SELECT count(*) FROM alarm_log WHERE kind = 'registry'")
    assert 1 == after[0][0] - before[0][0]


async def test_a_start_tells_of_an_import_that_was_cut_off(tmp_path: Path) -> None:
    """The core hears of the homes it has not; the operator is asked to run the import again."""
    state = installed(tmp_path).parent / "state"
    state.mkdir()
    lines = pieces(FILE)
    request = ImportRegistry(len(lines))
    assert [] != [row async for row in control_client.rows(state, request, lines)]
    async with control_client.stopped(state) as door:
        await door.journal.put_meta(PENDING, b"h0002")
        await door.journal.write([("UPDATE homes SET building = '9' WHERE id = 'h0001'", ())])
    config = parse(CONFIG + '[mqtt]\nurl = "mqtt://127.0.0.1:1"\n', {}, tmp_path)
    async with built(config, lambda _: None) as opened:
        serving = asyncio.create_task(serve(opened))
        await until(lambda: opened.pump.engine.homes["h0001"].record.slot_hint == 9)
        assert "import_cut_off" in opened.troubles.codes()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
