"""What the bits of an EnOcean telegram say, by the sender's profile (EEP).

`data` are the bytes between the sort and the sender: one for switches and contacts, four for 4BS
(DB3 first). Ranges are those of the EnOcean Equipment Profiles: a raw value from `full` to 0 or
from 0 to `full` stands for a quantity between two limits.
"""

from collections.abc import Callable

from sensors.facts import Facts
from sensors.reading import Kind

HELP = "HELP"
"""Written for a switch that calls for help; no profile of EnOcean's."""

Say = Callable[[Facts, bytes], None]

_TEN_BITS = 1023


def _part(raw: int, full: int, low: float, high: float) -> float:
    return round(low + (high - low) * raw / full, 3)


def contact(facts: Facts, data: bytes) -> None:
    """D5-00-01: bit 0 is 1 when closed."""
    facts.say(Kind.CONTACT, not data[0] & 1)


def _temperature(low: float, high: float) -> Say:
    """A5-02: DB1 counts down."""
    return lambda facts, data: facts.say(Kind.TEMPERATURE, _part(255 - data[2], 255, low, high))


def _fine_temperature(low: float, high: float) -> Say:
    """A5-02-20 and 30: ten bits, counting down."""

    def say(facts: Facts, data: bytes) -> None:
        raw = (data[1] & 3) << 8 | data[2]
        facts.say(Kind.TEMPERATURE, _part(_TEN_BITS - raw, _TEN_BITS, low, high))

    return say


def _climate(low: float, high: float) -> Say:
    """A5-04-01 and 02, A5-10-10 and after: DB2 humidity, DB1 temperature, to 250."""

    def say(facts: Facts, data: bytes) -> None:
        facts.say(Kind.HUMIDITY, _part(data[1], 250, 0, 100))
        facts.say(Kind.TEMPERATURE, _part(data[2], 250, low, high))

    return say


def _fine_climate(facts: Facts, data: bytes) -> None:
    """A5-04-03: humidity to 255, temperature in ten bits from -20 to 60."""
    facts.say(Kind.HUMIDITY, _part(data[0], 255, 0, 100))
    facts.say(Kind.TEMPERATURE, _part((data[1] & 3) << 8 | data[2], _TEN_BITS, -20, 60))


def _volts(facts: Facts, raw: int, full: int, high: float) -> None:
    if raw:
        facts.say(Kind.VOLTAGE, _part(raw, full, 0, high * 1000))


def _pir(facts: Facts, data: bytes) -> None:
    """A5-07-01: above the middle of DB1 somebody moves."""
    _volts(facts, data[0], 250, 5)
    facts.say(Kind.MOTION, data[2] >= 0x80 or None)  # noqa: PLR2004 - the middle


def _pir_bit(facts: Facts, data: bytes) -> None:
    """A5-07-02 and 03: bit 7 of DB0."""
    _volts(facts, data[0], 250, 5)
    facts.say(Kind.MOTION, bool(data[3] & 0x80) or None)


def _ceiling(low: float, high: float) -> Say:
    """A5-08: voltage, temperature, motion at 0 of bit 1."""

    def say(facts: Facts, data: bytes) -> None:
        _volts(facts, data[0], 255, 5.1)
        facts.say(Kind.TEMPERATURE, _part(data[2], 255, low, high))
        facts.say(Kind.MOTION, not data[3] & 2 or None)

    return say


def _air(facts: Facts, data: bytes) -> None:
    """A5-09-04: humidity in halves, temperature to 51, each with a bit that says it is there."""
    if data[3] & 4:
        facts.say(Kind.HUMIDITY, _part(data[0], 200, 0, 100))
    if data[3] & 2:
        facts.say(Kind.TEMPERATURE, _part(data[2], 255, 0, 51))


def _powered_contact(facts: Facts, data: bytes) -> None:
    """A5-14-01 to 04: voltage and, in bit 0, open."""
    _volts(facts, data[0], 250, 5)
    facts.say(Kind.CONTACT, bool(data[3] & 1))


def _valve(facts: Facts, data: bytes) -> None:
    """A5-20-01, from the valve: the temperature it measures."""
    facts.say(Kind.TEMPERATURE, _part(data[2], 255, 0, 40))


def _input(facts: Facts, data: bytes) -> None:
    """A5-30-01: a contact by its level, and a battery by its own."""
    facts.say(Kind.BATTERY_LOW, data[1] < 121)  # noqa: PLR2004 - of the profile
    facts.say(Kind.CONTACT, data[2] >= 196)  # noqa: PLR2004 - of the profile


def _leak(facts: Facts, data: bytes) -> None:
    """F6-05-01: 0x11 is water."""
    facts.say(Kind.WATER_LEAK, data[0] == 0x11)  # noqa: PLR2004 - of the profile


def _smoke(facts: Facts, data: bytes) -> None:
    """F6-05-02: 0x10 smoke, 0x00 none, 0x30 a weak battery."""
    if data[0] in {0x10, 0x00}:
        facts.say(Kind.SMOKE, data[0] == 0x10)  # noqa: PLR2004 - of the profile
    facts.say(Kind.BATTERY_LOW, data[0] == 0x30)  # noqa: PLR2004 - of the profile


def _handle(facts: Facts, data: bytes) -> None:
    """F6-10-00: the handle of a window, down when closed."""
    facts.say(Kind.CONTACT, data[0] & 0xF0 != 0xF0)  # noqa: PLR2004 - of the profile


def _multisensor(facts: Facts, data: bytes) -> None:
    """D2-14-40 and 41: ten bits of temperature, eight of humidity."""
    if len(data) < 3:  # noqa: PLR2004 - ten bits and eight
        return
    raw = data[0] << 2 | data[1] >> 6
    facts.say(Kind.TEMPERATURE, _part(raw, 1000, -40, 60))
    facts.say(Kind.HUMIDITY, _part((data[1] << 2 | data[2] >> 6) & 0xFF, 200, 0, 100))


def _help(facts: Facts, data: bytes) -> None:
    """HELP: pressed, a bit of any rocker or push button."""
    facts.say(Kind.HELP_CALL, "press" if data[0] & 0x10 else None)


_RANGES = {
    **{f"A5-02-{n:02X}": _temperature(-50 + 10 * n, -10 + 10 * n) for n in range(1, 12)},
    **{f"A5-02-{n:02X}": _temperature(-220 + 10 * n, -140 + 10 * n) for n in range(0x10, 0x1C)},
}

PROFILES: dict[str, Say] = {
    **_RANGES,
    "A5-02-20": _fine_temperature(-10, 41.2),
    "A5-02-30": _fine_temperature(-40, 62.3),
    "A5-04-01": _climate(0, 40),
    "A5-04-02": _climate(-20, 60),
    "A5-04-03": _fine_climate,
    "A5-07-01": _pir,
    "A5-07-02": _pir_bit,
    "A5-07-03": _pir_bit,
    "A5-08-01": _ceiling(0, 51),
    "A5-08-02": _ceiling(0, 51),
    "A5-08-03": _ceiling(-30, 50),
    "A5-09-04": _air,
    **{f"A5-10-{n:02X}": _temperature(0, 40) for n in range(1, 0x0E)},
    **{f"A5-10-{n:02X}": _climate(0, 40) for n in range(0x10, 0x15)},
    **{f"A5-14-{n:02X}": _powered_contact for n in range(1, 5)},
    "A5-20-01": _valve,
    "A5-30-01": _input,
    "F6-05-01": _leak,
    "F6-05-02": _smoke,
    "F6-10-00": _handle,
    "D2-14-40": _multisensor,
    "D2-14-41": _multisensor,
    HELP: _help,
}
