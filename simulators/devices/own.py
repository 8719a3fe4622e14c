"""Devices that speak the project's own wire schema, version 1.

Theory of operation. A device owns the three things that real firmware owns: a sequence counter, a
boot id that changes at every restart, and a battery that runs down. `report` turns one
observation into a `Message`; the message then knows both of its spellings, MQTT (`topic`,
`payload`) and serial (`line`). Nothing here does I/O, reads a clock or draws a random number, so
the same calls always give the same bytes.

The counter starts at 1 after every reboot. `salt` goes into the boot id: two plays of the same
village must differ in it, or a gateway would rightly take the second play for duplicates.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import ClassVar

Value = bool | int | float | str
Units = Mapping[str, str | None]

SCHEMA_VERSION = 1
LINE_LIMIT_BYTES = 1024
BATTERY_PER_REPORT = 0.002
EVERY_DEVICE: Units = {
    "heartbeat": None,
    "battery": "%",
    "battery_low": None,
    "tamper": None,
    "fault": None,
}
BOOT_BANNER = b"\x00\xffets Jan  1 1970 rst:0x1 (POWERON)\r\ncare-node 1.0 boot:0x13\r\n"


# json.dumps would make a new encoder for each call with these settings.
_spell = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def checksum(line: bytes) -> bytes:
    """Give the two upper-case hex digits that follow `*`: the XOR of every byte before it."""
    return b"%02X" % reduce(xor, line, 0)


def half_line(line: bytes) -> bytes:
    """Cut a line as a reset in mid-sentence does; the line's end is lost with the rest."""
    return line[: len(line) // 2]


@dataclass(frozen=True, slots=True)
class Message:
    """One observation as it leaves a device; `body` holds the schema's fields."""

    home: str
    device: str
    kind: str
    body: Mapping[str, Value]

    @property
    def topic(self) -> str:
        """The MQTT topic, `care/v1/<home>/<device>/<kind>`."""
        return f"care/v1/{self.home}/{self.device}/{self.kind}"

    @property
    def payload(self) -> bytes:
        """The MQTT payload: the body as compact UTF-8 JSON."""
        return _spell(self.body).encode()

    def line(self, *, summed: bool = False, ending: bytes = b"\n") -> bytes:
        """Spell the message for a serial line, with `*XX` when `summed`; at most 1,024 bytes."""
        place = {"home": self.home, "device": self.device, "kind": self.kind}
        text = _spell({**place, **self.body}).encode()
        line = text + (b"*" + checksum(text) if summed else b"") + ending
        assert len(line) <= LINE_LIMIT_BYTES, line
        return line


class Device:
    """What every device of the schema has; a subclass says which kinds it reports, in which unit.

    `native_id` is the hardware's own id, `home` the home it is configured for.
    """

    kinds: ClassVar[Units] = {}

    def __init__(self, native_id: str, home: str, *, salt: str = "") -> None:
        self.native_id = native_id
        self.home = home
        self.battery = 100.0
        self._salt = salt
        self._boots = 0
        self.reboot()

    def reboot(self) -> None:
        """Restart: a new boot id, and the counter from the beginning."""
        self._boots += 1
        self.seq = 0
        self.boot = f"{zlib.crc32(f'{self._salt}/{self.native_id}/{self._boots}'.encode()):08x}"

    def report(
        self, kind: str, value: Value, *, test: bool = False, level: float | None = None
    ) -> Message:
        """Report one observation; raises KeyError for a kind that this device does not have."""
        unit = EVERY_DEVICE[kind] if kind in EVERY_DEVICE else self.kinds[kind]
        self.seq += 1
        self.battery = max(0.0, self.battery - BATTERY_PER_REPORT)
        body: dict[str, Value] = {"v": SCHEMA_VERSION, "value": value}
        if unit is not None:
            body["unit"] = unit
        body |= {"seq": self.seq, "boot": self.boot, "battery": round(self.battery)}
        if test:
            body["test"] = True
        if level is not None:
            body["level"] = level
        return Message(self.home, self.native_id, kind, body)

    def heartbeat(self) -> Message:
        """Report nothing but being alive."""
        return self.report("heartbeat", value=True)

    def bare(self, kind: str, value: Value) -> Message:
        """Report as the poorest hardware does: no counter, so every payload is the same bytes."""
        return Message(self.home, self.native_id, kind, {"v": SCHEMA_VERSION, "value": value})


class SmokeHead(Device):
    """A smoke head with a thermometer in it, as combined fire detectors have."""

    kinds: ClassVar[Units] = {"smoke": None, "temperature": "°C"}


class MotionSensor(Device):
    """A passive infrared sensor that reports each movement and never a clear."""

    kinds: ClassVar[Units] = {"motion": None}


class HelpButton(Device):
    """A button on the wall or on a cord."""

    kinds: ClassVar[Units] = {"help_call": None}


class Wristband(Device):
    """A band with a help button, a fall detector, and meters of pulse and oxygen.

    Off the wrist it measures a pulse of 0, as such bands do.
    """

    kinds: ClassVar[Units] = {
        "help_call": None,
        "fall": None,
        "worn": None,
        "heart_rate": "1/min",
        "spo2": "%",
        "steps": None,
    }


class DoorContact(Device):
    """A contact on the front door; true means open."""

    kinds: ClassVar[Units] = {"contact": None}


class Thermometer(Device):
    """A room thermometer."""

    kinds: ClassVar[Units] = {"temperature": "°C"}


class GasDetector(Device):
    """A detector of fuel gas."""

    kinds: ClassVar[Units] = {"gas": None}


class CarbonMonoxideDetector(Device):
    """A detector of carbon monoxide."""

    kinds: ClassVar[Units] = {"co": None}


class LeakSensor(Device):
    """A water sensor on the floor."""

    kinds: ClassVar[Units] = {"water_leak": None}


CLASSES: Mapping[str, type[Device]] = {
    "smoke": SmokeHead,
    "pir": MotionSensor,
    "help_button": HelpButton,
    "wristband": Wristband,
    "contact": DoorContact,
    "temperature": Thermometer,
    "gas": GasDetector,
    "co": CarbonMonoxideDetector,
    "leak": LeakSensor,
}
