"""What is the same report again, and what only looks like it."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.duplicates import Novelty, judge
from alerting.event import Verb
from alerting.home import DeviceState
from sensors.reading import Kind, Reading, Replay, Report, Source
from tests.stories.world import World, patient

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NEW, LIKELY, DUPLICATE = Novelty.NEW, Novelty.LIKELY_DUPLICATE, Novelty.DUPLICATE


def report(
    seconds: float = 0.0,
    *,
    boot: str | None = None,
    seq: int | None = None,
    digest: int = 1,
    is_dup: bool = False,
) -> Report:
    """A report that came so many seconds after the first."""
    return Report(
        device_id="own-x",
        received_at=NOW + timedelta(seconds=seconds),
        readings=(Reading(Kind.SMOKE, value=True),),
        source=Source("mqtt", "own", "mqtt", is_dup=is_dup),
        digest=digest,
        boot=boot,
        seq=seq,
    )


def judged(*reports: Report) -> list[Novelty]:
    """Judge reports of one device one after another, with a restart between all of them."""
    device, found = DeviceState(NOW), []
    for each in reports:
        found.append(judge(device, each))
        device = msgspec.json.decode(msgspec.json.encode(device), type=DeviceState)
    return found


def test_a_counter_tells_for_certain() -> None:
    """The same number of the same boot is the same report, an hour later too."""
    first, again = report(boot="a", seq=7), report(3600, boot="a", seq=7, digest=2)
    assert [NEW, DUPLICATE] == judged(first, again)


def test_numbers_may_come_out_of_order() -> None:
    """Each is new once, within the window of 64."""
    reports = [report(boot="a", seq=n) for n in (10, 12, 11, 12, 10, 11, 73, 9)]
    assert [NEW, NEW, NEW, DUPLICATE, DUPLICATE, DUPLICATE, NEW, NEW] == judged(*reports)


def test_what_is_too_old_to_know_is_new() -> None:
    """A report counted twice beats one lost."""
    reports = [report(boot="a", seq=n) for n in (1, 100, 1, 36, 37)]
    assert [NEW, NEW, NEW, NEW, NEW] == judged(*reports)


def test_a_restart_of_the_device_loses_nothing() -> None:
    """A new boot counts from 0 again, and the old one's repeats are still known."""
    reports = [
        report(boot="a", seq=0),
        report(boot="a", seq=1),
        report(boot="b", seq=0),
        report(boot="b", seq=1),
        report(boot="a", seq=1),
    ]
    assert [NEW, NEW, NEW, NEW, DUPLICATE] == judged(*reports)


def test_two_boots_are_remembered() -> None:
    """The one before the last is forgotten: then a report is rather counted twice."""
    reports = [report(boot=b, seq=0) for b in "abca"]
    assert [NEW, NEW, NEW, NEW] == judged(*reports)


@pytest.mark.parametrize(("seconds", "expected"), [(3.0, LIKELY), (3.1, NEW), (86_400.0, NEW)])
def test_an_equal_payload_is_likely_the_radio(seconds: float, expected: Novelty) -> None:
    """Within three seconds a radio repeats itself; tomorrow's smoke has today's bytes."""
    assert [NEW, expected] == judged(report(), report(seconds))


def test_repeats_do_not_lengthen_the_window() -> None:
    """The three seconds count from the first: who cries on is heard."""
    reports = [report(seconds) for seconds in (0, 2, 3, 4, 6, 8)]
    assert [NEW, LIKELY, LIKELY, NEW, LIKELY, NEW] == judged(*reports)


@pytest.mark.parametrize(("seconds", "expected"), [(10.0, LIKELY), (10.1, NEW)])
def test_a_number_without_a_boot_waits_for_ten_seconds(seconds: float, expected: Novelty) -> None:
    """The number is in the payload, so an equal one is the same number."""
    assert [NEW, expected] == judged(report(seq=4), report(seconds, seq=4))


@pytest.mark.parametrize(("seconds", "expected"), [(30.0, LIKELY), (600.0, LIKELY), (601.0, NEW)])
def test_the_brokers_flag_is_believed_with_an_equal_payload(
    seconds: float, expected: Novelty
) -> None:
    """A redelivery after a reconnect comes late."""
    assert [NEW, expected] == judged(report(), report(seconds, is_dup=True))


