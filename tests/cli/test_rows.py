"""A row changed by command: in force at once, judged as a file is, and written down."""

import msgspec
import pytest

from tests.cli.rig import Row, Yard


async def logged(yard: Yard) -> list[Row]:
    """The alarm log's lines about the registry."""
    lines = (await yard.type("tail", "--json")).stdout.splitlines()
    found = [msgspec.json.decode(line, type=dict[str, object]) for line in lines]
    return [line for line in found if line["kind"] == "registry"]


async def test_a_number_is_corrected(yard: Yard) -> None:
    """Who texts from the new one is known; who did it is in the log, and the number is not."""
    words = ("registry", "set", "residents", "r0001", "phone=+8613900000009", "deaf=是")
    assert 0 == (await yard.type(*words, "--by", "李明")).exit_code
    assert "r0001" == yard.registry.person_by_number("+8613900000009")
    assert yard.registry.residents["r0001"].deaf
    (line,) = await logged(yard)
    expected = {"operator": "d01", "table": "residents", "row": "r0001", "keys": "deaf phone"}
    assert expected.items() <= line["facts"].items()  # type: ignore[attr-defined]
    assert "13900000009" not in str(line)


async def test_a_neighbour_is_added_and_paired(yard: Yard) -> None:
    """And the core knows of them; a post is a responder like another."""
    rows = ("n1 name=赵亮 role=neighbour phone=+8613900000001", "p1 name=门岗 role=post")
    added = await yard.type("registry", "set", "responders", *rows[0].split())
    assert 0 == added.exit_code, added.output
    post = (*rows[1].split(), "phone=+8613900000002")
    assert 0 == (await yard.type("registry", "set", "responders", *post)).exit_code
    for who, rank in (("n1", 1), ("p1", 2)):
        words = ("registry", "set", "pairings", f"h0001/{who}", f"rank={rank}")
        assert 0 == (await yard.type(*words)).exit_code
    people = yard.pump.engine.homes["h0001"].record.responders
    assert [("d01", "desk"), ("n1", "neighbour"), ("p1", "post")] == [
        (person.id, person.role.value) for person in people
    ]


async def test_two_people_of_a_home_and_one_of_none(yard: Yard) -> None:
    """The second is watched with the first; who has no home is on the list."""
    for words in ("r0002 home=h0001 name=李贵", "r0003 home= name=刘芳 birth_year=1950"):
        added = await yard.type("registry", "set", "residents", *words.split())
        assert 0 == added.exit_code, added.output
    assert ["r0001", "r0002"] == [r for r, _ in yard.registry.residents_of("h0001")]
    assert ("", "刘芳") == (
        yard.registry.residents["r0003"].home,
        yard.registry.residents["r0003"].name,
    )
    assert ["h0001", "h0002"] == sorted(yard.pump.engine.homes)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("residents r0001 phone=12345", "residents[0].phone"),
        ("residents r0001 hom=h0002", "did you mean home?"),
        ("residents r0001 home=h9", "residents[0].home"),
        ("devices smoke-h0001 class=toaster", "devices[0].class"),
        ("pairings h0001/n9 rank=1", "pairings[0].responder"),
    ],
)
async def test_what_a_file_could_not_hold_is_refused(yard: Yard, words: str, why: str) -> None:
    """With the same words, and nothing has changed."""
    before = yard.registry.rows
    refused = await yard.type("registry", "set", *words.split())
    assert 1 == refused.exit_code
    assert why in refused.output
    assert before == yard.registry.rows
    assert [] == await logged(yard)


async def test_a_row_is_taken_out(yard: Yard) -> None:
    """A home with everything in it; what is not there is told."""
    assert 0 == (await yard.type("registry", "remove", "homes", "h0001")).exit_code
    assert ["h0002"] == sorted(yard.pump.engine.homes)
    assert () == (*yard.registry.rows.residents, *yard.registry.rows.devices)
    assert 1 == (await yard.type("registry", "remove", "homes", "h0001")).exit_code
    assert ["taken_out"] == [line["verb"] for line in await logged(yard)]


async def test_taking_the_last_duty_desk_out_is_said(yard: Yard) -> None:
    """It is done, and not in silence: every alarm calls it first. A second one may go."""
    await yard.type(
        "registry", "set", "responders", "d02", "name=夜班", "role=desk", "phone=+8613900000003"
    )
    second = await yard.type("registry", "remove", "responders", "d02")
    last = await yard.type("registry", "remove", "responders", "d01")
    again = await yard.type("registry", "set", "residents", "r0001", "deaf=是")
    assert (0, 0, 0) == (second.exit_code, last.exit_code, again.exit_code)
    said = ["no duty desk any more" in one.output for one in (second, last, again)]
    assert [False, True, False] == said


async def test_a_home_with_an_open_alarm_stays(yard: Yard) -> None:
    """An edit must not make an alarm disappear."""
    await yard.type("drill", "h0001", "smoke", "--by", "d01")
    assert 1 == (await yard.type("registry", "remove", "homes", "h0001")).exit_code
    assert "h0001" in yard.pump.engine.homes


async def test_out_as_csv_and_in_again(yard: Yard) -> None:
    """A folder that a spreadsheet opens, readable by nobody else; nothing changes by it."""
    folder = yard.folder.parent / "csv"
    assert 0 == (await yard.type("registry", "export", "--csv", str(folder))).exit_code
    assert 0o600 == (folder / "homes.csv").stat().st_mode & 0o777
    again = await yard.type("registry", "import", str(folder))
    assert "新增 added 0  改动 changed 0" in again.stdout
    one = await yard.type("registry", "import", str(folder / "responders.csv"))
    assert 0 == one.exit_code, one.output
