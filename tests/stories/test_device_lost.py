"""device_lost: a sensor was not heard from; the operator's list, and nobody is woken."""

from datetime import timedelta

from alerting.alarm import Disposition
from alerting.effect import Medium
from alerting.event import GapRecorded, HoldSet, Verb
from alerting.record import DeviceRecord, HomeRecord
from sensors.reading import Kind, Replay
from tests.stories.world import World, home

HOUR = 3600
SMOKE = DeviceRecord("own-smoke-h0001", "smoke", "厨房")
PIR = DeviceRecord("own-pir-h0001", "pir", "客厅")
BUTTON = DeviceRecord("own-help-h0001", "help_button")


def unlived(*devices: DeviceRecord) -> HomeRecord:
    """A home with these devices in which nobody lives, so that only devices can be missed."""
    record = home()
    return HomeRecord(record.id, (), devices, record.responders)


def test_each_class_has_its_budget() -> None:
    """A button is missed after an hour, a motion sensor after four, a smoke head after 26."""
    world = World(unlived(SMOKE, PIR, BUTTON))
    world.wait(30 * HOUR)
    lost = [(line.facts["device"], at - world.events[0][0]) for line, at in world.raised()]
    assert [
        ("own-help-h0001", timedelta(hours=1)),
        ("own-pir-h0001", timedelta(hours=4)),
        ("own-smoke-h0001", timedelta(hours=26)),
    ] == lost


def test_only_the_desk_is_shown() -> None:
    """A week of silence is three lines on the console, and no message to anybody else."""
    world = World(unlived(SMOKE, PIR, BUTTON))
    for _ in range(7 * 24):
        world.wait(HOUR)
        world.deliver()
    assert {("d01", Medium.CONSOLE)} == {(s.person_id, s.medium) for s in world.asked}
    assert 3 == len(world.asked)


def test_being_heard_ends_it() -> None:
    """The first word of a lost device closes its trouble, without a message to anybody."""
    world = World(unlived(BUTTON))
    world.wait(HOUR)
    world.deliver()
    world.hear("help", Kind.HEARTBEAT)
    assert ["raised", "attempt_ended", "restored", "closed"] == world.verbs()
    assert Disposition.DEVICE_FAULT == world.log[-1].facts["disposition"]
    world.quiet()


def test_it_can_be_lost_again() -> None:
    """The budget starts with the last word."""
    world = World(unlived(BUTTON))
    world.wait(HOUR)
    world.hear("help", Kind.HEARTBEAT)
    world.wait(HOUR)
    assert 2 == len(list(world.raised()))


def test_a_word_in_time_puts_it_off() -> None:
    """A device that speaks within its budget is never lost."""
    world = World(unlived(BUTTON))
    for _ in range(48):
        world.wait(HOUR - 1)
        world.hear("help", Kind.HEARTBEAT)
    assert [] == world.log


def test_a_bridge_saying_offline_is_not_the_device() -> None:
    """That it is gone is no sign that it is there."""
    world = World(unlived(BUTTON))
    world.wait(HOUR / 2)
    world.hear("help", Kind.AVAILABILITY, "offline")
    world.wait(HOUR / 2)
    assert ["raised"] == world.verbs()
    world.hear("help", Kind.AVAILABILITY, "offline", digest=2)
    assert ["raised"] == world.verbs()


def test_what_the_broker_kept_is_not_the_device() -> None:
    """A retained message delivered at each start would keep a dead device alive for ever."""
    world = World(unlived(BUTTON))
    world.wait(HOUR / 2)
    world.hear("help", Kind.BATTERY, 100, replay=Replay.RETAINED)
    world.wait(HOUR / 2)
    assert ["raised"] == world.verbs()


def test_a_device_claimed_later_has_its_own_budget() -> None:
    """A device claimed to a home known for days is not missed before it had time to speak."""
    world = World(unlived(SMOKE))
    world.wait(20 * HOUR)
    world.enter(unlived(SMOKE, BUTTON))
    world.wait(HOUR - 1)
    assert [] == world.log
    world.wait(1)
    assert ["own-help-h0001"] == [line.facts["device"] for line, _ in world.raised()]


def test_closed_by_hand_it_comes_back_after_another_budget() -> None:
    """The operator's closing is not the device's word."""
    world = World(unlived(BUTTON))
    world.wait(HOUR)
    world.operator(Verb.CLOSE, Disposition.DEVICE_FAULT)
    world.wait(HOUR - 1)
    assert 1 == len(list(world.raised()))
    world.wait(1)
    assert 2 == len(list(world.raised()))


def test_lost_time_is_given_back() -> None:
    """While the link was down the device may well have spoken."""
    world = World(unlived(BUTTON))
    world.hear("help", Kind.HEARTBEAT)
    world.wait(HOUR / 2)
    world.do(GapRecorded("mqtt", world.now - timedelta(minutes=20), world.now))
    world.wait(HOUR / 2 + 20 * 60 - 1)
    assert [] == world.log
    world.wait(1)
    assert ["raised"] == world.verbs()


def test_a_device_never_heard_is_held_with_the_others() -> None:
    """Nobody knows over which link it would speak, so any link that is behind holds it."""
    world = World(unlived(BUTTON))
    world.do(HoldSet("serial", world.now + timedelta(hours=2)))
    world.wait(2 * HOUR - 1)
    assert [] == world.log
    world.wait(1)
    assert ["raised"] == world.verbs()


def test_a_device_that_is_taken_out_is_no_trouble_any_more() -> None:
    """A broken button was replaced: its trouble ends, and that of the other stays."""
    world = World(unlived(PIR, BUTTON))
    world.wait(4 * HOUR)
    new = DeviceRecord("own-new-h0001", "help_button")
    world.enter(unlived(PIR, new))
    world.wait(0)
    states = {alarm.subject: alarm.is_open for alarm in world.engine.homes["h0001"].alarms.values()}
    assert {"own-help-h0001": False, "own-pir-h0001": True} == states
    world.wait(HOUR)
    assert "own-new-h0001" == [line for line, _ in world.raised()][-1].facts["device"]
