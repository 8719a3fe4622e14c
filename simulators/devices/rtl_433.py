"""Radio sensors as rtl_433 prints them: each transmission some times over.

Written from docs/wire/rtl_433.md, and sharing nothing with what reads it.
"""

import json


def heard(repeats: int = 3, **fields: object) -> list[bytes]:
    """Give the lines of one press: the same object, at times a few tenths of a second apart."""
    return [
        json.dumps({"time": f"@{0.2 + 0.15 * n:.6f}s", **fields}).encode() for n in range(repeats)
    ]


def smoke_gs558(identity: int, *, is_learning: bool = False) -> list[bytes]:
    """A GS558 head cries, or is being taught."""
    return heard(4, model="Smoke-GS558", id=identity, unit=12, learn=int(is_learning))


def door_x10(identity: str, *, is_open: bool) -> list[bytes]:
    """A DS10A contact."""
    event = "DS10A DOOR/WINDOW " + ("OPEN" if is_open else "CLOSED")
    return heard(5, model="X10-Security", id=identity, code="01", event=event, battery_ok=1)


def panic_x10(identity: str) -> list[bytes]:
    """A KR15A panic button."""
    return heard(5, model="X10-Security", id=identity, code="98", event="KR15A PANIC")


def cavius(identity: int, bits: int) -> list[bytes]:
    """A Cavius head says its word of bits."""
    return heard(1, model="Cavius-Security", id=identity, net_id=1, message=bits, battery_ok=1)


def climate(identity: int, celsius: float, humidity: int, battery_ok: float) -> list[bytes]:
    """A sensor for the climate of a room; the newest say how full their battery is."""
    return heard(
        1,
        model="Fineoffset-WH32B",
        id=identity,
        battery_ok=battery_ok,
        temperature_C=celsius,
        humidity=humidity,
    )
