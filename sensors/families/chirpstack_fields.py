"""What the fields of LoRaWAN codecs say: Milesight's words, Dragino's "TRUE" and "FALSE"."""

from typing import Any

from sensors.facts import Facts
from sensors.fields import STATE, Field, number, occurred, state, word_of
from sensors.reading import Flag, Kind

PIR_MODELS = ("WS202", "WS203", "VS3PIR")
"""Profiles whose occupancy comes from a passive infrared sensor: it is motion, too."""

LEFT = frozenset({"history"})

_ALARM = state(("alarm", "triggered", "leak", "leaking", "smoke", "detected"), ("normal", "none"))
_OPEN = state(("open", "opened"), ("close", "closed"))
_REMOVED = state(("removed", "uninstalled", "triggered", "alarm"), ("installed", "normal"))
_TRIGGER = state(("trigger", "triggered", "motion"), ("normal", "idle", "none"))
_OCCUPIED = {"occupied": "still", "vacant": "none", "unoccupied": "none"}
_WORN = {"worn": True, "wearing": True, "unworn": False, "not worn": False}
_FALLS = {"fall": "confirmed", "triggered": "confirmed", "alarm": "confirmed"} | dict.fromkeys(
    ("no fall", "normal", "none", "cleared"), "cleared"
)


def _presence(value: object) -> str | None:
    found = STATE(value)
    return _OCCUPIED.get(word_of(value)) if found is None else "still" if found else "none"


FIELDS = {
    "battery": Field(Kind.BATTERY, number()),
    "Bat": Field(Kind.VOLTAGE, number(1000)),
    "BatV": Field(Kind.VOLTAGE, number(1000)),
    "BAT_V": Field(Kind.VOLTAGE, number(1000)),
    "temperature": Field(Kind.TEMPERATURE, number()),
    "TempC_SHT": Field(Kind.TEMPERATURE, number()),
    "TempC1": Field(Kind.TEMPERATURE, number()),
    "humidity": Field(Kind.HUMIDITY, number()),
    "Hum_SHT": Field(Kind.HUMIDITY, number()),
    "leakage_status": Field(Kind.WATER_LEAK, _ALARM),
    "water_leak": Field(Kind.WATER_LEAK, _ALARM),
    "WATER_LEAK_STATUS": Field(Kind.WATER_LEAK, _ALARM),
    "magnet_status": Field(Kind.CONTACT, _OPEN),
    "door": Field(Kind.CONTACT, _OPEN),
    "DOOR_OPEN_STATUS": Field(Kind.CONTACT, _OPEN),
    "Door_status": Field(Kind.CONTACT, _OPEN),
    "Leak_status": Field(Kind.WATER_LEAK, _ALARM),
    "tamper_status": Field(Kind.TAMPER, _REMOVED),
    "pir": Field(Kind.MOTION, occurred(_TRIGGER)),
    "pir_status": Field(Kind.MOTION, occurred(_TRIGGER)),
    "occupancy": Field(Kind.PRESENCE, _presence),
    "gas_status": Field(Kind.GAS, _ALARM),
    "smoke_status": Field(Kind.SMOKE, _ALARM),
    "fall": Field(Kind.FALL, lambda value: _FALLS.get(word_of(value))),
    "wearing_status": Field(Kind.WORN, lambda value: _WORN.get(word_of(value))),
    "wear": Field(Kind.WORN, lambda value: _WORN.get(word_of(value))),
    "heart_rate": Field(Kind.HEART_RATE, number()),
    "steps": Field(Kind.STEPS, number()),
    "panic": Field(Kind.HELP_CALL, lambda value: "press" if STATE(value) else None),
    "ALARM_status": Field(Kind.HELP_CALL, lambda value: "press" if STATE(value) else None),
    "sos": Field(Kind.HELP_CALL, lambda value: "press" if STATE(value) else None),
}

CALLING = ("SOS", "PANIC", "HELP")
"""Words in the name of a device profile that make its button one that calls for help."""

_PRESSES = {
    **dict.fromkeys(("short press", "short", "double press", "double"), "press"),
    **dict.fromkeys(("long press", "long"), "long"),
}


def say_event(facts: Facts, told: dict[str, Any], model: str) -> None:
    """Say the one thing a smoke head's or a button's uplink is about.

    A press calls for help only where the profile's name says that the button is for that.
    """
    if told.get("type") == "smoke sensor":
        _say_smoke(facts, word_of(told.get("event")))
    for name in ("press", "button_event", "button_status", "button") if _calls(model) else ():
        value = told.get(name)
        word = word_of(value.get("status") if isinstance(value, dict) else value)
        facts.say(Kind.HELP_CALL, _PRESSES.get(word))


def _calls(model: str) -> bool:
    return any(word in model for word in CALLING)


def _say_smoke(facts: Facts, event: str) -> None:
    """Say what a Milesight smoke head reports; a test is a drill, and silenced is still smoke."""
    is_test, is_silenced = event.startswith("testing"), event == "silent"
    if is_smoke := event == "alarm" or is_test or is_silenced:
        flags = (Flag.TEST,) if is_test else (Flag.SILENCED,) if is_silenced else ()
        facts.say(Kind.SMOKE, is_smoke, *flags)
    elif event == "normal":
        facts.say(Kind.SMOKE, value=False)
    if "battery" in event:
        facts.say(Kind.BATTERY_LOW, "low" in event)
    if event in {"removed", "installed"}:
        facts.say(Kind.TAMPER, event == "removed")
    if event == "failover":
        facts.say(Kind.FAULT, value=True)
