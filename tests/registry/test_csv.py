"""The registry as a spreadsheet keeps it: read with every mistake named, and written again."""

from contextlib import suppress

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mistake import MistakesError
from gateway.registry_csv import dump, parse
from gateway.registry_file import dump as dump_toml
from gateway.registry_file import parse as parse_toml
from tests.registry.village import VILLAGE, file

HOMES = "id,compound,building,unit,room\nh1,桂花苑,3栋,2单元,501\n"
PEOPLE = (
    'id,home,name,phone,deaf,birth_year\nr1,h1,"张, 桂芳",+8613800000001,是,1941\nr2,,李明,,,\n'
)


def mistakes(**files: str) -> list[tuple[str, int | None]]:
    """Give where each mistake is, and its line."""
    with pytest.raises(MistakesError) as found:
        parse({name: text.encode() for name, text in files.items()})
    return [(mistake.path, mistake.line) for mistake in found.value.mistakes]


def test_out_and_in_again_is_the_same() -> None:
    """As a TOML file that is written and read again."""
    registry = parse_toml(file(*VILLAGE))
    raw = tomli.loads(dump_toml(registry).decode())
    assert registry.rows == parse(dump(raw)).rows


def test_what_a_person_types() -> None:
    """Flags in words, numbers, commas in quotes, and somebody without a home."""
    residents = parse({"homes": HOMES.encode(), "residents": PEOPLE.encode()}).residents
    first = residents["r1"]
    assert ("张, 桂芳", True, 1941) == (first.name, first.deaf, first.birth_year)
    assert ("", None, False) == (residents["r2"].home, residents["r2"].phone, residents["r2"].deaf)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_whatever_the_spreadsheet_writes(encoding: str, mark: str) -> None:
    """Its encoding and its separator are found out, and its line ends do not count."""
    text = HOMES.replace(",", mark).replace("\n", "\r\n") + "\r\n,,,,\r\n".replace(",", mark)
    assert "桂花苑" == parse({"homes": text.encode(encoding)}).rows.homes[0].compound


def test_every_mistake_at_once_with_its_line() -> None:
    """Of all files, and a bad value hides no other."""
    people = PEOPLE.replace("+8613800000001", "8.6138E+12").replace("1941", "41岁")
    found = mistakes(homes=HOMES, residents=people + "r3,h9,王五,,,,更多\nr3,h1,王六,,,\n")
    assert [
        ("residents.csv[2]", 4),
        ("residents[0].phone", 2),
        ("residents[0].birth_year", 2),
        ("residents[3].id", 5),
        ("residents[2].home", 4),
    ] == found


def test_a_column_nobody_knows_is_told_once() -> None:
    """Not with each row; and one that is there twice."""
    text = HOMES.replace("room", "romm").replace("compound", "unit")
    assert [("homes.csv", 1), ("homes.csv", 1)] == mistakes(homes=text)[:2]


@pytest.mark.parametrize("text", ['id\n"a', "", "\x00", "id,home\n" + "x" * 200_000])
def test_what_is_no_csv_ends_in_words(text: str) -> None:
    """Nothing that a file may hold is a crash; an empty file is an empty table."""
    try:
        rows = parse({"homes": text.encode()}).rows
    except MistakesError:
        return
    assert () == rows.homes


def test_bytes_of_no_encoding() -> None:
    """They are told so."""
    with pytest.raises(MistakesError, match="GB18030"):
        parse({"homes": b"id\n\xff\xff"})


def test_a_formula_is_none() -> None:
    """What a spreadsheet would run is written as a text, and comes back as it was."""
    name = "=cmd|'/c calc'!A1"
    raw = {"residents": [{"id": "r1", "home": "", "name": name, "phone": "+8613800000001"}]}
    written = dump(raw)
    assert b"'=cmd" in written["residents"]
    assert b",+8613800000001," in written["residents"]
    assert name == parse({"residents": written["residents"]}).residents["r1"].name


@settings(max_examples=150)
@given(
    st.sampled_from(["homes", "residents", "devices", "responders", "pairings"]),
    st.one_of(st.binary(max_size=200), st.text("id,home\n\"\r;\t是='1h", max_size=60)),
)
def test_whatever_a_file_holds(name: str, found: bytes | str) -> None:
    """It is a registry, or its mistakes are told."""
    data = found if isinstance(found, bytes) else f"id,home,name,rank\n{found}".encode()
    with suppress(MistakesError):
        parse({name: data})
