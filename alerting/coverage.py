"""Who would be reached, if it happened in that hour: proved by climbing the real ladder.

For a home, a hazard and an hour the ladder is climbed once round with nobody answering, which is
the slowest it can be, and what it orders is looked at: whom it rings, over what, and when at the
latest. Nothing of the ladder is modelled a second time here, so that the proof cannot come to
believe in another ladder than the one that runs.

A county has few sorts of home: those whose people differ only in their names are proved once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import inf
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from alerting import escalation
from alerting.alarm import Alarm
from alerting.effect import Medium, Submit
from alerting.home import Barred, HomeState
from alerting.notification import STATUS_WITHIN
from alerting.policy import Policy, Priority
from alerting.record import HomeRecord, ResponderRecord, Role
from alerting.roster import FELL, Scene
from alerting.shifts import is_absent, is_on_duty

_PHONES = (Medium.SMS, Medium.VOICE)
_STAFFED = frozenset({Role.DESK, Role.POST})
_GOING = frozenset({Role.NEIGHBOUR, Role.POST})
_AT = datetime(2020, 1, 1, tzinfo=UTC)
ANY_DAY = ((_AT, False), (_AT, True))
"""Any instant, awake and asleep: for people without shifts what is proved is how long it takes."""

_UTC = ZoneInfo("UTC")

FEWEST_AT_A_FIRE = 2
"""Nobody goes alone to fire or gas (PEOPLE)."""


class Lack(StrEnum):
    """What is missing."""

    NOBODY = "nobody"
    UNSTAFFED = "unstaffed"
    NO_GOER = "no_goer"
    NIGHT = "night"
    UNABLE = "unable"
    ALONE = "alone"
    LATE = "late"
    NUMBER = "number"
    MUTE = "mute"
    SHARED = "shared"
    SHIFT = "shift"
    ABSENT = "absent"


class Contact(NamedTuple):
    """One person of a home, without a name: `record.id` is their place in the home's order.

    `is_good` says that the number can be dialled, `phone` is the place of the first person who has
    the same number.
    """

    record: ResponderRecord
    is_good: bool
    stairs: bool
    phone: int


class Sort(NamedTuple):
    """A sort of home: whom it has, and whether its door is up stairs."""

    contacts: tuple[Contact, ...]
    is_upstairs: bool


class Terms(NamedTuple):
    """What is proved: policies by hazard, the media in use, and how late is too late (seconds)."""

    policies: Mapping[str, Policy]
    media: frozenset[Medium]
    within: float


class Call(NamedTuple):
    """One person rung on a rung; `media` are those that reach a telephone."""

    person: int
    media: tuple[Medium, ...]


class Rung(NamedTuple):
    """A rung at its worst: when it starts, when its calls have an end, and whom it reaches.

    Seconds after the hazard was found. A call that has no end of its own is given up then.
    """

    starts: float
    ends: float
    calls: tuple[Call, ...]


class Slot(NamedTuple):
    """Hours in which the same people are there: their places in the list of hours, and one of them.

    `off` are the places of those who are off duty or away.
    """

    at: datetime
    is_night: bool
    off: frozenset[int]
    hours: tuple[int, ...]


class Missing(NamedTuple):
    """Something missing at this hazard; `people` are places in the home's order."""

    lack: Lack
    kind: str
    slot: Slot
    people: tuple[int, ...] = ()

    @property
    def is_night(self) -> bool:
        """Whether people sleep then."""
        return self.slot.is_night


class Proof(NamedTuple):
    """What holds for a sort of home: by hazard and day or night its slowest ladder; what lacks."""

    ladders: Mapping[tuple[str, bool], tuple[Rung, ...]]
    told: Mapping[tuple[str, bool], float | None]
    missing: tuple[Missing, ...]


def hazards(policies: Mapping[str, Policy]) -> dict[str, Policy]:
    """Give the kinds of alarm that call for people; a trouble is a line on a list."""
    return {k: p for k, p in policies.items() if p.priority is not Priority.TROUBLE}


