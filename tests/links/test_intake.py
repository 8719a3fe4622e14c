"""Between a receipt and an event: several devices in one message, and families that learn."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.event import ReportReceived
from gateway.entries import Lesson, Quarantined
from gateway.intake import FIELDS, Intake
from gateway.link import Receipt, Token
from sensors.errors import DecodeError
from sensors.families import discover
from sensors.family import Family, Heard, Message, Note
from sensors.reading import Decoded, Kind, Reading, Replay, TimeQuality

AT = datetime(2030, 1, 1, tzinfo=UTC)
HEARTBEAT = (Reading(Kind.HEARTBEAT),)


class Roll:
    """Learns who is there from `names`, and then speaks for all of them."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def hear(self, message: Message) -> Heard:
        """A name that was not given before is refused."""
        if message.address == "names":
            self.names = message.payload.decode().split()
            return Heard(lesson=message.payload, notes=(Note("learned", message.address),))
        if not self.names:
            raise DecodeError("unknown_device", message.address)
        said = (Decoded(f"roll-{name}", HEARTBEAT, replay=Replay.CACHED) for name in self.names)
        return Heard(tuple(said))


class Claims:
    """One home has the device `a`."""

    def home_of(self, device_id: str) -> str | None:
        """Say which home a device is claimed to."""
        return {"roll-a": "h1"}.get(device_id)

    def is_help_button(self, device_id: str) -> bool:
        """Say that it is not there to call for help."""
        return device_id != "roll-a"


def refuse(address: str, payload: bytes) -> Decoded:
    """Without having learned, nothing can be read."""
    raise DecodeError("unknown_device", f"{address} {payload!r}")


def receipt(address: str, payload: bytes, link: str = "mqtt", *, kept: bool = False) -> Receipt:
    """Hear one message."""
    token = Token(link, 1, 1, 1)
    return Receipt(AT, "roll", address, payload, is_retained=kept, is_dup=False, token=token)


def made(notes: list[Note] | None = None) -> Intake:
    """Build an intake for the family of these tests."""
    heard: list[Note] = [] if notes is None else notes
    return Intake({"roll": Family("roll", (), refuse, Roll)}, Claims(), note=heard.append)


def test_each_report_of_a_message_finds_its_own_way() -> None:
    """The claimed one to its home, the other one to the quarantine; neither costs the other."""
    intake = made()
    intake.take(receipt("names", b"a b"))
    report, refused = intake.take(receipt("all", b""))
    assert isinstance(report, ReportReceived)
    assert ("h1", "roll-a", Replay.CACHED) == (
        report.home_id,
        report.report.device_id,
        report.report.source.replay,
    )
    assert isinstance(refused, Quarantined)
    assert ("unclaimed_device", "roll-b") == (refused.code, refused.detail)


def test_what_the_broker_kept_is_retained_whatever_the_family_says() -> None:
    """The broker knows it for certain."""
    intake = made()
    intake.take(receipt("names", b"a"))
    (report,) = intake.take(receipt("all", b"", kept=True))
    assert isinstance(report, ReportReceived)
    assert Replay.RETAINED is report.report.source.replay


def test_a_lesson_outlives_the_gateway() -> None:
    """It is given to be kept, and a new intake taught it knows as much."""
    notes: list[Note] = []
    before = made(notes)
    (lesson,) = before.take(receipt("names", b"a"))
    assert Lesson("mqtt", "roll", "names", b"a") == lesson
    assert [Note("learned", "names")] == notes

    after = made()
    assert isinstance(lesson, Lesson)
    after.learn([lesson, lesson._replace(family="gone")])
    assert [ReportReceived] == [type(taken) for taken in after.take(receipt("all", b""))]


def test_each_link_learns_for_itself() -> None:
    """Two brokers may know two devices by one name."""
    intake = made()
    intake.take(receipt("names", b"a", "mqtt"))
    (refused,) = intake.take(receipt("all", b"", "mqtt2"))
    assert isinstance(refused, Quarantined)
    assert "unknown_device" == refused.code


def test_fields_nobody_has_described_are_counted() -> None:
    """By their family; a flood of names becomes one."""
    intake = Intake(discover(), Claims())
    listing = b'[{"ieee_address":"a","friendly_name":"a","definition":{"exposes":[]}}]'
    zigbee = receipt("z/bridge/devices", listing)._replace(family="zigbee2mqtt")
    intake.take(zigbee)
    for payload in (b'{"x":1}', b'{"x":2,"linkquality":9}'):
        intake.take(zigbee._replace(address="z/a", payload=payload))
    assert {"zigbee2mqtt.x": 2} == intake.unread
    for n in range(2 * FIELDS):
        intake.take(zigbee._replace(address="z/a", payload=b'{"n%d":1}' % n))
    assert FIELDS + 1 == len(intake.unread)


@pytest.mark.parametrize(
    ("age", "kept", "quality"),
    [
        (None, False, TimeQuality.GATEWAY),
        (timedelta(), False, TimeQuality.DEVICE),
        (timedelta(seconds=120), False, TimeQuality.DEVICE),
        (timedelta(seconds=121), False, TimeQuality.SUSPECT),
        (timedelta(days=2), False, TimeQuality.SUSPECT),
        (timedelta(days=2), True, TimeQuality.DEVICE),
        (timedelta(days=9000), True, TimeQuality.SUSPECT),
        (timedelta(seconds=-121), True, TimeQuality.SUSPECT),
    ],
)
def test_a_devices_clock_is_believed_near_ours(
    age: timedelta | None, quality: TimeQuality, *, kept: bool
) -> None:
    """It is written down in any case; what the broker has kept may be days old."""
    at = None if age is None else AT - age
    family = Family("roll", (), lambda *_: Decoded("roll-a", HEARTBEAT, device_time=at))
    (taken,) = Intake({"roll": family}, Claims()).take(receipt("a", b"", kept=kept))
    assert isinstance(taken, ReportReceived)
    assert (at, quality) == (taken.report.device_time, taken.report.time_quality)
