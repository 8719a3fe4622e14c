"""no_motion, learned: away is told from down, asleep from down, and a chatter from a life."""

from datetime import timedelta

from alerting.alarm import Disposition
from alerting.effect import Medium, Template
from alerting.event import Verb
from alerting.record import DeviceRecord, HomeRecord
from alerting.settings import Settings
from sensors.reading import Kind
from tests.stories.world import MORNING, World, home, patient

HOUR = 3600
LEARNED: dict[str, object] = {}


def lived_in(days: int = 14) -> World:
    """A home with a bed, a fridge and a front door, in which somebody lived for so long.

    Up at nine, out shopping from ten to eleven, about until half past ten in the evening; it is
    nine in the morning, and somebody has just moved.
    """
    record = home()
    things = (
        DeviceRecord("own-bed-h0001", "bed", "卧室"),
        DeviceRecord("own-fridge-h0001", "cupboard", "厨房"),
        DeviceRecord("own-front-h0001", "front_door", "门口"),
        DeviceRecord("own-other-h0001", "cupboard", "卧室"),
    )
    equipped = HomeRecord(
        record.id, record.residents, (*record.devices, *things), record.responders
    )
    world = World(equipped, settings=patient(no_motion=LEARNED), start=MORNING)
    for _ in range(days):
        world.move()
        world.wait(HOUR)
        shop(world)
        for _ in range(46):
            world.move()
            world.wait(900)
        world.wait(24 * HOUR - 2 * HOUR - 46 * 900)
    world.move()
    world.quiet()
    return world


def shop(world: World) -> None:
    """Go out for an hour and come home."""
    turn(world, "front", 1)
    world.wait(HOUR)
    turn(world, "front", 1)


def turn(world: World, device: str, times: int) -> None:
    """Open and shut something so often."""
    for n in range(2 * times):
        world.hear(device, Kind.CONTACT, value=n % 2 == 0, digest=int(world.now.timestamp()) + n)
        world.wait(1)


def asked(world: World) -> bool:
    """Whether the resident has been asked."""
    return Template.RESIDENT_CHECK.value in world.templates("r-h0001")


def test_a_silent_morning_is_an_alarm_before_lunch_is_over() -> None:
    """A home that is always lively by day is missed sooner than a fixed limit would."""
    world = lived_in()
    world.wait(4 * HOUR - 1)
    world.quiet()
    world.wait(1)
    assert asked(world)
    (alarm,) = world.engine.homes["h0001"].alarms.values()
    assert "usual" == alarm.evidence["limit"]
    assert "240" == alarm.evidence["silent_minutes"]
    assert int(alarm.evidence["usual_percent"]) > 60
    assert int(alarm.evidence["days"]) >= 14


def test_sleep_is_no_alarm() -> None:
    """From ten in the evening to half past seven nothing moves, as on any night."""
    world = lived_in()
    for _ in range(52):
        world.move()
        world.wait(900)
    world.wait(9.5 * HOUR)
    world.quiet()


def test_who_does_not_get_up_is_missed() -> None:
    """The same night, but the morning is silent too."""
    world = lived_in()
    for _ in range(52):
        world.move()
        world.wait(900)
    world.wait(12 * HOUR)
    assert asked(world)


def test_an_outing_is_no_alarm_and_a_coming_home_begins_the_watch() -> None:
    """Out all day and night is away; home and then silent is not."""
    world = lived_in()
    turn(world, "front", 1)
    world.wait(30 * HOUR)
    world.quiet()
    turn(world, "front", 1)
    world.wait(12 * HOUR)
    assert asked(world)


def test_a_fall_behind_the_door_does_not_hide_for_ever() -> None:
    """Nobody has come back, or nobody has left: after two days and a quarter somebody asks."""
    world = lived_in()
    turn(world, "front", 1)
    world.wait(54 * HOUR - 10)
    world.quiet()
    world.wait(20)
    assert asked(world)
    assert "away" == world.engine.homes["h0001"].alarms[world.alarm()].evidence["limit"]


def test_a_visitor_at_the_door_is_no_outing() -> None:
    """Somebody moves after the door: whoever lives here is in."""
    world = lived_in()
    turn(world, "front", 2)
    world.wait(60)
    world.move()
    world.wait(4 * HOUR)
    assert asked(world)


def test_a_chattering_contact_is_one_sign_and_a_second_one_is_another() -> None:
    """The fridge that swings all day does not hold silence off; the cupboard after it does."""
    world = lived_in()
    world.wait(HOUR)
    turn(world, "fridge", 1)
    for _ in range(16):
        world.wait(900)
        turn(world, "fridge", 1)
    assert asked(world)
    world.operator(Verb.CLOSE, Disposition.FALSE_ALARM)
    world.forget()
    world.wait(2 * HOUR)
    turn(world, "other", 2)
    turn(world, "other", 1)
    turn(world, "fridge", 1)
    world.wait(3 * HOUR)
    world.quiet()


def test_a_bed_is_a_sign_when_it_changes_and_never_when_it_repeats_itself() -> None:
    """Who lies in bed and does not move is not alive by the bed's saying so every hour."""
    world = lived_in()
    world.hear("bed", Kind.BED, "out", digest=1)
    for n in range(4):
        world.wait(HOUR)
        world.hear("bed", Kind.BED, "out", digest=10 + n)
    assert asked(world)
    world.hear("bed", Kind.BED, "in", digest=20)
    assert "restored" in world.verbs()


def test_a_learned_home_is_the_same_after_a_restart() -> None:
    """What was taught is in the state: the silence after it ends at the same instant."""
    world, other = lived_in(3), lived_in(3)
    world.restart()
    for one in (world, other):
        one.wait(12 * HOUR)
        assert asked(one)
    assert other.engine.snapshot() == world.engine.snapshot()


def test_fixed_limits_can_still_be_had() -> None:
    """Whoever sets one gets it, and the other with it."""
    params = Settings.model_validate({"rules": {"no_motion": {"day_hours": 6}}})
    world = World(settings=params, start=MORNING)
    world.move()
    world.wait(6 * HOUR - 1)
    assert not asked(world)
    world.wait(1)
    assert asked(world)


def test_the_desk_reads_the_reason_in_the_log() -> None:
    """Every no_motion alarm says by which reckoning it was raised."""
    world = lived_in(1)
    world.wait(timedelta(hours=12).total_seconds())
    raised = next(line for line in world.log if line.verb == "pre_alarm")
    assert {"silent_minutes", "limit", "usual_percent", "days"} <= raised.facts.keys()
    assert Medium.VOICE in {submit.medium for submit in world.asked}
