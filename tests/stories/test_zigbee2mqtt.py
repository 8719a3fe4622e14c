"""stuck, smoke, help_call and no_motion behind a Zigbee bridge, which says again what it knows."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerting.event import Verb
from tests.stories.world import MORNING, patient
from tests.stories.zigbee import House

HOUR = 3600


def sequence(folder: Path, name: str) -> list[dict[str, Any]]:
    """Give the recorded messages of a sequence."""
    lines = (folder / "data/devices/z2m_sequences.jsonl").read_text("utf-8").splitlines()
    (found,) = (row for row in map(json.loads, lines) if row["name"] == name)
    messages: list[dict[str, Any]] = found["messages"]
    return messages


def played(
    folder: Path,
    name: str,
    kind: str,
    closes: tuple[float, ...] = (),
    *,
    lived_in: bool = False,
) -> House:
    """Play a sequence in a house; the newest alarm is closed at these seconds."""
    messages = sequence(folder, name)
    house = House(messages[0]["topic"].partition("/")[2], kind, lived_in=lived_in)
    for at, message in sorted(
        [(m["t"], m) for m in messages] + [(at, None) for at in closes], key=lambda each: each[0]
    ):
        house.until(at)
        if message is None:
            house.world.operator(Verb.CLOSE, "false_alarm")
        else:
            topic = message["topic"].partition("/")[2]
            house.tell(topic, message["payload"], is_retained=message["retain"])
    return house


# --- the recorded sequences -----------------------------------------------------------------------


def test_what_the_cache_repeats_proves_no_movement(fixtures_dir: Path) -> None:
    """Two movements, the last at 600 s: so the home is asked after eight hours of silence."""
    house = played(fixtures_dir, "pir_cached_occupancy", "pir", lived_in=True)
    assert MORNING + timedelta(seconds=600) == house.world.engine.homes["h0001"].alive_at
    assert timedelta(seconds=600 + 8 * HOUR) == house.raised("no_motion")[0]
    assert [timedelta(seconds=43200)] == house.raised("stuck")


@pytest.mark.parametrize(("closes", "alarms"), [((), [100]), ((8500,), [100, 9000])])
def test_a_second_fire_without_an_edge(
    fixtures_dir: Path, closes: tuple[float, ...], alarms: list[int]
) -> None:
    """It raises again only if the first alarm is closed by then."""
    house = played(fixtures_dir, "smoke_latched_after_alarm", "smoke", closes)
    assert [timedelta(seconds=at) for at in alarms] == house.raised("smoke")


def test_the_test_button_wakes_nobody(fixtures_dir: Path) -> None:
    """It is written down, once."""
    house = played(fixtures_dir, "smoke_test_button", "smoke")
    assert ["tested"] == house.world.verbs()


def test_a_second_of_smoke_is_an_alarm(fixtures_dir: Path) -> None:
    """However soon it is over."""
    house = played(fixtures_dir, "smoke_one_second_pulse", "smoke")
    assert [timedelta()] == house.raised("smoke")
    house.world.wait(5)
    assert "restored" in house.world.verbs()


def test_sentinels_are_not_cold(fixtures_dir: Path) -> None:
    """Nothing is raised, and the device is heard."""
    house = played(fixtures_dir, "temperature_sentinels", "temperature")
    assert [] == house.world.log
    heard = house.world.engine.homes["h0001"].devices[house.device_id].heard_at
    assert MORNING + timedelta(seconds=900) == heard


# --- more of the same -----------------------------------------------------------------------------


def test_a_bridge_without_a_cache_counts_every_motion() -> None:
    """The operator has turned it off, and says so in the bridge's own settings."""
    house = House("a", "pir")
    house.tell("bridge/info", {"config": {"advanced": {"cache_state": False}}})
    house.says(occupancy=True)
    house.says(HOUR, occupancy=True)
    assert house.world.now == house.world.engine.homes["h0001"].alive_at


def test_a_stuck_sensor_is_well_again_when_it_clears() -> None:
    """One trouble, and its end; the motion after it counts again."""
    house = House("a", "pir", settings=patient(stuck={"hours": 2}))
    house.says(occupancy=True, battery=90)
    for battery in (89, 88, 87):
        house.says(HOUR, occupancy=True, battery=battery)
    assert [timedelta(hours=2)] == house.raised("stuck")
    house.says(10, occupancy=False, battery=87)
    assert "closed" == house.world.verbs()[-1]
    house.says(10, occupancy=True, battery=87)
    assert house.world.now == house.world.engine.homes["h0001"].alive_at


def test_a_restart_of_the_bridge_rings_nobody_again() -> None:
    """The smoke of yesterday's fire is still in its cache; a new one is not."""
    house = House("a b/c", "smoke")
    house.says(smoke=True, battery=90)
    house.world.wait(60)
    house.world.operator(Verb.CLOSE, "false_alarm")
    house.world.wait(HOUR)
    house.tell("bridge/state", {"state": "offline"})
    house.tell("bridge/state", {"state": "online"})
    house.says(3, smoke=True, battery=90)
    assert 1 == len(house.raised("smoke"))
    house.says(60, smoke=False, battery=90)
    house.says(60, smoke=True, battery=90)
    assert 2 == len(house.raised("smoke"))


