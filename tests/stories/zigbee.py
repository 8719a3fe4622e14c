"""A home behind a Zigbee bridge: what the broker brings, through decoding to the core."""

import json
from datetime import timedelta
from typing import Any

from alerting.event import ReportReceived
from alerting.record import DeviceRecord, HomeRecord
from alerting.settings import Settings
from gateway.entries import Quarantined
from gateway.intake import Intake
from gateway.link import Receipt, Token
from sensors.families import discover
from tests.sensors.zigbee import device, exposed
from tests.stories.world import MORNING, World, fixed_limits, home

EXPOSES = {
    "pir": (exposed("occupancy"), exposed("battery", "numeric", unit="%")),
    "smoke": (
        exposed("smoke"),
        exposed("test"),
        exposed("battery", "numeric", unit="%"),
        exposed("temperature", "numeric", unit="°C"),
    ),
    "help_button": (exposed("sos"), exposed("action", "enum"), exposed("battery", "numeric")),
    "temperature": (exposed("temperature", "numeric", unit="°C"),),
}
"""What a device of each class describes."""


class House:
    """One home with one device, by name and class; every device there is claimed to it."""

    def __init__(
        self, name: str, kind: str, *, lived_in: bool = False, settings: Settings | None = None
    ) -> None:
        self.device_id = "zigbee2mqtt-0x00158d0001020304"
        usual = home()
        record = HomeRecord(
            usual.id,
            usual.residents if lived_in else (),
            (DeviceRecord(self.device_id, kind),),
            usual.responders,
        )
        self.world = World(record, settings=settings or fixed_limits())
        self.quarantined: list[str] = []
        self._intake = Intake(discover(), self)
        self._name, self._kind = name, kind
        self.tell("bridge/devices", [device(name, *EXPOSES[kind])], is_retained=True)

    def home_of(self, device_id: str) -> str | None:
        """Say that every device is this home's."""
        return "h0001" if device_id == self.device_id else None

    def is_help_button(self, device_id: str) -> bool:
        """Say what the device was claimed as."""
        return device_id == self.device_id and self._kind == "help_button"

    def claim_as(self, kind: str) -> None:
        """Let the registry say that the device is of this class."""
        self._kind = kind

    def tell(self, topic: str, payload: object, *, is_retained: bool = False) -> None:
        """Let the broker bring a message, now."""
        body = payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()
        receipt = Receipt(
            self.world.now,
            "zigbee2mqtt",
            f"zigbee2mqtt/{topic}",
            body,
            is_retained=is_retained,
            is_dup=False,
            token=Token("mqtt", 1, 0, 1),
        )
        for taken in self._intake.take(receipt):
            if isinstance(taken, ReportReceived):
                self.world.do(taken)
            elif isinstance(taken, Quarantined):
                self.quarantined.append(taken.code)

    def says(self, after: float = 0, **payload: Any) -> None:  # noqa: ANN401 -- JSON
        """Let the device say something, so many seconds later."""
        self.world.wait(after)
        self.tell(self._name, payload)

    def until(self, seconds: float) -> None:
        """Let time pass until so many seconds after the beginning."""
        self.world.wait((MORNING - self.world.now).total_seconds() + seconds)

    def raised(self, kind: str) -> list[timedelta]:
        """Say when alarms of a kind were raised, the soft ones when they were first asked about."""
        return [
            at - MORNING
            for line, (at, _) in zip(self.world.log, self.world.times, strict=True)
            if line.kind == kind and line.verb in {"raised", "pre_alarm"}
        ]
