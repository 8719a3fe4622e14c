"""Zigbee2MQTT: what the messages of a bridge's devices come to."""

from typing import Any

import pytest

from sensors.reading import Flag, Kind, Reading
from tests.sensors.zigbee import device, exposed, read, taught, tell


@pytest.mark.parametrize(
    ("value", "on", "off", "is_open"),
    [
        (True, False, True, False),
        (False, False, True, True),
        (True, True, False, True),
        ("ON", "ON", "OFF", True),
        ("closed", False, True, False),
        ("open", False, True, True),
    ],
)
def test_what_means_open_is_what_the_description_says(
    value: object, on: object, off: object, *, is_open: bool
) -> None:
    """Most contacts say true when they are closed; some are the other way round."""
    said = read({"contact": value}, exposed("contact", value_on=on, value_off=off))
    assert (Reading(Kind.CONTACT, is_open),) == said


@pytest.mark.parametrize(
    ("value", "flags"),
    [("ON", ()), ("DETECTED", ()), ("alarm", ()), (1, ()), ("test", (Flag.TEST,))],
)
def test_words_for_yes_are_understood(value: object, flags: tuple[Flag, ...]) -> None:
    """Whatever the description says of their spelling."""
    assert (Reading(Kind.SMOKE, value=True, flags=flags),) == read(
        {"smoke": value}, exposed("smoke")
    )


@pytest.mark.parametrize("value", [None, "", "who knows", [], {}, 7])
def test_what_says_nothing_known_gives_no_reading(value: object) -> None:
    """The device is heard, and nothing is made up."""
    assert () == read({"smoke": value}, exposed("smoke"))


def test_a_property_nobody_described_is_no_fact() -> None:
    """It is named, so that it can be counted; what every message carries is not."""
    listener = taught(device("d", exposed("occupancy")))
    heard = tell(listener, "d", {"smoke": True, "linkquality": 3, "occupancy": True})
    assert (("smoke",), (Kind.MOTION, Kind.HEARTBEAT)) == (
        heard.unread,
        tuple(reading.kind for reading in heard.said[0].readings),
    )


@pytest.mark.parametrize(
    ("name", "more", "kind", "part"),
    [
        ("occupancy_1", {"endpoint": "1"}, Kind.MOTION, "occupancy_1"),
        ("occupancy_left", {"endpoint": "left"}, Kind.MOTION, "occupancy_left"),
        ("gas_alarm_2", {}, Kind.GAS, "gas_alarm_2"),
        ("carbon_monoxide", {}, Kind.CO, ""),
        ("sos", {}, Kind.HELP_CALL, "sos"),
    ],
)
def test_what_a_device_has_several_of_is_told_apart(
    name: str, more: dict[str, Any], kind: Kind, part: str
) -> None:
    """By the property's own name."""
    value = "press" if kind is Kind.HELP_CALL else True
    assert (Reading(kind, value, part=part),) == read({name: True}, exposed(name, **more))


def test_a_composite_is_looked_into() -> None:
    """Its features stand in an object of its own; those of a climate do not."""
    inside = {"type": "composite", "property": "room", "features": [exposed("presence")]}
    flat = {"type": "climate", "features": [exposed("local_temperature", "numeric", unit="°C")]}
    said = read({"room": {"presence": True}, "local_temperature": 20.5}, inside, flat)
    assert [
        Reading(Kind.PRESENCE, "still"),
        Reading(Kind.TEMPERATURE, 20.5, "°C", part="local_temperature"),
    ] == list(said)


@pytest.mark.parametrize(
    ("name", "unit", "value", "reading"),
    [
        ("temperature", "°C", 21.5, Reading(Kind.TEMPERATURE, 21.5, "°C")),
        ("temperature", "°F", 68, Reading(Kind.TEMPERATURE, 20, "°C")),
        ("voltage", "mV", 2995, Reading(Kind.VOLTAGE, 2995, "mV")),
        ("voltage", "V", 2.9, Reading(Kind.VOLTAGE, 2900, "mV")),
        ("voltage", "V", 3000, Reading(Kind.VOLTAGE, 3000, "mV")),
        ("battery", "%", "100.00", Reading(Kind.BATTERY, 100, "%")),
        ("battery", "%", 0, Reading(Kind.BATTERY, 0, "%", (Flag.SUSPECT,))),
        ("temperature", "°C", 0, Reading(Kind.TEMPERATURE, 0, "°C", (Flag.SUSPECT,))),
        *(
            ("temperature", "°C", n, Reading(Kind.TEMPERATURE, n, "°C", (Flag.INVALID,)))
            for n in (-327.68, -3276.8, -327.7, -100, 0x8000, 1e6)
        ),
    ],
)
def test_numbers_come_in_the_units_of_their_kind(
    name: str, unit: str, value: object, reading: Reading
) -> None:
    """A number no sensor can have measured is kept and not believed."""
    assert (reading,) == read({name: value}, exposed(name, "numeric", unit=unit))


