"""Recorded homes: `ts_local,sensor,state,is_front_door` lines as reports of one home's devices.

The file may be gzipped; instants are local and have no zone. Absences stand beside it in
`NAME.activities.csv` (`start,end,activity`), where somebody wrote them down. What a sensor is, is
read off its name: the class decides what its word is worth (`alerting/signs.py`).
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerting.record import DeviceRecord, HomeRecord, ResidentRecord
from gateway.mistake import Mistake, MistakesError, Words
from sensors.reading import Kind, Reading, Report, Source

HOME = "recorded"
COLUMNS = ("ts_local", "sensor", "state", "is_front_door")
MOST_BYTES = 256 * 1024 * 1024
"""Of a log, unpacked: some ten years of a home full of sensors."""

_ON = frozenset({"on", "open", "opened", "1", "true", "present", "in", "active"})
_OFF = frozenset({"off", "close", "closed", "0", "false", "absent", "out", "inactive"})
_MOTION = re.compile(r"\bpir\b|motion|_pir|pir_|^ma?\d+$", re.IGNORECASE)
_LAIN_ON = re.compile(r"bed\b|bed_|pressure|\bmatt?\b|couch|seat|sofa|chair", re.IGNORECASE)
_ABSENCE = re.compile(r"leav|going.?out|\bout\b|outside|away|absen|vacation", re.IGNORECASE)


class Row(NamedTuple):
    """One line: when, which device, its state, whether it is the front door."""

    at: datetime
    device_id: str
    is_on: bool
    is_door: bool


class MotionLog(NamedTuple):
    """One recorded home, in order of time; `skipped` lines could not be read."""

    name: str
    home: HomeRecord
    rows: list[Row]
    absences: list[tuple[datetime, datetime]]
    skipped: int


def read(path: Path, zone: ZoneInfo) -> MotionLog:
    """Read a log and the absences beside it; raises MistakesError."""
    lines = csv.reader(io.StringIO(_text(path), newline=""))
    if tuple(next(lines, ())) != COLUMNS:
        raise _mistake(path, "第一行不是列名", "its first line does not name the columns")
    classes: dict[str, DeviceRecord] = {}
    rows, skipped = [], 0
    for line in lines:
        row = _row(line, classes, zone)
        if row is None:
            skipped += 1
        else:
            rows.append(row)
    if len(rows) < 2:  # noqa: PLR2004 -- a first and a last
        raise _mistake(path, "没有能读的行", "it has no lines that can be read")
    rows.sort(key=lambda row: row.at)
    home = HomeRecord(HOME, (ResidentRecord("resident"),), tuple(classes.values()))
    return MotionLog(path.name, home, rows, list(_absences(path, zone)), skipped)


def report(row: Row, home: HomeRecord, n: int) -> Report:
    """Give the report of the `n`th line as a link would have heard it."""
    device_class = next(d.type for d in home.devices if d.id == row.device_id)
    source = Source("mqtt", "own", "mqtt")
    return Report(row.device_id, row.at, (_reading(device_class, row), _HEARTBEAT), source, n)


_HEARTBEAT = Reading(Kind.HEARTBEAT)


def _reading(device_class: str, row: Row) -> Reading:
    if device_class == "pir":
        return Reading(Kind.MOTION, value=True) if row.is_on else _HEARTBEAT
    if device_class == "bed":
        return Reading(Kind.BED, "in" if row.is_on else "out")
    return Reading(Kind.CONTACT, row.is_on)


def _row(line: list[str], classes: dict[str, DeviceRecord], zone: ZoneInfo) -> Row | None:
    """Read one line; None where it says nothing that can be used."""
    if len(line) != len(COLUMNS):
        return None
    at, sensor, state, is_door = line
    word = state.strip().lower()
    if word not in _ON and word not in _OFF:
        return None
    try:
        when = datetime.fromisoformat(at)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=zone)
    if sensor not in classes:
        device_class = _class_of(sensor, is_door.strip() == "1")
        classes[sensor] = DeviceRecord(f"own-s{len(classes) + 1:03}", device_class, sensor)
    device = classes[sensor]
    return Row(when, device.id, word in _ON, device.type == "front_door")


def _class_of(sensor: str, is_door: bool) -> str:  # noqa: FBT001 -- the log's own column
    if is_door:
        return "front_door"
    if _MOTION.search(sensor):
        return "pir"
    return "bed" if _LAIN_ON.search(sensor) else "cupboard"


def _absences(path: Path, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """Give the absences written down beside a log."""
    beside = path.with_name(path.name.removesuffix(".gz").removesuffix(".csv") + ".activities.csv")
    if not beside.exists():
        return
    for line in csv.reader(io.StringIO(_text(beside), newline="")):
        if len(line) > 2 and _ABSENCE.search(line[2]):  # noqa: PLR2004 -- start, end, activity
            try:
                begin, end = (datetime.fromisoformat(part) for part in line[:2])
            except ValueError:
                continue
            yield _local(begin, zone), _local(end, zone)


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=zone)


def is_absent(at: datetime, absences: Iterable[tuple[datetime, datetime]]) -> bool:
    """Say whether an absence was written down for this instant."""
    return any(begin <= at < end for begin, end in absences)


def _text(path: Path) -> str:
    """Read a file, unpacked where it is packed; raises MistakesError."""
    try:
        with path.open("rb") as file:
            is_packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            stream = gzip.GzipFile(fileobj=file) if is_packed else file
            data = stream.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _mistake(path, f"读不出来（{error}）", f"cannot be read: {error}") from None
    if len(data) > MOST_BYTES:
        raise _mistake(path, "太大", f"is larger than {MOST_BYTES} bytes")
    return data.decode("utf-8-sig", errors="replace")


def _mistake(path: Path, zh: str, en: str) -> MistakesError:
    mend = Words(
        f"要 CSV，列是 {','.join(COLUMNS)}，可以是 .gz",
        f"give a CSV, or a .gz of one, with the columns {','.join(COLUMNS)}",
    )
    return MistakesError([Mistake(str(path), "", Words(zh, en), mend)])
