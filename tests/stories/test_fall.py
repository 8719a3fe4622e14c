"""fall and fall_suspected: what the device is sure of, and what happens after what it is not."""

from datetime import timedelta

import msgspec

from alerting.alarm import Disposition, State
from alerting.effect import Medium, Template
from alerting.event import Answer, GapRecorded, Outcome, Verb
from alerting.message import Facts, render
from sensors.reading import Flag, Kind, Replay
from tests.stories.world import World, home, patient

SMS, VOICE, CONSOLE = Medium.SMS, Medium.VOICE, Medium.CONSOLE
FACTS = Facts("昭觉社区", "84310000", "3栋2单元502", "张桂芳", "19:40", "李明")


def lived_in() -> World:
    """A home whose motion sensor has just seen somebody."""
    world = World(settings=patient())
    world.move()
    world.wait(60)
    return world


def suspected(world: World | None = None) -> World:
    """A band that is not sure."""
    world = world or lived_in()
    world.hear("band", Kind.FALL, "suspected")
    return world


# --- the device is sure ---------------------------------------------------------------------------


def test_a_confirmed_fall_is_a_help_call() -> None:
    """Desk and resident at once, the family told, neighbours at 30 s; nobody is asked first."""
    world = lived_in()
    world.hear("band", Kind.FALL, "confirmed")
    assert "fall" == world.log[0].kind
    world.sent("d01", CONSOLE, Template.ALARM)
    world.sent("d01", VOICE, Template.ALARM)
    said = render(world.sent("r-h0001", VOICE, Template.RESIDENT_HEARD), FACTS)
    assert "知道您摔倒了，我们正在叫人过来，您别急着起身" in said
    world.sent("f-h0001", SMS, Template.FAMILY_START)
    world.quiet()
    world.deliver()
    world.wait(30)
    text = render(world.sent("n01", SMS), FACTS)
    assert text.startswith("【昭觉社区】急！3栋2单元502张桂芳跌倒了")


def test_nobody_comes_and_120_is_next() -> None:
    """The last rung of a fall is the ambulance."""
    world = lived_in()
    world.hear("band", Kind.FALL, "confirmed")
    for _ in range(60):
        world.deliver(voice=Outcome.NO_ANSWER)
        world.wait(10)
    assert {"120"} == {order.service for order in world.handed}


def test_a_device_that_takes_it_back_closes_nothing() -> None:
    """She may have been lifted, or the band may have fallen off: somebody has to look."""
    world = lived_in()
    world.hear("band", Kind.FALL, "confirmed")
    world.deliver()
    world.hear("band", Kind.FALL, "cleared", digest=2)
    assert ("restored", "raised") == (world.verbs()[-1], world.state())
    world.quiet()


def test_a_test_fall_wakes_nobody() -> None:
    """Sure or not."""
    world = lived_in()
    world.hear("band", Kind.FALL, "confirmed", flags=(Flag.TEST,))
    world.hear("band", Kind.FALL, "suspected", flags=(Flag.TEST,), digest=2)
    world.wait(3600)
    world.quiet()
    assert ["tested", "tested"] == world.verbs()


def test_an_old_fall_is_shown_to_the_desk() -> None:
    """A fall of two hours ago that comes now wakes nobody."""
    world = lived_in()
    at = world.now
    world.wait(7200)
    world.hear("band", Kind.FALL, "confirmed", replay=Replay.HISTORY, device_time=at)
    world.sent("d01", CONSOLE, Template.ALARM)
    world.wait(3600)
    world.quiet()


# --- the device is not sure -----------------------------------------------------------------------


def test_a_suspected_fall_asks_the_resident_first() -> None:
    """The resident is rung and the desk is shown; nobody else hears."""
    world = suspected()
    assert "fall_suspected" == world.log[0].kind
    said = render(world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK), FACTS)
    assert "手环说您可能摔倒了，我们不放心。没事按1，要人来按9，或者直接说话" in said
    world.sent("d01", CONSOLE, Template.ALARM)
    world.quiet()


def test_one_from_the_resident_ends_it() -> None:
    """She clapped: nobody hears of it, whether she moves or not."""
    world = suspected()
    world.deliver()
    world.says("r-h0001", Answer.GOING)
    world.wait(3600)
    world.quiet()
    assert State.CLOSED.value == world.state()


def test_a_fall_then_motion_stays_soft() -> None:
    """Somebody walks: the resident has the two minutes, and then a neighbour is asked to look."""
    world = suspected()
    world.deliver(voice=Outcome.NO_ANSWER)
    world.wait(20)
    world.move()
    world.wait(99)
    world.quiet()
    world.wait(1)
    text = render(world.sent("n01", SMS), FACTS)
    assert text.startswith("【昭觉社区】请去看看3栋2单元502张桂芳，可能跌倒，电话没人接")
    assert ("f-h0001", "sms") not in world.people()


def test_a_fall_then_stillness_is_a_fall() -> None:
    """Nobody moves for 90 s: it is a fall now, the same alarm, and people are called at once."""
    world = suspected()
    alarm = world.alarm()
    world.deliver(voice=Outcome.NO_ANSWER)
    world.wait(89)
    world.quiet()
    world.wait(1)
    assert alarm == world.alarm()
    assert ["worsened", "raised"] == world.verbs()[-2:]
    assert "fall" == world.log[-1].kind
    world.sent("d01", VOICE, Template.ALARM)
    world.sent("r-h0001", VOICE, Template.RESIDENT_HEARD)
    world.sent("f-h0001", SMS, Template.FAMILY_START)
    world.quiet()
    world.wait(30)
    assert {("n01", "voice"), ("n02", "voice")} <= world.people()


