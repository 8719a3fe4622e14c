"""The JSON form of readings, the same wherever they are printed or exported."""

from datetime import datetime

from sensors.reading import Decoded, Reading, Replay, Report


def reading_form(
    reading: Reading, device_id: str, device_time: datetime | None, replay: Replay
) -> dict[str, object]:
    """Give one reading as an object; `level` and `part` are there only where they say something."""
    form: dict[str, object] = {
        "kind": reading.kind,
        "value": reading.value,
        "unit": reading.unit,
        "flags": reading.flags,
        "device": device_id,
        "device_time": device_time,
        "replay": replay,
    }
    if reading.level is not None:
        form["level"] = reading.level
    if reading.part:
        form["part"] = reading.part
    return form


def decoded_form(decoded: Decoded, replay: Replay = Replay.LIVE) -> list[dict[str, object]]:
    """Give everything a message said, heartbeat last."""
    return [
        reading_form(reading, decoded.device_id, decoded.device_time, replay)
        for reading in decoded.readings
    ]


def report_form(report: Report) -> list[dict[str, object]]:
    """Give everything a received report said, heartbeat last."""
    return [
        reading_form(reading, report.device_id, report.device_time, report.source.replay)
        for reading in report.readings
    ]
