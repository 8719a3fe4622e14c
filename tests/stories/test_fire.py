"""Smoke, from the first wisp to the last word."""

from datetime import timedelta

from alerting.alarm import State
from alerting.effect import Medium, Template
from alerting.event import Answer, Outcome, Verb
from alerting.record import HomeRecord, ResponderRecord, Role
from sensors.reading import Flag, Kind, Replay
from tests.stories.world import World, home

SMS, VOICE, CONSOLE = Medium.SMS, Medium.VOICE, Medium.CONSOLE


def test_smoke_calls_everybody_at_once() -> None:
    """Desk, resident, two neighbours, gatehouse and family hear of smoke in the same instant."""
    world = World()
    world.smoke()
    assert world.people() == {
        ("d01", "console"),
        ("d01", "voice"),
        ("r-h0001", "voice"),
        ("n01", "sms"),
        ("n01", "voice"),
        ("n02", "sms"),
        ("n02", "voice"),
        ("p01", "sms"),
        ("p01", "voice"),
        ("f-h0001", "sms"),
    }


def test_test_button_wakes_nobody() -> None:
    """Smoke with the test flag is logged as a test and sends nothing."""
    world = World()
    world.hear("smoke", Kind.SMOKE, flags=(Flag.TEST,))
    world.wait(1800)
    world.quiet()
    assert world.verbs() == ["tested"]


def test_from_raised_to_closed() -> None:
    """Going, arrived and safe end the alarm, and each step tells those it must."""
    world = World()
    world.smoke()
    world.deliver()
    world.says("n02", Answer.GOING)
    world.sent("n02", SMS, Template.GOING)
    world.sent("n01", SMS, Template.STAND_DOWN)
    world.sent("p01", SMS, Template.STAND_DOWN)
    world.sent("f-h0001", SMS, Template.FAMILY_GOING)
    world.sent("r-h0001", VOICE, Template.RESIDENT_COMING)
    world.quiet()
    world.wait(120)
    world.says("n02", Answer.ARRIVED)
    world.sent("n02", SMS, Template.ARRIVED)
    world.sent("f-h0001", SMS, Template.FAMILY_ARRIVED)
    world.sent("r-h0001", VOICE, Template.RESIDENT_ARRIVED)
    world.quiet()
    world.says("n02", Answer.SAFE)
    world.sent("f-h0001", SMS, Template.FAMILY_RESULT)
    world.wait(1800)
    world.quiet()
    assert world.state() == State.CLOSED.value
    steps = ["raised", "acknowledged", "attended", "closed"]
    assert [verb for verb in world.verbs() if verb in steps] == steps


def test_busy_brings_the_next_neighbour_at_once() -> None:
    """A busy line calls the next in line now and the same line again after 30 s."""
    world = World()
    world.smoke()
    call = world.sent("n01", VOICE)
    world.forget()
    world.report(call, Outcome.BUSY)
    assert world.people() == {("n03", "sms"), ("n03", "voice")}
    world.forget()
    world.wait(29)
    assert ("n01", "voice") not in world.people()
    world.wait(2)
    assert ("n01", "voice") in world.people()


def test_cannot_brings_the_next_neighbour_at_once() -> None:
    """A 2 is a person's word: the next is called now, and that person is not called again."""
    world = World()
    world.smoke()
    world.deliver()
    world.says("n01", Answer.CANNOT)
    assert world.people() == {("n03", "sms"), ("n03", "voice")}
    world.wait(900)
    assert "n01" not in {submit.person_id for submit in world.waiting}


def test_nobody_answers_and_the_ladder_never_ends() -> None:
    """With every call unanswered there is a hand-over to 119 and the desk is rung for ever."""
    world = World()
    world.smoke()
    for _ in range(200):
        for submit in list(world.waiting):
            outcome = Outcome.NO_ANSWER if submit.medium is VOICE else Outcome.DELIVERED
            world.report(submit, outcome)
            world.waiting.remove(submit)
        world.wait(10)
    world.forget()
    world.wait(300)
    assert world.handed[0].service == "119"
    assert ("d01", "voice") in world.people()


def test_neighbours_are_called_in_three_rounds() -> None:
    """Who did not answer three times sleeps, or is away; the desk and the gatehouse have no end."""
    world = World()
    world.smoke()
    for _ in range(360):
        world.deliver(voice=Outcome.NO_ANSWER)
        world.wait(10)
    rings: dict[str, int] = {}
    for submit in world.asked:
        if submit.medium is VOICE:
            rings[submit.person_id] = rings.get(submit.person_id, 0) + 1
    assert [3, 3, 3, 3] == [rings[person] for person in ("n01", "n02", "n03", "n04")]
    assert rings["p01"] > 10
    assert rings["d01"] > 10


def test_everybody_fails_climbs_at_once() -> None:
    """When nobody is being reached any more the next rung starts now, not at its time."""
    world = World(home(neighbours=("n01",)))
    world.smoke()
    world.deliver(voice=Outcome.NO_ANSWER, text=Outcome.UNDELIVERED)
    assert ["119"] == [order.service for order in world.handed]


def test_lease_runs_out_and_others_are_asked_again() -> None:
    """A promise without an arrival ends after the lease, and those stood down are called."""
    world = World()
    world.smoke()
    world.deliver()
    world.says("n02", Answer.GOING)
    world.deliver()
    world.wait(299)
    world.quiet()
    world.wait(2)
    assert {("n01", "voice"), ("n02", "voice"), ("d01", "voice")} <= world.people()
    assert "lease_expired" in world.verbs()


def test_arrived_without_an_outcome_is_asked_after() -> None:
    """Someone at the door who says nothing for ten minutes puts the alarm back to RAISED."""
    world = World()
    world.smoke()
    world.deliver()
    world.says("n01", Answer.ARRIVED)
    world.deliver()
    world.wait(601)
    assert world.state() == State.RAISED.value
    world.sent("d01", CONSOLE, Template.DESK_UNANSWERED)


