"""heart_rate, spo2 and off_wrist: a person's own range, persistence, and a band on the table."""

from datetime import timedelta

import pytest

from alerting.effect import Medium, Template
from alerting.event import Answer, Outcome, Verb
from alerting.message import Facts, render
from alerting.record import DeviceRecord, HomeRecord, ResidentRecord
from sensors.reading import Flag, Kind, Replay
from tests.stories.world import World, home, patient

SMS, VOICE, CONSOLE = Medium.SMS, Medium.VOICE, Medium.CONSOLE
FACTS = Facts("昭觉社区", "84310000", "3栋2单元502", "张桂芳", "19:40")
OFF = timedelta(hours=4).total_seconds()


def wearing(*people: ResidentRecord, worn_by: str | None = "r-h0001") -> World:
    """A home whose resident wears a band; `people` live there in her place."""
    record = home()
    residents = people or record.residents
    band = DeviceRecord("own-band-h0001", "wristband", resident_id=worn_by)
    budget = dict.fromkeys(("smoke", "pir", "help_button", "wristband"), 8000.0)
    settings = patient(no_motion={"day_hours": 72.0, "night_hours": 72.0})
    tables = settings.model_dump()
    tables["rules"]["device_lost"]["budget_hours"] = budget
    changed = HomeRecord(record.id, residents, (*record.devices, band), record.responders)
    return World(changed, settings=type(settings).model_validate(tables))


def pulse(
    world: World, rate: float, times: int = 1, gap: float = 300, kind: Kind = Kind.HEART_RATE
) -> None:
    """Let the band measure so many times, one after another."""
    for _ in range(times):
        world.wait(gap)
        world.hear("band", kind, rate, digest=hash((rate, world.now)))


@pytest.mark.parametrize(
    ("kind", "value"), [(Kind.HEART_RATE, 155), (Kind.HEART_RATE, 33), (Kind.SPO2, 81)]
)
def test_outside_for_minutes_the_resident_is_asked(kind: Kind, value: int) -> None:
    """Three samples over ten minutes: the resident is rung, the desk is shown, nobody else."""
    world = wearing()
    pulse(world, value, 2, kind=kind)
    world.quiet()
    pulse(world, value, kind=kind)
    assert world.log[0].kind in {"heart_rate", "spo2"}
    said = render(world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK), FACTS)
    assert "手环说您可能不太舒服，我们不放心。没事按1" in said
    world.sent("d01", CONSOLE, Template.ALARM)
    world.quiet()


def test_the_neighbour_hears_nothing_of_her_heart() -> None:
    """Two minutes later neighbours are asked to look; the text has no health in it."""
    world = wearing()
    pulse(world, 155, 3)
    world.deliver(voice=Outcome.NO_ANSWER)
    world.wait(120)
    text = render(world.sent("n01", SMS), FACTS)
    assert (
        "【昭觉社区】请去看看3栋2单元502张桂芳，手环报警，电话没人接。"
        "能去回1，不能回2。值班室84310000"
    ) == text


@pytest.mark.parametrize("times", [1, 2, 100])
def test_one_sample_is_never_enough(times: int) -> None:
    """Nor a hundred within the same minutes: it must last."""
    world = wearing()
    pulse(world, 190, times, gap=5)
    world.wait(3600)
    world.quiet()


def test_one_sample_inside_begins_it_anew() -> None:
    """Two outside, one inside, two outside: an arm that moved."""
    world = wearing()
    for rate in (150, 150, 80, 150, 150):
        pulse(world, rate)
    world.quiet()
    pulse(world, 150)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


def test_a_long_silence_begins_it_anew() -> None:
    """What was two hours ago and what is now are no row."""
    world = wearing()
    pulse(world, 150, 2)
    world.wait(7200)
    pulse(world, 150)
    world.quiet()


@pytest.mark.parametrize(("rate", "is_usual"), [(44, True), (36, False), (118, False), (112, True)])
def test_everybody_has_a_range_of_their_own(rate: int, *, is_usual: bool) -> None:
    """A former runner at 44 is well, and not at 118."""
    runner = ResidentRecord("r-h0001", can_answer=True, heart_rate_low=40, heart_rate_high=115)
    world = wearing(runner)
    pulse(world, rate, 4)
    assert is_usual == (world.people() == set())


