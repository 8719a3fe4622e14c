"""The registry as a file: every mistake is named, and what is good comes back as it was."""

import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mistake import Mistake, MistakesError
from gateway.registry_file import MOST_IN_A_HOME, dump, parse
from simulators import village
from tests.registry.village import (
    VILLAGE,
    device,
    file,
    home,
    pairing,
    resident,
    responder,
)

HOME = home("h1")

# What is wrong -> the file, and path and value of every mistake in it.
BROKEN: dict[str, tuple[bytes, list[tuple[str, str]]]] = {
    "no version": (HOME.encode(), [("version", "")]),
    "another version": (b"version = 2\n", [("version", "2")]),
    "an unknown table": (file("[[pets]]\n"), [("pets", "[…]")]),
    "an unknown key": (file(HOME, "flor = 5\n"), [("homes[0].flor", "5")]),
    "a table that is no array": (b"version = 1\nhomes = 3\n", [("homes", "3")]),
    "a row that is no table": (b"version = 1\nhomes = [7]\n", [("homes[0]", "7")]),
    "missing keys": (
        file('[[homes]]\nid = "h1"\n'),
        [(f"homes[0].{key}", "") for key in ("compound", "building", "unit", "room")],
    ),
    "wrong types": (
        file(
            HOME, 'floor = "5"\nlift = 1\n', resident("r1", "h1", "deaf = 0\nbirth_year = 1941.5")
        ),
        [
            ("homes[0].floor", '"5"'),
            ("homes[0].lift", "1"),
            ("residents[0].deaf", "0"),
            ("residents[0].birth_year", "1941.5"),
        ],
    ),
    "ids that are none": (
        file(home("h 1"), home(""), home("x" * 65), home("gateway"), home("家")),
        [
            ("homes[0].id", '"h 1"'),
            ("homes[1].id", '""'),
            ("homes[2].id", '"' + "x" * 58 + "…"),
            ("homes[3].id", '"gateway"'),
            ("homes[4].id", '"家"'),
        ],
    ),
    "ids given twice": (
        file(HOME, HOME, 2 * device("s1", "h1"), resident("x", "h1"), responder("x")),
        [("homes[1].id", '"h1"'), ("devices[1].id", '"s1"'), ("responders[0].id", '"x"')],
    ),
    "references to nothing": (
        file(
            HOME,
            resident("r1", "h9"),
            device("s1", "h8"),
            device("b1", "h1", 'resident = "r9"'),
            pairing("h7", "n9"),
        ),
        [
            ("residents[0].home", '"h9"'),
            ("devices[0].home", '"h8"'),
            ("devices[1].resident", '"r9"'),
            ("pairings[0].home", '"h7"'),
            ("pairings[0].responder", '"n9"'),
        ],
    ),
    "a reference that is no id is one mistake": (
        file(HOME, resident("r1", "h 9")),
        [("residents[0].home", '"h 9"')],
    ),
    "worn by somebody of another home": (
        file(HOME, home("h2"), resident("r1", "h1"), device("b1", "h2", 'resident = "r1"')),
        [("devices[0].resident", '"r1"')],
    ),
    "telephone numbers": (
        file(
            HOME,
            resident("r1", "h1", 'phone = "138 0000 0001"'),
            resident("r2", "h1", 'phone = "12345"'),
            responder("n1", phone="120"),
            responder("n2", phone="+86119"),
            responder("n3", phone="１１０"),
            responder("n4", phone=""),
        ),
        [
            ("residents[0].phone", '"138 0000 0001"'),
            ("residents[1].phone", '"12345"'),
            ("responders[0].phone", '"120"'),
            ("responders[1].phone", '"+86119"'),
            ("responders[2].phone", '"１１０"'),
            ("responders[3].phone", '""'),
        ],
    ),
    "choices": (
        file(
            HOME,
            resident("r1", "h1", 'sex = "x"'),
            device("s1", "h1", sort="toaster"),
            responder("n1", "friend"),
            '[[devices]]\nid = "z"\nfamily = "zigbee"\nhome = "h1"\nclass = "smoke"\n',
        ),
        [
            ("residents[0].sex", '"x"'),
            ("devices[0].class", '"toaster"'),
            ("responders[0].role", '"friend"'),
            ("devices[1].family", '"zigbee"'),
        ],
    ),
    "pairings": (
        file(
            HOME,
            responder("n1"),
            pairing("h1", "n1", 0),
            pairing("h1", "n1", 2),
        ),
        [("pairings[0].rank", "0"), ("pairings[1]", '"h1", "n1"')],
    ),
    "a home with too much in it": (
        file(HOME, *(device(f"s{n}", "h1") for n in range(MOST_IN_A_HOME + 5))),
        [(f"devices[{MOST_IN_A_HOME}]", '"h1"')],
    ),
    "a line break in a name": (
        file(HOME, resident("r1", "h1").replace("张桂芳", "张\\n桂芳")),
        [("residents[0].name", '"张 桂芳"')],
    ),
    "a secret that a broker takes for a hash": (
        file(HOME, device("s1", "h1", 'secret = "$2a$10$whatever"')),
        [("devices[0].secret", "")],
    ),
    "secrets, which are not shown": (
        file(
            HOME,
            device("s1", "h1", 'secret = "short"'),
            device("s2", "h1", 'secret = "口令口令口令口令"'),
        ),
        [("devices[0].secret", ""), ("devices[1].secret", "")],
    ),
    "a bad home is still a home": (
        file(HOME, "floor = 9999\n", resident("r1", "h1"), device("s1", "h1")),
        [("homes[0].floor", "9999")],
    ),
}


