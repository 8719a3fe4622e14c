"""What an operator asks for goes through the pump's door, and is refused in words."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from alerting.event import OperatorActed, Verb
from gateway.control_client import UnreachableError
from gateway.door import NotDoneError
from gateway.journal import Journal
from gateway.masking import masked
from gateway.memory_journal import MemoryJournal
from gateway.request import (
    Act,
    Drill,
    ListAlarms,
    ReadLog,
    ReadQuarantine,
    ReadStatus,
    VerifyLog,
)
from tests.cli.rig import HastyClock, Row, Yard, running
from tests.delivery.test_damage import damage


async def drilled(yard: Yard, home: str = "h0001", kind: str = "smoke") -> str:
    """Raise a drill's alarm; gives its id."""
    (alarm,) = await yard.ask(Drill(home, kind, "d01"))
    return str(alarm["id"])


async def refused(yard: Yard, request: Act | Drill) -> tuple[str, str]:
    """Give the code and the sentence with which a request is refused."""
    with pytest.raises(NotDoneError) as caught:
        await yard.ask(request)
    return caught.value.code, str(caught.value)


def words(rows: list[Row], name: str) -> list[object]:
    """Give one field of each row."""
    return [row[name] for row in rows]


async def test_an_alarm_is_named_by_its_home(yard: Yard) -> None:
    """Where a home has one open alarm, its id is enough."""
    alarm_id = await drilled(yard)
    (alarm,) = await yard.ask(Act("h0001", Verb.ACKNOWLEDGE, "d01"))
    assert (alarm_id, "acknowledged") == (alarm["id"], alarm["state"])


async def test_an_alarm_is_named_by_the_beginning_of_its_id(yard: Yard) -> None:
    """As much of the id is enough as no other open alarm begins with."""
    await drilled(yard)
    help_id = await drilled(yard, kind="help_call")
    (alarm,) = await yard.ask(Act("h0001-h", Verb.ATTEND, "d01"))
    assert (help_id, "attended") == (alarm["id"], alarm["state"])


async def test_a_name_for_two_alarms_lists_both(yard: Yard) -> None:
    """The operator sees what to write instead."""
    ids = {await drilled(yard), await drilled(yard, kind="help_call")}
    code, sentence = await refused(yard, Act("h0001", Verb.ACKNOWLEDGE, "d01"))
    assert "ambiguous" == code
    assert ids == {word for word in sentence.split() if word.startswith("h0001-")}


@pytest.mark.parametrize("name", ["", "h0009", "smoke"])
async def test_a_name_for_no_alarm_is_refused(yard: Yard, name: str) -> None:
    """An empty one is the beginning of all, and still none."""
    await drilled(yard)
    code, _ = await refused(yard, Act(name, Verb.ACKNOWLEDGE, "d01"))
    assert "unknown_alarm" == code


async def test_a_closed_alarm_is_closed_once(yard: Yard) -> None:
    """The alarm's own table refuses, and no note stays behind."""
    alarm_id = await drilled(yard)
    await yard.ask(Act(alarm_id, Verb.CLOSE, "d01", "drill"))
    code, sentence = await refused(yard, Act(alarm_id, Verb.CLOSE, "d01", "drill", note="再说一遍"))
    assert ("not_allowed", "closed is not possible while the alarm is closed") == (code, sentence)
    assert "note" not in words(await yard.ask(ReadLog()), "verb")


async def test_closing_wants_a_disposition(yard: Yard) -> None:
    """The refusal lists them."""
    await drilled(yard)
    code, sentence = await refused(yard, Act("h0001", Verb.CLOSE, "d01", "finished"))
    assert "bad_disposition" == code
    assert "accidental_press" in sentence


async def test_a_note_is_personal_text(yard: Yard) -> None:
    """It is committed with the closing, erased with the resident, its numbers masked on screens."""
    await drilled(yard)
    await yard.ask(Act("h0001", Verb.CLOSE, "d01", "drill", note="女儿 13812345678 已告知"))
    (note,) = [row for row in await yard.ask(ReadLog()) if row["verb"] == "note"]
    assert "女儿 +86138****5678 已告知" == note["private"]
    await yard.journal.erase_person("r0001")
    (note,) = [row for row in await yard.ask(ReadLog()) if row["verb"] == "note"]
    assert None is note["private"]


async def test_an_operators_name_becomes_an_id(yard: Yard) -> None:
    """What is journaled holds no name."""
    alarm_id = await drilled(yard)
    await yard.ask(Act(alarm_id, Verb.ACKNOWLEDGE, "李明"))
    entries = [entry async for entry in yard.journal.read_from(0)]
    acted = json.loads(entries[-1].body)
    assert OperatorActed("h0001", alarm_id, "d01", Verb.ACKNOWLEDGE).operator == acted["operator"]


async def test_a_name_nobody_has_is_refused(yard: Yard) -> None:
    """An id is let through: an operator need not be a responder."""
    await drilled(yard)
    code, _ = await refused(yard, Act("h0001", Verb.ACKNOWLEDGE, "王芳"))
    assert "unknown_operator" == code
    (alarm,) = await yard.ask(Act("h0001", Verb.ACKNOWLEDGE, "night-shift"))
    assert "night-shift" == alarm["holder"]


