"""What goes wrong in a play, and the words for it on the terminal.

A script gives each troubled home its `Emergency`; everyone else lives an ordinary day. Spans are
real seconds from the start, so they are multiplied by the speed to become simulated instants.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from simulators.resident import Emergency, Observation
from simulators.village import Entry, Household

Emergencies = Mapping[str, Emergency]
Script = Callable[[Sequence[Household], datetime, float], Emergencies]

FIRST_SMOKE, SECOND_SMOKE = timedelta(seconds=3), timedelta(seconds=10)
HOT_CELSIUS = 30.0
DEVICE_WORDS = {
    "smoke": "烟雾传感器",
    "pir": "红外",
    "help_button": "求助按钮",
    "wristband": "手环",
    "contact": "门磁",
    "temperature": "温度计",
    "gas": "燃气传感器",
    "co": "一氧化碳传感器",
    "leak": "水浸传感器",
}


def quiet(homes: Sequence[Household], start: datetime, speed: float) -> Emergencies:
    """Nothing goes wrong."""
    del homes, start, speed
    return {}


def demo(homes: Sequence[Household], start: datetime, speed: float) -> Emergencies:
    """Two fires, in the first two homes; a silent third; a sensor never heard in the fourth.

    The second home is the one that stands on the serial line, when there is one.
    """
    emergencies = [
        Emergency(fire_at=start + FIRST_SMOKE * speed),
        Emergency(fire_at=start + SECOND_SMOKE * speed),
        Emergency(silent_from=start),
    ]
    troubled = {home.id: trouble for home, trouble in zip(homes, emergencies, strict=False)}
    for home in homes[len(emergencies) : len(emergencies) + 1]:
        lost = home.of_class("pir")[:1]
        troubled[home.id] = Emergency(dead_from={entry.id: start for entry in lost})
    return troubled


def hazards(homes: Sequence[Household], start: datetime, speed: float) -> Emergencies:
    """Gas, carbon monoxide, a leak, a suspected and a sure fall, a racing heart: each in a home.

    Each happens in the first home that has the device for it and no other trouble.
    """
    at = start + FIRST_SMOKE * speed
    wanted = [
        ("gas", Emergency(gas_at=at)),
        ("co", Emergency(co_at=at)),
        ("leak", Emergency(leak_at=at)),
        ("wristband", Emergency(fall_at=at)),
        ("wristband", Emergency(fall_at=at, fall_word="confirmed")),
        ("wristband", Emergency(races_from=at)),
    ]
    troubled: dict[str, Emergency] = {}
    for device_class, trouble in wanted:
        able = (one for one in homes if one.id not in troubled and one.of_class(device_class))
        troubled.update({home.id: trouble for home in list(able)[:1]})
    return troubled


SCRIPTS: Mapping[str, Script] = {"quiet": quiet, "demo": demo, "hazards": hazards}


def opening_lines(homes: Sequence[Household], emergencies: Emergencies) -> list[str]:
    """Say what is wrong from the start and so will never be seen happening."""
    lines: list[str] = []
    for home in homes:
        trouble = emergencies.get(home.id, Emergency())
        if trouble.silent_from is not None:
            lines.append(f"[住户 {home.id}] 屋里没有活动 no motion")
        lines += [
            f"{_place(entry)}: 一直没有信号 never heard"
            for entry in home.devices
            if entry.id in trouble.dead_from
        ]
    return lines


def line(entry: Entry, seen: Observation, way: str = "") -> str | None:
    """Put an observation into words, or None for everyday life; `way` is how it was sent."""
    match seen.kind, seen.value:
        case "smoke", _:
            words = f"有烟 smoke {way}".rstrip()
        case "gas", _:
            words = "燃气泄漏 gas"
        case "co", _:
            words = "一氧化碳 co"
        case "water_leak", _:
            words = "漏水 water_leak"
        case "fall", str(word):
            words = f"跌倒 fall {word}"
        case "help_call", _:
            words = "求助 help_call"
        case "temperature", float(celsius) if celsius >= HOT_CELSIUS:
            words = f"温度 temperature {celsius} °C"
        case _:
            return None
    return f"{_place(entry)}: {words}"


def _place(entry: Entry) -> str:
    words = DEVICE_WORDS.get(entry.device_class, entry.device_class)
    return f"[住户 {entry.home}] {entry.room}{words}"
