"""Zigbee2MQTT: what the bridge says of itself, and how its messages are to be taken."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sensors.errors import DecodeError
from sensors.families.zigbee2mqtt import REPLAY, Zigbee
from sensors.family import Heard, Message
from sensors.reading import Decoded, Kind, Reading, Replay
from tests.sensors.zigbee import AT, HEARTBEAT, ID, IEEE, device, exposed, taught, tell

# --- the bridge -----------------------------------------------------------------------------------


def test_a_name_may_be_anything_and_may_change() -> None:
    """Spaces, slashes, and the words the bridge uses itself; the device stays the same."""
    names = ["Küche Fenster", "room1/west wing/pir", "hall/bridge/state", "a/availability"]
    listener = Zigbee()
    for name in names:
        tell(listener, "bridge/devices", [device(name, exposed("contact"))])
        (decoded,) = tell(listener, name, {"contact": True}).said
        assert ID == decoded.device_id
    with pytest.raises(DecodeError, match="unknown_device"):
        tell(listener, names[0], {"contact": True})


def test_two_bridges_may_share_a_broker_and_names() -> None:
    """The longest base that fits is the one that is meant."""
    listener = taught(device("d", exposed("smoke")))
    other = device("d", exposed("contact"), ieee="0x01")
    tell(listener, "bridge/devices", [other], base="zigbee2mqtt/upstairs")
    found = [tell(listener, topic, {}).said[0].device_id for topic in ("d", "upstairs/d")]
    assert [ID, "zigbee2mqtt-0x01"] == found


def test_a_lesson_teaches_what_the_listing_taught() -> None:
    """And it is shorter: what decoding does not need is left out."""
    listing = device("d", exposed("contact", value_on=False, value_off=True, label="x" * 5000))
    first = Zigbee()
    lesson = tell(first, "bridge/devices", [listing]).lesson
    assert lesson is not None
    assert len(lesson) < 500
    second = Zigbee()
    second.hear(Message("zigbee2mqtt/bridge/devices", lesson, AT, is_retained=True))
    message = ("d", {"contact": True})
    assert tell(first, *message) == tell(second, *message)


def test_a_device_that_cannot_be_read_costs_only_itself() -> None:
    """So does an exposed property."""
    good = device("d", {"type": 5}, exposed("smoke"))
    listener = Zigbee()
    tell(listener, "bridge/devices", [{"ieee_address": 5}, "x", None, good])
    (decoded,) = tell(listener, "d", {"smoke": True}).said
    assert Reading(Kind.SMOKE, value=True) == decoded.readings[0]


@pytest.mark.parametrize("topic", ["d/set", "d/get", "d/set/state", "d/action", "d/smoke", "lamps"])
def test_what_is_said_to_a_device_is_not_said_by_it(topic: str) -> None:
    """Nor what only repeats its message, nor a group's."""
    listener = taught(device("d", exposed("smoke")))
    tell(listener, "bridge/groups", [{"friendly_name": "lamps", "id": 1}])
    assert Heard() == tell(listener, topic, "emergency")


def test_properties_with_topics_of_their_own_are_read_where_there_is_nothing_else() -> None:
    """The bridge says that it speaks that way."""
    listener = taught(device("a b", exposed("smoke"), exposed("action", "enum")))
    tell(listener, "bridge/info", {"config": {"advanced": {"output": "attribute"}}})
    assert (
        Reading(Kind.SMOKE, value=True) == tell(listener, "a b/smoke", "true").said[0].readings[0]
    )
    said = tell(listener, "a b/action", "sos").said
    assert Reading(Kind.HELP_CALL, "press") == said[0].readings[0]


@pytest.mark.parametrize("payload", ["offline", '"offline"', '{"state":"offline"}'])
def test_availability_is_the_bridges_word(payload: str) -> None:
    """In any of its forms; it is not the device's voice."""
    (decoded,) = tell(taught(device("a/b")), "a/b/availability", payload).said
    expected = (Reading(Kind.AVAILABILITY, "offline"), HEARTBEAT)
    assert Decoded(ID, expected, replay=Replay.CACHED) == decoded


def test_a_bridge_that_goes_is_told() -> None:
    """It is a device of its own, and everything behind it is silent."""
    heard = tell(Zigbee(), "bridge/state", {"state": "offline"}, kept=True)
    assert ["zigbee2mqtt-zigbee2mqtt-bridge"] == [decoded.device_id for decoded in heard.said]
    assert [("bridge_offline", False)] == [(note.code, note.is_over) for note in heard.notes]
    back = tell(Zigbee(), "bridge/state", "online")
    assert [("bridge_offline", True)] == [(note.code, note.is_over) for note in back.notes]


