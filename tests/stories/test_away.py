"""somebody_home, and away reports: silence is no danger, and all else is what it always is."""

from datetime import datetime, timedelta

import pytest

from alerting.effect import Medium, Template
from alerting.event import AwayEnded, AwayReported, Verb
from alerting.record import HomeRecord, ResidentRecord
from sensors.reading import Kind
from tests.stories.world import World, home, patient

SMS, VOICE, CONSOLE = Medium.SMS, Medium.VOICE, Medium.CONSOLE
HOUR = 3600


def away(hours: float = 72, begins_hours: float = 0, **more: str) -> World:
    """A home that somebody left this morning, reported by the daughter."""
    world = World(settings=patient())
    world.move()
    report(world, hours, begins_hours, **more)
    return world


def report(world: World, hours: float, begins_hours: float = 0, **more: str) -> None:
    """Say that nobody is at home for so long."""
    since = world.now + timedelta(hours=begins_hours)
    until = world.now + timedelta(hours=hours)
    refusal = world.do(AwayReported("h0001", since, until, "f-h0001", **more)).refusal
    assert refusal == ""


def rung_at(world: World) -> datetime:
    """Let time pass until somebody hears of something, and give when."""
    while not world.waiting:
        due = world.engine.next_deadline()
        assert due is not None
        world.wait((due - world.now).total_seconds())
    return world.now


def test_an_empty_home_may_be_silent() -> None:
    """Three days without a move, and nobody is rung; then the clock starts anew."""
    world = away(72)
    began = world.now
    world.wait(72 * HOUR)
    world.quiet()
    # It ends at nine in the morning: eight hours of daylight silence later she is asked.
    assert began + timedelta(hours=80) == rung_at(world)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)
    world.sent("d01", CONSOLE, Template.ALARM)
    world.quiet()


def test_coming_back_early_starts_the_clock_at_once() -> None:
    """From the word that they are back on silence counts again."""
    world = away(72)
    world.wait(24 * HOUR)
    world.do(AwayEnded("h0001", "f-h0001"))
    world.quiet()
    back = world.now
    assert back + timedelta(hours=8) == rung_at(world)


def test_a_report_for_later_changes_nothing_before() -> None:
    """Until they go, silence is what it was."""
    world = away(72, begins_hours=48)
    began = world.now
    assert began + timedelta(hours=8) == rung_at(world)


@pytest.mark.parametrize("device", ["smoke", "help"])
def test_a_life_is_never_paused(device: str) -> None:
    """Smoke and a press in an empty home call everybody."""
    world, other = away(72), World(settings=patient())
    other.move()
    for one in (world, other):
        one.wait(HOUR)
        one.smoke() if device == "smoke" else one.press()
    assert other.people() == world.people()
    assert ("d01", "voice") in world.people()


def test_a_door_that_opens_is_told_to_the_desk() -> None:
    """The desk, and nobody else; once, though somebody walks about."""
    world = away(72)
    world.wait(5 * HOUR)
    world.hear("door", Kind.CONTACT)
    world.sent("d01", CONSOLE, Template.ALARM)
    world.move()
    world.wait(60)
    world.move()
    world.quiet()
    raised = [line for line in world.log if line.verb == "raised"]
    assert [("somebody_home", "contact")] == [(x.kind, x.facts["sign"]) for x in raised]


def test_leaving_the_home_is_not_coming_home() -> None:
    """Packing takes half an hour."""
    world = away(72)
    world.wait(29 * 60)
    world.hear("door", Kind.CONTACT)
    world.move()
    world.quiet()


def test_a_door_that_closes_and_a_door_of_a_full_home_say_nothing() -> None:
    """Only while nobody should be there, and only an opening."""
    world = away(3)
    world.wait(HOUR)
    world.hear("door", Kind.CONTACT, value=False)
    world.wait(3 * HOUR)
    world.hear("door", Kind.CONTACT)
    world.quiet()


def test_the_desk_has_looked_for_an_hour() -> None:
    """Who waters the flowers is not told again and again; who comes at night is."""
    world = away(72)
    world.wait(5 * HOUR)
    world.move()
    world.forget()
    world.operator(Verb.CLOSE, "false_alarm")
    world.wait(59 * 60)
    world.move()
    world.quiet()
    world.wait(2 * 60)
    world.move()
    world.sent("d01", CONSOLE, Template.ALARM)


def test_the_warning_ends_with_the_absence() -> None:
    """They are back: nothing is open, and nobody is told."""
    world = away(6)
    world.wait(5 * HOUR)
    world.move()
    world.forget()
    world.wait(2 * HOUR)
    assert "closed" == world.state()
    world.quiet()


