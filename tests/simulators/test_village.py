"""The registry file of an invented village."""

import tomllib
from pathlib import Path

import pytest

from simulators import village


def test_the_same_seed_writes_the_same_file(tmp_path: Path) -> None:
    """A village is repeatable to the byte, and another seed is another village."""
    texts = []
    for number, seed in enumerate((7, 7, 8)):
        path = tmp_path / f"{number}.toml"
        village.write(village.registry(12, seed, 9), path)
        texts.append(path.read_bytes())
    assert [True, False] == [texts[0] == text for text in texts[1:]]


def test_the_file_reads_back_as_the_tables(tmp_path: Path) -> None:
    """What TOML reads is what was drawn, under `version = 1`."""
    tables = village.registry(12, 7, 9)
    village.write(tables, tmp_path / "registry.toml")
    assert {"version": 1, **tables} == tomllib.loads((tmp_path / "registry.toml").read_text())


def test_the_first_home_is_written_as_the_wire_page_says() -> None:
    """Keys and shapes of one row of each table, by hand."""
    tables = village.registry(3, 7, 4)
    home, device = tables["homes"][0], tables["devices"][0]
    keys = "id compound building unit room floor lift gate district street key_holder"
    assert keys.split() == list(home)
    assert {
        "id": "smoke-h0001",
        "family": "own",
        "home": "h0001",
        "class": "smoke",
        "room": "厨房",
    } == {key: value for key, value in device.items() if key != "secret"}
    assert {"home": "h0001", "responder": "p01", "rank": 5} in tables["pairings"]


def test_nobody_shares_an_id_a_secret_or_a_telephone() -> None:
    """Every number is its owner's alone and lies in the segment that nobody has."""
    tables = village.registry(200, 3, 40)
    people = [*tables["residents"], *tables["responders"]]
    phones = [str(row["phone"]) for row in people]
    secrets = [row["secret"] for row in tables["devices"]]
    ids = [row["id"] for row in [*people, *tables["homes"], *tables["devices"]]]
    assert [] == [phone for phone in phones if not phone.startswith("+861600000")]
    assert [len(phones), len(secrets), len(ids)] == [
        len(set(values)) for values in (phones, secrets, ids)
    ]


@pytest.mark.parametrize(("neighbours", "expected"), [(0, {0}), (1, {1}), (30, {2, 3, 4})])
def test_a_home_has_two_to_four_neighbours_if_there_are_so_many(
    neighbours: int, expected: set[int]
) -> None:
    """Ranks run from 1 without a gap; the gatehouse and the family come after the neighbours."""
    tables = village.registry(60, 5, neighbours)
    for home in tables["homes"]:
        ladder = [row for row in tables["pairings"] if row["home"] == home["id"]]
        assert list(range(1, len(ladder) + 1)) == [row["rank"] for row in ladder]
        assert len(ladder) - 2 in expected
        assert ["p", "f"] == [str(row["responder"])[0] for row in ladder[-2:]]


def test_a_household_has_what_a_gateway_needs_to_hear(tmp_path: Path) -> None:
    """A smoke head, two or three motion sensors, one way to call for help and a door contact."""
    village.write(village.registry(40, 5, 6), tmp_path / "registry.toml")
    for home in village.load(tmp_path / "registry.toml"):
        assert 1 == len(home.of_class("smoke"))
        assert len(home.of_class("pir")) in (2, 3)
        assert 1 == len(home.of_class("help_button", "wristband"))
        assert 1 == len(home.of_class("contact"))
