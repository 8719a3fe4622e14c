"""no_motion: nobody has moved for longer than is usual."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.alarm import Disposition, State
from alerting.effect import Medium, Template
from alerting.event import Answer, GapRecorded, HoldSet, Outcome, Verb
from alerting.record import HomeRecord, ResidentRecord
from alerting.settings import Settings
from sensors.reading import Flag, Kind, Replay
from tests.stories.world import MORNING, World, home, patient

SMS, VOICE, CONSOLE = Medium.SMS, Medium.VOICE, Medium.CONSOLE
HOUR = 3600


def silent(hours: float = 8.0) -> World:
    """A home in which somebody moved at nine in the morning, and then nobody for so long."""
    world = World(settings=patient())
    world.move()
    world.wait(hours * HOUR)
    return world


def test_the_resident_is_asked_first() -> None:
    """After eight hours the resident is rung and the desk is shown; nobody else hears."""
    world = silent(8 - 1 / HOUR)
    world.quiet()
    world.wait(1)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)
    world.sent("d01", CONSOLE, Template.ALARM)
    world.quiet()
    assert State.PRE_ALARM.value == world.state()


def test_one_from_the_resident_ends_it() -> None:
    """Pressing 1 cancels: nobody hears of it, and watching begins anew."""
    world = silent()
    world.deliver()
    world.says("r-h0001", Answer.GOING)
    assert State.CLOSED.value == world.state()
    world.wait(4 * HOUR)
    world.quiet()


def test_moving_while_being_asked_ends_it() -> None:
    """Nobody is sent; the desk is shown why, the call rings on, and silence counts from then."""
    world = silent()
    world.deliver()
    world.wait(30)
    world.move()
    assert State.CLOSED.value == world.state()
    assert ["restored", "closed"] == world.verbs()[-2:]
    (closed,) = [line for line in world.log if line.verb == "closed"]
    expected = {"person": "", "disposition": Disposition.CANCELLED, "reason": "moved"}
    assert expected == closed.facts
    world.sent("d01", CONSOLE, Template.DESK_MOVED)
    assert [] == world.taken_back
    world.wait(12 * HOUR - 1)  # by night the limit is longer
    world.quiet()
    world.wait(1)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


def test_nine_after_moving_is_a_help_call() -> None:
    """The call that rang on asks still, and a 9 brings people."""
    world = silent()
    world.deliver()
    world.move()
    world.forget()
    world.says("r-h0001", Answer.AMBULANCE)
    assert "help_call" == next(line.kind for line in world.log[::-1] if line.verb == "raised")


@pytest.mark.parametrize(
    ("kind", "value", "replay"),
    [
        (Kind.PRESENCE, "moving", Replay.LIVE),
        (Kind.CONTACT, True, Replay.LIVE),
        (Kind.MOTION, True, Replay.CACHED),
        (Kind.MOTION, True, Replay.RETAINED),
    ],
)
def test_what_proves_nobody_alive_leaves_the_window_open(
    kind: Kind, value: str | float, replay: Replay
) -> None:
    """A radar sees ghosts, a door is moved by others, and a bridge says again what it has kept."""
    world = silent()
    world.hear("pir", kind, value, replay=replay)
    assert State.PRE_ALARM.value == world.state()


def test_moving_ends_no_alarm_that_is_for_a_life() -> None:
    """A fire goes on whoever moves."""
    world = silent(1)
    world.smoke()
    world.move()
    assert State.RAISED.value == world.state()


def test_nine_from_the_resident_brings_people_at_once() -> None:
    """Pressing 9 ends the window."""
    world = silent()
    world.deliver()
    world.says("r-h0001", Answer.AMBULANCE)
    assert {("n01", "voice"), ("n02", "voice")} <= world.people()


@pytest.mark.parametrize(
    "outcome", [Outcome.NO_ANSWER, Outcome.VOICEMAIL, Outcome.ANSWERED, Outcome.BUSY]
)
def test_silence_is_never_well(outcome: Outcome) -> None:
    """Not picking up, or saying nothing, brings the neighbours after two minutes."""
    world = silent()
    world.deliver(voice=outcome)
    world.wait(119)
    assert not {person for person, _ in world.people()} & {"n01", "n02", "f-h0001"}
    world.wait(1)
    assert {("n01", "sms"), ("n01", "voice"), ("n02", "sms"), ("n02", "voice")} <= world.people()


def test_who_has_no_phone_is_not_asked() -> None:
    """A resident who cannot answer a phone is not rung; the window runs all the same."""
    record = home()
    deaf = HomeRecord(record.id, (ResidentRecord("r-h0001"),), record.devices, record.responders)
    world = World(deaf, settings=patient())
    world.wait(8 * HOUR)
    world.sent("d01", CONSOLE, Template.ALARM)
    world.quiet()
    world.wait(120)
    assert ("n01", "voice") in world.people()


def test_the_family_hears_after_a_quarter_of_an_hour() -> None:
    """However fast everyone else fails, the family hears of a soft alarm after 15 minutes."""
    world = silent()
    for _ in range(899):
        world.deliver(voice=Outcome.NO_ANSWER)
        world.wait(1)
    assert "f-h0001" not in {submit.person_id for submit in world.asked}
    world.wait(1)
    world.sent("f-h0001", SMS, Template.FAMILY_START)
    assert [] == world.handed


def test_120_is_never_called_for_silence() -> None:
    """A silent home is looked at by people; only they call an ambulance."""
    world = silent()
    for _ in range(400):
        world.deliver(voice=Outcome.NO_ANSWER)
        world.wait(10)
    assert [] == world.handed
    assert ("d01", "voice") in {(s.person_id, s.medium.value) for s in world.asked[-40:]}


def test_moving_again_is_recorded_and_ends_nothing() -> None:
    """A shadow on the sensor does not call the neighbours back."""
    world = silent()
    world.deliver()
    world.wait(130)
    world.move()
    assert "restored" == world.verbs()[-1]
    assert State.RAISED.value == world.state()


def test_closing_begins_the_watch_anew() -> None:
    """Somebody has seen her: silence is counted from then on."""
    world = silent(4)
    world.wait(4 * HOUR)
    world.operator(Verb.CLOSE, Disposition.REFUSED)
    world.forget()
    closed_at = world.now
    world.wait(24 * HOUR)
    pre_alarms = [at for at, verb in world.times if verb == "pre_alarm"]
    morning = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    assert [closed_at, min(closed_at + timedelta(hours=12), morning)] == pre_alarms


@pytest.mark.parametrize("kind", ["smoke", "no_motion"])
def test_a_drill_proves_nobody_alive(kind: str) -> None:
    """Rehearsing at a home does not put its silence off."""
    world = silent(7)
    world.drill(kind)
    world.operator(Verb.CLOSE)
    world.forget()
    world.wait(HOUR)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


def test_closing_a_fire_from_afar_proves_nobody_alive() -> None:
    """The desk calling a fire off has seen nobody; someone who was there has."""
    world = silent(7)
    world.smoke()
    world.operator(Verb.CLOSE, Disposition.COOKING_OR_INCENSE)
    world.forget()
    world.wait(HOUR)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


def test_lost_time_is_not_silence() -> None:
    """Two hours in which readings could be lost are given back."""
    world = silent(5)
    world.do(GapRecorded("mqtt", world.now - timedelta(hours=2), world.now))
    world.wait(5 * HOUR - 1)
    world.quiet()
    world.wait(1)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


def test_time_lost_twice_is_lost_once() -> None:
    """Two gaps that overlap give back no more than the time that passed."""
    world = silent(5)
    since = world.now - timedelta(hours=2)
    world.do(GapRecorded("mqtt", since, world.now))
    world.do(GapRecorded("mqtt", since + timedelta(hours=1), world.now))
    world.wait(5 * HOUR)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


def test_a_loose_plug_does_not_hold_silence_off() -> None:
    """A link that flaps for a second every four minutes loses seconds, not the whole day."""
    world = World(settings=patient())
    world.move()
    for _ in range(8 * 15):
        world.wait(240)
        world.do(GapRecorded("mqtt", world.now - timedelta(seconds=1), world.now))
    world.wait(119)
    world.quiet()
    world.wait(1)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


def test_time_lost_elsewhere_is_not_given_back() -> None:
    """The serial line being unplugged says nothing of a sensor on MQTT."""
    world = silent(5)
    world.do(GapRecorded("serial", world.now - timedelta(hours=2), world.now))
    world.wait(3 * HOUR)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


def test_a_backlog_is_waited_for() -> None:
    """After a restart silence means nothing until the backlog is drained."""
    world = silent(7.999)
    world.restart()
    world.do(HoldSet("mqtt", world.now + timedelta(seconds=30)))
    world.wait(29)
    world.quiet()
    world.move()
    world.wait(4 * HOUR)
    world.quiet()


def test_a_backlog_without_a_step_means_silence() -> None:
    """When the hold is over, the deadline that has passed meanwhile counts."""
    world = silent(7.999)
    world.do(HoldSet("mqtt", world.now + timedelta(seconds=30)))
    world.wait(30)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


def test_a_hold_holds_whatever_the_home_is_asked_for() -> None:
    """Another alarm's step during the hold does not turn the backlog into silence."""
    world = silent(7.999)
    world.smoke()
    world.do(HoldSet("mqtt", world.now + timedelta(seconds=60)))
    world.wait(59)
    assert "pre_alarm" not in world.verbs()
    world.wait(1)
    assert "pre_alarm" in world.verbs()