def test_remote_safe_closes_nothing() -> None:
    """A 4 from someone who never said they go holds nothing, twice as little as once."""
    world = World()
    world.smoke()
    world.deliver()
    world.says("n01", Answer.SAFE)
    world.says("n01", Answer.SAFE)
    world.sent("n01", SMS, Template.NOT_THERE)
    world.quiet()
    assert world.state() == State.RAISED.value


def test_safe_on_the_way_is_asked_after() -> None:
    """A 4 from someone who goes and never said 3 is asked whether they have seen the person."""
    world = World()
    world.smoke()
    world.deliver()
    world.says("n01", Answer.GOING)
    world.deliver()
    world.says("n01", Answer.SAFE)
    world.sent("n01", SMS, Template.ARRIVED)
    assert world.state() == State.ATTENDED.value


def test_a_carriers_bad_hour_spares_nobody_afterwards() -> None:
    """Rounds in which no call could ring count for nothing: the neighbours are called again."""
    world = World()
    world.smoke()
    for _ in range(90):
        world.deliver(voice=Outcome.CHANNEL_FAULT, text=Outcome.CHANNEL_FAULT)
        world.wait(20)
    world.forget()
    world.wait(400)
    assert {("n01", "voice"), ("n02", "voice")} <= world.people()


def test_a_home_without_desk_or_post_goes_on_calling() -> None:
    """Where nobody awake at a staffed place is paired, neighbours are never spared."""
    lonely = HomeRecord("h0001", responders=(ResponderRecord("n01", Role.NEIGHBOUR),))
    world = World(lonely)
    world.smoke()
    for _ in range(720):
        world.deliver(voice=Outcome.NO_ANSWER)
        world.wait(10)
    world.forget()
    world.wait(400)
    assert ("n01", "voice") in world.people()


def test_the_residents_nine_brings_people() -> None:
    """While the desk has it and nobody is on the way, the resident's 9 starts the ladder anew."""
    world = World()
    world.smoke()
    world.deliver()
    world.operator(Verb.ACKNOWLEDGE)
    world.says("r-h0001", Answer.AMBULANCE)
    world.sent("d01", CONSOLE, Template.DESK_RESIDENT_ASKS)
    assert ("n01", "voice") in world.people()


def test_the_residents_nine_after_the_end_is_a_help_call() -> None:
    """An alarm that is over cannot hold a cry for people: a new one begins."""
    world = World()
    world.smoke()
    world.deliver()
    world.operator(Verb.CLOSE, "assisted")
    world.forget()
    world.says("r-h0001", Answer.AMBULANCE)
    assert world.alarm().startswith("h0001-help_call-")
    assert ("d01", "voice") in world.people()


def test_received_holds_nothing() -> None:
    """收到 leaves the ladder running and says so."""
    world = World()
    world.smoke()
    world.deliver()
    world.texts("n01", Answer.HEARD)
    world.sent("n01", SMS, Template.NOT_HELD)
    assert world.state() == State.RAISED.value
    world.wait(31)
    assert ("n03", "voice") in world.people()


def test_the_condition_going_away_closes_nothing() -> None:
    """The head falling silent is recorded, and people are still called."""
    world = World()
    world.smoke()
    world.deliver()
    world.wait(5)
    world.hear("smoke", Kind.SMOKE, value=False)
    assert world.verbs()[-1] == "restored"
    assert world.state() == State.RAISED.value


def test_the_desk_closes_with_a_disposition() -> None:
    """The operator ends an alarm; those who were asked hear they are not needed."""
    world = World()
    world.smoke()
    world.deliver()
    world.operator(Verb.CLOSE, "cooking_or_incense")
    world.sent("n01", SMS, Template.STAND_DOWN)
    world.sent("n02", SMS, Template.STAND_DOWN)
    world.sent("p01", SMS, Template.STAND_DOWN)
    world.sent("f-h0001", SMS, Template.FAMILY_RESULT)
    world.quiet()
    assert world.operator(Verb.ACKNOWLEDGE).refusal != ""


def test_a_retained_cry_known_to_be_old_rings_nobody() -> None:
    """Smoke retained by the broker, half an hour old by its own time, is only shown."""
    world = World()
    old = world.now - timedelta(minutes=31)
    world.hear("smoke", Kind.SMOKE, replay=Replay.RETAINED, device_time=old)
    assert world.people() == {("d01", "console")}


def test_a_retained_cry_of_unknown_age_is_live() -> None:
    """Smoke retained by the broker without a time is believed."""
    world = World()
    world.hear("smoke", Kind.SMOKE, replay=Replay.RETAINED)
    assert ("n01", "voice") in world.people()


def test_ambulance_from_the_scene() -> None:
    """A 9 hands over to 120 and tells the desk; the alarm stays attended."""
    world = World()
    world.smoke()
    world.deliver()
    world.says("n01", Answer.AMBULANCE)
    assert [order.service for order in world.handed] == ["120"]
    world.sent("d01", CONSOLE, Template.DESK_AMBULANCE)
    assert world.state() == State.ATTENDED.value


def test_a_fire_during_a_drill_is_a_fire() -> None:
    """An open drill hides nothing."""
    from alerting.event import DrillOrdered  # noqa: PLC0415 -- one story needs it

    world = World()
    world.do(DrillOrdered("h0001", "smoke", "wang"))
    assert {s.template for s in world.waiting if s.person_id == "n01"} == {Template.DRILL}
    world.forget()
    world.smoke()
    assert {s.template for s in world.waiting if s.person_id == "n01"} == {Template.ALARM}