@pytest.mark.parametrize(
    ("home", "kind", "sentence"),
    [
        ("h0009", "smoke", "没有这户人家 no such home"),
        ("h0001", "rain", "no drill of kind rain"),
        ("h0001", "device_lost", "no drill of kind device_lost"),
    ],
)
async def test_a_drill_that_cannot_be_is_refused(
    yard: Yard, home: str, kind: str, sentence: str
) -> None:
    """The core says why."""
    assert ("refused", sentence) == await refused(yard, Drill(home, kind, "d01"))


async def test_what_is_not_kept_is_not_done(tmp_path: Path) -> None:
    """A full disk is told to the operator, and the alarm stands as it stood."""
    journal = MemoryJournal(HastyClock())
    async with running(tmp_path, journal) as yard:
        await drilled(yard)
        journal.is_full = True
        code, _ = await refused(yard, Act("h0001", Verb.ACKNOWLEDGE, "d01"))
        journal.is_full = False
        assert "commit_failed" == code
        await yard.clock.sleep(5.0)  # the pump goes back to the journal after a second
        assert ["raised"] == words(await yard.ask(ListAlarms()), "state")


async def test_the_worst_alarm_stands_first(yard: Yard) -> None:
    """One nobody has taken over comes before one somebody has."""
    first = await drilled(yard, "h0001")
    second = await drilled(yard, "h0002")
    assert [first, second] == words(await yard.ask(ListAlarms()), "id")
    await yard.ask(Act(first, Verb.ACKNOWLEDGE, "d01"))
    assert [second, first] == words(await yard.ask(ListAlarms()), "id")


async def test_an_alarm_is_seen_with_its_door_and_people(yard: Yard) -> None:
    """The core has ids, the operator sees names."""
    await drilled(yard)
    (alarm,) = await yard.ask(ListAlarms())
    assert ("3栋2单元502", ["王桂花"]) == (alarm["address"], alarm["residents"])


async def test_closed_alarms_are_listed_where_asked_for(yard: Yard) -> None:
    """`all` adds those the core still remembers."""
    alarm_id = await drilled(yard)
    await yard.ask(Act(alarm_id, Verb.CLOSE, "d01", "drill"))
    assert [] == await yard.ask(ListAlarms())
    assert ["drill"] == words(await yard.ask(ListAlarms(is_all=True)), "disposition")


async def test_the_log_is_read_from_where_it_was_left(yard: Yard) -> None:
    """After a seq; since an instant; else the newest."""
    await drilled(yard)
    before = yard.clock.now()
    await yard.ask(Act("h0001", Verb.ACKNOWLEDGE, "d01"))
    assert ["acknowledged"] == words(await yard.ask(ReadLog(after_seq=1)), "verb")
    assert ["acknowledged"] == words(await yard.ask(ReadLog(since=before)), "verb")
    hour_ago = before - timedelta(hours=1)
    assert [1, 2] == words(await yard.ask(ReadLog(since=hour_ago)), "seq")
    assert [1, 2] == words(await yard.ask(ReadLog()), "seq")


async def test_a_long_log_is_given_whole(yard: Yard) -> None:
    """More lines than are read at once; without a wish, the last twenty."""
    for _ in range(60):
        alarm_id = await drilled(yard)
        await yard.ask(Act(alarm_id, Verb.CLOSE, "d01", "drill"))
    assert list(range(1, 121)) == words(await yard.ask(ReadLog(after_seq=0)), "seq")
    assert list(range(101, 121)) == words(await yard.ask(ReadLog()), "seq")


async def test_the_hash_chain_is_checked(yard: Yard) -> None:
    """A sound log says how long it is."""
    await drilled(yard)
    (verdict,) = await yard.ask(VerifyLog())
    assert (True, 1) == (verdict["is_sound"], verdict["lines"])


async def test_the_status_says_that_it_runs(yard: Yard) -> None:
    """Figures of the pump and the inbox are those of a running gateway."""
    await drilled(yard)
    (status,) = await yard.ask(ReadStatus())
    assert {"life": 1} == status["open_alarms"]
    assert {"waiting": 0, "dropped": {}} == status["inbox"]


async def test_nothing_is_in_quarantine_at_first(yard: Yard) -> None:
    """No rows."""
    assert [] == await yard.ask(ReadQuarantine())


async def test_without_a_state_folder_nothing_can_be_asked(tmp_path: Path) -> None:
    """The sentence names the folder."""
    async with running(tmp_path) as yard:
        yard.folder = tmp_path / "elsewhere"
        with pytest.raises(UnreachableError, match="elsewhere"):
            await yard.ask(ListAlarms())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("打 13812345678", "打 +86138****5678"),
        ("+8613812345678。", "+86138****5678。"),
        ("0571-84310000", "+86571****0000"),
        ("3栋2单元502，2026", "3栋2单元502，2026"),
        ("IMEI 860000123456789", "IMEI 860000123456789"),
    ],
)
def test_numbers_are_masked_wherever_they_stand(text: str, shown: str) -> None:
    """Telephone numbers, and nothing that merely has digits."""
    assert shown == masked(text)


async def test_a_damaged_outbox_leaves_the_status_readable(tmp_path: Path) -> None:
    """Who looks for what is wrong sees the rest, and what it is."""
    journal = await Journal.open(tmp_path / "journal.db", HastyClock())
    async with running(tmp_path, journal) as yard:
        damage(tmp_path / "journal.db")
        await journal.read("PRAGMA cache_size = 0")
        (row,) = await yard.ask(ReadStatus())
    await journal.close()
    assert 2 == row["homes"]
    assert "malformed" in str(row["journal"])
