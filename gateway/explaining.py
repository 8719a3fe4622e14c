"""Why an alarm was raised, and the day before it: what each device said, half hour by half hour."""

from collections import defaultdict
from datetime import datetime, timedelta

import msgspec

from alerting.event import Event, ReportReceived
from alerting.home import HomeState
from alerting.reason import reason
from alerting.record import DeviceRecord
from alerting.routine import SLOT, SLOTS, slot_of
from gateway.door import Door, NotDoneError
from gateway.explained import DayRow, Explained
from gateway.log_port import Log
from gateway.tables import from_us, to_us
from sensors.reading import Kind

SEQS_AT_ONCE = 5_000
"""Entries looked through in one hop, so that no commit waits for a picture."""

_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_SILENT = frozenset({Kind.HEARTBEAT, Kind.BATTERY, Kind.VOLTAGE, Kind.AVAILABILITY})
_BEGAN = ("pre_alarm", "raised", "drill_raised", "test_raised")


async def explain(door: Door, alarm_id: str) -> Explained:
    """Explain an alarm by its whole id, however old, as far as the log and journal go back."""
    marks = ", ".join("?" * len(_BEGAN))
    sql = (
        "SELECT at, home_id, kind, verb, facts FROM alarm_log "  # noqa: S608 -- only ? are put in
        f"WHERE alarm_id = ? AND verb IN ({marks}) ORDER BY seq LIMIT 1"
    )
    rows = await door.journal.read(sql, [alarm_id, *_BEGAN])
    if not rows:
        raise NotDoneError("unknown_alarm", f"没有 {alarm_id} 的报警 no alarm of that name")
    row = rows[0]
    at, home_id, kind = from_us(row["at"]), str(row["home_id"]), str(row["kind"])
    facts = msgspec.json.decode(row["facts"], type=dict[str, str])
    home = door.engine.homes.get(home_id)
    alarm = home.alarms.get(alarm_id) if home else None
    evidence = {**facts, **(alarm.evidence if alarm else {})}
    why = reason(kind, evidence, lambda device_id: named(home, device_id))
    begin = _first_slot(at, door)
    counts = await _counts(door.journal, home_id, begin, at)
    return Explained(
        id=alarm_id,
        home=home_id,
        address=door.registry.address_of(home_id) if home_id in door.registry.households else "",
        kind=kind,
        verb=str(row["verb"]),
        at=at,
        zh=why.zh,
        en=why.en,
        evidence=evidence,
        begin=begin,
        usual=_usual(home, begin, door),
        rows=[
            DayRow(device_id, named(home, device_id), _class_of(home, device_id), counts[device_id])
            for device_id in _ordered(home, counts)
        ],
    )


def named(home: HomeState | None, device_id: str) -> str:
    """Name a device by its room and class, or by its id where nothing else is known."""
    record = _record_of(home, device_id)
    if record is None:
        return device_id
    return f"{record.room} {record.type}".strip()


def _record_of(home: HomeState | None, device_id: str) -> DeviceRecord | None:
    devices = home.record.devices if home else ()
    return next((device for device in devices if device.id == device_id), None)


def _class_of(home: HomeState | None, device_id: str) -> str:
    record = _record_of(home, device_id)
    return record.type if record else ""


def _ordered(home: HomeState | None, counts: dict[str, list[int]]) -> list[str]:
    """List the devices that spoke, in the registry's order; others at the end."""
    known = [device.id for device in home.record.devices] if home else []
    return [one for one in known if one in counts] + sorted(counts.keys() - set(known))


def _first_slot(at: datetime, door: Door) -> datetime:
    """Give the beginning of the first of the 48 half hours, of which the last holds the alarm."""
    return slot_of(at, door.engine.zone)[1] - SLOTS * SLOT


def _usual(home: HomeState | None, begin: datetime, door: Door) -> list[float]:
    """Give how lively each of these half hours usually is, by all that is known now."""
    if home is None:
        return []
    at = [begin + n * SLOT for n in range(SLOTS)]
    return [round(home.routine.share(slot_of(one, door.engine.zone)[0]), 2) for one in at]


async def _counts(
    journal: Log, home_id: str, begin: datetime, until: datetime
) -> dict[str, list[int]]:
    """Count the reports of each device that said something, by half hour."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * SLOTS)
    seq, last = await _before(journal, begin), (await journal.last())[0]
    sql = (
        "SELECT at, body FROM journal WHERE seq > ? AND seq <= ? AND home_id = ? AND kind = ? "
        "AND at <= ?"
    )
    while seq < last:
        upto = seq + SEQS_AT_ONCE
        for row in await journal.read(sql, [seq, upto, home_id, "report", to_us(until)]):
            event = _EVENT.decode(row["body"])
            if isinstance(event, ReportReceived):
                _count(counts, event, from_us(row["at"]) - begin)
        seq = upto
        edge = await journal.read("SELECT at FROM journal WHERE seq >= ? LIMIT 1", [seq])
        if edge and from_us(edge[0]["at"]) > until:
            break
    return counts


def _count(counts: dict[str, list[int]], event: ReportReceived, into: timedelta) -> None:
    slot = into // SLOT
    says = any(r.kind not in _SILENT and r.value is not False for r in event.report.readings)
    if says and 0 <= slot < SLOTS:
        counts[event.report.device_id][slot] += 1


async def _before(journal: Log, at: datetime) -> int:
    """Give the seq of the last entry before an instant, by halving: time rises with it."""
    low, high = 0, (await journal.last())[0]
    while low < high:
        middle = (low + high) // 2
        rows = await journal.read("SELECT at FROM journal WHERE seq > ? LIMIT 1", [middle])
        if rows and from_us(rows[0]["at"]) < at:
            low = middle + 1
        else:
            high = middle
    return low
