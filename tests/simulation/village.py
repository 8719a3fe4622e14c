"""A village for the gateway: who is who, whose device is whose, and what the core may know.

It stands in for the registry, straight from the tables of the simulated village.
"""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from alerting.hand_over import Place
from alerting.record import DeviceRecord, HomeRecord, ResidentRecord, ResponderRecord, Role
from gateway.scribe import Person
from simulators.devices.own import CLASSES, Device
from simulators.phones import Phone, draw
from simulators.village import Household, Row, households, registry

NEIGHBOURS_PER_HOME = 0.6
FAMILY = "own-"


class Village:
    """Homes, people and devices, the same from the same seed; answers what the gateway asks."""

    def __init__(self, homes: int, seed: int) -> None:
        self.tables = registry(homes, seed, max(4, round(homes * NEIGHBOURS_PER_HOME)))
        self.households: list[Household] = households(self.tables)
        self._homes = {str(row["id"]): row for row in self.tables["homes"]}
        self._people = {
            str(row["id"]): row for name in ("residents", "responders") for row in self.tables[name]
        }
        self._by_number = {str(row["phone"]): person for person, row in self._people.items()}
        self._home_of = {f"{FAMILY}{row['id']}": str(row["home"]) for row in self.tables["devices"]}
        self._by_address = {self.address_of(home_id): home_id for home_id in self._homes}

    # --- the world's side ------------------------------------------------------------------

    def phones(self, seed: int) -> Iterator[Phone]:
        """Give everybody's phone, with the temperament the seed has for them."""
        for row in self._people.values():
            number = str(row["phone"])
            dice = Random(f"{seed}/phone/{number}")
            yield Phone(
                number, str(row["name"]), draw(str(row.get("role", "resident")), dice), dice
            )

    def devices(self, salt: str) -> dict[str, Device]:
        """Make every device by its native id."""
        return {
            entry.id: CLASSES[entry.device_class](entry.id, entry.home, salt=salt)
            for home in self.households
            for entry in home.devices
        }

    def home_at(self, address: str) -> str | None:
        """Give the home at an address as texts have it."""
        return self._by_address.get(address)

    def is_resident(self, number: str) -> bool:
        """Whether the number is a resident's."""
        return "home" in self._people[self._by_number[number]]

    # --- what the gateway asks --------------------------------------------------------------

    def home_of(self, device_id: str) -> str | None:
        """Give the home a device is claimed to."""
        return self._home_of.get(device_id)

    def is_help_button(self, device_id: str) -> bool:
        """Say that no device needs its class to be understood."""
        return device_id not in self._home_of

    def person_by_number(self, number: str) -> str | None:
        """Give a person's id."""
        return self._by_number.get(number)

    def person_of(self, person_id: str) -> Person | None:
        """Give a resident or a responder."""
        row = self._people.get(person_id)
        if row is None:
            return None
        return Person(str(row["name"]), str(row.get("called", row["name"])), str(row["phone"]))

    def address_of(self, home_id: str) -> str:
        """Give the short address people use."""
        row = self._homes.get(home_id)
        return "" if row is None else f"{row['building']}{row['unit']}{row['room']}"

    def device_called(self, device_id: str) -> str:
        """Nobody tests an installation here: devices go by their ids."""
        return device_id

    def residents_of(self, home_id: str) -> list[tuple[str, Person]]:
        """Give the residents of a home with their ids."""
        found = [
            (str(row["id"]), self.person_of(str(row["id"]))) for row in self._residents(home_id)
        ]
        return [(person_id, person) for person_id, person in found if person is not None]

    def place_of(self, home_id: str) -> Place | None:
        """Give where the home is, as a dispatcher asks it."""
        row = self._homes.get(home_id)
        if row is None:
            return None
        said = {name: str(row.get(name, "")) for name in Place._fields}
        return Place(**said | {"lift": "有" if row["lift"] else "没有"})

    def records(self) -> list[HomeRecord]:
        """Give what the core may know of each home."""
        return [self._record(home) for home in self.households]

    def _record(self, home: Household) -> HomeRecord:
        devices = (
            DeviceRecord(f"{FAMILY}{entry.id}", entry.device_class, entry.room)
            for entry in home.devices
        )
        building = str(self._homes[home.id]["building"])
        return HomeRecord(
            id=home.id,
            residents=tuple(map(_resident, self._residents(home.id))),
            devices=tuple(devices),
            responders=tuple(self._responders(home.id)),
            slot_hint=int(building.removesuffix("栋")[-1]),
        )

    def _residents(self, home_id: str) -> list[Row]:
        return [row for row in self.tables["residents"] if row["home"] == home_id]

    def _responders(self, home_id: str) -> Iterator[ResponderRecord]:
        for row in self.tables["responders"]:
            if row["role"] == "desk":
                yield ResponderRecord(str(row["id"]), Role.DESK)
        pairings = [row for row in self.tables["pairings"] if row["home"] == home_id]
        for pairing in sorted(pairings, key=lambda row: int(row["rank"])):
            row = self._people[str(pairing["responder"])]
            yield ResponderRecord(
                str(row["id"]),
                Role(str(row["role"])),
                int(pairing["rank"]),
                at_night=bool(row.get("at_night", True)),
                lifts=bool(row.get("lifts", True)),
            )


def _resident(row: Row) -> ResidentRecord:
    is_deaf = bool(row.get("deaf") or row.get("no_speech"))
    return ResidentRecord(str(row["id"]), can_answer=not is_deaf)


def fall_silent(phone: Phone) -> None:
    """Let a person not hear their phone from now on: unconscious, or not at home."""
    phone.temperament = replace(phone.temperament, reads=None, rings=None, is_busy=False)
