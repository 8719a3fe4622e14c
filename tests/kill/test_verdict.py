"""The judge of sieges judges: each loss is found in evidence made to have it."""

from dataclasses import replace

from tests.kill.verdict import (
    SECOND,
    Carried,
    Evidence,
    Life,
    Publish,
    Raised,
    Row,
    is_late,
    judge,
    wait_after_restart,
    without_row,
)

SMOKE = "care/v1/h1/smoke-h1/smoke"
MOTION = "care/v1/h1/pir-h1/motion"
START = 1_000 * SECOND


def at(seconds: float) -> int:
    """An instant after the start of the evidence."""
    return START + int(seconds * SECOND)


def publish(seconds: float, topic: str = SMOKE) -> Publish:
    """A reading sent then and acknowledged at once."""
    return Publish(topic, at(seconds), at(seconds) + 1000)


def row(seconds: float, topic: str = SMOKE, mark: str = "") -> Row:
    """A report heard then and committed a little later."""
    return Row(topic, at(seconds), at(seconds) + 1000, mark)


def sound() -> Evidence:
    """One smoke, its alarm, its text and its call, in one life of the gateway."""
    carried = Carried({"h1-smoke-1": at(1.5)}, {"h1-smoke-1": at(1.6)})
    carried.call_posts["h1-smoke-1.n1.voice.alarm.1.1"] = 1
    return Evidence(
        published=[publish(1.0), publish(2.0, MOTION)],
        rows=[row(1.1), row(2.1, MOTION)],
        raised=[Raised("h1-smoke-1", "h1", row(1.1).at, None)],
        carried=carried,
        lives=[Life(START, START)],
    )


def test_sound_evidence_has_no_violation() -> None:
    """Where nothing is missing nothing is said to be."""
    assert [] == judge(sound()).violations


def test_a_reading_without_a_row_is_missing() -> None:
    """What the broker acknowledged must be in the journal, whatever its kind."""
    found = judge(replace(sound(), rows=[row(1.1)]))
    assert 1 == found.counts["other readings missing from the journal"]


def test_a_redelivery_does_not_stand_for_a_later_reading() -> None:
    """Two rows of the first smoke are no row of the second, though the bytes are the same."""
    published = [publish(1.0), publish(21.0)]
    assert [published[1]] == without_row(published, [row(1.1), row(4.0, mark="duplicate")])


def test_a_late_delivery_is_the_readings_own_row() -> None:
    """Readings that waited at the broker are heard late, and each once."""
    assert [] == without_row([publish(1.0), publish(21.0)], [row(30.0), row(30.1)])


def test_what_the_broker_may_forget_is_counted_apart() -> None:
    """A span in which the broker's own snapshot was old excuses what is missing, and says so."""
    evidence = replace(sound(), rows=[row(1.1)], excused=[(at(1.9), at(2.5))])
    found = judge(evidence)
    assert ([], 1) == (found.violations, found.counts["forgotten by the broker when it was killed"])


def test_a_smoke_without_an_alarm_is_found() -> None:
    """A smoke in a home without an open alarm must have raised one."""
    evidence = replace(sound(), rows=[*sound().rows, row(0.5)])
    assert 1 == judge(evidence).counts["smokes without an alarm"]


def test_an_alarm_that_was_only_called_about_lacks_its_text() -> None:
    """Both media are asked for, each by itself."""
    carried = replace(sound().carried, texts={})
    found = judge(replace(sound(), carried=carried))
    assert (1, 0) == (
        found.counts["alarms without an accepted SMS"],
        found.counts["alarms without an accepted call"],
    )


def test_a_voice_attempt_posted_twice_is_found() -> None:
    """The same attempt may be posted once in its life."""
    carried = sound().carried
    carried.call_posts["h1-smoke-1.n1.voice.alarm.1.1"] += 1
    found = judge(replace(sound(), carried=carried))
    assert 1 == found.counts["voice attempts posted twice"]


def test_a_request_after_ten_idle_seconds_is_late() -> None:
    """A gateway that lives has ten seconds from the smoke on."""
    lives = [Life(START, START)]
    assert [False, True] == [is_late(at(1), at(second), lives) for second in (10.9, 11.1)]


def test_a_restart_begins_the_time_anew() -> None:
    """No life but the second had ten seconds for the smoke."""
    lives = [Life(START, START, at(5)), Life(at(5), at(6))]
    assert [False, True] == [is_late(at(1), at(second), lives) for second in (15.9, 16.1)]


def test_a_life_that_let_its_time_pass_is_not_excused_by_the_next() -> None:
    """Whoever had ten seconds and did nothing is late, also when a restart mended it."""
    assert is_late(at(1), at(13), [Life(START, START, at(12)), Life(at(12), at(12.5))])


def test_no_request_at_all_is_late() -> None:
    """Even where no life was long enough."""
    assert is_late(at(1), None, [Life(START, START, at(2))])


def test_the_wait_is_counted_from_the_first_restart() -> None:
    """Later kills do not shorten the figure that is printed."""
    lives = [Life(START, START, at(2)), Life(at(3), at(4), at(5)), Life(at(6), at(6.5))]
    assert 4 * SECOND == wait_after_restart(at(1), at(7), lives)
