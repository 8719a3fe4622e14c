"""Who is on duty is rung; where nobody is, everybody is."""

from datetime import timedelta

import msgspec

from alerting.effect import Medium
from alerting.record import HomeRecord, ResponderRecord, Role
from tests.stories.world import MORNING, World, home, patient

MIDNIGHT = MORNING + timedelta(hours=15)
BY_DAY, BY_NIGHT = "1-7 08:00-20:00", "1-7 20:00-08:00"
FESTIVAL = "2026-03-02/2026-03-09"


def staffed(*people: ResponderRecord) -> HomeRecord:
    """A home with these in the place of those of the same role."""
    record, roles = home(), {person.role for person in people}
    others = [person for person in record.responders if person.role not in roles]
    return msgspec.structs.replace(record, responders=(*people, *others))


def desk(person_id: str, duty: str) -> ResponderRecord:
    """A desk with a shift."""
    return ResponderRecord(person_id, Role.DESK, duty=duty)


def rung(world: World, letter: str) -> list[str]:
    """Who of a sort was called, in order."""
    called = [s.person_id for s in world.asked if s.medium is Medium.VOICE]
    return [person_id for person_id in called if person_id.startswith(letter)]


def test_the_desk_on_duty_is_rung_and_the_other_sleeps() -> None:
    """By day and by night."""
    record = staffed(desk("d01", BY_DAY), desk("d02", BY_NIGHT))
    for start, expected in ((MORNING, "d01"), (MIDNIGHT, "d02")):
        world = World(record, start=start)
        world.smoke()
        assert [expected] == rung(world, "d")


def test_nobody_on_duty_wakes_everybody() -> None:
    """A hole in the roster never ends an alarm in silence."""
    world = World(staffed(desk("d01", BY_DAY), desk("d02", BY_DAY)), start=MIDNIGHT)
    world.smoke()
    assert ["d01", "d02"] == rung(world, "d")


def test_who_is_on_duty_and_takes_no_calls_is_nobody() -> None:
    """A screen in a locked office is silence."""
    mute = msgspec.structs.replace(desk("d02", BY_NIGHT), voice=False)
    world = World(staffed(desk("d01", BY_DAY), mute), start=MIDNIGHT)
    world.smoke()
    assert ["d01"] == rung(world, "d")


def test_a_rung_after_the_change_of_shift_rings_the_next() -> None:
    """Who is on duty is asked when the rung begins, not when the alarm was raised."""
    posts = (
        ResponderRecord("p01", Role.POST, duty=BY_DAY),
        ResponderRecord("p02", Role.POST, duty=BY_NIGHT),
    )
    evening = MORNING + timedelta(hours=10, minutes=59)
    world = World(staffed(*posts), settings=patient(), start=evening)
    world.press()
    world.wait(95)
    assert ["p02"] == rung(world, "p")


def test_at_spring_festival_those_at_home_are_asked_first() -> None:
    """Who is away is asked after them, also who would come first."""
    record = home()
    away = [
        msgspec.structs.replace(person, absent=FESTIVAL) if person.id in {"n01", "n03"} else person
        for person in record.responders
    ]
    world = World(msgspec.structs.replace(record, responders=tuple(away)))
    world.smoke()
    assert ["n02", "n04"] == rung(world, "n")


def test_when_all_are_away_all_are_asked() -> None:
    """One of them may have come home."""
    record = home()
    away = [msgspec.structs.replace(person, absent=FESTIVAL) for person in record.responders]
    world = World(msgspec.structs.replace(record, responders=tuple(away)))
    world.smoke()
    assert (["n01", "n02"], ["d01"]) == (rung(world, "n"), rung(world, "d"))
