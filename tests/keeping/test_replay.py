"""Any instant's state can be folded again, and is what the gateway had in memory."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerting.event import Verb
from gateway.entries import Snapshot
from gateway.request import Act, Drill, TakeSnapshot
from tests.cli.rig import Yard, typed
from tests.keeping.rig import load, names, on_disk


async def replayed(yard: Yard, *words: str) -> Any:  # noqa: ANN401 -- JSON
    """Run `replay --json` while the gateway runs."""
    result = await yard.type("replay", "--json", *words)
    assert 0 == result.exit_code, result.output
    return json.loads(result.stdout)


async def test_the_state_of_an_instant_is_shown_while_the_gateway_runs(tmp_path: Path) -> None:
    """Before the alarm, while it was open, and after it."""
    async with on_disk(tmp_path) as yard:
        before = yard.clock.now()
        await yard.clock.sleep(0.2)
        await yard.ask(Drill("h0001", "smoke", "d01"))
        during = yard.clock.now()
        await yard.clock.sleep(0.2)
        await yard.ask(Act("h0001", Verb.CLOSE, "d01", "drill"))
        then = await replayed(yard, "--until", during.isoformat())
        (alarm,) = then["open_alarms"]
        assert ("h0001", "smoke", "raised") == (alarm["home"], alarm["kind"], alarm["state"])
        for instant in (before, yard.clock.now()):
            assert [] == (await replayed(yard, "--until", instant.isoformat()))["open_alarms"]


async def test_before_the_first_entry_there_is_nothing(tmp_path: Path) -> None:
    """No homes, and no error."""
    async with on_disk(tmp_path) as yard:
        long_ago = (yard.clock.now() - timedelta(days=999)).isoformat()
        assert 0 == (await replayed(yard, "--until", long_ago))["homes"]


async def test_the_fold_gives_the_live_state_under_load(tmp_path: Path) -> None:
    """The state in memory is stored between two turns, and the fold leads to it."""
    async with on_disk(tmp_path) as yard, load(yard):
        await yard.ask(Drill("h0001", "smoke", "d01"))
        await yard.ask(TakeSnapshot())
        for _ in range(3):
            seq_before = yard.pump.seq
            compared = (await replayed(yard, "--compare"))["compared"]
            assert compared["is_same"] is True
            assert compared["seq"] > seq_before


async def test_a_state_the_fold_does_not_lead_to_is_told_with_its_homes(tmp_path: Path) -> None:
    """A gateway that remembers what is not in its journal is found out."""
    async with on_disk(tmp_path) as yard:
        await yard.ask(Drill("h0001", "smoke", "d01"))
        engine = yard.pump.engine
        engine.homes["h0002"].record = msgspec.structs.replace(
            engine.homes["h0002"].record, residents=()
        )
        engine.homes["h0001"].alarms.clear()
        result = await yard.type("replay", "--compare", "--json")
        compared = json.loads(result.stdout)["compared"]
        assert (1, False, ["h0001"]) == (result.exit_code, compared["is_same"], compared["homes"])


async def test_a_pruned_journal_says_how_far_back_it_reaches(tmp_path: Path) -> None:
    """Nothing is made up for the time before the oldest snapshot."""
    async with on_disk(tmp_path) as yard, load(yard) as acknowledged:
        before = yard.clock.now()
        while len(acknowledged) < 30:
            await yard.clock.sleep(0.05)
        await yard.ask(TakeSnapshot())
        assert 0 < await yard.journal.prune(yard.clock.now())
        result = await yard.type("replay", "--until", before.isoformat())
        assert (1, True) == (result.exit_code, "reaches back to" in result.output)
        assert 2 == (await replayed(yard))["homes"]


async def test_a_snapshot_nobody_can_check_is_no_difference(tmp_path: Path) -> None:
    """The one snapshot of a pruned journal has nothing before it."""
    async with on_disk(tmp_path) as yard:
        async with load(yard) as acknowledged:
            while len(acknowledged) < 10:
                await yard.clock.sleep(0.05)
        await yard.clock.sleep(0.2)  # what is cut off in the middle of a turn stores no snapshot
    async with on_disk(tmp_path) as yard:
        newest = await yard.journal.latest_snapshot()
        assert isinstance(newest, Snapshot)
        await yard.journal.write([("DELETE FROM snapshot WHERE seq < ?", [newest.seq])])
        await yard.journal.prune(yard.clock.now())
    result = await asyncio.to_thread(
        typed, tmp_path / "config.toml", "replay", "--compare", "--json"
    )
    assert (0, None) == (result.exit_code, json.loads(result.stdout)["compared"]["is_same"])


@pytest.mark.parametrize("words", [(), ("--json",)])
async def test_a_backup_is_replayed_where_it_lies(tmp_path: Path, words: tuple[str, ...]) -> None:
    """`--journal` takes any journal; nothing is written beside it."""
    copy = tmp_path / "copy.db"
    async with on_disk(tmp_path) as yard:
        await yard.ask(Drill("h0001", "smoke", "d01"))
        await yard.type("backup", str(copy))
        shown = await yard.type("replay", "--journal", str(copy), *words)
    assert (0, True) == (shown.exit_code, "h0001-smoke" in shown.stdout)
    assert [copy.name] == names(tmp_path, "*copy*")
