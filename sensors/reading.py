"""The normalised model: what any device of any family says, in one shape.

A device sends a *report*. Decoding gives its facts (`Decoded`); the gateway adds what only it
knows (when, over which link) and has a `Report`: an envelope with the readings. Instants are
aware UTC.
"""

from datetime import datetime
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a reading is about; the words are those of the wire."""

    MOTION = "motion"
    PRESENCE = "presence"
    SMOKE = "smoke"
    GAS = "gas"
    CO = "co"
    HEAT = "heat"
    WATER_LEAK = "water_leak"
    HELP_CALL = "help_call"
    FALL = "fall"
    WORN = "worn"
    BED = "bed"
    CONTACT = "contact"
    TEMPERATURE = "temperature"
    BODY_TEMPERATURE = "body_temperature"
    HUMIDITY = "humidity"
    HEART_RATE = "heart_rate"
    RESPIRATION = "respiration"
    SPO2 = "spo2"
    BLOOD_PRESSURE = "blood_pressure"
    STEPS = "steps"
    LOCATION = "location"
    BATTERY = "battery"
    BATTERY_LOW = "battery_low"
    VOLTAGE = "voltage"
    TAMPER = "tamper"
    FAULT = "fault"
    AVAILABILITY = "availability"
    HEARTBEAT = "heartbeat"


LIFE_SAFETY = frozenset({Kind.SMOKE, Kind.GAS, Kind.CO, Kind.HEAT, Kind.HELP_CALL, Kind.FALL})
"""Kinds that flush a batch at once and are never dropped by overflow or hidden by a throttle."""


class Flag(StrEnum):
    """What qualifies a reading."""

    TEST = "test"
    SILENCED = "silenced"
    LATCHED = "latched"
    INVALID = "invalid"
    SUSPECT = "suspect"
    PARTIAL = "partial"
    NO_CLEAR = "no_clear"


class Replay(StrEnum):
    """Whether a report is said now or said again."""

    LIVE = "live"
    RETAINED = "retained"
    CACHED = "cached"
    HISTORY = "history"


class TimeQuality(StrEnum):
    """Whose clock `device_time` comes from, and whether to believe it."""

    GATEWAY = "gateway"
    DEVICE = "device"
    SUSPECT = "suspect"


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """One decoded fact; `unit` is None where the kind has none.

    `value` is a bool for states, a number for samples, a word for `help_call`, `fall`,
    `presence`, `bed` and `availability`, `{"systolic", "diastolic"}` in mmHg for
    `blood_pressure`, `{"lat", "lon", "valid"}` in degrees for `location`, None for a heartbeat
    and for a level whose state was not said. `part` tells apart what a device has several of,
    or a second property of one kind; empty is the usual one.
    """

    kind: Kind
    value: bool | int | float | str | dict[str, float | bool] | None = None
    unit: str | None = None
    flags: tuple[Flag, ...] = ()
    level: float | None = None
    part: str = ""


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a report came from.

    `connection` numbers the link's connections over all starts of the gateway, so that a
    redelivery is known to come over a later one. `is_dup` is the broker's DUP flag, or said by a
    family that knows a repeat from the device's own numbering.
    """

    transport: str
    family: str
    link: str
    address: str = ""
    qos: int = 0
    replay: Replay = Replay.LIVE
    connection: int = 0
    is_dup: bool = False


class Decoded(msgspec.Struct, frozen=True):
    """What the bytes alone say; always at least a heartbeat reading.

    `device_id` is family + `-` + native id, in `[A-Za-z0-9_-]`; `home_id` only where the
    address itself names a home; `boot` and `seq` where the device counts. `replay` is set where
    the family knows better than the broker whether it is said now. `is_merged` says that states
    in it may be repeated from a cache, though the device has not said them now. `is_repeat` says
    that the device says this report again, by its own numbering. `press` is what was done to a
    button that does not say what it is for: a call where it was claimed as a help button.
    """

    device_id: str
    readings: tuple[Reading, ...]
    home_id: str | None = None
    boot: str | None = None
    seq: int | None = None
    device_time: datetime | None = None
    replay: Replay | None = None
    is_merged: bool = False
    is_repeat: bool = False
    press: str = ""


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """One transmission of one device as the gateway received it.

    `digest` is CRC-32 of the payload: with the device it tells an equal payload, and nothing
    more is asked of it. `raw` is bounded to 4 KiB. `is_merged` is as in `Decoded`.
    """

    device_id: str
    received_at: datetime
    readings: tuple[Reading, ...]
    source: Source
    digest: int
    boot: str | None = None
    seq: int | None = None
    device_time: datetime | None = None
    time_quality: TimeQuality = TimeQuality.GATEWAY
    raw: bytes = b""
    is_merged: bool = False


def is_life_safety(readings: tuple[Reading, ...]) -> bool:
    """Say whether any of these readings may be about a life."""
    return any(reading.kind in LIFE_SAFETY for reading in readings)
