"""What is known to be old, and whether it was the device that spoke."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.freshness import BELIEVED, LATE_AFTER, is_heard, is_late
from sensors.reading import Kind, Reading, Replay, Report, Source

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
AGAIN = [Replay.RETAINED, Replay.CACHED, Replay.HISTORY]


def report(
    replay: Replay,
    age: timedelta | None = None,
    kind: Kind = Kind.SMOKE,
    value: bool | str = True,  # noqa: FBT001, FBT002 -- a reading's value
) -> Report:
    """A report said so and, by its own clock, so long ago."""
    return Report(
        device_id="own-x",
        received_at=NOW,
        readings=(Reading(kind, value), Reading(Kind.HEARTBEAT)),
        source=Source("mqtt", "own", "mqtt", replay=replay),
        digest=1,
        device_time=None if age is None else NOW - age,
    )


@pytest.mark.parametrize("replay", AGAIN)
@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (None, False),
        (timedelta(), False),
        (LATE_AFTER, False),
        (LATE_AFTER + timedelta(microseconds=1), True),
        (BELIEVED, True),
        (timedelta(days=9000), False),
        (timedelta(days=-1), False),
    ],
)
def test_said_again(replay: Replay, age: timedelta | None, expected: bool) -> None:  # noqa: FBT001 -- a column
    """Old only where its own time proves it; of unknown age, or from the future, it is live."""
    assert expected == is_late(report(replay, age))


def test_said_now_is_never_late() -> None:
    """A device whose clock is in 1970 has its house on fire now."""
    assert not is_late(report(Replay.LIVE, timedelta(days=9000)))


@pytest.mark.parametrize(
    ("replay", "expected"),
    [
        (Replay.LIVE, True),
        (Replay.HISTORY, True),
        (Replay.RETAINED, False),
        (Replay.CACHED, False),
    ],
)
def test_the_device_itself(replay: Replay, expected: bool) -> None:  # noqa: FBT001 -- a column
    """A device may send its history; what others kept of it is not its voice."""
    assert expected == is_heard(report(replay))


@pytest.mark.parametrize(
    ("value", "expected"), [("offline", False), ("online", True), ("unknown", True)]
)
def test_offline_is_the_bridges_word(value: str, expected: bool) -> None:  # noqa: FBT001 -- a column
    """That a device is gone is not said by the device."""
    assert expected == is_heard(report(Replay.LIVE, kind=Kind.AVAILABILITY, value=value))
