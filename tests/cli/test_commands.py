"""The command line as it is typed: what it prints, and how it ends."""

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alerting.event import Verb
from gateway import registry_file
from gateway.cli import app
from gateway.clock import SystemClock
from gateway.journal import Journal
from gateway.request import Act, Drill
from tests.cli.rig import REGISTRY, Yard, installed, running, typed

OPERATOR = [("ack", "h0001"), ("attend", "h0001"), ("close", "h0001", "--as", "drill")]


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A configuration whose state folder has a registry, and no daemon."""
    config = installed(tmp_path)
    file = tmp_path / "village.toml"
    file.write_text(REGISTRY, encoding="utf-8")
    assert 0 == typed(config, "registry", "import", str(file)).exit_code
    return config


# --- with a gateway -------------------------------------------------------------------------------


async def test_an_operator_sees_an_alarm_through(yard: Yard) -> None:
    """Drill, take over, attend, close: each says what the alarm is now, in two languages."""
    said = [
        await yard.type("drill", "h0001", "smoke", "--by", "d01"),
        await yard.type("ack", "h0001", "--by", "李明"),
        await yard.type("attend", "h0001"),
        await yard.type("close", "h0001", "--as", "drill", "--note", "没事"),
    ]
    assert [0, 0, 0, 0] == [result.exit_code for result in said]
    states = [result.stdout.split(" ", 1)[1].strip() for result in said]
    assert ["无人应 raised", "有人去 acknowledged", "有人在 attended", "办结 closed"] == states


async def test_a_refusal_is_said_and_is_status_one(yard: Yard) -> None:
    """On the error output, so that a program reading the other is not confused."""
    result = await yard.type("ack", "h0002")
    assert (1, "") == (result.exit_code, result.stdout)
    assert "h0002" in result.stderr


async def test_a_wrong_disposition_lists_the_right_ones(yard: Yard) -> None:
    """Wrong usage is status 2."""
    result = await yard.type("close", "h0001", "--as", "done")
    assert 2 == result.exit_code
    assert "accidental_press" in result.stderr


async def test_the_tail_is_for_people_in_two_languages(yard: Yard) -> None:
    """Local time, home, kind, verb, facts, and the sentence with names."""
    await yard.ask(Drill("h0001", "smoke", "d01"))
    result = await yard.type("tail")
    assert "h0001  烟雾 smoke  演练触发 drill_raised" in result.stdout
    assert "3栋2单元502 王桂花" in result.stdout


async def test_the_tail_is_for_programs_an_object_a_line(yard: Yard) -> None:
    """Instants in UTC, and the hash of each line."""
    await yard.ask(Drill("h0001", "smoke", "d01"))
    await yard.ask(Act("h0001", Verb.ACKNOWLEDGE, "d01"))
    result = await yard.type("tail", "--json", "--since", "1h")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert ["drill_raised", "acknowledged"] == [line["verb"] for line in lines]


@pytest.mark.parametrize(("since", "lines"), [("1", 1), ("10m", 2), ("2020-01-01T00:00:00", 2)])
async def test_the_tail_begins_where_it_is_told(yard: Yard, since: str, lines: int) -> None:
    """A line's number, a time ago, an instant."""
    await yard.ask(Drill("h0001", "smoke", "d01"))
    await yard.ask(Act("h0001", Verb.ACKNOWLEDGE, "d01"))
    result = await yard.type("tail", "--since", since)
    assert lines == len(result.stdout.splitlines())


async def test_a_beginning_that_is_none_is_wrong_usage(yard: Yard) -> None:
    """Nothing is guessed."""
    assert 2 == (await yard.type("tail", "--since", "yesterday")).exit_code


async def test_an_open_alarm_is_a_card(yard: Yard) -> None:
    """What, how long, until when, where; and the whole id, which the next command needs."""
    (alarm,) = await yard.ask(Drill("h0001", "smoke", "d01"))
    result = await yard.type("alarms")
    first, second = result.stdout.splitlines()
    assert first.startswith(f"{alarm['id']}  演练 drill  烟雾 smoke  无人应 raised  0:0")
    assert "    3栋2单元502 王桂花" == second


async def test_a_control_character_does_not_reach_the_terminal(yard: Yard) -> None:
    """What an operator or a device wrote may not steer somebody's screen."""
    await yard.ask(Drill("h0001", "smoke", "d01"))
    await yard.ask(Act("h0001", Verb.CLOSE, "d01", "drill", note="\x1b[2J没事\r[red]"))
    result = await yard.type("tail")
    assert "\N{REPLACEMENT CHARACTER}[2J没事\N{REPLACEMENT CHARACTER}[red]" in result.stdout


async def test_the_status_is_for_people_and_programs(yard: Yard) -> None:
    """Both have the same figures."""
    assert "住户 homes: 2" in (await yard.type("status")).stdout
    assert 2 == json.loads((await yard.type("status", "--json")).stdout)["homes"]


async def test_a_file_is_imported_while_the_gateway_runs(tmp_path: Path) -> None:
    """The registry in force is the new one."""
    file = tmp_path / "village.toml"
    file.write_text(REGISTRY, encoding="utf-8")
    async with running(tmp_path, is_empty=True) as yard:
        result = await yard.type("registry", "import", str(file))
        assert 0 == result.exit_code
        assert "新增 added 2" in result.stdout
        assert ["h0001", "h0002"] == sorted(yard.registry.households)


