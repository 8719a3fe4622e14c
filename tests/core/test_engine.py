"""The engine as a whole: what it refuses, forgets, and never lets grow."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from alerting.effect import Submit
from alerting.engine import Engine
from alerting.event import (
    Answer,
    AnswerGiven,
    AttemptReported,
    DrillOrdered,
    Elapsed,
    GapRecorded,
    HomeRemoved,
    OperatorActed,
    Outcome,
    ReportReceived,
    Verb,
)
from alerting.policy import FIRE
from alerting.settings import Settings
from sensors.reading import Kind, Reading, Report, Source
from tests.stories.world import World, home, patient


@pytest.mark.parametrize(
    "event",
    [
        Elapsed("h9999"),
        AttemptReported("h9999", "a", "a.n01.sms.alarm.1.1", Outcome.BUSY),
        AnswerGiven("h9999", "a", "n01", Answer.GOING),
        OperatorActed("h9999", "a", "wang", Verb.CLOSE),
        DrillOrdered("h9999", "smoke", "wang"),
        HomeRemoved("h9999"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_unknown_home_is_refused(event: Elapsed) -> None:
    """With the reason, and without a trace."""
    world = World()
    before = world.engine.snapshot()
    decision = world.do(event)
    assert ("unknown_home", []) == (decision.refusal, decision.effects)
    assert before == world.engine.snapshot()


@pytest.mark.parametrize("attempt_id", ["", ".", "a", "....", "h0001-smoke-0.n01.sms.alarm.x.1"])
def test_a_strange_attempt_changes_nothing(attempt_id: str) -> None:
    """Its id comes from a provider's callback, and may be anything."""
    world = World()
    alarm_id = world.smoke()
    before = world.engine.snapshot()
    world.do(AttemptReported("h0001", alarm_id, attempt_id, Outcome.BUSY))
    assert before == world.engine.snapshot()


def test_a_home_without_anything() -> None:
    """No people, no devices, no resident: the alarm is raised and handed over all the same."""
    record = home()
    world = World(type(record)(record.id), settings=patient())
    world.hear("smoke", Kind.SMOKE)
    world.wait(600)
    assert "119" in {order.service for order in world.handed}


def test_two_kinds_in_one_report() -> None:
    """Every bit of an alarm word counts: the battery does not hide the button."""
    world = World(settings=patient())
    world.hear("help", Kind.HELP_CALL, "press", beside=((Kind.SMOKE, True),))
    assert {"help_call", "smoke"} == {line.kind for line in world.log}


def test_a_clock_that_runs_ahead_cannot_put_silence_off() -> None:
    """A report stamped for next year counts as one of now."""
    world = World(settings=patient())
    at = world.now + timedelta(days=365)
    readings = (Reading(Kind.MOTION, value=True),)
    source = Source("mqtt", "own", "mqtt")
    world.do(ReportReceived("h0001", Report("own-pir-h0001", at, readings, source, 1)))
    world.wait(8 * 3600)
    assert ("r-h0001", "voice") in world.people()


def test_a_report_out_of_order_takes_no_life_back() -> None:
    """An older stamp after a newer one leaves the newer sign of life."""
    world = World(settings=patient())
    world.wait(3600)
    world.move()
    readings = (Reading(Kind.MOTION, value=True),)
    at = world.now - timedelta(minutes=50)
    source = Source("serial", "own", "serial")
    world.do(ReportReceived("h0001", Report("own-pir-h0001", at, readings, source, 1)))
    world.wait(8 * 3600 - 1)
    world.quiet()


def test_a_gap_to_come_is_not_lost_yet() -> None:
    """Only time that has passed is given back."""
    world = World(settings=patient())
    world.move()
    world.do(GapRecorded("mqtt", world.now, datetime(9999, 1, 1, tzinfo=UTC)))
    world.wait(8 * 3600)
    assert ("r-h0001", "voice") in world.people()


def test_a_snapshot_of_another_version_is_not_read() -> None:
    """The journal has to serve then."""
    body = msgspec.json.decode(World().engine.snapshot())
    body["version"] += 1
    fresh = Engine()
    assert not fresh.restore(msgspec.json.encode(body))
    assert {} == fresh.homes


def test_settings_of_another_time_do_not_cost_the_state() -> None:
    """A snapshot with settings this gateway refuses is restored; its own settings come next."""
    world = World()
    world.smoke()
    body = msgspec.json.decode(world.engine.snapshot())
    body["settings"] = base64.b64encode(b'{"colour": 1}').decode()
    fresh = Engine()
    assert fresh.restore(msgspec.json.encode(body))
    assert world.engine.homes == fresh.homes
    assert Settings() == fresh.settings
    due = world.engine.next_deadline()
    assert due is not None
    assert world.engine.due_homes(due) == fresh.due_homes(due)


def test_a_closed_alarm_is_forgotten_after_an_hour() -> None:
    """And its answers with it."""
    world = World(settings=patient())
    world.smoke()
    world.operator(Verb.CLOSE)
    world.wait(3599)
    world.move()
    world.do(Elapsed("h0001"))
    assert 1 == len(world.engine.homes["h0001"].alarms)
    world.wait(1)
    world.do(Elapsed("h0001"))
    assert {} == world.engine.homes["h0001"].alarms


def everlasting() -> Settings:
    """Settings under which a fire's ladder begins again every six hours, to save the test time."""
    tables = json.loads(patient().model_dump_json())
    slow = replace(FIRE, repeat_seconds=21_600.0)
    tables["policies"]["smoke"] = json.loads(msgspec.json.encode(slow))
    return Settings.model_validate(tables)


@pytest.mark.parametrize("outcome", [Outcome.NO_ANSWER, Outcome.NOT_SENT])
def test_a_month_without_an_answer_takes_no_more_room_than_a_day(outcome: Outcome) -> None:
    """An alarm nobody answers goes on for ever, and stays small."""
    world = World(home(neighbours=("n01",)), settings=everlasting())
    world.hear("smoke", Kind.SMOKE)
    sizes = []
    for _ in range(30):
        for _ in range(4):
            world.wait(21_600)
            world.deliver(voice=outcome, text=outcome)
        sizes.append(len(world.engine.snapshot()))
        world.asked = world.asked[-50:]
    assert max(sizes) <= 1.2 * sizes[0]
    assert ("d01", "voice") in {(s.person_id, s.medium.value) for s in world.asked}


def test_a_month_of_cries_takes_no_more_room_than_a_day() -> None:
    """A head that cries every ten minutes for a month is one alarm that stays small."""
    world = World(settings=everlasting())
    world.smoke()
    world.operator(Verb.ATTEND)
    sizes = []
    for day in range(30):
        for n in range(144):
            world.now += timedelta(minutes=10)
            world.hear("smoke", Kind.SMOKE, digest=day * 144 + n)
        sizes.append(len(world.engine.snapshot()))
    assert max(sizes) <= 1.05 * sizes[0]


def test_life_safety_is_never_throttled() -> None:
    """A hundred fires in a hundred homes at one instant call for a hundred homes at once."""
    homes = [home(f"h{n:04d}") for n in range(100)]
    world = World(*homes, settings=patient())
    for record in homes:
        world.hear("smoke", Kind.SMOKE, home_id=record.id)
    called = {s.home_id for s in world.asked if s.person_id == "n01" and s.is_urgent}
    assert {record.id for record in homes} == called
    assert {world.now} == {s.not_before for s in world.asked if isinstance(s, Submit)}
