"""The days of a resident, and what an emergency changes in them."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import takewhile

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
    assert not kinds.keys() & {"smoke", "help_call"}


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
