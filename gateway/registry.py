"""Who lives where, with which devices, and who is called: the registry in memory.

It answers what the data path asks, by dictionary: whose device, whose number, whose door. The core
gets `record`, which has ids and no names. A registry does not change; after an import the gateway's
one becomes the next by `adopt`, at once for everybody who holds it.
"""

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from alerting.hand_over import Place
from alerting.numbers import NumberError, normalise
from alerting.record import (
    DeviceRecord,
    HomeRecord,
    ResidentRecord,
    ResponderRecord,
    Role,
)
from gateway.registry_rows import (
    SORTS,
    DeviceRow,
    HomeRow,
    PairingRow,
    ResidentRow,
    ResponderRow,
    Rows,
)
from gateway.registry_tables import PAGE, PAGES, AnyRow, read_table
from gateway.scribe import Person

Read = Callable[[str, Sequence[object]], Awaitable[Sequence[Sequence[object]]]]


class Credential(NamedTuple):
    """What a device logs in to the broker with: its native id, its home, its secret."""

    device: str
    home: str
    secret: str


@dataclass(slots=True)
class Household:
    """The rows of one home; pairings are in the order in which people are asked."""

    home: HomeRow
    residents: list[ResidentRow] = field(default_factory=list)
    devices: list[DeviceRow] = field(default_factory=list)
    pairings: list[PairingRow] = field(default_factory=list)


class _Index:
    """The rows by everything they are looked up by."""

    __slots__ = (
        *("desks", "devices", "households", "is_mixed"),
        *("numbers", "residents", "responders", "rows"),
    )

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.is_mixed = False
        self.households = {home.id: Household(home) for home in rows.homes}
        self.residents = {row.id: row for row in rows.residents}
        self.responders = {row.id: row for row in rows.responders}
        self.devices = {row.device_id: row for row in rows.devices}
        nowhere = Household(HomeRow("", "", "", "", ""))
        for resident in rows.residents:
            self.households.get(resident.home, nowhere).residents.append(resident)
        for device in rows.devices:
            self.households.get(device.home, nowhere).devices.append(device)
        for pairing in sorted(rows.pairings, key=lambda row: row.rank):
            if pairing.responder in self.responders:
                self.households.get(pairing.home, nowhere).pairings.append(pairing)
        self.desks = [row for row in rows.responders if row.role is Role.DESK]
        self.numbers: defaultdict[str, list[str]] = defaultdict(list)
        people: list[ResponderRow | ResidentRow] = [*rows.responders, *rows.residents]
        for person in people:
            if person.phone is not None:
                self.numbers[person.phone].append(person.id)

    def take(self, newer: "_Index", homes: Iterable[str], gone: Iterable[str]) -> None:
        """Become as `newer` in these homes, and know its responders beside those there were."""
        self.is_mixed = True
        homes = list(homes)
        for home in (*homes, *gone):
            if (before := self.households.pop(home, None)) is not None:
                self._leave(before)
        for row in newer.responders.values():
            known = self.responders.get(row.id)
            if known is not row:
                self.responders[row.id] = row
                if known is not None:
                    self._forget(known)
                self.numbers[row.phone].insert(0, row.id)
        self.desks = newer.desks
        for home in homes:
            self._enter(newer.households[home])

    def _leave(self, there: Household) -> None:
        for device in there.devices:
            self.devices.pop(device.device_id, None)
        for resident in there.residents:
            self.residents.pop(resident.id, None)
            self._forget(resident)

    def _enter(self, there: Household) -> None:
        self.households[there.home.id] = there
        self.devices.update((row.device_id, row) for row in there.devices)
        for resident in there.residents:
            self.residents[resident.id] = resident
            if resident.phone is not None:
                self.numbers[resident.phone].append(resident.id)

    def _forget(self, person: ResidentRow | ResponderRow) -> None:
        """Know a person's number no more."""
        known = [] if person.phone is None else self.numbers.get(person.phone, [])
        if person.id in known:
            known.remove(person.id)