def test_a_hold_is_taken_away() -> None:
    """Drained: what is due is due now."""
    world = silent(7.999)
    world.do(HoldSet("mqtt", world.now + timedelta(seconds=30)))
    world.wait(10)
    world.do(HoldSet("mqtt", world.now))
    world.wait(0)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


def test_a_door_alone_is_no_life() -> None:
    """The wind, or a thief, opens doors too."""
    world = silent(7)
    world.hear("door", Kind.CONTACT, value=True)
    world.wait(HOUR)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


@pytest.mark.parametrize("replay", [Replay.RETAINED, Replay.CACHED, Replay.HISTORY])
def test_what_is_said_again_is_no_life(replay: Replay) -> None:
    """A broker repeating yesterday's motion does not put silence off."""
    world = silent(7)
    world.hear("pir", Kind.MOTION, replay=replay, digest=7)
    world.wait(HOUR)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


@pytest.mark.parametrize("flag", [Flag.TEST, Flag.INVALID])
def test_a_test_is_no_life(flag: Flag) -> None:
    """Neither is a value nobody can believe."""
    world = silent(7)
    world.hear("pir", Kind.MOTION, flags=(flag,), digest=7)
    world.wait(HOUR)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


def test_an_empty_home_is_not_watched() -> None:
    """Where nobody lives silence means nothing."""
    record = home()
    empty = HomeRecord(record.id, (), record.devices, record.responders)
    world = World(empty, settings=patient())
    world.wait(72 * HOUR)
    world.quiet()


