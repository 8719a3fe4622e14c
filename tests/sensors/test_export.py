"""The JSON form of readings."""

from datetime import UTC, datetime

import msgspec

from sensors.export import decoded_form, report_form
from sensors.reading import Decoded, Flag, Kind, Reading, Replay, Report, Source

SMOKE = Reading(Kind.SMOKE, value=True, flags=(Flag.TEST,))


def test_a_reading_has_these_fields_in_this_order() -> None:
    """What other programs read is spelled out to the byte."""
    decoded = Decoded("zigbee2mqtt-0x00158d0001020304", (SMOKE,))
    assert (
        b'[{"kind":"smoke","value":true,"unit":null,"flags":["test"],'
        b'"device":"zigbee2mqtt-0x00158d0001020304","device_time":null,"replay":"live"}]'
    ) == msgspec.json.encode(decoded_form(decoded))


def test_a_level_is_there_when_the_device_gave_one() -> None:
    """A detector's measurement comes last, with the unit it has."""
    decoded = Decoded("own-g1", (Reading(Kind.GAS, value=True, unit="%LEL", level=0.0),))
    assert {"unit": "%LEL", "level": 0.0}.items() <= decoded_form(decoded)[0].items()


def test_a_report_keeps_its_replay_and_the_devices_time() -> None:
    """An exported report is told from a live one; instants end in Z."""
    at = datetime(2026, 3, 1, 8, tzinfo=UTC)
    source = Source("mqtt", "own", "mqtt", replay=Replay.RETAINED)
    report = Report("own-d1", at, (SMOKE,), source, 0, device_time=at)
    encoded = msgspec.json.encode(report_form(report))
    assert b'"device_time":"2026-03-01T08:00:00Z","replay":"retained"' in encoded