def test_a_wish_is_no_measurement() -> None:
    """A number that can be set says what somebody wants."""
    assert () == read({"temperature": 25}, exposed("temperature", "numeric", unit="°C", access=7))


# --- alarms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("describes", [True, False])
def test_the_test_button_is_a_drill(describes: bool) -> None:  # noqa: FBT001 -- a case
    """Most models say `test` and do not describe it."""
    exposes = [exposed("smoke"), *([exposed("test")] if describes else [])]
    assert (Reading(Kind.SMOKE, value=True, flags=(Flag.TEST,)),) == read(
        {"smoke": True, "test": True}, *exposes
    )


def test_a_detector_says_how_much_and_that_it_is_muted() -> None:
    """Smoke without any density is a latch that nobody has reset."""
    said = read(
        {"smoke": True, "smoke_density_dbm": 0, "silence": True},
        exposed("smoke"),
        exposed("smoke_density_dbm", "numeric", unit="dB/m"),
        exposed("silence"),
    )
    assert (
        Reading(Kind.SMOKE, value=True, unit="dB/m", flags=(Flag.LATCHED, Flag.SILENCED), level=0),
    ) == said


@pytest.mark.parametrize(("muted", "flags"), [("normal", ()), ("co muted", (Flag.SILENCED,))])
def test_a_word_says_what_is_muted(muted: str, flags: tuple[Flag, ...]) -> None:
    """Every word but those for nothing."""
    said = read({"smoke": True, "muted": muted}, exposed("smoke"), exposed("muted", "text"))
    assert (Reading(Kind.SMOKE, value=True, flags=flags),) == said


def test_a_level_alone_is_no_alarm() -> None:
    """Nobody has said what it means; the state may follow."""
    said = read({"co": 25}, exposed("co", "numeric", unit="ppm"))
    assert (Reading(Kind.CO, None, "ppm", (Flag.PARTIAL,), 25),) == said


@pytest.mark.parametrize(
    ("action", "press"),
    [("emergency", "press"), ("sos", "press"), ("panic", "press"), ("sos_hold", "long")],
)
def test_a_cry_for_help_is_heard(action: str, press: str) -> None:
    """By the words of the action, on whatever kind of button."""
    assert (Reading(Kind.HELP_CALL, press),) == read(
        {"action": action}, exposed("action", "enum", values=["x"])
    )


@pytest.mark.parametrize("action", [None, "", "single", "hold", "emergencyexit", 3, ["sos"]])
def test_other_actions_are_no_calls(action: object) -> None:
    """An announcement least of all."""
    assert () == read({"action": action}, exposed("action", "enum", values=["emergency"]))


def test_a_state_in_words_counts_only_where_it_is_not_said_plainly() -> None:
    """Between the two, the plain one is the maker's last word."""
    words = exposed("smoke_state", "enum", values=["alarm", "normal", "detecting"])
    assert (Reading(Kind.SMOKE, value=True, part="smoke_state"),) == read(
        {"smoke_state": "alarm"}, words
    )
    assert () == read({"smoke_state": "detecting"}, words)
    said = read({"smoke": False, "smoke_state": "alarm"}, words, exposed("smoke"))
    assert (Reading(Kind.SMOKE, value=False),) == said


@pytest.mark.parametrize(
    ("word", "fall"),
    [("fall_alarm", "confirmed"), ("fall_warning", "suspected"), ("normal", "cleared")],
)
def test_a_fall_is_as_sure_as_the_radar_says(word: str, fall: str) -> None:
    """A warning is a suspicion."""
    assert (Reading(Kind.FALL, fall, part="fall_status"),) == read(
        {"fall_status": word}, exposed("fall_status", "enum", values=["normal"])
    )
