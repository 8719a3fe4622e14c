"""What of a merged report is news."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerting.home import DeviceState
from alerting.merging import STATES, news
from sensors.reading import Flag, Kind, Reading, Replay, Report, Source

BEGUN = datetime(2026, 3, 2, tzinfo=UTC)
REPLAYS = st.sampled_from([Replay.LIVE, Replay.LIVE, Replay.CACHED, Replay.RETAINED])
SAYINGS = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.integers(0, 2), st.booleans(), REPLAYS), max_size=12
)


def report(
    *readings: Reading, minute: int = 0, replay: Replay = Replay.LIVE, is_merged: bool = True
) -> Report:
    """A report with these readings and a heartbeat."""
    return Report(
        device_id="zigbee2mqtt-a",
        received_at=BEGUN + timedelta(minutes=minute),
        readings=(*readings, Reading(Kind.HEARTBEAT)),
        source=Source("mqtt", "zigbee2mqtt", "mqtt", replay=replay),
        digest=1,
        is_merged=is_merged,
    )


@given(SAYINGS)
def test_no_edge_of_a_danger_is_lost_and_no_other_movement_counts(
    sayings: list[tuple[bool, bool, int, bool, Replay]],
) -> None:
    """Whatever else changes, is repeated, tested, or said by a bridge that starts."""
    device = DeviceState(BEGUN)
    was_smoke = was_motion = False
    for minute, (is_smoke, is_motion, battery, is_test, replay) in enumerate(sayings):
        flags = (Flag.TEST,) if is_test else ()
        said = report(
            Reading(Kind.SMOKE, is_smoke, flags=flags),
            Reading(Kind.MOTION, is_motion),
            Reading(Kind.BATTERY, battery, "%"),
            minute=minute,
            replay=replay,
        )
        heard = {reading.kind: reading.value for reading in news(device, said).readings}
        if is_smoke and not was_smoke:
            assert heard[Kind.SMOKE] is True
        assert (is_motion and not was_motion) == (heard.get(Kind.MOTION) is True)
        assert {Kind.BATTERY, Kind.HEARTBEAT} <= heard.keys()
        was_smoke, was_motion = is_smoke, is_motion


@given(st.sampled_from([True, False]))
def test_what_is_not_merged_is_left_as_it_is(is_moving: bool) -> None:  # noqa: FBT001 -- a case
    """And costs nothing: most devices say only what they mean."""
    device = DeviceState(BEGUN)
    said = report(Reading(Kind.MOTION, is_moving), is_merged=False)
    assert said is news(device, said) is news(device, said)
    assert device.said is None


def test_a_hostile_device_fills_no_memory() -> None:
    """Beyond the limit a danger still counts, and a movement does not: nobody knows its edge."""
    device = DeviceState(BEGUN)
    for n in range(2 * STATES):
        news(device, report(Reading(Kind.CONTACT, value=True, part=f"contact_{n}")))
    assert STATES == len(device.states())
    smoke, motion = Reading(Kind.SMOKE, value=True), Reading(Kind.MOTION, value=True)
    for _ in range(2):
        heard = news(device, report(smoke, motion)).readings
        assert (smoke, Reading(Kind.HEARTBEAT)) == heard
