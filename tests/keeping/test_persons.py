"""What is kept about a person can be had whole, and goes without a break in the log."""

import asyncio
import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

from alerting.event import Verb
from gateway.config import Retention
from gateway.entries import Batch
from gateway.pruning import Pruning
from gateway.recovery import rebuild
from gateway.registry import Registry
from gateway.request import Act, Drill, ReadLog
from tests.cli.rig import Yard, typed
from tests.journal.rows import NOON, StillClock, line, memory_journal
from tests.keeping.rig import on_disk

NAME, NUMBER, NOTE = "王桂花", "16000000001", "女儿 13812345678 已告知"


async def lived(yard: Yard) -> None:
    """Have a rehearsal at the resident's home, closed with a note."""
    await yard.ask(Drill("h0001", "smoke", "d01"))
    await yard.ask(Act("h0001", Verb.CLOSE, "d01", "drill", note=NOTE))


def rows(text: str) -> list[Any]:
    """Read what `--json` printed."""
    return [json.loads(row) for row in text.splitlines()]


async def test_a_person_is_given_all_that_is_kept(tmp_path: Path) -> None:
    """The row, the address, and each line about them, nothing masked."""
    async with on_disk(tmp_path) as yard:
        await lived(yard)
        person, *lines = rows((await yard.type("person", "export", "r0001")).stdout)
        file = tmp_path / "r0001.jsonl"
        file.write_text("older", encoding="utf-8")
        file.chmod(0o644)
        assert 0 == (await yard.type("person", "export", "r0001", str(file))).exit_code
    assert (NAME, "+86" + NUMBER) == (person["registered"]["name"], person["registered"]["phone"])
    assert ("3栋2单元502", len(lines)) == (person["address"], person["log_lines"])
    assert NOTE in [found["private"] for found in lines]
    assert [person, *lines] == rows(file.read_text(encoding="utf-8"))
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)


async def test_who_is_erased_is_nowhere_in_the_file(tmp_path: Path) -> None:
    """Not in the registry, not in the log, not in a freed page; chain and fold stay sound."""
    journal = tmp_path / "state" / "journal.db"
    async with on_disk(tmp_path) as yard:
        await lived(yard)
        erased = await yard.type("person", "erase", "r0001", "--yes", "--by", "d01", "--json")
        assert 0 == erased.exit_code, erased.output
        assert {"person": "r0001", "was_registered": True, "lines": 3} == json.loads(erased.stdout)
        on_the_disk = journal.read_bytes() + journal.with_name("journal.db-wal").read_bytes()
        for text in (NAME, NUMBER, NOTE):
            assert text.encode() not in on_the_disk
        assert (await yard.journal.verify_log()).is_sound
        told = (await yard.ask(ReadLog()))[-1]
        assert ("person_erased", {"lines": "3", "operator": "d01", "person": "r0001"}) == (
            told["verb"],
            told["facts"],
        )
        stored = await Registry.load(yard.journal.read)
        assert [] == list(stored.residents) == list(yard.registry.residents)
        assert ["h0001", "h0002"] == list(yard.registry.households)
        assert () == yard.pump.engine.homes["h0001"].record.residents
        live = yard.pump.engine.snapshot()
        assert live == (await rebuild(yard.journal)).engine.snapshot()


async def test_a_responder_is_erased_on_a_stopped_folder(tmp_path: Path) -> None:
    """Their pairings go with them, and the erasure is a line all the same."""
    async with on_disk(tmp_path) as yard:
        await lived(yard)
    config = tmp_path / "config.toml"
    erased = await asyncio.to_thread(typed, config, "person", "erase", "d01", "--yes")
    assert 0 == erased.exit_code, erased.output
    async with on_disk(tmp_path) as yard:
        stored = await Registry.load(yard.journal.read)
        assert {} == stored.responders
        assert "person_erased" == (await yard.ask(ReadLog()))[-1]["verb"]
        assert (await yard.journal.verify_log()).is_sound


async def test_nobody_is_erased_from_under_an_alarm(tmp_path: Path) -> None:
    """Neither who lives there nor who was called; afterwards both can be."""
    async with on_disk(tmp_path) as yard:
        await yard.ask(Drill("h0001", "smoke", "d01"))
        for person in ("r0001", "d01"):
            refused = await yard.type("person", "erase", person, "--yes")
            assert (1, True) == (refused.exit_code, "close it first" in refused.output)
        await yard.ask(Act("h0001", Verb.CLOSE, "d01", "drill"))
        for person in ("r0001", "d01"):
            assert 0 == (await yard.type("person", "erase", person, "--yes")).exit_code


async def test_it_is_asked_before_and_nobody_unknown_is_erased(tmp_path: Path) -> None:
    """A closed standard input is no yes."""
    async with on_disk(tmp_path) as yard:
        assert 1 == (await yard.type("person", "erase", "r0001")).exit_code
        assert ["r0001"] == list(yard.registry.residents)
        for words in (("erase", "r0009", "--yes"), ("export", "r0009")):
            refused = await yard.type("person", *words)
            assert (1, True) == (refused.exit_code, "nobody has the id r0009" in refused.output)


async def test_old_text_goes_by_itself_and_the_chain_holds() -> None:
    """After `log_text_days`; what is younger stays."""
    async with memory_journal() as journal:
        old = line("k1", "旧", "r1")._replace(at=NOON - timedelta(days=3))
        await journal.commit(Batch(lines=[old, line("k2", "新", "r1")]))
        kept = Retention(log_text_days=2)
        pruning = Pruning(journal, StillClock(), kept)
        assert not await pruning.bite()
        assert [None, "新"] == [found.private for found in await journal.log_lines()]
        verdict = await journal.verify_log()
        assert (True, 1, 1) == (verdict.is_sound, verdict.erased, pruning.counts["log_texts"])