def test_a_sensor_put_up_later_begins_the_watch() -> None:
    """A home known for days is watched from the day it has a sensor, not from before."""
    record = home()
    bare = HomeRecord(record.id, record.residents, (), record.responders)
    world = World(bare, settings=patient())
    world.wait(72 * HOUR)
    world.enter(record)
    world.wait(8 * HOUR - 1)
    world.quiet()
    world.wait(1)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


def test_a_sleeper_is_asked_in_the_morning() -> None:
    """Silence since eight in the evening is asked about at seven, not at four."""
    world = World(settings=patient(), start=MORNING + timedelta(hours=11))
    world.move()
    world.wait(11 * HOUR - 1)
    world.quiet()
    world.wait(1)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        (datetime(2026, 3, 28, 20, 0, tzinfo=UTC), datetime(2026, 3, 29, 5, 0, tzinfo=UTC)),
        (datetime(2026, 10, 24, 19, 30, tzinfo=UTC), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)),
    ],
)
def test_seven_is_seven_when_the_clocks_change(evening: datetime, morning: datetime) -> None:
    """The morning is the local one, in the nights in which summer time begins and ends."""
    settings = patient().model_dump()
    world = World(
        settings=Settings.model_validate({**settings, "timezone": "Europe/Berlin"}), start=evening
    )
    world.move()
    world.wait((morning - evening).total_seconds() - 1)
    world.quiet()
    world.wait(1)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)
