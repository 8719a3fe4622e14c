"""Coverage of a registry: for every home, hazard and hour to come, who would be reached.

`alerting/coverage.py` proves a sort of home; here homes are sorted, hours are told apart by day and
night in local time (a day of 23 or 25 hours has them), and what is missing is gathered by what an
operator can do about it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerting.coverage import (
    Contact,
    Lack,
    Proof,
    Rung,
    Sort,
    Terms,
    hazards,
    prove,
    refused,
    without,
    without_name,
)
from alerting.numbers import NumberError, normalise
from alerting.record import Role
from alerting.rules.no_motion import NoMotionParams, is_day
from alerting.settings import RULES
from gateway.check import DATABASE, media_of, stored
from gateway.config import Config
from gateway.registry import Household, Registry

STEP = timedelta(minutes=30)
"""How finely time is looked at: a shift begins and ends on a full or a half hour."""

GROUND_FLOOR = 1
Advance = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


class Span(NamedTuple):
    """Hours that follow on one another, in local time; `until` is no longer of them."""

    since: datetime
    until: datetime


class Gap(NamedTuple):
    """What is missing at these hazards in these hours; `people` are by home, where it is people."""

    lack: Lack
    kinds: tuple[str, ...]
    spans: tuple[Span, ...]
    hours: float
    homes: tuple[str, ...]
    people: Mapping[str, tuple[str, ...]]


class Ladder(NamedTuple):
    """A chain at its worst, how many homes have it, and the seconds to a staffed place."""

    kind: str
    is_night: bool
    homes: int
    example: str
    told: float | None
    rungs: tuple[Rung, ...]
    people: tuple[str, ...]


class Coverage(NamedTuple):
    """Everything that was proved; `refused` are policies no registry can mend."""

    homes: int
    sorts: int
    hours: float
    within: float
    refused: Mapping[str, Lack]
    gaps: tuple[Gap, ...]
    ladders: tuple[Ladder, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing anywhere."""
        return not self.refused and not self.gaps


class _Home(NamedTuple):
    home_id: str
    people: tuple[str, ...]


Sorted = Mapping[Sort, list[_Home]]


def survey(config: Config, now: datetime, days: int, within: float, advance: Advance) -> Coverage:
    """Prove the registry in the state folder; raises sqlite3.Error where it cannot be read."""
    registry = stored(Path(config.state.folder) / DATABASE)
    policies = hazards({kind: getattr(config.policies, kind) for kind in RULES})
    params = config.rules.no_motion  # type: ignore[attr-defined]
    zone = ZoneInfo(config.community.timezone)
    terms = Terms(policies, media_of(config), within)
    return proved(registry, terms, nights(params, zone, now, days), advance)


def nights(
    params: NoMotionParams, zone: ZoneInfo, now: datetime, days: int
) -> list[tuple[datetime, bool]]:
    """List the half hours of the days to come in local time, and whether each is of the night."""
    first = now.replace(minute=0, second=0, microsecond=0)
    hours = (first + STEP * n for n in range(days * 48))
    return [(hour.astimezone(zone), not is_day(hour, params, zone)) for hour in hours]


def proved(
    registry: Registry, terms: Terms, hours: list[tuple[datetime, bool]], advance: Advance
) -> Coverage:
    """Prove every home of a registry for these hours."""
    failing = refused(terms)
    sorts = _sorted(registry, advance)
    kept = without(terms, failing)
    proofs = {}
    for count, sort in enumerate(sorts, start=1):
        proofs[sort] = prove(sort, kept, hours)
        advance("推算 proving", count, len(sorts))
    return Coverage(
        homes=len(registry.households),
        sorts=len(sorts),
        hours=_hours(hours),
        within=terms.within,
        refused=failing,
        gaps=tuple(_gathered(sorts, proofs, hours)),
        ladders=tuple(_ladders(sorts, proofs)),
    )


def _sorted(registry: Registry, advance: Advance) -> Sorted:
    """Put homes together whose people differ in nothing but their names."""
    sorts: defaultdict[Sort, list[_Home]] = defaultdict(list)
    total = len(registry.households)
    good = {row.id: _is_good(row.phone) for row in registry.rows.responders}
    for count, (home_id, household) in enumerate(registry.households.items(), start=1):
        contacts, people = _contacts(registry, home_id, good)
        sorts[Sort(contacts, _is_upstairs(household))].append(_Home(home_id, people))
        if count % 500 == 0 or count == total:
            advance("分类 sorting", count, total)
    return sorts