def refused(terms: Terms) -> dict[str, Lack]:
    """Give the hazards whose policy fails even a home that lacks nothing, and what it leaves out.

    Such a policy ends in silence, or goes round for ever without ringing anybody who is awake at a
    staffed place; no registry can mend it.
    """
    roles = (Role.DESK, *([Role.NEIGHBOUR] * 6), Role.POST, Role.FAMILY)
    whole = Sort(
        tuple(
            Contact(ResponderRecord(str(place), role), is_good=True, stairs=True, phone=place)
            for place, role in enumerate(roles)
        ),
        is_upstairs=True,
    )
    grave = (Lack.NOBODY, Lack.UNSTAFFED, Lack.NO_GOER)
    missing = prove(whole, terms).missing
    return {one.kind: one.lack for one in reversed(missing) if one.lack in grave}


def prove(sort: Sort, terms: Terms, hours: Sequence[tuple[datetime, bool]] = ANY_DAY) -> Proof:
    """Climb every ladder for a sort of home, once for all hours in which the same are there.

    `hours` are local times, each with whether people sleep then.
    """
    ladders: dict[tuple[str, bool], tuple[Rung, ...]] = {}
    slowest: dict[tuple[str, bool], float | None] = {}
    missing: list[Missing] = []
    for slot in _slots(sort, hours):
        missing += _contacts(sort, slot)
        climbed: dict[tuple[Policy, bool], tuple[Rung, ...]] = {}
        for kind, policy in hazards(terms.policies).items():
            alike = (policy, kind in FELL)
            if alike not in climbed:
                climbed[alike] = tuple(_climb(sort, kind, policy, terms, slot))
            rungs = climbed[alike]
            told = reached(sort, rungs, slot)
            when = (kind, slot.is_night)
            if when not in slowest or _slowness(told) > _slowness(slowest[when]):
                ladders[when], slowest[when] = rungs, told
            missing += [
                Missing(lack, kind, slot) for lack in _lacks(sort, rungs, kind, policy, slot)
            ]
            if told is not None and told > terms.within:
                missing.append(Missing(Lack.LATE, kind, slot))
    return Proof(ladders, slowest, tuple(missing))


def _slots(sort: Sort, hours: Sequence[tuple[datetime, bool]]) -> Iterator[Slot]:
    """Put hours together in which the same people are there."""
    bound = [
        (place, contact.record)
        for place, contact in enumerate(sort.contacts)
        if contact.record.duty or contact.record.absent
    ]
    found: defaultdict[tuple[bool, frozenset[int]], list[int]] = defaultdict(list)
    for number, (at, is_night) in enumerate(hours):
        off = (place for place, who in bound if not is_on_duty(who.duty, who.absent, at))
        found[is_night, frozenset(off)].append(number)
    for (is_night, gone), numbers in found.items():
        yield Slot(hours[numbers[0]][0], is_night, gone, tuple(numbers))


def _contacts(sort: Sort, slot: Slot) -> Iterator[Missing]:
    """Find people who stand in the chain and cannot be reached, whatever happens."""
    found: dict[Lack, list[int]] = {
        lack: [] for lack in (Lack.NUMBER, Lack.MUTE, Lack.SHARED, Lack.SHIFT, Lack.ABSENT)
    }
    for role in _STAFFED:
        places = [p for p, contact in enumerate(sort.contacts) if contact.record.role is role]
        if places and slot.off.issuperset(places):
            found[Lack.SHIFT] += places
    for place, contact in enumerate(sort.contacts):
        if contact.record.role is Role.NEIGHBOUR and is_absent(contact.record.absent, slot.at):
            found[Lack.ABSENT].append(place)
        if not contact.is_good:
            found[Lack.NUMBER].append(place)
        elif not contact.record.sms and not contact.record.voice:
            found[Lack.MUTE].append(place)
        elif contact.phone != place:
            found[Lack.SHARED].append(place)
    for lack, people in found.items():
        if people:
            yield Missing(lack, "", slot, tuple(sorted(people)))