def mistakes(data: bytes) -> tuple[Mistake, ...]:
    """What is wrong in a file."""
    with pytest.raises(MistakesError) as caught:
        parse(data)
    return caught.value.mistakes


@pytest.mark.parametrize("name", BROKEN)
def test_every_mistake_is_named_and_none_invented(name: str) -> None:
    """Path and value of each, and no other."""
    data, expected = BROKEN[name]
    assert sorted(expected) == sorted((m.path, m.value) for m in mistakes(data))


def test_a_number_is_given_in_the_right_spelling() -> None:
    """What is meant is known, so it is said."""
    (mistake,) = mistakes(file(HOME, resident("r1", "h1", 'phone = "138-0000-0001"')))
    assert "write +8613800000001" == mistake.mend.en


@pytest.mark.parametrize("number", ["120", "+86119", "0571110", "１１０"])
def test_an_emergency_number_is_called_what_it_is(number: str) -> None:
    """It is well spelled, perhaps, and still nobody's contact."""
    (mistake,) = mistakes(file(responder("n1", phone=number)))
    assert "is an emergency number, nobody's contact" == mistake.reason.en


def test_a_mistake_has_the_line_of_its_row() -> None:
    """Nobody counts to row 13,542."""
    (mistake,) = mistakes(file(HOME, resident("r1", "h1"), resident("r2", "nowhere")))
    assert 12 + 1 == mistake.line


def test_no_line_is_better_than_a_wrong_one() -> None:
    """A header inside a text would make the count wrong."""
    note = 'health_note = """\n[[residents]]\n"""'
    (*_, mistake) = mistakes(file(HOME, resident("r1", "h1", note), resident("r2", "nowhere")))
    assert ("residents[1].home", None) == (mistake.path, mistake.line)


def test_an_empty_file_is_an_empty_registry() -> None:
    """Also homes with nothing in them are no mistake."""
    assert [] == list(parse(b"version = 1\n").households)
    assert ["h1"] == list(parse(file(HOME)).households)


def test_what_is_written_reads_as_the_same() -> None:
    """Row by row, defaults and secrets included."""
    registry = parse(file(*VILLAGE))
    assert registry.rows == parse(dump(registry)).rows


def test_a_village_reads_and_writes_as_the_same(tmp_path: Path) -> None:
    """What the simulators write is what we read: two programs, one page."""
    village.write(village.registry(40, 3, 12), tmp_path / "village.toml")
    registry = parse((tmp_path / "village.toml").read_bytes())
    assert (40, registry.rows) == (len(registry.households), parse(dump(registry)).rows)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_name_and_note_read_back_or_are_refused(name: str, note: str) -> None:
    """Nothing is changed on the way but blanks round it, and nothing ends in another error."""
    row = resident("r1", "h1", f"health_note = {_spelled(note)}").replace(
        '"张桂芳"', _spelled(name)
    )
    try:
        registry = parse(file(HOME, row))
    except MistakesError:
        return
    (person,) = parse(dump(registry)).rows.residents
    assert (name.strip(), note.strip()) == (person.name, person.health_note)


def _spelled(text: str) -> str:
    """A TOML string with every character escaped."""
    return '"' + "".join(f"\\U{ord(letter):08x}" for letter in text) + '"'


@given(st.integers(0, 2**32))
def test_a_spoiled_file_gives_mistakes_and_no_other_error(seed: int) -> None:
    """Some bytes of a good file are lost, doubled or exchanged."""
    rng = random.Random(seed)
    data = bytearray(file(*VILLAGE))
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data))
        data[at : at + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
    with suppress(MistakesError):
        parse(bytes(data))
