"""The registry and the configuration change while things happen."""

import json

from alerting.alarm import Disposition, State
from alerting.effect import Medium, Template
from alerting.event import Answer, ConfigApplied, HomeRemoved
from alerting.settings import Settings
from sensors.reading import Kind
from tests.stories.world import World, home, patient

SMS, VOICE = Medium.SMS, Medium.VOICE


def edited(**policy: object) -> bytes:
    """Settings in which the ladder for smoke differs in this."""
    tables = json.loads(patient().model_dump_json())
    tables["policies"]["smoke"].update(policy)
    return json.dumps(tables).encode()


def test_an_edit_changes_no_running_ladder() -> None:
    """The lease is that of the policy under which the alarm was raised; the next has the new."""
    world = World(settings=patient())
    world.smoke()
    world.deliver()
    world.do(ConfigApplied(edited(lease_seconds=60)))
    world.says("n01", Answer.GOING)
    world.wait(299)
    assert State.ACKNOWLEDGED.value == world.state()
    world.wait(1)
    assert State.RAISED.value == world.state()
    world.says("n01", Answer.ARRIVED)
    world.says("n01", Answer.SAFE)
    world.wait(60)
    world.smoke()
    world.says("n01", Answer.GOING)
    world.wait(60)
    assert State.RAISED.value == world.state()


def test_settings_that_are_not_valid_change_nothing() -> None:
    """They are refused with the reason, and the core goes on as it was."""
    world = World(settings=patient())
    before = world.engine.snapshot()
    for body in (b"", b"{", b"[]", b'{"colour": 1}', b'{"timezone": "Mars/Base"}'):
        assert "" != world.do(ConfigApplied(body)).refusal
    assert "repeat" in world.do(ConfigApplied(edited(repeat_seconds=0))).refusal
    assert before == world.engine.snapshot()
    world.smoke()
    assert ("n01", "voice") in world.people()


def test_other_limits_count_at_once() -> None:
    """Silence is judged by the limits in force when it is judged."""
    world = World(settings=patient())
    world.wait(3 * 3600)
    shorter = Settings.model_validate({"rules": {"no_motion": {"day_hours": 4}}})
    world.do(ConfigApplied(shorter.model_dump_json().encode()))
    world.forget()
    world.wait(3600)
    assert Template.RESIDENT_CHECK.value in world.templates("r-h0001")


def test_a_new_neighbour_is_called_at_the_next_rung() -> None:
    """An edit of the people takes effect in a running alarm."""
    world = World(home(neighbours=("n01", "n02")), settings=patient())
    world.smoke()
    world.deliver()
    world.enter(home(neighbours=("n01", "n02", "n05")))
    world.wait(30)
    assert ("n05", "voice") in world.people()


def test_a_home_that_is_removed_lets_its_people_go() -> None:
    """Nobody goes on for nothing: calls are taken back, those asked hear, slots are free."""
    world = World(home("h0001"), home("h0002", slot_hint=5), settings=patient())
    world.smoke("h0001")
    world.deliver()
    world.do(HomeRemoved("h0001"))
    world.sent("n01", SMS, Template.STAND_DOWN)
    world.sent("n02", SMS, Template.STAND_DOWN)
    world.sent("p01", SMS, Template.STAND_DOWN)
    world.sent("f-h0001", SMS, Template.FAMILY_RESULT)
    world.quiet()
    assert Disposition.AWAY == world.log[-1].facts["disposition"]
    assert {"n01", "n02", "p01", "d01"} == {x.attempt_id.split(".")[1] for x in world.taken_back}
    world.smoke("h0002")
    assert None is world.sent("n01", SMS, Template.ALARM).slot


def test_what_is_not_known_is_refused() -> None:
    """Homes and alarms nobody knows have no effects."""
    world = World()
    assert "unknown_home" == world.do(HomeRemoved("h9999")).refusal
    assert "unknown_home" == world.hear("smoke", Kind.SMOKE, home_id="h9999").refusal
    world.quiet()
