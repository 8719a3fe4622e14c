"""How people with phones decide: pure, so time is an argument."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from simulators.phones import TEMPERAMENTS, Phone, draw, phones_of

SMOKE = "急！3栋2单元502张桂芳家烟雾报警，请马上去敲门。能去回1，不能回2"
GOING = "谢谢！您去3栋2单元502，10分钟内到。到了回3；去不了回2，我们马上找别人。"
ARRIVED = "见到张桂芳本人了吗？3栋2单元502，人没事回4，要救护车回9，敲门没人应回8"
OFF = "3栋2单元502已有人去了，您不用去了，谢谢您。"
NOW = timedelta(hours=1)


def person(temperament: str) -> Phone:
    """Somebody who is like that."""
    return Phone("+8616000000001", "李明", TEMPERAMENTS[temperament], Random(1))


@pytest.mark.parametrize(
    ("temperament", "expected"),
    [
        ("willing", ["1", "3", "4"]),
        ("cannot", ["2", None, "4"]),
        ("in_words", ["去", "3", "4"]),
        ("received", ["收到", None, "4"]),
        ("silent", [None, None, "4"]),
        ("wrong_digit", ["7", None, "4"]),
        ("stops", ["TD", None, "4"]),
        ("never_arrives", ["1", None, "4"]),
        ("nobody_opens", ["1", "3", "8"]),
        ("finds_ill", ["1", "3", "9"]),
        ("asleep", [None, None, None]),
        ("busy", [None, None, None]),
        ("calls_back", [None, None, None]),
    ],
)
def test_each_temperament_answers_in_its_way(temperament: str, expected: list[str | None]) -> None:
    """To the question, to the thanks, and to the last question."""
    phone = person(temperament)
    intents = [phone.receive(text, NOW) for text in (SMOKE, GOING, ARRIVED)]
    assert expected == [intent.body if intent else None for intent in intents]


def test_the_walk_takes_its_time() -> None:
    """Arrival is told after reading and walking, and counted from setting out."""
    phone = person("willing")
    shortest, longest = phone.temperament.walks
    phone.receive(SMOKE, NOW)
    soon = phone.receive(GOING, NOW)
    late = phone.receive(GOING, NOW + timedelta(minutes=20))
    assert soon is not None
    assert late is not None
    assert shortest <= soon.after.total_seconds() <= longest + 40
    assert late.after < timedelta(seconds=41)


def test_a_two_digit_answer_is_copied() -> None:
    """With several alarms open the text says which digits are whose."""
    intent = person("willing").receive("去3栋2单元502的回31，不能回32", NOW)
    assert intent is not None
    assert "31" == intent.body


def test_whoever_goes_does_not_answer_the_next_round() -> None:
    """The same question again gets nothing, until the walk is long forgotten."""
    phone = person("willing")
    first = phone.receive(SMOKE, NOW)
    again = phone.receive(SMOKE, NOW + timedelta(minutes=2))
    much_later = phone.receive(SMOKE, NOW + timedelta(hours=2))
    assert (True, False, True) == (bool(first), bool(again), bool(much_later))


def test_stood_down_people_do_not_go() -> None:
    """What was meant for that door is dropped, and only that."""
    phone = person("willing")
    here = phone.receive(SMOKE, NOW)
    elsewhere = phone.receive(SMOKE.replace("3栋", "5栋"), NOW)
    phone.receive(OFF, NOW)
    assert here is not None
    assert elsewhere is not None
    assert (False, True) == (phone.still_means(here), phone.still_means(elsewhere))


def test_a_nudge_makes_some_people_answer_again() -> None:
    """收到 holds nothing; asked for a 1, this person gives it."""
    phone = person("received_then_goes")
    phone.receive(SMOKE, NOW)
    intent = phone.receive("没回1我们会继续找别人", NOW)
    assert intent is not None
    assert "1" == intent.body


@pytest.mark.parametrize(
    ("temperament", "expected"),
    [("well", "1"), ("needs_help", "9"), ("says_nothing", None)],
)
def test_a_resident_is_asked_by_voice(temperament: str, expected: str | None) -> None:
    """Press 1 if well: pressed, pressed for help, or silence."""
    press = person(temperament).hear("没事按1，要人来按9，或者直接说话", NOW)
    assert expected == (press.digits if press else None)


def test_arrival_is_pressed_only_when_there() -> None:
    """Asked on the way by voice, a person still walking presses nothing."""
    phone, asked = person("willing"), "到了3栋2单元502请按3"
    phone.hear("3栋2单元502烟雾报警，能去按1，不能去按2", NOW)
    walking = phone.hear(asked, NOW + timedelta(seconds=10))
    there = phone.hear(asked, NOW + timedelta(seconds=600))
    assert walking is None
    assert there is not None
    assert "3" == there.digits


@pytest.mark.parametrize(
    ("temperament", "is_busy", "picks_up"),
    [("willing", False, True), ("busy", True, False), ("asleep", False, False)],
)
def test_a_ringing_phone(temperament: str, is_busy: bool, picks_up: bool) -> None:  # noqa: FBT001
    """Busy, picked up after a while, or never."""
    ring = person(temperament).ring()
    assert (is_busy, picks_up) == (ring.is_busy, ring.after is not None)


def test_a_missed_call_is_called_back_by_some() -> None:
    """An intent without a text is a call."""
    back = person("calls_back").missed()
    assert back is not None
    assert back.body is None
    assert person("asleep").missed() is None


def test_a_scripted_phone_presses_what_it_was_told() -> None:
    """A tester's keys come before the temperament's."""
    phone = person("says_nothing")
    phone.script.extend(["9", "2"])
    presses = [phone.hear("能去按1", NOW) for _ in range(3)]
    assert ["9", "2", None] == [press.digits if press else None for press in presses]


def test_the_phones_of_a_registry(tmp_path: Path) -> None:
    """Residents and responders with a number, the same for the same seed."""
    registry = tmp_path / "registry.toml"
    registry.write_text(
        '[[residents]]\nid = "r0001"\nname = "张桂芳"\nphone = "+8616000000001"\n'
        '[[residents]]\nid = "r0002"\nname = "无"\n'
        '[[responders]]\nid = "d01"\nname = "值班室"\nrole = "desk"\nphone = "+8616000000002"\n',
        encoding="utf-8",
    )
    phones = list(phones_of(registry, 1))
    again = list(phones_of(registry, 1))
    assert ["张桂芳", "值班室"] == [phone.name for phone in phones]
    assert TEMPERAMENTS["desk"] == phones[1].temperament
    assert [p.temperament for p in phones] == [p.temperament for p in again]


def test_neighbours_are_mostly_willing() -> None:
    """The weights are what they say: half of the neighbours go at once."""
    dice = Random(3)
    met = Counter(draw("neighbour", dice) for _ in range(1000))
    assert 450 < met[TEMPERAMENTS["willing"]] < 550
