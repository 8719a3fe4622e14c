"""What the fields of a decoded BLE advertisement say, whatever its model is called."""

import re

from sensors.fields import STATE, Field, number, occurred, state
from sensors.reading import Kind

PROBE = re.compile("tempc([0-9])")
"""Probes of a thermometer for roasts: flagged `suspect`, for a roast at 115 °C is no fire."""

ROAST = "BBQ"
"""The type of such a thermometer; its first probe may be plain `tempc`."""

_LEAK = state(("leak", "leaking", "wet", "detected", "alarm"), ("dry", "normal", "none"))
_DOOR = state(("open", "opened", "timeout not closed"), ("close", "closed"))
_PRESENT = state(("occupied", "detected"), ("unoccupied", "vacant", "clear"))


def _presence(value: object) -> str | None:
    found = _PRESENT(value)
    return None if found is None else "still" if found else "none"


FIELDS = {
    "tempc": Field(Kind.TEMPERATURE, number()),
    "hum": Field(Kind.HUMIDITY, number()),
    "batt": Field(Kind.BATTERY, number()),
    "volt": Field(Kind.VOLTAGE, number(1000)),
    "lowbatt": Field(Kind.BATTERY_LOW, STATE),
    "open": Field(Kind.CONTACT, _DOOR),
    "contact": Field(Kind.CONTACT, _DOOR),
    "door": Field(Kind.CONTACT, _DOOR),
    "motion": Field(Kind.MOTION, occurred(STATE)),
    "presence": Field(Kind.PRESENCE, _presence),
    "occupancy": Field(Kind.PRESENCE, _presence),
    "water_leak": Field(Kind.WATER_LEAK, _LEAK),
    "leak": Field(Kind.WATER_LEAK, _LEAK),
    "wet": Field(Kind.WATER_LEAK, _LEAK),
    "water": Field(Kind.WATER_LEAK, _LEAK),
    "smoke": Field(Kind.SMOKE, STATE),
    "gas": Field(Kind.GAS, STATE),
    "co": Field(Kind.CO, STATE),
    "tamper": Field(Kind.TAMPER, STATE),
    "bpm": Field(Kind.HEART_RATE, number()),
    "act_bpm": Field(Kind.HEART_RATE, number()),
    "spo2": Field(Kind.SPO2, number()),
    "steps": Field(Kind.STEPS, number()),
}
