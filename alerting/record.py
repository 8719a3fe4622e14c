"""What the core knows about a home and its people: ids and what decides, never a name.

Names, numbers and addresses stay in the registry and are looked up when a message is rendered,
so that the journal of the core's events holds no personal text.
"""

from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What a responder is to a home."""

    DESK = "desk"
    NEIGHBOUR = "neighbour"
    POST = "post"
    FAMILY = "family"
    INSTALLER = "installer"  # called for no alarm; hears of the devices they try


class ResponderRecord(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One person or post who can be reached for this home; `rank` 1 is asked first.

    Who cannot lift a person (`lifts`) is asked after those who can, where somebody has fallen.
    `duty` and `absent` say when they are there (`alerting/shifts.py`); empty is always.
    """

    id: str
    role: Role
    rank: int = 1
    sms: bool = True
    voice: bool = True
    at_night: bool = True
    lifts: bool = True
    duty: str = ""
    absent: str = ""


class ResidentRecord(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One person cared for; `can_answer` is a phone of their own and ears to use it.

    What is usual for them, where somebody has said so: heart rate in 1/min, SpO2 in per cent.
    """

    id: str
    can_answer: bool = False
    heart_rate_low: int | None = None
    heart_rate_high: int | None = None
    spo2_low: int | None = None


class DeviceRecord(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One device claimed to the home; `type` is the supervision class of READINGS."""

    id: str
    type: str
    room: str = ""
    resident_id: str | None = None


class HomeRecord(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A home as the core sees it; `slot_hint` is the building's last digit, for two-digit answers.

    `responders` are in the order in which they are asked, the duty desk included.
    """

    id: str
    residents: tuple[ResidentRecord, ...] = ()
    devices: tuple[DeviceRecord, ...] = ()
    responders: tuple[ResponderRecord, ...] = ()
    slot_hint: int = 0

    def worn_by(self, device_id: str) -> str | None:
        """Give whose device the registry says it is."""
        return next((d.resident_id for d in self.devices if d.id == device_id), None)

    def wearer(self, device_id: str) -> ResidentRecord | None:
        """Give who wears a device: who the registry says, else the only one who lives here."""
        worn_by = self.worn_by(device_id)
        if worn_by is None and len(self.residents) == 1:
            return self.residents[0]
        return next((one for one in self.residents if one.id == worn_by), None)

    def has_resident(self, person_id: str) -> bool:
        """Say whether this person lives here."""
        return any(resident.id == person_id for resident in self.residents)