def test_one_of_two_who_is_away_leaves_somebody_to_watch() -> None:
    """Only when each is away is silence no danger."""
    record = home()
    two = (*record.residents, ResidentRecord("r-other"))
    record = HomeRecord(record.id, two, record.devices, record.responders)
    for away_ids, is_watched in ((("r-other",), True), (("r-other", "r-h0001"), False)):
        world = World(record, settings=patient())
        world.move()
        for resident_id in away_ids:
            report(world, 72, resident_id=resident_id)
        world.wait(9 * HOUR)
        assert is_watched == any(line.kind == "no_motion" for line in world.log)


@pytest.mark.parametrize("also_own", [False, True])
def test_one_of_two_who_is_back_ends_that_nobody_is_at_home(*, also_own: bool) -> None:
    """Whoever reported the home: silence sends somebody again, and the text is answered so."""
    record = home()
    record = HomeRecord(
        record.id, (*record.residents, ResidentRecord("r-other")), record.devices, record.responders
    )
    world = World(record, settings=patient())
    world.move()
    report(world, 2000)
    if also_own:
        report(world, 2000, resident_id="r-other")
    world.wait(HOUR)
    world.do(AwayEnded("h0001", "r-other", "r-other", "sms", "t1"))
    world.sent("r-other", SMS, Template.AWAY_OVER)
    back = world.now
    assert {} == world.engine.homes["h0001"].away
    assert back + timedelta(hours=8) == rung_at(world)


def test_one_of_two_who_is_back_says_nothing_for_the_other() -> None:
    """What she reported of herself goes on."""
    record = home()
    record = HomeRecord(
        record.id, (*record.residents, ResidentRecord("r-other")), record.devices, record.responders
    )
    world = World(record, settings=patient())
    for resident_id in ("r-h0001", "r-other"):
        report(world, 72, resident_id=resident_id)
    world.do(AwayEnded("h0001", "r-other", "r-other"))
    assert ["r-h0001"] == list(world.engine.homes["h0001"].away)


def test_it_survives_a_restart() -> None:
    """The end is a deadline in the state."""
    world = away(10)
    world.restart()
    world.wait(10 * HOUR)
    assert ["away_reported", "away_ended"] == [v for v in world.verbs() if v.startswith("away")]
    world.quiet()


def test_who_said_so_and_until_when_is_in_the_log() -> None:
    """An absence has an author and an end."""
    world = away(72)
    facts = world.log[-1].facts
    assert ("f-h0001", world.now + timedelta(hours=72)) == (
        facts["person"],
        datetime.fromisoformat(facts["until"]),
    )


@pytest.mark.parametrize(
    ("begins", "ends", "resident", "why"),
    [
        (0, 0, "", "ends after it begins"),
        (5, 4, "", "ends after it begins"),
        (-9, -1, "", "ends after it begins"),
        (0, 24 * 181, "", "within 180 days"),
        (0, 24, "r-nobody", "no resident r-nobody"),
    ],
)
def test_what_makes_no_sense_is_refused(begins: int, ends: int, resident: str, why: str) -> None:
    """And changes nothing."""
    world = World(settings=patient())
    before = world.engine.snapshot()
    since, until = (world.now + timedelta(hours=hours) for hours in (begins, ends))
    refusal = world.do(AwayReported("h0001", since, until, "d01", resident)).refusal
    assert why in refusal
    assert before == world.engine.snapshot()


def test_who_is_not_away_cannot_come_back() -> None:
    """The operator hears it."""
    world = World(settings=patient())
    assert "nobody is reported away from this home" == world.do(AwayEnded("h0001", "d01")).refusal


def test_who_texts_is_told_what_was_noted() -> None:
    """Until when, that it is over, and that a text could not be used; the same text once."""
    world = away(72, via="sms", text_id="t1")
    noted = world.sent("f-h0001", SMS, Template.AWAY_NOTED)
    assert world.now + timedelta(hours=72) == noted.raised_at
    report(world, 90, via="sms", text_id="t1")
    world.quiet()
    world.do(AwayEnded("h0001", "f-h0001", via="sms", text_id="t2"))
    world.sent("f-h0001", SMS, Template.AWAY_OVER)
    world.do(AwayEnded("h0001", "f-h0001", via="sms", text_id="t3"))
    world.sent("f-h0001", SMS, Template.AWAY_UNCLEAR)
    world.quiet()