def test_what_comes_first_after_a_start_is_the_cache() -> None:
    """Once for each device, within half a minute; a press is never old."""
    listener = taught(
        device("a", exposed("smoke")), device("b", exposed("action", "enum"), ieee="0x02")
    )

    def replay(name: str, payload: dict[str, Any], after: float) -> Replay | None:
        return tell(listener, name, payload, after=after).said[0].replay

    assert replay("a", {"smoke": True}, 0) is None
    tell(listener, "bridge/state", {"state": "online"}, after=1)
    assert [Replay.CACHED, None, None] == [
        replay("a", {"smoke": True}, 2),
        replay("a", {"smoke": True}, 3),
        replay("b", {"action": "sos"}, 4),
    ]
    tell(listener, "bridge/state", {"state": "online"}, after=5)
    assert replay("a", {"smoke": True}, 6 + REPLAY.total_seconds()) is None


def test_a_bridge_that_was_online_before_us_replays_nothing() -> None:
    """The word it left on the broker is old; and some are set not to replay."""
    listener = taught(device("a", exposed("smoke")))
    tell(listener, "bridge/state", {"state": "online"}, kept=True)
    assert tell(listener, "a", {"smoke": True}).said[0].replay is None
    silent = {"config": {"advanced": {"cache_state_send_on_startup": False}}}
    tell(listener, "bridge/info", silent)
    tell(listener, "bridge/state", {"state": "online"})
    assert tell(listener, "a", {"smoke": True}).said[0].replay is None


def test_states_are_merged_unless_the_bridge_keeps_no_cache() -> None:
    """Its own setting decides, and not knowing it is to assume the default."""
    listener = taught(device("a", exposed("smoke")))
    assert tell(listener, "a", {"smoke": True}).said[0].is_merged
    tell(listener, "bridge/info", {"config": {"advanced": {"cache_state": False}}})
    assert not tell(listener, "a", {"smoke": True}).said[0].is_merged


def test_risky_settings_are_told_and_taken_back() -> None:
    """Each by its own code; the lesson holds nothing but what was looked at."""
    bad = {
        "network": {"key": "secret"},
        "config": {
            "mqtt": {"force_disable_retain": True, "password": "secret"},
            "device_options": {"retain": True},
            "devices": {IEEE: {"throttle": 10, "debounce": 1, "filtered_attributes": ["smoke"]}},
        },
    }
    heard = tell(Zigbee(), "bridge/info", bad)
    codes = {"qos", "retain_off", "retain", "throttle", "debounce", "filter"}
    assert {f"bridge_{code}" for code in codes} == {
        note.code for note in heard.notes if not note.is_over
    }
    assert b"secret" not in (heard.lesson or b"")
    good = {"config": {"device_options": {"qos": 1}, "devices": {IEEE: {"qos": 1}}}}
    assert all(note.is_over for note in tell(Zigbee(), "bridge/info", good).notes)


def test_a_device_that_looks_as_if_it_could_alarm_is_named() -> None:
    """One alarms of it knows not what; one is an SOS button without a call for help."""
    vague = device("a", exposed("alarm_1"))
    plain = device("b", exposed("action", "enum", values=["single"]), ieee="0x02")
    plain["definition"]["description"] = "SOS button"
    plain["definition"]["exposes"] = [exposed("state")]
    good = device("c", exposed("smoke"), exposed("alarm_1"), ieee="0x03")
    heard = tell(Zigbee(), "bridge/devices", [vague, plain, good])
    told = [(note.subject, note.is_over) for note in heard.notes]
    assert [(ID, False), ("zigbee2mqtt-0x02", False), ("zigbee2mqtt-0x03", True)] == told


def test_a_device_that_leaves_its_network_is_told() -> None:
    """And that it is back."""
    data = {"ieee_address": IEEE, "friendly_name": "d"}
    notes = [
        tell(Zigbee(), "bridge/event", {"type": word, "data": data}).notes
        for word in ("device_leave", "device_joined", "device_interview")
    ]
    assert [[(ID, False)], [(ID, True)], []] == [
        [(note.subject, note.is_over) for note in found] for found in notes
    ]


@pytest.mark.parametrize(
    ("seen", "at"),
    [
        ("2029-12-31T23:59:00+08:00", datetime(2029, 12, 31, 15, 59, tzinfo=UTC)),
        (int(AT.timestamp() * 1000), AT),
        ("2030-01-01T00:00:00", None),
        ("yesterday", None),
        (-1e300, None),
        ([], None),
    ],
)
def test_when_the_bridge_heard_the_device(seen: object, at: datetime | None) -> None:
    """A time without a zone is none."""
    (decoded,) = tell(taught(device("d", exposed("smoke"))), "d", {"last_seen": seen}).said
    assert at == decoded.device_time
