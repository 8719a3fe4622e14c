"""The proof that an alarm ends at a human: what it finds, and what it refuses."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from alerting.coverage import (
    Contact,
    Lack,
    Sort,
    Terms,
    hazards,
    prove,
    refused,
    without_name,
)
from alerting.effect import Medium
from alerting.policy import FIRE, HELP, LISTED, SOFT, Aim, Policy, Step, Whom, mistakes
from alerting.record import ResponderRecord, Role

EVERY = frozenset({Medium.SMS, Medium.VOICE, Medium.CONSOLE})
POLICIES = {"smoke": FIRE, "fall": HELP, "no_motion": SOFT, "low_battery": LISTED}
TERMS = Terms(hazards(POLICIES), EVERY, 400)
KINDS = ("smoke", "fall", "no_motion")


def one(role: Role, *, is_good: bool = True, stairs: bool = True, **flags: bool) -> Contact:
    """A person; their place is given when they stand in a home."""
    record = msgspec.structs.replace(ResponderRecord("", role), **flags)
    return Contact(record, is_good=is_good, stairs=stairs, phone=-1)


def home(*people: Contact, is_upstairs: bool = False) -> Sort:
    """A home with these people, each with a telephone of their own."""
    contacts = tuple(
        person._replace(record=without_name(person.record, place), phone=place)
        for place, person in enumerate(people)
    )
    return Sort(contacts, is_upstairs)


DESK, POST, NEIGHBOUR = one(Role.DESK), one(Role.POST), one(Role.NEIGHBOUR)
SLEEPING_DESK = one(Role.DESK, at_night=False)
SLEEPER = one(Role.NEIGHBOUR, at_night=False)


def found(sort: Sort, terms: Terms = TERMS) -> set[tuple[str, str, bool]]:
    """What is missing, at which hazard, and whether at night."""
    return {(m.lack, m.kind, m.is_night) for m in prove(sort, terms).missing}


def at(
    lack: Lack, *kinds: str, nights: tuple[bool, ...] = (False, True)
) -> set[tuple[str, str, bool]]:
    """The same for some hazards."""
    return {(lack, kind, night) for kind in kinds for night in nights}


NIGHT = (True,)


def test_a_home_that_lacks_nothing_has_no_gap() -> None:
    """Nothing is invented."""
    assert set() == found(home(DESK, NEIGHBOUR, NEIGHBOUR, POST))


GAPS = {
    "nobody": (home(), at(Lack.NOBODY, *KINDS)),
    "only the family": (home(one(Role.FAMILY)), at(Lack.NOBODY, *KINDS)),
    "only neighbours": (home(NEIGHBOUR, NEIGHBOUR), at(Lack.UNSTAFFED, *KINDS)),
    "only the desk": (home(DESK), at(Lack.NO_GOER, *KINDS)),
    "a desk that sleeps": (
        home(SLEEPING_DESK, NEIGHBOUR, NEIGHBOUR),
        at(Lack.UNSTAFFED, *KINDS, nights=NIGHT),
    ),
    "neighbours who sleep": (
        home(DESK, SLEEPER, SLEEPER),
        at(Lack.NIGHT, *KINDS, nights=NIGHT),
    ),
    "nobody who lifts": (
        home(DESK, one(Role.NEIGHBOUR, lifts=False), one(Role.NEIGHBOUR, lifts=False)),
        at(Lack.UNABLE, "fall"),
    ),
    "nobody for the stairs": (
        home(DESK, *[one(Role.NEIGHBOUR, stairs=False)] * 2, is_upstairs=True),
        at(Lack.UNABLE, *KINDS),
    ),
    "one for a fire": (home(DESK, NEIGHBOUR), at(Lack.ALONE, "smoke")),
    "a screen is no telephone": (
        home(one(Role.DESK, voice=False), NEIGHBOUR, NEIGHBOUR),
        at(Lack.UNSTAFFED, *KINDS),
    ),
    "a number that is no number": (
        home(DESK, one(Role.NEIGHBOUR, is_good=False), NEIGHBOUR, NEIGHBOUR),
        at(Lack.NUMBER, ""),
    ),
    "who takes nothing": (
        home(DESK, one(Role.NEIGHBOUR, sms=False, voice=False), NEIGHBOUR, NEIGHBOUR),
        at(Lack.MUTE, ""),
    ),
}


@pytest.mark.parametrize("name", GAPS)
def test_each_gap_is_found_alone(name: str) -> None:
    """At the hazards and the hours it is about, and at no other."""
    sort, expected = GAPS[name]
    assert expected == found(sort)


def test_two_with_one_telephone_are_one() -> None:
    """Man and wife: nobody goes alone to a fire."""
    sort = home(DESK, NEIGHBOUR, NEIGHBOUR)
    wife = sort.contacts[2]._replace(phone=1)
    sort = sort._replace(contacts=(*sort.contacts[:2], wife))
    assert at(Lack.SHARED, "") | at(Lack.ALONE, "smoke") == found(sort)


def test_a_number_that_is_no_good_takes_nobodys_place() -> None:
    """Two are called on the first rung, and both can be reached."""
    broken = one(Role.NEIGHBOUR, is_good=False)
    proof = prove(home(DESK, broken, broken, NEIGHBOUR, NEIGHBOUR), TERMS)
    first = proof.ladders["smoke", False][0]
    assert [0, 3, 4] == [call.person for call in first.calls]


def test_a_rung_begins_when_its_waits_have_passed() -> None:
    """The window of a soft hazard counts; a call is given up after 90 s, and made once a round."""
    ladders = prove(home(DESK, *[NEIGHBOUR] * 6, POST), TERMS).ladders
    assert [(0, 90), (30, 120), (60, 150), (90, 90)] == [
        (rung.starts, rung.ends) for rung in ladders["smoke", False]
    ]
    assert [120, 300, 900] == [rung.starts for rung in ladders["no_motion", True]]


def test_a_staffed_place_on_a_late_rung_is_late() -> None:
    """By day the desk has it at once; at night the gatehouse only on the second rung."""
    sort = home(SLEEPING_DESK, NEIGHBOUR, NEIGHBOUR, POST)
    assert 390 == prove(sort, TERMS).told["no_motion", True]
    assert at(Lack.LATE, "no_motion", nights=NIGHT) == found(sort, TERMS._replace(within=389))


def _only(*aims: Aim) -> Policy:
    return replace(FIRE, steps=(Step(aims, 60.0),))


def test_a_policy_whose_staffed_place_has_only_a_screen_is_refused() -> None:
    """It is well-formed, and would go round for ever without waking anybody there."""
    policy = _only(Aim(Whom.DESK, (Medium.CONSOLE,)), Aim(Whom.NEIGHBOURS))
    assert [] == mistakes(policy)
    assert {"smoke": Lack.UNSTAFFED} == refused(TERMS._replace(policies={"smoke": policy}))


def test_a_policy_over_media_nobody_carries_is_refused() -> None:
    """Every hazard would end on a screen."""
    silent = TERMS._replace(media=frozenset({Medium.CONSOLE}))
    assert dict.fromkeys(KINDS, Lack.NOBODY) == refused(silent)


def test_the_policies_that_come_with_the_rules_are_not_refused() -> None:
    """A home that lacks nothing is safe with them."""
    assert {} == refused(TERMS)


def week(start: str) -> list[tuple[datetime, bool]]:
    """The half hours of a week in Shanghai; night is from ten to seven."""
    first = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    times = [first + timedelta(minutes=30) * n for n in range(7 * 48)]
    return [(at, not 7 <= at.hour < 22) for at in times]


def hours(sort: Sort, lack: Lack) -> list[str]:
    """When something is missing, day and hour."""
    hours = week("2027-02-01")  # a Monday
    missing = [one for one in prove(sort, TERMS, hours).missing if one.lack is lack]
    numbers = sorted({number for one in missing for number in one.slot.hours})
    return [f"{hours[number][0]:%a %H:%M}" for number in numbers]


def test_a_hole_in_the_roster_is_found_at_its_hour() -> None:
    """Between six and half past seven on Saturday evening nobody is at the desk."""
    day = one(Role.DESK)._replace(record=ResponderRecord("", Role.DESK, duty="1-7 08:00-18:00"))
    night = ResponderRecord("", Role.DESK, duty="1-5 18:00-08:00, 6 19:30-08:00, 7 18:00-08:00")
    sort = home(day, day._replace(record=night), NEIGHBOUR, NEIGHBOUR)
    expected = ["Sat 18:00", "Sat 18:30", "Sat 19:00"]
    assert (expected, expected) == (hours(sort, Lack.SHIFT), hours(sort, Lack.UNSTAFFED))


def test_who_is_away_is_nobody_to_go() -> None:
    """On the days of the festival, and on no other."""
    away = ResponderRecord("", Role.NEIGHBOUR, absent="2027-02-03")
    sort = home(DESK, NEIGHBOUR._replace(record=away))
    assert {"Wed"} == {when.split()[0] for when in hours(sort, Lack.NO_GOER)}
    assert 48 == len(hours(sort, Lack.ABSENT))
