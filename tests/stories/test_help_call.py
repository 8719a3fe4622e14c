"""help_call: somebody pressed the button."""

from alerting.alarm import Disposition, State
from alerting.effect import Medium, Template
from alerting.event import Answer, Outcome, Verb
from sensors.reading import Flag, Kind
from tests.stories.world import World, home, patient

SMS, VOICE, CONSOLE = Medium.SMS, Medium.VOICE, Medium.CONSOLE


def test_the_desk_and_the_resident_come_first() -> None:
    """For 30 s nobody hears of a press but the desk, the resident and the family."""
    world = World()
    world.press()
    world.sent("d01", CONSOLE, Template.ALARM)
    world.sent("d01", VOICE, Template.ALARM)
    world.sent("r-h0001", VOICE, Template.RESIDENT_HEARD)
    world.sent("f-h0001", SMS, Template.FAMILY_START)
    world.wait(29)
    assert not {person for person, _ in world.people()} & {"n01", "n02", "p01"}


def test_neighbours_hear_of_it_after_30_seconds() -> None:
    """Two neighbours are called where no human has said "no need" by then."""
    world = World()
    world.press()
    world.deliver()
    world.wait(30)
    assert {("n01", "sms"), ("n01", "voice"), ("n02", "sms"), ("n02", "voice")} == world.people()


def test_a_desk_that_does_not_answer_is_not_waited_for() -> None:
    """Nobody picks up at the desk: there is no human to hear "no need", and neighbours go now."""
    world = World()
    world.press()
    world.deliver(voice=Outcome.NO_ANSWER)
    assert {("n01", "sms"), ("n01", "voice"), ("n02", "sms"), ("n02", "voice")} == world.people()


def test_a_silent_phone_is_told_to_the_neighbours() -> None:
    """Nobody picked up: the text says so."""
    world = World()
    world.press()
    world.report(world.sent("r-h0001", VOICE), Outcome.NO_ANSWER)
    world.deliver()
    world.wait(30)
    assert world.sent("n01", SMS, Template.ALARM).is_unanswered


def test_a_phone_that_was_picked_up_is_not_called_silent() -> None:
    """The resident picked up, so the text does not say that nobody did."""
    world = World()
    world.press()
    world.report(world.sent("r-h0001", VOICE), Outcome.ANSWERED)
    world.deliver()
    world.wait(30)
    assert not world.sent("n01", SMS, Template.ALARM).is_unanswered


def test_voicemail_is_not_somebody_who_picked_up() -> None:
    """A mailbox answered: to the neighbours the phone was silent."""
    world = World()
    world.press()
    call = world.sent("r-h0001", VOICE)
    world.report(call, Outcome.ANSWERED)
    world.report(call, Outcome.VOICEMAIL)
    world.deliver()
    world.wait(30)
    assert world.sent("n01", SMS, Template.ALARM).is_unanswered


def test_120_is_the_last_rung() -> None:
    """With everyone ringing and nobody answering, 120 comes after 150 s and not before."""
    world = World()
    world.press()
    for _ in range(149):
        world.deliver()
        world.wait(1)
    assert [] == world.handed
    world.wait(1)
    assert ["120"] == [order.service for order in world.handed]


def test_the_family_hears_of_one_press_once() -> None:
    """However often the ladder begins again, the daughter's phone rings once."""
    world = World(settings=patient())
    world.press()
    world.wait(2 * 3600)
    start = [s for s in world.asked if s.template is Template.FAMILY_START]
    assert {"f-h0001"} == {submit.person_id for submit in start}
    assert 1 == len({submit.key.rsplit(".", 1)[0] for submit in start})


def test_pressed_by_accident() -> None:
    """The desk hears "no need" and closes: no neighbour ever hears of it, the family does."""
    world = World()
    world.press()
    world.deliver()
    world.wait(12)
    world.operator(Verb.CLOSE, Disposition.ACCIDENTAL_PRESS)
    world.sent("f-h0001", SMS, Template.FAMILY_RESULT)
    world.quiet()
    taken_back = {cancel.attempt_id.split(".")[1] for cancel in world.taken_back}
    assert {"d01"} == taken_back
    world.wait(40 * 60)
    world.quiet()


def test_the_desk_taking_over_by_phone_sends_nobody_home() -> None:
    """The desk pressing 1 holds the ladder for the desk's lease, and no neighbour is stood down."""
    world = World()
    world.press()
    world.deliver()
    world.wait(30)
    world.deliver()
    world.says("d01", Answer.GOING)
    assert State.ACKNOWLEDGED.value == world.state()
    assert [] == [s for s in world.waiting if s.template is Template.STAND_DOWN]
    world.forget()
    world.wait(179)
    assert State.ACKNOWLEDGED.value == world.state()
    world.wait(1)
    assert State.RAISED.value == world.state()


def test_a_second_press_adds_to_the_alarm() -> None:
    """Pressing on is heard, and is no second alarm."""
    world = World()
    first = world.press()
    world.deliver()
    world.wait(20)
    assert first == world.press()
    assert "reinforced" == world.verbs()[-1]
    world.quiet()


def test_a_weak_battery_doubts_nothing() -> None:
    """A dying button's press is an alarm like any other, with a note for the desk."""
    world = World()
    world.hear("help", Kind.HELP_CALL, "press", beside=((Kind.BATTERY_LOW, True),))
    assert ("d01", "voice") in world.people()
    assert "battery_low" == world.log[0].facts["device_suspect"]


def test_a_test_press_wakes_nobody() -> None:
    """The installer's press is logged as a test."""
    world = World(settings=patient())
    world.hear("help", Kind.HELP_CALL, "press", flags=(Flag.TEST,))
    world.wait(600)
    world.quiet()
    assert ["tested"] == world.verbs()


def test_a_resident_alone_is_never_left() -> None:
    """A home with nobody but the desk still rings the desk, and again."""
    record = home(neighbours=())
    alone = [r for r in record.responders if r.id == "d01"]
    world = World(
        type(record)(record.id, (), record.devices, tuple(alone)),
        settings=patient(),
    )
    world.press()
    for _ in range(60):
        world.deliver(voice=Outcome.NO_ANSWER)
        world.wait(10)
    rings = {s.key for s in world.asked if s.person_id == "d01" and s.medium is VOICE}
    assert len(rings) >= 3
    assert ["120"] == [order.service for order in world.handed][:1]


def test_two_test_presses_of_one_instant_are_two_lines() -> None:
    """What differs must not be left out of the alarm log as said already."""
    world = World()
    for press in ("press", "long"):
        world.hear("help", Kind.HELP_CALL, press, flags=(Flag.TEST,), digest=len(press))
    tested = [line.key for line in world.log if line.verb == "tested"]
    assert 2 == len(tested) == len(set(tested))
