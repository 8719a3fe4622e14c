"""How far we agree with what others made of the same bytes: `python -m tests.sensors.agreement`.

For each recorded file, the fields that mean a reading of ours are compared with what
`smartcare decode` prints; a field is named with the share that is equal. What is not compared,
and why, is on the family's page in docs/wire.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from gateway.decode import decode_line
from sensors.families import discover
from tests.conftest import ROOT

Row = dict[str, Any]
Wanted = dict[str, object]


class Tally(NamedTuple):
    """Fields compared and fields equal, by field; `errors` are lines that were refused."""

    compared: Counter[str]
    equal: Counter[str]
    differing: list[str]

    @property
    def share(self) -> float:
        """The share of fields that are equal."""
        return self.equal.total() / max(1, self.compared.total())


FAMILIES = discover()


def printed(family: str, line: str) -> list[Row]:
    """What `smartcare decode` prints for a line; nothing where it prints an error."""
    found = FAMILIES[family]
    output = json.loads(decode_line(found.listener(), line.encode("latin-1"), found.spelled))
    return output if isinstance(output, list) else []


def theengs(rows: list[Row]) -> Iterator[tuple[str, Wanted]]:
    """The published object, against what its fields stand for."""
    names = {"tempc": "temperature", "hum": "humidity", "batt": "battery", "steps": "steps"}
    names |= {"bpm": "heart_rate", "lowbatt": "battery_low"}
    for row in rows:
        told = row["expected"]
        wanted = {kind: told[name] for name, kind in names.items() if name in told}
        if "volt" in told:
            wanted["voltage"] = round(told["volt"] * 1000, 6)
        if isinstance(told.get("open"), bool):
            wanted["contact"] = told["open"]
        if "contact" in told:
            wanted["contact"] = told["contact"] != "close"
        if told.get("motion"):
            wanted["motion"] = True
        yield json.dumps(told, ensure_ascii=True), wanted


def lorawan(rows: list[Row]) -> Iterator[tuple[str, Wanted]]:
    """The uplink with the vendor's object, against what its words stand for."""
    words = {"leak": True, "normal": False, "occupied": "still", "vacant": "none", "trigger": True}
    names = {"leakage_status": "water_leak", "occupancy": "presence", "pir": "motion"}
    for row in rows:
        told = row["decoder_output"]
        wanted = {n: told[n] for n in ("battery", "temperature", "humidity") if n in told}
        wanted |= {kind: words[told[name]] for name, kind in names.items() if name in told}
        if "latitude" in told:
            place = {"lat": told["latitude"], "lon": told["longitude"], "valid": True}
            wanted["location"] = place
        if str(told.get("event")).startswith("testing"):
            wanted["smoke"] = True
        yield json.dumps(row["chirpstack_v4_up"]), wanted


def rflink(rows: list[Row]) -> Iterator[tuple[str, Wanted]]:
    """The line, against the packet that was made of it."""
    for row in rows:
        told = row.get("packet", {})
        wanted = {n: told[n] for n in ("temperature", "humidity") if n in told}
        if "battery" in told:
            wanted["battery_low"] = told["battery"] == "low"
        if "pir" in told:
            wanted["motion"] = True
        if "smokealert" in told:
            wanted["smoke"] = True
        yield row["line"], wanted


def enocean(rows: list[Row]) -> Iterator[tuple[str, Wanted]]:
    """The packet with its sender's profile, against what a library makes of its bits."""
    kinds = {"TMP": "temperature", "HUM": "humidity"}
    for row in rows:
        told = row.get("decoded_by_enocean_0.60.1", row)
        bits = told.get("parsed", {})
        wanted: Wanted = {kinds[name]: bits[name]["value"] for name in kinds.keys() & bits.keys()}
        if "CO" in bits:
            wanted["contact"] = bits["CO"]["value"] == "open"
        if "SVC" in bits:
            wanted["voltage"] = bits["SVC"]["value"] * 1000
        yield json.dumps({"hex": row["hex"], "eep": told.get("eep", "")}), wanted


def modbus(rows: list[Row]) -> Iterator[tuple[str, Wanted]]:
    """The frame, against the note beside it."""
    notes: dict[str, Wanted] = {
        "temp+hum reply": {"temperature": 21.5, "humidity": 45.5},
        "smoke coil reply": {"smoke": True},
        "smoke clear": {"smoke": False},
    }
    for row in rows:
        yield row["hex"], notes.get(row["name"], {})


FILES: dict[str, tuple[str, Callable[[list[Row]], Iterator[tuple[str, Wanted]]]]] = {
    "theengs_ble": ("theengs", theengs),
    "lorawan_milesight": ("chirpstack", lorawan),
    "enocean_esp3": ("enocean", enocean),
    "rflink": ("rflink", rflink),
    "modbus_rtu": ("modbus", modbus),
}


def compare(folder: Path, name: str) -> Tally:
    """Compare one recorded file; an alarm that nobody declared counts as a difference."""
    family, pairs = FILES[name]
    text = (folder / "data" / "devices" / f"{name}.jsonl").read_text(encoding="utf-8")
    tally = Tally(Counter(), Counter(), [])
    for line, wanted in pairs([json.loads(row) for row in text.splitlines()]):
        forms = printed(family, line)
        found = {form["kind"]: form["value"] for form in forms if "part" not in form}
        alarms = {"smoke", "gas", "co", "heat", "help_call", "fall"} & found.keys()
        for kind in (*wanted, *(alarms - wanted.keys())):
            tally.compared[kind] += 1
            if kind in wanted and is_same(wanted[kind], found.get(kind)):
                tally.equal[kind] += 1
            else:
                tally.differing.append(
                    f"{kind}: {wanted.get(kind)!r} is {found.get(kind)!r} {line}"
                )
    return tally


def is_same(wanted: object, found: object) -> bool:
    """Whether two values are equal, numbers to a hundredth."""
    if isinstance(wanted, float) and isinstance(found, int | float):
        return abs(wanted - found) < 0.01
    return wanted == found


def report(folder: Path) -> str:
    """Spell the comparison of every file, a line a field."""
    lines = []
    for name in FILES:
        tally = compare(folder, name)
        lines.append(f"{name}: {tally.equal.total()} of {tally.compared.total()} {tally.share:.1%}")
        lines += [f"  {k:18} {tally.equal[k]:4} of {n:4}" for k, n in tally.compared.most_common()]
        lines += [f"  differs: {difference[:160]}" for difference in tally.differing[:5]]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(report(ROOT.parent / "shared") + "\n")