def test_the_brokers_flag_alone_proves_nothing() -> None:
    """A redelivery of what we never got is new."""
    assert [NEW, NEW] == judged(report(digest=1), report(5, digest=2, is_dup=True))


def retained(digest: int, seconds: float = 86_400.0, topic: str = "t") -> Report:
    """What the broker has kept of this topic, shown again a day later."""
    source = Source("mqtt", "own", "mqtt", topic, replay=Replay.RETAINED)
    return msgspec.structs.replace(report(seconds, digest=digest), source=source)


def live(digest: int, seconds: float, topic: str = "t") -> Report:
    """The device's own word on this topic."""
    source = Source("mqtt", "own", "mqtt", topic)
    return msgspec.structs.replace(report(seconds, digest=digest), source=source)


def test_what_the_broker_kept_of_the_last_word_is_no_news() -> None:
    """Each subscription shows it again; a later word on another topic does not make it new."""
    reports = [live(1, 0), live(9, 60, "battery"), retained(1), retained(1, 90_000)]
    assert [NEW, NEW, DUPLICATE, DUPLICATE] == judged(*reports)


def test_what_the_broker_kept_of_a_word_we_never_heard_is_news() -> None:
    """Fire, all clear, and fire again while we were away: the broker has the second fire."""
    reports = [live(1, 0), live(2, 60), retained(1), retained(1, 90_000)]
    assert [NEW, NEW, NEW, DUPLICATE] == judged(*reports)


def test_four_payloads_are_remembered() -> None:
    """Repeats may be mixed with others."""
    reports = [report(digest=n) for n in (1, 2, 3, 4, 1, 5, 1)]
    assert [NEW, NEW, NEW, NEW, LIKELY, NEW, NEW] == judged(*reports)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 40)), max_size=60))
def test_a_number_is_new_exactly_once(numbers: list[tuple[str, int]]) -> None:
    """In any order and however often: within two boots and 64 numbers none is lost or doubled."""
    found = judged(*(report(boot=boot, seq=seq) for boot, seq in numbers))
    new = [number for number, novelty in zip(numbers, found, strict=True) if novelty is NEW]
    assert sorted(set(numbers)) == sorted(new)


# --- in the core ----------------------------------------------------------------------------------


def test_delivered_twice_raises_once() -> None:
    """The mark is for the journal; people are called once."""
    world = World(settings=patient())
    world.hear("smoke", Kind.SMOKE, boot="a", seq=1)
    world.forget()
    assert "duplicate" == world.hear("smoke", Kind.SMOKE, boot="a", seq=1, is_dup=True).mark
    world.quiet()
    assert ["raised"] == world.verbs()


def test_a_likely_duplicate_of_an_open_alarm_is_only_marked() -> None:
    """The radio repeating itself is not a second sign."""
    world = World(settings=patient())
    world.hear("smoke", Kind.SMOKE)
    assert "duplicate" == world.hear("smoke", Kind.SMOKE).mark
    assert ["raised"] == world.verbs()


def test_a_likely_duplicate_where_no_alarm_is_open_still_raises() -> None:
    """Closed a second ago, and it burns: that is no repeat worth missing."""
    world = World(settings=patient())
    world.smoke()
    world.operator(Verb.CLOSE)
    world.forget()
    world.wait(1)
    assert "duplicate" == world.hear("smoke", Kind.SMOKE).mark
    assert ("n01", "voice") in world.people()


def test_the_same_bytes_a_day_apart_are_two_fires() -> None:
    """Nothing in the payload tells them apart, and nothing has to."""
    world = World(settings=patient(no_motion={"day_hours": 72, "night_hours": 72}))
    world.smoke()
    world.operator(Verb.CLOSE)
    world.forget()
    world.wait(86_400)
    world.smoke()
    assert ("n01", "voice") in world.people()


def test_a_duplicate_of_motion_is_no_life() -> None:
    """What was said before proves nothing about now."""
    world = World(settings=patient())
    world.hear("pir", Kind.MOTION, boot="a", seq=1)
    world.wait(7 * 3600)
    world.hear("pir", Kind.MOTION, boot="a", seq=1, is_dup=True)
    world.wait(3600)
    assert ("r-h0001", "voice") in world.people()