def test_stillness_outranks_motion() -> None:
    """Two homes, one fall each: who lies still is reached by neighbours before who walks."""
    world = World(home("h0001"), home("h0002", slot_hint=5), settings=patient())
    for home_id in ("h0001", "h0002"):
        world.move(home_id)
    world.wait(60)
    for home_id in ("h0001", "h0002"):
        world.hear("band", Kind.FALL, "suspected", home_id=home_id)
    world.wait(20)
    world.move("h0002")
    world.wait(100)
    priorities = {
        home_id: next(iter(home.alarms.values())).policy.priority.value
        for home_id, home in world.engine.homes.items()
    }
    assert {"h0001": "life", "h0002": "soft"} == priorities


def test_the_fall_itself_is_no_motion() -> None:
    """What the sensor sees within ten seconds is somebody falling."""
    world = suspected()
    world.wait(5)
    world.move()
    world.deliver()
    world.wait(85)
    assert "fall" == world.log[-1].kind


def test_without_a_motion_sensor_nobody_can_tell() -> None:
    """A sensor never heard has not seen stillness: the resident is asked as usual."""
    world = suspected(World(settings=patient()))
    world.deliver()
    world.wait(119)
    world.quiet()
    assert "pre_alarm" == world.state()


def test_lost_time_is_not_stillness() -> None:
    """While the link was down somebody may well have walked."""
    world = suspected()
    world.deliver()
    world.wait(60)
    world.do(GapRecorded("mqtt", world.now - timedelta(seconds=20), world.now))
    world.wait(49)
    assert "pre_alarm" == world.state()
    world.wait(1)
    assert "worsened" in world.verbs()


def test_sure_after_all() -> None:
    """The device makes up its mind while the resident is still asked: one alarm, at once."""
    world = suspected()
    world.deliver()
    world.wait(20)
    world.hear("band", Kind.FALL, "confirmed", digest=2)
    assert 1 == len(world.engine.homes["h0001"].alarms)
    assert {("d01", "voice"), ("r-h0001", "voice"), ("f-h0001", "sms")} == world.people()


def test_sure_when_somebody_is_on_the_way() -> None:
    """Who goes, goes on; the desk and the family hear that it is worse, and nobody is sent home."""
    world = suspected()
    world.deliver()
    world.says("r-h0001", Answer.AMBULANCE)
    world.deliver()
    world.says("n01", Answer.GOING)
    world.deliver()
    world.hear("band", Kind.FALL, "confirmed", digest=2)
    text = render(world.sent("d01", CONSOLE, Template.DESK_WORSE), FACTS)
    assert "比刚才要紧，请马上打电话" in text
    world.sent("f-h0001", SMS, Template.FAMILY_START)
    world.quiet()
    assert "acknowledged" == world.state()


def test_sure_when_neighbours_are_called() -> None:
    """The ladder of a fall begins, and those asked before are asked again."""
    world = suspected()
    world.deliver()
    world.says("r-h0001", Answer.AMBULANCE)
    world.deliver()
    world.hear("band", Kind.FALL, "confirmed", digest=2)
    assert {("d01", "voice"), ("f-h0001", "sms")} <= world.people()
    world.deliver()
    world.wait(30)
    assert ("n01", "voice") in world.people()


def test_not_sure_during_a_fall_adds_nothing() -> None:
    """The graver alarm stands; the resident is not asked about it."""
    world = lived_in()
    world.hear("band", Kind.FALL, "confirmed")
    world.deliver()
    world.hear("band", Kind.FALL, "suspected", digest=2)
    world.quiet()
    assert 1 == len(world.engine.homes["h0001"].alarms)


def test_a_band_dropped_on_the_floor_says_so() -> None:
    """A fall of a band that is not worn is asked about all the same; the log says it was off."""
    world = lived_in()
    world.hear("band", Kind.WORN, value=False)
    world.hear("band", Kind.FALL, "suspected", digest=2)
    assert "no" == world.log[0].facts["worn"]
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


def test_two_bands_are_two_falls() -> None:
    """Of two people one is sure and one is not: neither hides the other."""
    world = lived_in()
    world.hear("band", Kind.FALL, "suspected")
    world.hear("band2", Kind.FALL, "confirmed")
    kinds = {alarm.kind for alarm in world.engine.homes["h0001"].alarms.values()}
    assert {"fall", "fall_suspected"} == kinds


def test_the_desk_may_close_it() -> None:
    """Closed by the desk it is over, still or not."""
    world = suspected()
    world.deliver()
    world.operator(Verb.CLOSE, Disposition.FALSE_ALARM)
    world.wait(3600)
    world.quiet()


def test_a_drill_of_a_suspected_fall_never_becomes_real() -> None:
    """Nobody moves during a drill, and it stays one."""
    world = lived_in()
    world.drill("fall_suspected")
    world.deliver()
    world.wait(300)
    assert {"fall_suspected"} == {line.kind for line in world.log}


def test_who_can_lift_is_asked_first() -> None:
    """After a fall those who cannot lift come last; for a fire they come in their turn."""
    record = home()
    weak = {"n01", "n02"}
    responders = tuple(
        msgspec.structs.replace(one, lifts=one.id not in weak) for one in record.responders
    )
    changed = msgspec.structs.replace(record, responders=responders)
    for kind, value, asked in (
        (Kind.FALL, "confirmed", {"n03", "n04"}),
        (Kind.SMOKE, True, {"n01", "n02"}),
    ):
        world = World(changed, settings=patient())
        world.hear("band", kind, value)
        world.deliver()
        world.wait(29.9)
        rung = {s.person_id for s in world.asked} & {"n01", "n02", "n03", "n04"}
        world.wait(0.1)
        first = rung or {s.person_id for s in world.waiting}
        assert asked == first
