"""What a registry answers."""

import pytest

from alerting.hand_over import Place
from alerting.record import (
    DeviceRecord,
    HomeRecord,
    ResidentRecord,
    ResponderRecord,
    Role,
)
from gateway.registry import Registry
from gateway.registry_file import parse
from gateway.scribe import Person
from tests.registry.village import (
    VILLAGE,
    device,
    file,
    home,
    pairing,
    resident,
    responder,
)

REGISTRY = parse(file(*VILLAGE))


def test_the_core_gets_a_home_without_names() -> None:
    """Ids and what decides; the desk first, then who is asked, in their order."""
    expected = HomeRecord(
        id="h1",
        residents=(ResidentRecord("r1", can_answer=True),),
        devices=(
            DeviceRecord("own-smoke-1", "smoke"),
            DeviceRecord("own-band-1", "wristband", "", "r1"),
        ),
        responders=(
            ResponderRecord("d1", Role.DESK),
            ResponderRecord("n1", Role.NEIGHBOUR, 1),
            ResponderRecord("n2", Role.NEIGHBOUR, 2, at_night=False),
            ResponderRecord("f1", Role.FAMILY, 3),
        ),
        slot_hint=3,
    )
    assert expected == REGISTRY.record("h1")


def test_an_unknown_home_has_no_record() -> None:
    """Nor an address, nor residents."""
    answers = (REGISTRY.record("h9"), REGISTRY.place_of("h9"), REGISTRY.address_of("h9"))
    assert (None, None, "", []) == (*answers, REGISTRY.residents_of("h9"))


@pytest.mark.parametrize(
    ("more", "can_answer"),
    [
        ('phone = "+8613800000001"', True),
        ("", False),
        ('phone = "+8613800000001"\ndeaf = true', False),
        ('phone = "+8613800000001"\nno_speech = true', False),
    ],
)
def test_who_can_answer_a_call(more: str, can_answer: bool) -> None:  # noqa: FBT001
    """A telephone of their own, and ears and a voice for it."""
    record = parse(file(home("h1"), resident("r1", "h1", more))).record("h1")
    assert record is not None
    assert can_answer == record.residents[0].can_answer


@pytest.mark.parametrize(
    ("building", "digit"),
    [("3栋", 3), ("12号楼", 2), ("10栋", 0), ("３栋", 3), ("甲栋", 0), ("2期15栋", 5)],
)
def test_the_slot_is_the_last_digit_of_the_building(building: str, digit: int) -> None:
    """People find the first digit of their answer on the wall: 去3栋的回31."""
    record = parse(file(home("h1").replace("3栋", building))).record("h1")
    assert record is not None
    assert digit == record.slot_hint


def test_a_desk_that_is_paired_is_not_called_twice() -> None:
    """It serves every home anyway."""
    rows = (home("h1"), responder("d1", "desk"), pairing("h1", "d1", 5))
    record = parse(file(*rows)).record("h1")
    assert record is not None
    assert (ResponderRecord("d1", Role.DESK),) == record.responders


@pytest.mark.parametrize(
    ("device_id", "expected"), [("own-smoke-2", "h2"), ("smoke-2", None), ("own-none", None)]
)
def test_whose_device_it_is(device_id: str, expected: str | None) -> None:
    """By the id under which readings come."""
    assert expected == REGISTRY.home_of(device_id)


@pytest.mark.parametrize(
    ("device_class", "expected"), [("help_button", True), ("wristband", False), ("pir", False)]
)
def test_what_a_device_is_there_for(device_class: str, *, expected: bool) -> None:
    """A button is a help button where it was claimed as one, and nowhere else."""
    registry = parse(file(home("h1"), device("b1", "h1", sort=device_class)))
    assert expected == registry.is_help_button("own-b1")
    assert not registry.is_help_button("own-b2")


def test_devices_log_in_with_what_the_broker_needs() -> None:
    """Native id, home, secret; without a secret a device cannot log in."""
    assert [("smoke-1", "h1", "secret-one"), ("smoke-2", "h2", "secret-two")] == (
        REGISTRY.credentials()
    )


@pytest.mark.parametrize(
    ("person_id", "expected"),
    [
        ("r1", Person("张桂芳", "张奶奶", "+8613800000001")),
        ("r2", Person("张桂芳", "张桂芳", "+8613800000002")),
        ("n1", Person("李明", "李明", "+8613900000001")),
        ("x", None),
    ],
)
def test_who_somebody_is(person_id: str, expected: Person | None) -> None:
    """Residents and responders; without a form of address, the name."""
    assert expected == REGISTRY.person_of(person_id)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+8613900000001", "n1"),
        ("139 0000 0001", "n1"),
        ("008613900000001", "n1"),
        ("１３９００００００１", None),
        ("+8613800000001", "r1"),
        ("+8613700000000", None),
        ("120", None),
        ("anonymous", None),
        ("", None),
    ],
)
def test_whose_number_it_is(number: str, expected: str | None) -> None:
    """However a carrier spells it."""
    assert expected == REGISTRY.person_by_number(number)


def test_a_shared_number_is_the_responders() -> None:
    """A neighbour who is cared for herself answers as the neighbour."""
    rows = (home("h1"), resident("r1", "h1", 'phone = "+8613900000001"'), responder("n1"))
    registry = parse(file(*rows))
    assert ("n1", [["n1", "r1"]]) == (
        registry.person_by_number("+8613900000001"),
        registry.sharing(),
    )


def test_the_short_address_is_what_people_use() -> None:
    """Building, unit and room."""
    assert "3栋2单元501" == REGISTRY.address_of("h1")


def test_the_place_is_what_a_dispatcher_asks() -> None:
    """Floor and lift in words; what nobody has recorded is empty."""
    row = home("h1") + 'floor = 5\nlift = false\ngate = "东门"\nstreet = "桂花街道"\n'
    expected = Place("", "桂花街道", "桂花苑", "3栋", "2单元", "502", "东门", "5楼", "没有")
    assert expected == parse(file(row)).place_of("h1")
    assert ("", "") == parse(file(home("h1"))).place_of("h1")[-2:]  # type: ignore[index]


def test_whoever_holds_a_registry_sees_the_next_one() -> None:
    """The data path keeps one object for its life."""
    held = Registry()
    held.adopt(parse(file(home("h1"), device("s1", "h1"))))
    assert "h1" == held.home_of("own-s1")


def test_what_is_usual_for_a_person_reaches_the_core() -> None:
    """A doctor's word is in the record; where there is none the configuration counts."""
    rows = file(
        home("h1"),
        resident("r1", "h1", "heart_rate_low = 45\nheart_rate_high = 115\nspo2_low = 86"),
        resident("r2", "h1", ""),
    )
    record = parse(rows).record("h1")
    assert record is not None
    assert [(45, 115, 86), (None, None, None)] == [
        (one.heart_rate_low, one.heart_rate_high, one.spo2_low) for one in record.residents
    ]
