"""What must hold after every step of any storm."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alerting.alarm import Alarm
from alerting.effect import Effect, Log
from alerting.engine import Engine
from alerting.event import Elapsed, OperatorActed, Verb
from tests.core import storm
from tests.core.storm import Step, calm

_TEST = timedelta(minutes=30)
_KEPT = timedelta(hours=24)


class Storm(RuleBasedStateMachine):
    """Any step after any other; the core is woken whenever it asked to be."""

    def __init__(self) -> None:
        super().__init__()
        self.world = calm()
        self.keys: dict[str, Effect] = {}
        self.seen = 0

    def _take(self, step: Step) -> None:
        step.take(self.world)
        self.world.wait(0)

    @rule(step=storm.HEAR)
    def hear(self, step: Step) -> None:
        """A device speaks."""
        self._take(step)

    @precondition(lambda self: self.world.asked)
    @rule(step=storm.COME)
    def come(self, step: Step) -> None:
        """A channel reports."""
        self._take(step)

    @precondition(lambda self: self.world.asked)
    @rule(step=storm.SAY | storm.TEXT | storm.ACT)
    def answer(self, step: Step) -> None:
        """Somebody answers, or acts."""
        self._take(step)

    @rule(step=storm.WAIT | storm.DRAG)
    def wait(self, step: Step) -> None:
        """Time passes; `World.wait` fails where a home is due again and again at one instant."""
        self._take(step)

    @rule(step=st.one_of(*storm.RARE))
    def change(self, step: Step) -> None:
        """Something around the homes changes."""
        self._take(step)

    # --- what holds --------------------------------------------------------------------------

    def alarms(self) -> list[Alarm]:
        """Every alarm the core remembers."""
        return [a for home in self.world.engine.homes.values() for a in home.alarms.values()]

    @invariant()
    def every_key_is_used_once(self) -> None:
        """No order has the key of another, least of all a call; a line may only repeat itself."""
        for decision in self.world.decisions[self.seen :]:
            for effect in decision.effects:
                known = self.keys.get(effect.key)
                assert known is None or (isinstance(effect, Log) and known == effect)
                self.keys[effect.key] = effect
        self.seen = len(self.world.decisions)

    @invariant()
    def every_life_has_a_deadline(self) -> None:
        """Whatever state it is in, an alarm on which a life hangs comes up again by itself."""
        first = self.world.engine.next_deadline()
        for alarm in self.alarms():
            if alarm.is_open and alarm.is_life_safety:
                due = alarm.next_due()
                assert due is not None
                assert due > self.world.now
                assert first is not None
                assert first <= due

    @invariant()
    def a_test_hides_nobody(self) -> None:
        """What is redirected stands in a home under test; no absence and no test is without end."""
        for home in self.world.engine.homes.values():
            hidden = any(a.is_open and a.is_test for a in home.alarms.values())
            assert not hidden or home.walk_test is not None
            test = home.walk_test
            assert test is None or self.world.now < test.until <= test.since + _TEST
            assert all(report.until > self.world.now for report in home.away.values())

    @invariant()
    def nothing_is_overdue(self) -> None:
        """After the core was asked nothing is left that should have been done."""
        first = self.world.engine.next_deadline()
        assert first is None or first > self.world.now

    @invariant()
    def what_is_closed_waits_for_nothing(self) -> None:
        """A closed alarm has neither ladder nor lease, and rings nobody."""
        for alarm in self.alarms():
            if not alarm.is_open:
                dues = (alarm.ladder_due, alarm.lease_due, alarm.outcome_due, alarm.window_due)
                assert {None} == set(dues)
                assert not any(
                    n.expects_answer and not n.is_done for n in alarm.notifications.values()
                )

    @invariant()
    def the_state_survives_a_restart(self) -> None:
        """A snapshot restored gives the same snapshot."""
        body = self.world.engine.snapshot()
        engine = Engine()
        assert engine.restore(body)
        assert body == engine.snapshot()

    @invariant()
    def lists_do_not_grow(self) -> None:
        """Nobody is listed twice, and what is kept for a while is bounded."""
        for alarm in self.alarms():
            for people in (alarm.called_ids, alarm.declined_ids, alarm.scene_ids):
                assert len(set(people)) == len(people)
        for home in self.world.engine.homes.values():
            assert len(home.gaps) <= 8
            assert len(set(home.barred)) == len(home.barred)
        for asked in self.world.engine.community.asked.values():
            running = [a.alarm_id for a in asked if a.closed_at is None]
            assert set(running) <= {a.id for a in self.alarms() if a.is_open}

    def teardown(self) -> None:
        """A day after everything is closed nothing is remembered of it."""
        world = self.world
        before = {alarm.id for alarm in self.alarms()}
        for alarm in self.alarms():
            if alarm.is_open:
                world.do(OperatorActed(alarm.home_id, alarm.id, "wang", Verb.CLOSE))
        world.now += _KEPT
        for home_id in list(world.engine.homes):
            world.do(Elapsed(home_id))
        assert set() == before & {alarm.id for alarm in self.alarms()}


TestStorm = Storm.TestCase
TestStorm.settings = settings(max_examples=50, stateful_step_count=30)
