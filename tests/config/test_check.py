"""`smartcare check`: what it finds, how grave, and that it changes nothing."""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from alerting.settings import RULES
from gateway.check import DATABASE, Findings, Level, as_json, check, show
from gateway.registry import Registry
from gateway.registry_file import parse
from gateway.registry_import import plan
from gateway.registry_tables import RANGES, SHIFTS, TABLES

HEAD = '[community]\nname = "昭觉社区"\nlandline = "84310000"\n'
TWILIO = f"""
[channels.twilio]
account_sid = "AC{"5" * 32}"
auth_token = "hunter-two"
from_number = "+15005550006"
public_url = "https://care.example.org"
"""
NO_HOMES = (Level.NOTE, "registry")
ONLY_SCREEN = (Level.WARNING, "channels")


def checked(folder: Path, text: str) -> Findings:
    """What is found about a configuration in this folder."""
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return check(folder / "config.toml", {})


def found(findings: Findings) -> list[tuple[Level, str]]:
    """Level and path of each."""
    return [(finding.level, finding.mistake.path) for finding in findings.found]


def store(folder: Path, rows: str, tables: Iterable[str] = (*TABLES, *RANGES, *SHIFTS)) -> Path:
    """A database as the gateway leaves it, with this registry file in it."""
    (folder / "state").mkdir()
    path = folder / "state" / DATABASE
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for table in tables:
            connection.execute(table)
        for sql, values in plan(Registry(), parse(rows.encode())).statements:
            connection.execute(sql, tuple(values))
    return path


def test_a_registry_of_an_older_version_is_read(tmp_path: Path) -> None:
    """Before the first start after an upgrade nobody's own range is there, and nothing is wrong."""
    path = store(tmp_path, GAPS)
    before = found(checked(tmp_path, HEAD + TWILIO))
    with closing(sqlite3.connect(path)) as connection:
        for column in ("heart_rate_low", "heart_rate_high", "spo2_low"):
            connection.execute(f"ALTER TABLE residents DROP COLUMN {column}")
    assert before == found(checked(tmp_path, HEAD + TWILIO))


def test_a_good_installation_has_nothing_but_its_empty_registry(tmp_path: Path) -> None:
    """Nothing is invented."""
    assert [NO_HOMES] == found(checked(tmp_path, HEAD + TWILIO))


def test_checking_leaves_no_trace(tmp_path: Path) -> None:
    """Not even a state folder."""
    checked(tmp_path, HEAD + TWILIO)
    assert ["config.toml"] == [path.name for path in tmp_path.iterdir()]


def test_a_broken_file_is_fatal(tmp_path: Path) -> None:
    """Its mistakes are the findings, and nothing else is guessed."""
    findings = checked(tmp_path, HEAD + "[web]\nport = -1\n")
    assert ([(Level.ERROR, "web.port")], True) == (found(findings), findings.is_fatal)


def test_a_screen_alone_is_a_warning(tmp_path: Path) -> None:
    """It works, and at night nobody sees it."""
    findings = checked(tmp_path, HEAD)
    assert ([ONLY_SCREEN, NO_HOMES], False) == (found(findings), findings.is_fatal)


def test_no_channel_at_all_is_fatal(tmp_path: Path) -> None:
    """Every kind of alarm would reach nobody."""
    findings = checked(tmp_path, HEAD + "[channels.console]\nenabled = false\n")
    errors = [(Level.ERROR, f"policies.{kind}") for kind in RULES]
    assert [ONLY_SCREEN, *errors, NO_HOMES] == found(findings)


def test_a_policy_over_media_nobody_carries_is_fatal(tmp_path: Path) -> None:
    """Texts without a carrier are silence."""
    steps = (
        '[[policies.smoke.steps]]\nwait_seconds = 60\naims = [{ whom = "desk", media = ["sms"] }]'
    )
    findings = checked(tmp_path, HEAD + steps)
    assert [ONLY_SCREEN, (Level.ERROR, "policies.smoke"), NO_HOMES] == found(findings)


def test_no_public_address_is_a_warning(tmp_path: Path) -> None:
    """Polling works; keys in calls do not."""
    findings = checked(tmp_path, HEAD + TWILIO.replace("public_url", "# public_url"))
    assert [(Level.WARNING, "web.public_url"), NO_HOMES] == found(findings)


def test_a_user_for_the_embedded_broker_is_a_warning(tmp_path: Path) -> None:
    """Its writer believes that a broker is configured."""
    findings = checked(tmp_path, HEAD + TWILIO + '[mqtt]\nusername = "gateway"\n')
    assert [(Level.WARNING, "mqtt.username"), NO_HOMES] == found(findings)


GAPS = """
version = 1
homes = [
  { id = "h1", compound = "", building = "3栋", unit = "", room = "1" },
  { id = "h2", compound = "", building = "3栋", unit = "", room = "2" },
]
residents = [{ id = "r1", home = "h1", name = "张桂芳" }]
devices = [{ id = "s1", family = "own", home = "h1", class = "smoke" }]
"""