def test_smoke_first_heard_from_a_cache_is_believed() -> None:
    """Of unknown age, and nobody has heard of it: live."""
    house = House("a", "smoke")
    house.tell("bridge/state", "online")
    house.says(3, smoke=True)
    assert 1 == len(house.raised("smoke"))


def test_a_battery_report_is_no_second_fire() -> None:
    """A number beside it has changed: that is what the device has sent."""
    house = House("a", "smoke")
    house.says(smoke=True, battery=97)
    house.world.wait(60)
    house.world.operator(Verb.CLOSE, "false_alarm")
    house.says(HOUR, smoke=True, battery=96)
    house.says(HOUR, smoke=True, battery=96, temperature=21)
    house.says(HOUR, smoke=True, battery=96, temperature=22)
    assert 1 == len(house.raised("smoke"))
    house.says(HOUR, smoke=True, battery=96, temperature=22)
    assert 2 == len(house.raised("smoke"))


def test_a_call_that_is_a_state_is_one_call_until_it_ends() -> None:
    """The cache repeats it; pressing again after it was taken back is another."""
    house = House("a", "help_button")
    house.says(sos=True, battery=90)
    house.says(60, sos=True, battery=89)
    house.world.operator(Verb.CLOSE, "false_alarm")
    house.says(60, sos=True, battery=88)
    assert 1 == len(house.raised("help_call"))
    house.says(60, sos=False, battery=88)
    house.says(60, sos=True, battery=88)
    assert 2 == len(house.raised("help_call"))


def test_a_press_is_never_stale() -> None:
    """Whatever the bridge has just done; an announcement is none."""
    house = House("a", "help_button")
    house.tell("bridge/state", "online")
    house.says(3, action=None, battery=90)
    assert [] == house.raised("help_call")
    house.says(3, action="emergency", battery=90)
    house.world.wait(60)
    house.world.operator(Verb.CLOSE, "false_alarm")
    house.says(60, action="emergency", battery=90)
    assert 2 == len(house.raised("help_call"))


@pytest.mark.parametrize(
    ("kind", "action", "calls"),
    [
        ("help_button", "single", 1),
        ("help_button", "hold", 1),
        ("help_button", "hold_release", 0),
        ("help_button", "", 0),
        ("help_button", None, 0),
        ("pir", "single", 0),
    ],
)
def test_a_plain_button_calls_where_it_was_claimed_for_it(
    kind: str, action: str | None, calls: int
) -> None:
    """Many are sold as SOS buttons and say only how they were pressed."""
    house = House("a", "help_button")
    house.claim_as(kind)
    house.says(action=action)
    assert calls == len(house.raised("help_call"))


def test_a_test_that_never_ended_hides_no_fire() -> None:
    """Its end was lost; what begins an hour later is in earnest."""
    house = House("a", "smoke")
    house.says(smoke=True, test=True)
    house.says(8, smoke=False, test=True)
    assert [] == house.raised("smoke")
    house.says(HOUR, smoke=True, test=True)
    assert 1 == len(house.raised("smoke"))


def test_a_clear_that_was_kept_restores_nothing() -> None:
    """It is from before the fire."""
    house = House("a", "smoke")
    house.says(smoke=True)
    house.world.wait(5)
    house.tell("a", {"smoke": False}, is_retained=True)
    assert "restored" not in house.world.verbs()
    house.says(5, smoke=False)
    assert "restored" in house.world.verbs()


def test_what_a_bridge_repeats_is_not_the_devices_voice() -> None:
    """A dead sensor is missed, though the bridge calls it online and sends its cache."""
    house = House("a", "pir")
    house.says(occupancy=False)
    for _ in range(5):
        house.world.wait(HOUR)
        house.tell("bridge/state", {"state": "online"})
        house.tell("a", {"occupancy": False})
        house.tell("a/availability", {"state": "online"})
    assert 1 == len(house.raised("device_lost"))


def test_a_renamed_device_is_the_same() -> None:
    """Its alarm goes on under the new name."""
    house = House("a", "smoke")
    house.says(smoke=True)
    house.tell("bridge/devices", [{"ieee_address": "0x00158d0001020304", "friendly_name": "b/ c"}])
    house.world.wait(60)
    house.tell("b/ c", {"smoke": False})
    assert [] == house.quarantined
    assert "restored" in house.world.verbs()


def test_what_is_remembered_of_a_cache_survives_a_restart() -> None:
    """So that a start of ours is no edge either."""
    house = House("a", "pir")
    house.says(occupancy=True, battery=90)
    alive_at = house.world.engine.homes["h0001"].alive_at
    house.world.restart()
    house.says(HOUR, occupancy=True, battery=89)
    assert alive_at == house.world.engine.homes["h0001"].alive_at


def test_a_silent_sensor_is_missed_by_its_own_habit(fixtures_dir: Path) -> None:
    """It spoke every hour; the bridge calls it offline a day later, which is too late."""
    house = played(fixtures_dir, "battery_silence", "pir")
    (at,) = house.raised("device_lost")
    assert at < timedelta(seconds=14400)