# --- without one ----------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("alarms",), ("tail",), ("verify",), ("status",)])
def test_before_the_first_start_there_is_nothing_to_see(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """It says so, names the folder, and does not make one."""
    result = typed(installed(tmp_path), *words)
    assert 3 == result.exit_code
    assert "nothing has run here yet" in result.stderr
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("words", [*OPERATOR, ("drill", "h0001", "smoke"), ("tail", "-f")])
def test_what_needs_a_gateway_says_how_to_start_one(stopped: Path, words: tuple[str, ...]) -> None:
    """Status 3, and nothing has been done."""
    result = typed(stopped, *words)
    assert 3 == result.exit_code
    assert "smartcare run" in result.stderr


@pytest.mark.parametrize(
    "words", [("alarms",), ("tail",), ("verify",), ("status",), ("quarantine",)]
)
def test_a_stopped_gateway_can_be_looked_into(stopped: Path, words: tuple[str, ...]) -> None:
    """Reading needs no daemon."""
    assert 0 == typed(stopped, *words).exit_code


def test_a_registry_comes_out_as_it_went_in(stopped: Path, tmp_path: Path) -> None:
    """On the standard output, or in a file nobody else can read."""
    rows = registry_file.parse(REGISTRY.encode()).rows
    printed = typed(stopped, "registry", "export").stdout
    assert rows == registry_file.parse(printed.encode()).rows
    written = tmp_path / "out.toml"
    typed(stopped, "registry", "export", str(written))
    assert printed == written.read_text(encoding="utf-8")
    assert 0o600 == written.stat().st_mode & 0o777


def test_an_export_is_for_its_owner_alone(stopped: Path, tmp_path: Path) -> None:
    """Also where the file was there and everybody could read it; a device is left as it is."""
    file = tmp_path / "out.toml"
    file.touch(mode=0o644)
    assert 0 == typed(stopped, "registry", "export", str(file)).exit_code
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    before = Path("/dev/null").stat().st_mode
    assert 0 == typed(stopped, "registry", "export", "/dev/null").exit_code
    assert before == Path("/dev/null").stat().st_mode


def test_a_bad_registry_is_explained_row_by_row(stopped: Path, tmp_path: Path) -> None:
    """Every mistake at once, in two languages; status 2 and nothing imported."""
    file = tmp_path / "bad.toml"
    broken = REGISTRY.replace("+8616000000001", "120").replace('unit = "1单元"\n', "")
    file.write_text(broken, encoding="utf-8")
    result = typed(stopped, "registry", "import", str(file))
    assert 2 == result.exit_code
    assert "residents[0].phone" in result.stderr
    assert "homes[1].unit (line 8): is missing" in result.stderr


def test_a_dry_run_says_what_would_be(stopped: Path, tmp_path: Path) -> None:
    """And leaves it."""
    file = tmp_path / "moved.toml"
    file.write_text(REGISTRY.replace("502", "503"), encoding="utf-8")
    result = typed(stopped, "registry", "import", str(file), "--dry-run", "--replace")
    assert "改动 changed 1" in result.stdout
    assert 'room = "502"' in typed(stopped, "registry", "export").stdout


async def test_a_changed_line_is_found(tmp_path: Path) -> None:
    """`verify` ends with status 1 and says which line."""
    state = installed(tmp_path).parent / "state"
    state.mkdir()
    journal = await Journal.open(state / "journal.db", SystemClock())
    async with running(tmp_path, journal) as yard:
        await yard.ask(Drill("h0001", "smoke", "d01"))
        await yard.ask(Act("h0001", Verb.CLOSE, "d01", "drill"))
        assert 0 == (await yard.type("verify")).exit_code
    await journal.close()
    with closing(sqlite3.connect(state / "journal.db")) as connection:
        connection.execute("UPDATE alarm_log SET verb = 'restored' WHERE seq = 2")
        connection.commit()
    result = await yard.type("verify")
    assert (1, "第 2 行不对 line 2: changed\n") == (result.exit_code, result.stdout)


# --- of itself ------------------------------------------------------------------------------------


def test_a_device_family_is_decoded_line_for_line() -> None:
    """From the standard input."""
    line = '{"home":"h1","device":"a","kind":"smoke","v":1,"value":true}\nnothing\n'
    result = CliRunner().invoke(app, ["decode", "own"], input=line)
    first, second = [json.loads(line) for line in result.stdout.splitlines()]
    assert "smoke" == first[0]["kind"]
    assert "malformed_payload" == second["error"]


def test_an_unknown_family_lists_the_known() -> None:
    """Wrong usage."""
    result = CliRunner().invoke(app, ["decode", "other"])
    assert 2 == result.exit_code
    assert "own" in result.stderr


def test_a_check_finds_mistakes_with_their_keys(tmp_path: Path) -> None:
    """All of them, as one object for programs; status 2."""
    config = tmp_path / "config.toml"
    config.write_text('[community]\nname = ""\n[mqtt]\nprt = 1\n', encoding="utf-8")
    result = typed(config, "check", "--json")
    paths = {finding["path"] for finding in json.loads(result.stdout)["findings"]}
    assert 2 == result.exit_code
    assert {"community.name", "community.landline", "mqtt.prt"} <= paths


def test_a_sound_installation_passes_the_check(tmp_path: Path) -> None:
    """Warnings are for a person to decide."""
    assert 0 == typed(installed(tmp_path), "check").exit_code


def test_a_configuration_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Status 2."""
    result = typed(tmp_path / "nowhere.toml", "alarms")
    assert 2 == result.exit_code
    assert "nowhere.toml" in result.stderr


def test_the_version_is_told() -> None:
    """Before any command."""
    assert CliRunner().invoke(app, ["--version"]).stdout.startswith("smartcare ")
