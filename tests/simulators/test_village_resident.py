"""The days of a resident, and what an emergency changes in them."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import takewhile

import pytest

from simulators import script, village
from simulators.resident import CHINA, Emergency, Observation, life

START = datetime(2026, 3, 2, 7, 0, tzinfo=CHINA)
NOON = START + timedelta(hours=5)
HOME = village.households(village.registry(1, 1, 0))[0]


def two_days(emergency: Emergency | None = None, *, seed: int = 1) -> list[Observation]:
    """What the home's devices notice in the first 48 hours."""
    seen = life(HOME, seed=seed, start=START, emergency=emergency)
    return list(takewhile(lambda one: one.at < START + timedelta(days=2), seen))


def test_a_life_is_repeatable_and_in_order() -> None:
    """The same seed gives the same days; another seed gives others."""
    assert two_days() == two_days()
    assert two_days() != two_days(seed=2)
    assert two_days() == sorted(two_days(), key=lambda one: one.at)


def test_an_ordinary_day_has_movement_doors_and_no_alarm() -> None:
    """Dozens of movements, the door opened as often as closed, nothing that would raise."""
    kinds = Counter(one.kind for one in two_days())
    doors = Counter(one.value for one in two_days() if one.kind == "contact")
    assert kinds["motion"] > 100
    assert doors[True] == doors[False] > 0
    assert not kinds.keys() & {"smoke", "help_call", "gas", "co", "water_leak", "fall"}


def test_silence_stops_the_person_and_not_the_devices() -> None:
    """From that instant no movement and no door; heartbeats go on."""
    after = Counter(one.kind for one in two_days(Emergency(silent_from=NOON)) if one.at >= NOON)
    assert (0, 0) == (after["motion"], after["contact"])
    assert after["heartbeat"] > 50


def test_a_fire_is_smoke_and_then_heat() -> None:
    """The smoke head says true once, then four rising temperatures twenty seconds apart."""
    extra = set(two_days(Emergency(fire_at=NOON))) - set(two_days())
    step = timedelta(seconds=20)
    assert [
        (NOON, "smoke-h0001", "smoke", True),
        (NOON + step, "smoke-h0001", "temperature", 34.5),
        (NOON + 2 * step, "smoke-h0001", "temperature", 47.0),
        (NOON + 3 * step, "smoke-h0001", "temperature", 58.5),
        (NOON + 4 * step, "smoke-h0001", "temperature", 71.0),
    ] == sorted(tuple(one) for one in extra)


def test_help_is_called_once() -> None:
    """The press comes at its instant, from the button or the band that the home has."""
    extra = set(two_days(Emergency(help_at=NOON))) - set(two_days())
    button = HOME.of_class("help_button", "wristband")[0]
    word = "press" if button.device_class == "help_button" else "wearable"
    assert {(NOON, button.id, "help_call", word)} == extra


def test_a_dead_device_says_nothing_more() -> None:
    """Its last word is before its death; the others go on."""
    dying = HOME.of_class("pir")[0].id
    seen = two_days(Emergency(dead_from={dying: NOON}))
    assert max(one.at for one in seen if one.device == dying) < NOON
    assert [one for one in two_days() if one.device != dying] == [
        one for one in seen if one.device != dying
    ]


def lives(device_class: str) -> village.Household:
    """A home that has such a device."""
    homes = village.households(village.registry(40, 1, 0))
    return next(home for home in homes if home.of_class(device_class))


def days_of(home: village.Household, emergency: Emergency) -> list[Observation]:
    """The first 48 hours of a home."""
    seen = life(home, seed=1, start=START, emergency=emergency)
    return list(takewhile(lambda one: one.at < START + timedelta(days=2), seen))


@pytest.mark.parametrize(
    ("device_class", "kind", "emergency"),
    [
        ("gas", "gas", Emergency(gas_at=NOON)),
        ("co", "co", Emergency(co_at=NOON)),
        ("leak", "water_leak", Emergency(leak_at=NOON)),
        ("wristband", "fall", Emergency(fall_at=NOON)),
    ],
)
def test_a_detector_tells_once(device_class: str, kind: str, emergency: Emergency) -> None:
    """At its instant, by the device that has it; a home without one tells nothing."""
    home = lives(device_class)
    told = [one for one in days_of(home, emergency) if one.kind == kind]
    assert [(NOON, home.of_class(device_class)[0].id)] == [(one.at, one.device) for one in told]
    bare = village.Household("h1", tuple(home.of_class("smoke")))
    assert [] == [one for one in days_of(bare, emergency) if one.kind == kind]


def test_who_has_fallen_does_not_move() -> None:
    """For half an hour no motion and no door; the band goes on."""
    home = lives("wristband")
    lying = [
        one
        for one in days_of(home, Emergency(fall_at=NOON))
        if NOON < one.at < NOON + timedelta(minutes=30)
    ]
    assert not {"motion", "contact"} & {one.kind for one in lying}
    assert "heart_rate" in {one.kind for one in lying}


def test_a_heart_races_and_a_band_charges() -> None:
    """Every pulse is faster from then on; on its charger at eight the band still measures 0."""
    seen = days_of(lives("wristband"), Emergency(races_from=NOON))
    pulses = [one for one in seen if one.kind == "heart_rate"]
    assert 0 in {one.value for one in pulses}
    assert {20} == {one.at.hour for one in pulses if one.value == 0}
    fast = [int(one.value) for one in pulses if one.at >= NOON and one.value]
    slow = [int(one.value) for one in pulses if one.at < NOON and one.value]
    assert min(fast) > 130
    assert max(slow) <= 84


def test_the_hazards_stand_in_a_home_each() -> None:
    """Six troubles in six homes, each with the device that tells of it."""
    homes = village.households(village.registry(60, 1, 0))
    troubled = script.hazards(homes, START, 1.0)
    at = START + timedelta(seconds=3)
    expected = [
        Emergency(gas_at=at),
        Emergency(co_at=at),
        Emergency(leak_at=at),
        Emergency(fall_at=at),
        Emergency(fall_at=at, fall_word="confirmed"),
        Emergency(races_from=at),
    ]
    assert expected == list(troubled.values())


def test_the_demo_troubles_the_first_four_homes() -> None:
    """Two fires three and ten real seconds in, a silence and a sensor that is never heard."""
    homes = village.households(village.registry(6, 1, 0))
    troubled = script.demo(homes, START, 10.0)
    assert {
        "h0001": Emergency(fire_at=START + timedelta(seconds=30)),
        "h0002": Emergency(fire_at=START + timedelta(seconds=100)),
        "h0003": Emergency(silent_from=START),
        "h0004": Emergency(dead_from={"pir-h0004-living": START}),
    } == troubled


def test_a_scripted_event_is_said_in_both_languages() -> None:
    """One line for a fire, none for everyday life."""
    head, sensor = HOME.of_class("smoke")[0], HOME.of_class("pir")[0]
    fire = Observation(NOON, head.id, "smoke", value=True)
    step = Observation(NOON, sensor.id, "motion", value=True)
    assert "[住户 h0001] 厨房烟雾传感器: 有烟 smoke" == script.line(head, fire)
    assert script.line(sensor, step) is None
