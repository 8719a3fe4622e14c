"""A generated county with known gaps, written straight into the registry's tables.

It shares no code with the checker: who is missing is written down by whoever takes them away. A
healthy home has three neighbours of its compound and the gatehouse; the desk is there by day and,
where `is_desk_always`, at night. A home with a gap has people of its own, so that a gap stays where
it was made.
"""

import random
import sqlite3
from collections.abc import Callable
from typing import NamedTuple

FIRES = frozenset({"smoke", "gas", "co", "heat"})
FALLS = frozenset({"fall", "fall_suspected"})
OTHERS = frozenset({"help_call", "no_motion", "heart_rate", "spo2", "water_leak"})
EVERY = FIRES | FALLS | OTHERS
OF_PEOPLE = frozenset({""})
"""A gap that is a person's, whatever happens."""

COMPOUND = 40
"""Homes that share a gatehouse and a dozen volunteers."""

NIGHT, DAY = True, False


class Known(NamedTuple):
    """One thing missing: at which home, what, at which hazard, and whether by night."""

    home: str
    lack: str
    kind: str
    is_night: bool


class Person(NamedTuple):
    """A responder's row, in the order of the table."""

    id: str
    name: str
    role: str
    phone: str
    sms: int = 1
    voice: int = 1
    at_night: int = 1
    stairs: int = 1
    lifts: int = 1
    duty: str = ""
    absent: str = ""


