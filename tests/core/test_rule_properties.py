"""What is said twice, or in another order, comes to the same: of the new rules as of the old."""

from datetime import timedelta
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.event import ReportReceived
from alerting.home import Samples
from alerting.memory import MINUTES_KEPT, with_sample
from sensors.reading import Kind, Reading, Report, Source
from tests.stories.world import MORNING, World, patient

SIGNS: tuple[tuple[str, Kind, bool | str | float], ...] = (
    ("gas", Kind.GAS, True),
    ("co", Kind.CO, True),
    ("smoke", Kind.SMOKE, True),
    ("leak", Kind.WATER_LEAK, True),
    ("band", Kind.FALL, "suspected"),
    ("band", Kind.FALL, "confirmed"),
    ("band", Kind.HEART_RATE, 155),
    ("band", Kind.SPO2, 80),
    ("band", Kind.WORN, True),
    ("band", Kind.BATTERY_LOW, True),
    ("door", Kind.TAMPER, True),
    ("door", Kind.FAULT, True),
    ("help", Kind.HELP_CALL, "press"),
)
SIGN = st.sampled_from(SIGNS)


class Said(NamedTuple):
    """One counted report: its device's running number, and what it says."""

    seq: int
    device: str
    kind: Kind
    value: bool | str | float

    def tell(self, world: World, at: float = 0.0) -> None:
        """Let it be heard, `at` seconds after the start."""
        readings = (Reading(self.kind, self.value), Reading(Kind.HEARTBEAT))
        device_id = f"own-{self.device}-h0001"
        received_at = MORNING + timedelta(seconds=at)
        report = Report(
            device_id, received_at, readings, Source("mqtt", "own", "mqtt"), 1, "b", self.seq
        )
        world.do(ReportReceived("h0001", report))


def counted(signs: list[tuple[str, Kind, bool | str | float]]) -> list[Said]:
    """Number what is said."""
    return [Said(number, *sign) for number, sign in enumerate(signs)]


def found(world: World) -> set[tuple[str, str, str]]:
    """Which alarms are open, of what, and how grave."""
    return {
        (alarm.kind, alarm.subject, alarm.policy.priority.value)
        for alarm in world.engine.homes["h0001"].alarms.values()
        if alarm.is_open
    }


@settings(max_examples=60)
@given(st.lists(SIGN, max_size=12), st.data())
def test_what_is_said_again_changes_nothing(
    signs: list[tuple[str, Kind, bool | str | float]], data: st.DataObject
) -> None:
    """Each report once or several times: the same state, byte for byte, and the same orders."""
    once, often = World(settings=patient()), World(settings=patient())
    for said in counted(signs):
        said.tell(once)
        for _ in range(data.draw(st.integers(1, 3))):
            said.tell(often)
    assert once.engine.snapshot() == often.engine.snapshot()
    assert once.asked == often.asked


@settings(max_examples=60)
@given(st.lists(SIGN, max_size=12).flatmap(lambda s: st.tuples(st.just(s), st.permutations(s))))
def test_the_order_of_signs_changes_nothing(
    orders: tuple[
        list[tuple[str, Kind, bool | str | float]], list[tuple[str, Kind, bool | str | float]]
    ],
) -> None:
    """What was said in one instant finds the same dangers in any order, each as grave as it is."""
    worlds = [World(settings=patient()) for _ in orders]
    for world, signs in zip(worlds, orders, strict=True):
        for said in counted(signs):
            said.tell(world)
    assert found(worlds[0]) == found(worlds[1])


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.floats(0, 60.0 * (MINUTES_KEPT - 1)), st.integers(20, 250)), max_size=40
    ).flatmap(lambda s: st.tuples(st.just(s), st.permutations(s)))
)
def test_the_order_of_samples_changes_nothing(
    orders: tuple[list[tuple[float, int]], list[tuple[float, int]]],
) -> None:
    """Samples of a quarter of an hour leave the same minutes in whatever order they come."""
    kept: list[list[Samples]] = []
    for samples in orders:
        minutes: list[Samples] = []
        for second, value in samples:
            minutes = with_sample(minutes, MORNING + timedelta(seconds=second), float(value))
        kept.append(minutes)
    assert kept[0] == kept[1]


@settings(max_examples=40)
@given(st.lists(st.integers(131, 250), min_size=1, max_size=40), st.floats(0.1, 14.0))
def test_no_burst_is_a_vital_sign(rates: list[int], gap: float) -> None:
    """However many samples: what lasts less than ten minutes raises nothing."""
    world = World(settings=patient())
    for number, rate in enumerate(rates):
        world.wait(gap)
        said = Said(number, "band", Kind.HEART_RATE, rate)
        said.tell(world, (world.now - MORNING).total_seconds())
    assert "heart_rate" not in {line.kind for line in world.log}