def _climb(sort: Sort, kind: str, policy: Policy, terms: Terms, slot: Slot) -> Iterator[Rung]:
    """Climb a ladder once round, nobody answering; a number that is no good is known to be so."""
    responders = tuple(contact.record for contact in sort.contacts)
    barred = tuple(
        Barred(contact.record.id, medium)
        for contact in sort.contacts
        for medium in _PHONES
        if medium not in terms.media or not contact.is_good
    )
    home = HomeState(HomeRecord("home", responders=responders), armed_at=slot.at)
    home.barred = barred
    alarm = Alarm("alarm", "home", kind, policy, raised_at=slot.at)
    at = policy.cancel_window_seconds
    zone = slot.at.tzinfo if isinstance(slot.at.tzinfo, ZoneInfo) else _UTC
    began = slot.at.astimezone(UTC)
    scene = Scene(home, began + timedelta(seconds=at), slot.is_night, zone=zone)
    effects = list(escalation.begin(alarm, scene))
    for step in policy.steps[1:]:
        yield _rung(at, effects)
        assert alarm.ladder_due is not None
        at = (alarm.ladder_due - began).total_seconds()
        scene = Scene(home, alarm.ladder_due, slot.is_night, zone=zone)
        effects = list(escalation.climb(alarm, scene))
        assert alarm.policy.steps[alarm.rung] is step
    yield _rung(at, effects)


def _rung(at: float, effects: Iterable[object]) -> Rung:
    media: dict[int, list[Medium]] = {}
    for effect in effects:
        if isinstance(effect, Submit) and effect.medium in _PHONES:
            media.setdefault(int(effect.person_id), []).append(effect.medium)
    longest = max(
        (STATUS_WITHIN[m].total_seconds() for rung in media.values() for m in rung), default=0.0
    )
    return Rung(at, at + longest, tuple(Call(who, tuple(m)) for who, m in media.items()))


def _lacks(
    sort: Sort, rungs: tuple[Rung, ...], kind: str, policy: Policy, slot: Slot
) -> Iterator[Lack]:
    """Say what a round of this ladder leaves out in such an hour.

    A desk or a post that is not there at night is rung all the same, and counts for nothing. A
    neighbour who did not tick the night is rung too, and has not promised to wake.
    """
    rung = {call.person for one in rungs for call in one.calls}
    people = [sort.contacts[place] for place in sorted(rung - slot.off)]
    awake = [contact for contact in people if contact.record.at_night or not slot.is_night]
    staffed = [contact for contact in awake if contact.record.role in _STAFFED]
    neighbours = [contact for contact in people if contact.record.role is Role.NEIGHBOUR]
    if not staffed and not neighbours:
        yield Lack.NOBODY
        return
    if not staffed:
        yield Lack.UNSTAFFED
    going = [contact for contact in awake if contact.record.role in _GOING]
    able = [contact for contact in going if _is_able(contact, sort, kind)]
    if not going:
        yield Lack.NIGHT if neighbours else Lack.NO_GOER
    elif not able:
        yield Lack.UNABLE
    elif policy.hand_over == "119" and len({c.phone for c in able}) < FEWEST_AT_A_FIRE:
        yield Lack.ALONE


def _is_able(contact: Contact, sort: Sort, kind: str) -> bool:
    """Say whether somebody can do what the hazard asks, at that door."""
    return (contact.stairs or not sort.is_upstairs) and (contact.record.lifts or kind not in FELL)


def _slowness(told: float | None) -> float:
    return inf if told is None else told


def reached(sort: Sort, rungs: tuple[Rung, ...], slot: Slot) -> float | None:
    """Give the seconds after which somebody awake at a staffed place has been reached, at worst."""
    for rung in rungs:
        ends = [
            rung.starts + max(STATUS_WITHIN[medium].total_seconds() for medium in call.media)
            for call in rung.calls
            if sort.contacts[call.person].record.role in _STAFFED
            and (sort.contacts[call.person].record.at_night or not slot.is_night)
            and call.person not in slot.off
        ]
        if ends:
            return min(ends)
    return None


def without_name(record: ResponderRecord, place: int) -> ResponderRecord:
    """Give a person as their place in the home's order, so that homes alike are equal."""
    return msgspec.structs.replace(record, id=str(place), rank=1)


def without(terms: Terms, kinds: Iterable[str]) -> Terms:
    """Leave hazards out whose policy is refused: every home would lack the same."""
    left_out = frozenset(kinds)
    kept = {kind: policy for kind, policy in terms.policies.items() if kind not in left_out}
    return terms._replace(policies=kept)