class County:
    """Rows on their way into a database, and what was made missing; equal seeds give equal ones."""

    def __init__(self, homes: int, gaps: int, seed: int, *, is_desk_always: bool) -> None:
        """Make so many homes and spread so many gaps over them, of each kind alike."""
        self.known: set[Known] = set()
        self.counts: dict[str, int] = {}
        self._dice = random.Random(seed)
        self._numbers = 0
        self._is_desk_always = is_desk_always
        self._homes: list[tuple[object, ...]] = []
        self._pairings: list[tuple[str, str, int]] = []
        self._people = [self._person("desk", "desk", at_night=int(is_desk_always))]
        spoiled = self._dice.sample(range(homes), gaps)
        kinds = {n: place % len(self._makers()) for place, n in enumerate(spoiled)}
        volunteers: list[Person] = []
        gate = self._people[0]
        for n in range(homes):
            if n % COMPOUND == 0:
                volunteers = [self._add(f"v{n}-{v}", "neighbour") for v in range(12)]
                gate = self._add(f"gate{n}", "post")
            home = f"home{n:05d}"
            if n in kinds:
                make = self._makers()[kinds[n]]
                name = make.__name__.removeprefix("_make_")
                self.counts[name] = self.counts.get(name, 0) + 1
                make(home)
            else:
                self._home(home, [*self._dice.sample(volunteers, 3), gate])

    def write(self, connection: sqlite3.Connection) -> None:
        """Put every row where the gateway would."""
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO homes VALUES (?, '', ?, '1单元', ?, ?, ?, '', '', '', '')", self._homes
        )
        connection.executemany(
            "INSERT INTO residents VALUES "
            "(?, ?, '张桂芳', '', NULL, NULL, NULL, 0, 0, '', NULL, NULL, NULL)",
            [(f"r-{row[0]}", row[0]) for row in self._homes],
        )
        connection.executemany(
            "INSERT INTO devices VALUES (?, 'own', ?, 'smoke', '', NULL, NULL)",
            [(f"s-{row[0]}", row[0]) for row in self._homes],
        )
        connection.executemany(
            "INSERT INTO responders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self._people
        )
        connection.executemany("INSERT INTO pairings VALUES (?, ?, ?)", self._pairings)
        connection.execute("COMMIT")

    # --- rows ---------------------------------------------------------------------------------

    def _person(self, person_id: str, role: str, **flags: int) -> Person:
        self._numbers += 1
        return Person(
            *(person_id, "李明", role, f"+86139{self._numbers:08d}"),
            sms=flags.get("sms", 1),
            voice=flags.get("voice", 1),
            at_night=flags.get("at_night", 1),
            stairs=flags.get("stairs", 1),
            lifts=flags.get("lifts", 1),
        )

    def _add(self, person_id: str, role: str, **flags: int) -> Person:
        person = self._person(person_id, role, **flags)
        self._people.append(person)
        return person

    def _own(self, home: str, **flags: int) -> list[Person]:
        """Give a home three neighbours that no other home has."""
        return [self._add(f"{home}-n{n}", "neighbour", **flags) for n in range(3)]

    def _post(self, home: str, **flags: int) -> Person:
        return self._add(f"{home}-p", "post", **flags)

    def _home(self, home: str, people: list[Person], *, is_walk_up: bool = False) -> None:
        floor, lift = (5, 0) if is_walk_up else self._dice.choice([(1, 0), (5, 1), (5, None)])
        building, room = f"{self._dice.randint(1, 30)}栋", f"{self._dice.randint(101, 909)}"
        self._homes.append((home, building, room, floor, lift))
        self._pairings += [(home, person.id, rank) for rank, person in enumerate(people, 1)]

    def _know(self, home: str, lack: str, kinds: frozenset[str], *nights: bool) -> None:
        self.known |= {Known(home, lack, kind, night) for kind in kinds for night in nights}

    # --- gaps ---------------------------------------------------------------------------------

    def _makers(self) -> list[Callable[[str], None]]:
        return [
            *(self._make_nobody, self._make_unstaffed, self._make_night, self._make_no_lifting),
            *(self._make_no_stairs, self._make_alone, self._make_number, self._make_mute),
            *(self._make_shared, self._make_closed_post, self._make_shift, self._make_absent),
        ]

    def _make_nobody(self, home: str) -> None:
        self._home(home, [])
        self._know(home, "no_goer", EVERY, DAY)
        self._know(home, "no_goer" if self._is_desk_always else "nobody", EVERY, NIGHT)

    def _make_unstaffed(self, home: str) -> None:
        """No gatehouse: a gap where the desk sleeps."""
        self._home(home, self._own(home))
        if not self._is_desk_always:
            self._know(home, "unstaffed", EVERY, NIGHT)

    def _make_night(self, home: str) -> None:
        self._home(home, self._own(home, at_night=0))
        self._know(home, "night", EVERY, NIGHT)
        if not self._is_desk_always:
            self._know(home, "unstaffed", EVERY, NIGHT)

    def _make_no_lifting(self, home: str) -> None:
        self._home(home, [*self._own(home, lifts=0), self._post(home, lifts=0)])
        self._know(home, "unable", FALLS, DAY, NIGHT)

    def _make_no_stairs(self, home: str) -> None:
        people = [*self._own(home, stairs=0), self._post(home, stairs=0)]
        self._home(home, people, is_walk_up=True)
        self._know(home, "unable", EVERY, DAY, NIGHT)

    def _make_alone(self, home: str) -> None:
        self._home(home, [self._post(home)])
        self._know(home, "alone", FIRES, DAY, NIGHT)

    def _make_number(self, home: str) -> None:
        broken = self._add(f"{home}-x", "neighbour")
        self._people[-1] = broken._replace(phone=self._dice.choice(["12345", "", "120"]))
        self._home(home, [broken, *self._own(home), self._post(home)])
        self._know(home, "number", OF_PEOPLE, DAY, NIGHT)

    def _make_mute(self, home: str) -> None:
        mute = self._add(f"{home}-x", "neighbour", sms=0, voice=0)
        self._home(home, [*self._own(home), mute, self._post(home)])
        self._know(home, "mute", OF_PEOPLE, DAY, NIGHT)

    def _make_shared(self, home: str) -> None:
        """Man and wife with one telephone."""
        people = [*self._own(home), self._post(home)]
        both = self._add(f"{home}-x", "neighbour")
        self._people[-1] = both._replace(phone=people[0].phone)
        self._home(home, [*people, both])
        self._know(home, "shared", OF_PEOPLE, DAY, NIGHT)

    def _make_shift(self, home: str) -> None:
        """A gatehouse with nobody on it at night, and neighbours who wake."""
        self._home(home, [*self._own(home), self._on_shift(home)])
        self._know(home, "shift", OF_PEOPLE, NIGHT)
        if not self._is_desk_always:
            self._know(home, "unstaffed", EVERY, NIGHT)

    def _on_shift(self, home: str) -> Person:
        post = self._post(home)
        self._people[-1] = post._replace(duty="1-7 07:00-22:00")
        return post

    def _make_absent(self, home: str) -> None:
        """One of three neighbours is with the children in the city, and two are left."""
        people = [*self._own(home), self._post(home)]
        self._people[-2] = people[2]._replace(absent="2000-01-01/2099-12-31")
        self._home(home, people)
        self._know(home, "absent", OF_PEOPLE, DAY, NIGHT)

    def _make_closed_post(self, home: str) -> None:
        """A gatehouse that closes, and a single neighbour who wakes: no two for a fire at night."""
        people = self._own(home, at_night=0)
        waking = self._add(f"{home}-w", "neighbour")
        self._home(home, [*people, waking, self._post(home, at_night=0)])
        self._know(home, "alone", FIRES, NIGHT)
        if not self._is_desk_always:
            self._know(home, "unstaffed", EVERY, NIGHT)
