"""How far our reading of recorded Zigbee payloads agrees with the library they were made by.

`python -m tests.sensors.zigbee_records` prints the confusion by property. What a property should
come to is written here once more, from READINGS and without looking at the decoder.
"""

import gzip
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from gateway.decode import listing
from sensors.families.zigbee2mqtt import FAMILY
from sensors.family import Message
from sensors.reading import LIFE_SAFETY, Flag, Kind, Reading

AT = datetime(2030, 1, 1, tzinfo=UTC)
CRIES = {"sos", "panic", "emergency"}

# Property, without what numbers it -> the kind READINGS has for it.
KINDS = {
    "occupancy": Kind.MOTION,
    "motion": Kind.MOTION,
    "presence": Kind.PRESENCE,
    "presence_state": Kind.PRESENCE,
    "smoke": Kind.SMOKE,
    "smoke_state": Kind.SMOKE,
    "gas": Kind.GAS,
    "gas_sensor_state": Kind.GAS,
    "carbon_monoxide": Kind.CO,
    "co": Kind.CO,
    "co_state": Kind.CO,
    "water_leak": Kind.WATER_LEAK,
    "contact": Kind.CONTACT,
    "tamper": Kind.TAMPER,
    "battery_low": Kind.BATTERY_LOW,
    "battery": Kind.BATTERY,
    "voltage": Kind.VOLTAGE,
    "temperature": Kind.TEMPERATURE,
    "humidity": Kind.HUMIDITY,
    "sos": Kind.HELP_CALL,
    "panic": Kind.HELP_CALL,
    "emergency": Kind.HELP_CALL,
    "action": Kind.HELP_CALL,
    "fall_status": Kind.FALL,
    "fault": Kind.FAULT,
    "trouble": Kind.FAULT,
}
DETECTORS = {Kind.SMOKE, Kind.GAS, Kind.CO}


class Score(NamedTuple):
    """What came of a file: facts by property and outcome, and records by outcome."""

    facts: Counter[tuple[str, str]]
    records: Counter[str]
    extra: list[str]


def stem(name: str) -> str:
    """Cut an endpoint or a zone off a property's name."""
    return re.sub(r"(_alarm)?_(\d+|l\d+|left|right)$", "", name)


def agrees(kind: Kind, declared: dict[str, Any], said: list[Reading]) -> bool:
    """Compare one declared fact with the readings of its kind."""
    values = [reading.value for reading in said]
    if "value" in declared:
        number = declared["value"]
        if kind in DETECTORS:
            return any(reading.level == number for reading in said)
        if declared.get("unit") == "V" and number < 1000:
            number = number * 1000
        return any(isinstance(v, int | float) and abs(v - number) < 1e-6 for v in values)
    if "enum" in declared:
        return _agrees_in_words(kind, declared["enum"], values)
    is_on: bool = declared["on"]
    if kind is Kind.HELP_CALL:
        return bool(values) == is_on
    if kind is Kind.PRESENCE:
        return any((value != "none") == is_on for value in values)
    return is_on in values


def _agrees_in_words(kind: Kind, word: str, values: list[Any]) -> bool:
    if kind is Kind.HELP_CALL:
        return bool(values) == bool(CRIES & set(word.split("_")))
    if kind is Kind.PRESENCE:
        return any((value != "none") == (word.lower() != "none") for value in values)
    if kind is Kind.FALL:
        return {"normal": "cleared", "fall_alarm": "confirmed"}.get(word) in values
    if word in {"detecting", "unknown"}:
        return True not in values
    return any(value == (word.lower() not in {"none", "normal"}) for value in values)


def score(folder: Path) -> Score:
    """Read every record and compare; `folder` has the two files."""
    listener = FAMILY.listener()
    listener.hear(listing(folder / "z2m_bridge_devices.json.gz", "zigbee2mqtt"))
    found = Score(Counter(), Counter(), [])
    for record in records(folder):
        payload = msgspec.json.encode(record["payload"])
        (decoded,) = listener.hear(Message(record["topic"], payload, AT)).said
        is_right = True
        for name, declared in record["declared"].items():
            kind = KINDS.get(stem(name))
            if kind is None:
                continue
            said = [r for r in decoded.readings if r.kind is kind and r.part in {"", name}]
            is_equal = agrees(kind, declared, said)
            found.facts[name, "equal" if is_equal else "different"] += 1
            is_right &= is_equal
        if record["declared"].get("test", {}).get("on"):
            dangers = [r for r in decoded.readings if r.kind in LIFE_SAFETY]
            is_right &= all(Flag.TEST in reading.flags for reading in dangers)
        found.records["equal" if is_right else "different"] += 1
        declared_kinds = {KINDS.get(stem(name)) for name in record["declared"]}
        for reading in decoded.readings:
            is_alarm = reading.kind in LIFE_SAFETY and reading.value not in {False, None, "cleared"}
            if is_alarm and reading.kind not in declared_kinds:
                found.extra.append(f"{record['model']}: {reading.kind}")
    return found


def records(folder: Path) -> Iterator[dict[str, Any]]:
    """Give the recorded payloads."""
    with gzip.open(folder / "zigbee2mqtt.jsonl.gz") as lines:
        yield from (msgspec.json.decode(line) for line in lines)


def main() -> None:
    """Print the figures."""
    root = Path(os.environ.get("SMARTCARE_FIXTURES", "../shared"))
    found = score(root / "data" / "devices")
    out = [f"{'property':28} {'equal':>6} {'different':>9}"]
    out += [
        f"{name:28} {found.facts[name, 'equal']:6} {found.facts[name, 'different']:9}"
        for name in sorted({name for name, _ in found.facts})
    ]
    total = found.records.total()
    out.append(f"records with all equal: {found.records['equal']} of {total}")
    out.append(f"extra alarms: {len(found.extra)} {found.extra[:10]}")
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
