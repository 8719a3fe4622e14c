"""home_unprotected: somebody lives there and nothing is heard; the list, then the home itself."""

from datetime import datetime, timedelta

from alerting.alarm import Disposition
from alerting.effect import Medium, Template
from alerting.event import HoldSet, Verb
from alerting.message import Facts, render
from alerting.record import DeviceRecord, HomeRecord, ResidentRecord
from alerting.settings import Settings
from sensors.reading import Kind
from tests.stories.world import MORNING, World, home

VOICE, CONSOLE = Medium.VOICE, Medium.CONSOLE
FACTS = Facts("昭觉社区", "84310000", "3栋2单元502", "张桂芳", "19:40")
HOUR, MINUTE = 3600, 60
SETTINGS = Settings.model_validate(
    {
        "rules": {
            "no_motion": {"day_hours": 72.0, "night_hours": 72.0},
            "device_lost": {"budget_hours": {"help_button": 1.0, "pir": 2.0, "smoke": 3.0}},
        }
    }
)


def dead(hours: float = 3, start: datetime = MORNING, record: HomeRecord | None = None) -> World:
    """A home none of whose devices has been heard for so long; what is listed is delivered."""
    world = World(record or home(), settings=SETTINGS, start=start)
    world.wait(hours * HOUR)
    world.deliver()
    return world


def test_it_is_said_when_the_last_device_is_lost() -> None:
    """Button, motion sensor and smoke head are lost one by one; ten minutes on the home is."""
    world = dead()
    world.wait(10 * MINUTE - 1)
    world.quiet()
    world.wait(1)
    world.sent("d01", CONSOLE, Template.ALARM)
    world.quiet()
    line, at = list(world.raised())[-1]
    assert ("home_unprotected", "3") == (line.kind, line.facts["devices"])
    assert timedelta(hours=3, minutes=10) == at - MORNING


def test_then_the_home_is_rung() -> None:
    """Half an hour later, once; no neighbour and no family ever hears of it."""
    world = dead()
    world.wait(10 * MINUTE)
    world.deliver()
    world.wait(30 * MINUTE - 1)
    world.quiet()
    world.wait(1)
    said = render(world.sent("r-h0001", VOICE, Template.RESIDENT_UNPROTECTED), FACTS)
    assert "您家的报警设备都没有信号了。请看看插头和电源。有事请打值班室84310000" in said
    world.quiet()
    world.wait(24 * HOUR)
    world.deliver()
    world.quiet()
    assert {"d01", "r-h0001"} == {submit.person_id for submit in world.asked}


def test_the_list_says_it_by_night_and_the_home_is_rung_in_the_morning() -> None:
    """At two in the morning the operator is shown; at seven the home is rung."""
    world = dead(start=MORNING + timedelta(hours=14))  # 23:00 in Shanghai
    world.wait(10 * MINUTE)
    world.sent("d01", CONSOLE, Template.ALARM)
    world.wait(4 * HOUR + 49 * MINUTE)  # 06:59
    world.quiet()
    world.wait(31 * MINUTE)
    world.sent("r-h0001", VOICE, Template.RESIDENT_UNPROTECTED)
    world.quiet()


def test_taken_over_it_is_a_task() -> None:
    """The operator has it: the home is not rung by a machine, and four hours later it is back."""
    world = dead()
    world.wait(10 * MINUTE)
    world.deliver()
    world.operator(Verb.ACKNOWLEDGE)
    world.wait(4 * HOUR - 1)
    world.quiet()
    world.wait(1)
    assert "lease_expired" in world.verbs()
    world.sent("d01", CONSOLE, Template.ALARM)


def test_one_device_is_protection_enough() -> None:
    """A smoke head that speaks keeps the home from being unprotected."""
    world = World(settings=SETTINGS)
    for _ in range(12):
        world.wait(2 * HOUR)
        world.hear("smoke", Kind.HEARTBEAT)
    assert {"device_lost"} == {line.kind for line in world.log}


def test_the_first_word_ends_it() -> None:
    """Whichever device it is; the ring that was to come does not."""
    world = dead()
    world.wait(10 * MINUTE)
    world.deliver()
    world.hear("pir", Kind.HEARTBEAT)
    closed = {line.kind for line in world.log if line.verb == "closed"}
    assert {"device_lost", "home_unprotected"} == closed
    world.wait(HOUR)
    world.quiet()


def test_closed_by_hand_it_comes_back_a_day_later() -> None:
    """The operator rang; if nothing is heard by then, the list shows it again."""
    world = dead()
    world.wait(10 * MINUTE)
    world.operator(Verb.CLOSE, Disposition.DEVICE_FAULT)
    world.wait(24 * HOUR - 1)
    kinds = [line.kind for line, _ in world.raised()]
    assert 1 == kinds.count("home_unprotected")
    world.wait(1)
    kinds = [line.kind for line, _ in world.raised()]
    assert 2 == kinds.count("home_unprotected")


def test_nobody_lives_there() -> None:
    """An empty flat is nobody's worry; a home that never had a device is the registry's gap."""
    record = home()
    for empty in (
        HomeRecord(record.id, (), record.devices, record.responders),
        HomeRecord(record.id, record.residents, (), record.responders),
    ):
        world = dead(30, record=empty)
        assert "home_unprotected" not in {line.kind for line in world.log}


def test_who_cannot_hear_is_not_rung() -> None:
    """A deaf resident's home stays on the list, for somebody to go there."""
    record = home()
    deaf = HomeRecord(record.id, (ResidentRecord("r-h0001"),), record.devices, record.responders)
    world = dead(record=deaf)
    world.wait(10 * MINUTE)
    world.deliver()
    world.wait(24 * HOUR)
    world.quiet()
    assert "raised" == world.state()


def test_while_a_link_is_behind_nothing_is_said() -> None:
    """A gateway without its broker knows nothing of any home."""
    world = World(settings=SETTINGS)
    for device in ("smoke", "pir", "help"):
        world.hear(device, Kind.HEARTBEAT)
    world.do(HoldSet("mqtt", world.now + timedelta(hours=10)))
    world.wait(10 * HOUR - 1)
    assert [] == world.log


def test_a_device_claimed_later_is_waited_for() -> None:
    """With a new device that has not had its time the home is not given up."""
    record = home()
    world = dead(2.5)
    more = (*record.devices, DeviceRecord("own-door-h0001", "contact"))
    world.enter(HomeRecord(record.id, record.residents, more, record.responders))
    world.wait(20 * HOUR)
    assert "home_unprotected" not in {line.kind for line in world.log}
