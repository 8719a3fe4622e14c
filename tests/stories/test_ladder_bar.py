"""How soon a human says "I go", beside what fixed steps of a minute do on the same fires."""

from alerting.effect import Medium
from bench import ladder

FIRES = 250


def test_the_ladder_beats_fixed_steps() -> None:
    """A third of the median and half of the 99th percentile, and no fire without a human."""
    results = [ladder.measure(name, FIRES) for name in ladder.CONTESTANTS]
    assert [] == ladder.misses(results)


def test_a_miss_is_told() -> None:
    """A ladder as slow as fixed steps is found out, in every figure."""
    figures = {"p50_s": 88.0, "p99_s": 360.0, "unreached": 1}
    results = [{"contestant": name, **figures} for name in ladder.CONTESTANTS]
    assert 3 == len(ladder.misses(results))


def test_both_meet_the_same_fire() -> None:
    """Who is there and what an attempt comes to is the seed's, whoever asks and in what order."""
    first, second = ladder.Fire(1, 7), ladder.Fire(1, 7)
    attempts = [("d01", Medium.VOICE, n) for n in (1, 2, 3)]
    there = [first.attempt(*one) for one in attempts]
    back = [second.attempt(*one) for one in reversed(attempts)]
    assert there == back[::-1]
    assert first.answers == second.answers


def test_fixed_steps_are_not_made_worse_than_they_are() -> None:
    """The first answer within the first minute is the fixed steps' too."""
    fire = ladder.Fire(1, 7)
    person = next(iter(fire.answers))
    assert ladder.stepped(fire, [[person]]) is not None
