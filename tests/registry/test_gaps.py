"""What a registry lacks, by the ids it is about."""

import pytest

from gateway.mistake import MistakesError
from gateway.registry import Registry
from gateway.registry_file import parse
from gateway.registry_gaps import gaps
from gateway.registry_tables import rows_of
from tests.registry.village import (
    VILLAGE,
    device,
    file,
    home,
    pairing,
    resident,
    responder,
)

DESK = responder("d1", "desk", "+8657184310000")
WHOLE = (home("h1"), resident("r1", "h1"), device("s1", "h1"), responder("n1"), pairing("h1", "n1"))


def found(*rows: str) -> list[tuple[str, tuple[str, ...], str]]:
    """Table, ids and reason of each gap."""
    return [(gap.table, gap.ids, gap.reason.en) for gap in gaps(parse(file(*rows)))]


def test_a_whole_registry_has_no_gap() -> None:
    """Nothing is invented."""
    assert [] == found(DESK, *WHOLE)
    assert [] == found(*VILLAGE)


def test_an_empty_registry_has_no_gap() -> None:
    """There is nobody to be missing."""
    assert [] == found()


GAPS: list[tuple[tuple[str, ...], tuple[str, tuple[str, ...], str]]] = [
    (WHOLE, ("responders", (), "there is no duty desk")),
    (
        (DESK, home("h1"), responder("n1"), pairing("h1", "n1")),
        ("homes", ("h1",), "have neither a resident nor a device"),
    ),
    (
        (DESK, home("h1"), resident("r1", "h1"), device("s1", "h1")),
        ("homes", ("h1",), "have no neighbour or post who can go"),
    ),
    (
        (DESK, *WHOLE[:3], responder("n1", "family"), WHOLE[4]),
        ("homes", ("h1",), "have no neighbour or post who can go"),
    ),
    (
        (DESK, *WHOLE[:2], *WHOLE[3:]),
        ("homes", ("h1",), "have no device: nothing would be noticed"),
    ),
    (
        (DESK, *WHOLE, resident("r2", "h1", "")),
        ("residents", ("r2",), "have no telephone: they cannot be asked first"),
    ),
    (
        (DESK, *WHOLE, responder("n2", phone="+8613900000002", more="sms = false\nvoice = false")),
        ("responders", ("n2",), "take neither texts nor calls"),
    ),
    (
        (DESK, *WHOLE, resident("r2", "h1", 'phone = "+8613900000001"')),
        ("people", ("n1+r2",), "share a number: answers count for the first"),
    ),
]


@pytest.mark.parametrize(("rows", "expected"), GAPS)
def test_each_sort_of_gap_is_found_alone(
    rows: tuple[str, ...], expected: tuple[str, tuple[str, ...], str]
) -> None:
    """One thing is missing, and one thing is said."""
    assert [expected] == found(*rows)


def test_a_number_that_cannot_be_dialled_is_found() -> None:
    """One that was stored before the rules became stricter."""
    rows = parse(file(DESK, *WHOLE)).rows
    desk, neighbour = rows.responders
    stored = rows_of(
        {
            "homes": [],
            "residents": [],
            "devices": [],
            "responders": [(desk.id, desk.name, "desk", "12345", 1, 1, 1, 1, 1, "", "")],
            "pairings": [],
        }
    )
    assert neighbour.phone
    (gap,) = gaps(Registry(stored))
    assert ("responders", ("d1",)) == (gap.table, gap.ids)


def test_shifts_and_absences_come_from_a_file_and_reach_the_core() -> None:
    """A line that cannot be read is named with its key."""
    there = 'duty = "1-5 08:00-18:00"\nabsent = "2027-02-05/2027-02-20"'
    rows = (DESK, *WHOLE[:3], responder("n1", more=there), WHOLE[4])
    record = parse(file(*rows)).record("h1")
    assert record is not None
    assert ("1-5 08:00-18:00", "2027-02-05/2027-02-20") == (
        record.responders[1].duty,
        record.responders[1].absent,
    )
    with pytest.raises(MistakesError) as caught:
        parse(file(responder("n1", more='duty = "by day"\nabsent = "春节"')))
    assert ["responders[0].duty", "responders[0].absent"] == [
        mistake.path for mistake in caught.value.mistakes
    ]