def test_gaps_of_the_registry_are_found(tmp_path: Path) -> None:
    """Whom nobody would help, by id."""
    store(tmp_path, GAPS)
    findings = checked(tmp_path, HEAD + TWILIO)
    assert [
        ("registry.responders", ()),
        ("registry.homes", ("h1", "h2")),
        ("registry.homes", ("h2",)),
        ("registry.residents", ("r1",)),
    ] == [(finding.mistake.path, finding.ids) for finding in findings.found]


@pytest.mark.parametrize(
    ("mqtt", "is_refused"),
    [("", True), ('[mqtt]\nurl = "mqtt://127.0.0.1"\n', False)],
)
def test_a_bridge_needs_a_broker_that_knows_spaces(
    tmp_path: Path, mqtt: str, *, is_refused: bool
) -> None:
    """Devices behind one are refused on the embedded broker; they would never be heard."""
    store(tmp_path, GAPS.replace('"own"', '"zigbee2mqtt"'))
    findings = checked(tmp_path, HEAD + TWILIO + mqtt)
    refused = [(finding.level, finding.ids) for finding in findings.found if finding.ids]
    assert is_refused == ((Level.ERROR, ("zigbee2mqtt-s1",)) in refused)


def test_a_registry_is_read_without_changing_a_byte(tmp_path: Path) -> None:
    """And without leaving a file behind."""
    path = store(tmp_path, GAPS)
    before = path.read_bytes()
    checked(tmp_path, HEAD + TWILIO)
    assert (before, [DATABASE]) == (path.read_bytes(), [p.name for p in path.parent.iterdir()])


def test_the_registry_of_a_running_gateway_is_read(tmp_path: Path) -> None:
    """Also what stands in the write-ahead log alone."""
    path = store(tmp_path, GAPS)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE residents SET phone = '+8613800000001' WHERE id = 'r1'")
        findings = checked(tmp_path, HEAD + TWILIO)
    assert "registry.residents" not in [finding.mistake.path for finding in findings.found]


@pytest.mark.parametrize("data", [b"", b"no database" * 100])
def test_a_broken_database_is_fatal(tmp_path: Path, data: bytes) -> None:
    """It is said, not raised."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / DATABASE).write_bytes(data)
    assert [(Level.ERROR, "registry")] == found(checked(tmp_path, HEAD + TWILIO))


def test_ladders_tell_the_worst_case(tmp_path: Path) -> None:
    """When each rung starts if nobody answers; a soft alarm asks the resident first."""
    ladders = checked(tmp_path, HEAD).ladders
    assert [0, 30, 60, 90] == [rung.seconds for rung in ladders["smoke"]]
    assert [0, 120, 300, 900] == [rung.seconds for rung in ladders["no_motion"]]


def test_the_json_form_has_both_languages_and_every_id(tmp_path: Path) -> None:
    """A program needs no parsing of sentences."""
    store(tmp_path, GAPS)
    told = json.loads(as_json(checked(tmp_path, HEAD + TWILIO)))
    assert (True, ["h1", "h2"]) == (told["ok"], told["findings"][1]["ids"])
    assert {"zh", "en"} == set(told["findings"][1]["reason"])


@pytest.mark.parametrize(
    ("language", "word"), [("zh", "注意 channels: 没有短信"), ("en", "warning channels: no texts")]
)
def test_it_prints_in_the_language_of_the_community(
    tmp_path: Path, language: str, word: str
) -> None:
    """Findings and ladders."""
    findings = checked(tmp_path, f'{HEAD}language = "{language}"\n')
    console = Console(file=StringIO(), width=200)
    show(findings, console)
    assert isinstance(console.file, StringIO)
    assert word in console.file.getvalue()
    assert "30 s neighbours" in console.file.getvalue()


def test_what_is_printed_is_no_markup(tmp_path: Path) -> None:
    """A value with brackets is shown as it stands."""
    findings = checked(tmp_path, HEAD + '[web]\nhost = "[red]x"\n')
    console = Console(file=StringIO(), width=200)
    show(findings, console)
    assert isinstance(console.file, StringIO)
    assert '"[red]x"' in console.file.getvalue()


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("[rules.device_lost]\nbudget_hours = { pirr = 4.0 }\n", "device_lost.budget_hours.pirr"),
        ("[rules.no_motion]\nday_from_hour = 22\nday_to_hour = 7\n", "no_motion.day_from_hour"),
    ],
)
def test_what_cannot_be_meant_is_a_warning(tmp_path: Path, text: str, path: str) -> None:
    """It is well-formed, and does not do what its writer believes."""
    assert (Level.WARNING, f"rules.{path}") in found(checked(tmp_path, HEAD + TWILIO + text))


def test_a_name_that_older_phones_cannot_show_is_a_warning(tmp_path: Path) -> None:
    """Each text begins with it."""
    checks = checked(tmp_path, HEAD.replace("昭觉社区", "昭觉社区🏠") + TWILIO)
    assert (Level.WARNING, "community.name") in found(checks)