class Registry:
    """Answers from one set of rows; what refers to nothing is passed over."""

    def __init__(self, rows: Rows | None = None) -> None:
        """Build the indexes; about a second for a county."""
        self._index = _Index(rows or Rows())

    @classmethod
    async def load(cls, read: Read) -> Self:
        """Read the database: `read(sql, parameters)` gives the rows of a query."""
        known: dict[object, object] = {}
        tables: dict[str, Any] = {}
        for name, sql in PAGES.items():
            rows: list[AnyRow] = []
            last: object = 0
            is_more = True
            while is_more:  # page by page, so that what was read is let go before more is
                page = await read(sql, (last, PAGE))
                rows += read_table(name, (tuple(row)[1:] for row in page), known)
                last, is_more = page[-1][0] if page else last, len(page) == PAGE
            tables[name] = tuple(rows)
        return cls(Rows(**tables))

    def adopt(self, newer: "Registry") -> None:
        """Become `newer`, at once, for everybody who holds this one."""
        self._index = newer._index  # noqa: SLF001 -- one of us

    def take(self, newer: "Registry", homes: Iterable[str], gone: Iterable[str]) -> None:
        """Become `newer` in these homes, and in the responders it has; a turn of an import.

        The rows as a whole stay those before until `adopt`, or `settle` where it does not come.
        """
        self._index.take(newer._index, homes, gone)  # noqa: SLF001 -- one of us

    def settle(self, newer: "Registry") -> None:
        """Be what was taken of `newer` so far, where the rest of an import was given up."""
        index = self._index
        if not index.is_mixed:
            return
        there = list(index.households.values())
        homeless = (row for row in newer.rows.residents if not row.home)
        rows = Rows(
            homes=tuple(household.home for household in there),
            residents=(*(row for household in there for row in household.residents), *homeless),
            devices=tuple(row for household in there for row in household.devices),
            responders=tuple(index.responders.values()),
            pairings=tuple(row for household in there for row in household.pairings),
        )
        self._index = _Index(rows)

    # --- rows ---------------------------------------------------------------------------------

    @property
    def rows(self) -> Rows:
        """All rows."""
        return self._index.rows

    @property
    def households(self) -> Mapping[str, Household]:
        """The rows of each home."""
        return self._index.households

    @property
    def residents(self) -> Mapping[str, ResidentRow]:
        """Residents by id."""
        return self._index.residents

    @property
    def responders(self) -> Mapping[str, ResponderRow]:
        """Responders by id; no resident has the same one."""
        return self._index.responders

    @property
    def devices(self) -> Mapping[str, DeviceRow]:
        """Devices by the id under which readings come."""
        return self._index.devices

    # --- for the data path --------------------------------------------------------------------

    def home_of(self, device_id: str) -> str | None:
        """Give the home a device is claimed to."""
        device = self._index.devices.get(device_id)
        return None if device is None else device.home

    def is_help_button(self, device_id: str) -> bool:
        """Say whether a device was claimed to call for help."""
        device = self._index.devices.get(device_id)
        return device is not None and device.device_class == "help_button"

    def credentials(self) -> list[Credential]:
        """Give what each device logs in with."""
        devices = self._index.rows.devices
        return [Credential(row.id, row.home, row.secret) for row in devices if row.secret]

    def record(self, home_id: str) -> HomeRecord | None:
        """Give what the core may know of a home; the duty desk comes first."""
        household = self._index.households.get(home_id)
        if household is None:
            return None
        return HomeRecord(
            id=home_id,
            residents=tuple(map(_resident, household.residents)),
            devices=tuple(
                DeviceRecord(row.device_id, row.device_class, row.room, row.resident)
                for row in household.devices
            ),
            responders=tuple(self._responders(household.pairings)),
            slot_hint=_last_digit(household.home.building),
        )

    def _responders(self, pairings: Iterable[PairingRow]) -> Iterable[ResponderRecord]:
        """Give the duty desks, then who is paired, in the order in which they are asked."""
        for desk in self._index.desks:
            yield _responder(desk, 1)
        for pairing in pairings:
            row = self._index.responders[pairing.responder]
            if row.role is not Role.DESK:
                yield _responder(row, pairing.rank)

    # --- for texts ----------------------------------------------------------------------------

    def person_of(self, person_id: str) -> Person | None:
        """Give a responder or a resident as a text needs them."""
        responder = self._index.responders.get(person_id)
        if responder is not None:
            return Person(responder.name, responder.name, responder.phone)
        resident = self._index.residents.get(person_id)
        return None if resident is None else _person(resident)

    def person_by_number(self, number: str) -> str | None:
        """Give the id of whose number this is, however it is spelled; of two, a responder's."""
        try:
            people = self._index.numbers.get(normalise(number))
        except NumberError:
            return None
        return people[0] if people else None

    def sharing(self) -> list[list[str]]:
        """Give the people who have one number together."""
        return [people for people in self._index.numbers.values() if len(people) > 1]

    def residents_of(self, home_id: str) -> list[tuple[str, Person]]:
        """Give the residents of a home with their ids."""
        household = self._index.households.get(home_id)
        return [] if household is None else [(r.id, _person(r)) for r in household.residents]

    def address_of(self, home_id: str) -> str:
        """Give the short address people use (3栋2单元502), empty for an unknown home."""
        household = self._index.households.get(home_id)
        if household is None:
            return ""
        return f"{household.home.building}{household.home.unit}{household.home.room}"

    def device_called(self, device_id: str) -> str:
        """Give what people call a device: room and sort (客厅红外); its id for an unknown one."""
        device = self._index.devices.get(device_id)
        return device_id if device is None else device.room + SORTS[device.device_class]

    def place_of(self, home_id: str) -> Place | None:
        """Give where a home is, as a dispatcher asks it."""
        household = self._index.households.get(home_id)
        if household is None:
            return None
        home = household.home
        return Place(
            district=home.district,
            street=home.street,
            compound=home.compound,
            building=home.building,
            unit=home.unit,
            room=home.room,
            gate=home.gate,
            floor="" if home.floor is None else f"{home.floor}楼",
            lift="" if home.lift is None else "有" if home.lift else "没有",
        )


def _resident(row: ResidentRow) -> ResidentRecord:
    return ResidentRecord(
        row.id,
        can_answer=_can_answer(row),
        heart_rate_low=row.heart_rate_low,
        heart_rate_high=row.heart_rate_high,
        spo2_low=row.spo2_low,
    )


def _can_answer(resident: ResidentRow) -> bool:
    """Whether a call that asks "press 1 if you are well" can be answered at all."""
    return resident.phone is not None and not resident.deaf and not resident.no_speech


def _responder(row: ResponderRow, rank: int) -> ResponderRecord:
    return ResponderRecord(
        row.id, row.role, rank, row.sms, row.voice, row.at_night, row.lifts, row.duty, row.absent
    )


def _person(row: ResidentRow) -> Person:
    return Person(row.name, row.called or row.name, row.phone)


def _last_digit(building: str) -> int:
    """Give the last digit of the building's number, 0 where it has none."""
    digits = re.findall(r"\d", building)
    return int(digits[-1]) if digits else 0