def test_the_range_is_the_wearers() -> None:
    """Of two who live there, hers counts on her band; a band nobody is named for has the usual."""
    she = ResidentRecord("r-h0001", can_answer=True, spo2_low=80)
    he = ResidentRecord("r-h0001b", can_answer=True)
    world = wearing(she, he)
    pulse(world, 84, 4, kind=Kind.SPO2)
    world.quiet()
    world = wearing(she, he, worn_by=None)
    pulse(world, 84, 3, kind=Kind.SPO2)
    assert {("r-h0001", "voice"), ("r-h0001b", "voice"), ("d01", "console")} == world.people()


def test_it_is_told_once() -> None:
    """Samples go on; the resident keeps the two minutes and hears of it once."""
    world = wearing()
    pulse(world, 150, 3)
    world.deliver()
    pulse(world, 150, 3, gap=30)
    world.quiet()
    assert "pre_alarm" == world.state()


def test_back_inside_is_written_down() -> None:
    """It closes nothing: she is still asked."""
    world = wearing()
    pulse(world, 150, 3)
    world.deliver()
    pulse(world, 80, gap=30)
    assert ("restored", "pre_alarm") == (world.verbs()[-1], world.state())


def test_after_a_one_it_rests() -> None:
    """She is well: half an hour of samples more is nothing; after that they count again."""
    world = wearing()
    pulse(world, 150, 3)
    world.deliver()
    world.says("r-h0001", Answer.GOING)
    pulse(world, 150, 6)
    world.quiet()
    pulse(world, 150, 4)
    world.sent("r-h0001", VOICE, Template.RESIDENT_CHECK)


def test_history_begins_nothing() -> None:
    """What a band sends of the night in the morning is record, not alarm."""
    world = wearing()
    for number in range(5):
        world.wait(300)
        world.hear("band", Kind.HEART_RATE, 170, replay=Replay.HISTORY, digest=number)
    world.quiet()


# --- not worn, and no pulse -----------------------------------------------------------------------


def test_zero_is_a_band_on_the_table() -> None:
    """Heart rate 0 all night: no alarm, nobody is rung; the operator's list after four hours."""
    world = wearing()
    pulse(world, 72)
    for _ in range(47):
        pulse(world, 0)
    world.quiet()
    pulse(world, 0, 3)
    world.sent("d01", CONSOLE, Template.ALARM)
    world.quiet()
    assert "off_wrist" == world.log[0].kind
    for _ in range(50):
        pulse(world, 0)
    world.quiet()


def test_a_pulse_ends_it() -> None:
    """Worn again: the trouble closes itself, and nobody hears of it."""
    world = wearing()
    world.hear("band", Kind.WORN, value=False)
    world.wait(OFF)
    world.deliver()
    pulse(world, 72)
    assert "closed" == world.state()
    world.wait(OFF)
    world.quiet()


def test_the_bands_own_word_counts() -> None:
    """Off by its own word, on by its own word, in time: nothing at all."""
    world = wearing()
    world.hear("band", Kind.WORN, value=False)
    world.wait(OFF - 1)
    world.hear("band", Kind.WORN, value=True, digest=2)
    world.wait(OFF)
    assert [] == world.log


def test_no_pulse_on_a_worn_band_is_no_band_on_the_table() -> None:
    """A band that says it is worn and finds no pulse: the resident is asked, minutes later."""
    world = wearing()
    world.hear("band", Kind.WORN, value=True)
    pulse(world, 0, 3)
    assert {"heart_rate"} == {line.kind for line in world.log}
    assert {("r-h0001", "voice"), ("d01", "console")} == world.people()


def test_an_odd_value_is_neither() -> None:
    """255 is a band that has not measured yet."""
    world = wearing()
    for number in range(5):
        world.wait(300)
        world.hear("band", Kind.HEART_RATE, 999, flags=(Flag.INVALID,), digest=number)
    world.wait(OFF)
    assert [] == world.log


def test_closed_by_hand_it_comes_back_after_as_long() -> None:
    """The operator rang her; if it is still off four hours later the list shows it again."""
    world = wearing()
    world.hear("band", Kind.WORN, value=False)
    world.wait(OFF)
    world.operator(Verb.CLOSE, "device_fault")
    world.wait(OFF - 1)
    assert 1 == len(list(world.raised()))
    world.wait(1)
    assert 2 == len(list(world.raised()))