def _contacts(
    registry: Registry, home_id: str, good: Mapping[str, bool]
) -> tuple[tuple[Contact, ...], tuple[str, ...]]:
    record = registry.record(home_id)
    assert record is not None
    found: list[Contact] = []
    phones: dict[str, int] = {}
    called = [person for person in record.responders if person.role is not Role.INSTALLER]
    for place, person in enumerate(called):
        row = registry.responders[person.id]
        first = phones.setdefault(row.phone, place)
        found.append(Contact(without_name(person, place), good[person.id], row.stairs, first))
    return tuple(found), tuple(person.id for person in called)


def _is_upstairs(household: Household) -> bool:
    """Say whether only stairs lead to the door; what nobody has written down does not count."""
    floor = household.home.floor
    return floor is not None and floor > GROUND_FLOOR and household.home.lift is False


def _is_good(phone: str) -> bool:
    """Say whether a number can be dialled."""
    try:
        return normalise(phone) == phone
    except NumberError:
        return False


# --- gathering ------------------------------------------------------------------------------------


def _gathered(
    sorts: Sorted, proofs: Mapping[Sort, Proof], hours: list[tuple[datetime, bool]]
) -> Iterator[Gap]:
    """Put together what one errand mends: the same lack at the same hazards in the same hours."""
    found: defaultdict[tuple[Lack, tuple[str, ...], frozenset[int]], dict[str, tuple[str, ...]]]
    found = defaultdict(dict)
    for sort, homes in sorts.items():
        for (lack, kinds, times), places in _of_sort(proofs[sort]).items():
            for home in homes:
                those = tuple(home.people[place] for place in places)
                found[lack, kinds, times][home.home_id] = those
    order = list(Lack)
    for lack, kinds, times in sorted(found, key=lambda key: (order.index(key[0]), key[1])):
        people = found[lack, kinds, times]
        wanted = [hours[number][0] for number in sorted(times)]
        if wanted:
            yield Gap(*(lack, kinds, tuple(_spans(wanted)), _hours(wanted)), tuple(people), people)


def _of_sort(
    proof: Proof,
) -> dict[tuple[Lack, tuple[str, ...], frozenset[int]], tuple[int, ...]]:
    """Turn what is missing by hazard and hour about: hazards and hours by what is missing."""
    times: defaultdict[tuple[Lack, str], set[int]] = defaultdict(set)
    people: dict[Lack, tuple[int, ...]] = {}
    for one in proof.missing:
        times[one.lack, one.kind].update(one.slot.hours)
        people[one.lack] = tuple(sorted({*people.get(one.lack, ()), *one.people}))
    kinds: defaultdict[tuple[Lack, frozenset[int]], list[str]] = defaultdict(list)
    for (lack, kind), when in times.items():
        kinds[lack, frozenset(when)].append(kind)
    return {
        (lack, tuple(sorted(kind for kind in of if kind)), when): people[lack]
        for (lack, when), of in kinds.items()
    }


def _hours(steps: Sequence[object]) -> float:
    return len(steps) * (STEP / timedelta(hours=1))


def _spans(hours: list[datetime]) -> Iterator[Span]:
    """Join hours that follow on one another, as instants: a clock is put back once a year."""
    since = last = hours[0]
    for hour in hours[1:]:
        if hour.timestamp() - last.timestamp() > STEP.total_seconds():
            yield Span(since, _after(last))
            since = hour
        last = hour
    yield Span(since, _after(last))


def _after(hour: datetime) -> datetime:
    """Give the local time a step later."""
    return datetime.fromtimestamp(hour.timestamp() + STEP.total_seconds(), hour.tzinfo)


def _ladders(sorts: Sorted, proofs: Mapping[Sort, Proof]) -> Iterator[Ladder]:
    for sort, homes in sorts.items():
        for (kind, is_night), rungs in proofs[sort].ladders.items():
            told = proofs[sort].told[kind, is_night]
            first = homes[0]
            yield Ladder(kind, is_night, len(homes), first.home_id, told, rungs, first.people)
