"""The heap of homes: never too late, and exact when asked."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerting.deadlines import Deadlines

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So many seconds later."""
    return NOW + timedelta(seconds=seconds)


class Homes:
    """Homes whose deadlines can be set."""

    def __init__(self, **dues: float | None) -> None:
        self.dues = {home: None if s is None else at(s) for home, s in dues.items()}
        self.heap = Deadlines(self.dues.get)
        for home in self.dues:
            self.heap.plan(home)

    def move(self, home: str, seconds: float | None) -> None:
        """Give a home another deadline, and say so."""
        self.dues[home] = None if seconds is None else at(seconds)
        self.heap.plan(home)


def test_the_earliest_is_first() -> None:
    """And a home without a deadline is not in it."""
    homes = Homes(a=5, b=3, c=None)
    assert at(3) == homes.heap.first()
    assert [True, True, False] == [home in homes.heap for home in "abc"]


def test_due_homes_are_taken_in_order() -> None:
    """Once each."""
    homes = Homes(a=5, b=3, c=9)
    assert ["b", "a"] == homes.heap.take_due(at(5))
    assert [] == homes.heap.take_due(at(5))
    assert at(9) == homes.heap.first()


def test_a_deadline_that_came_nearer_is_met() -> None:
    """The old entry wakes nobody."""
    homes = Homes(a=50)
    homes.move("a", 3)
    assert ["a"] == homes.heap.take_due(at(3))
    homes.move("a", None)
    assert [] == homes.heap.take_due(at(50))


def test_a_deadline_that_moved_away_wakes_nobody_early() -> None:
    """It may be asked about, and is found not to be due."""
    homes = Homes(a=3)
    homes.move("a", 50)
    assert [] == homes.heap.take_due(at(3))
    assert at(50) == homes.heap.first()


def test_a_look_is_bounded() -> None:
    """Also where nobody looked at is due; the first says that there are more."""
    homes = Homes(a=1, b=2, c=3)
    homes.dues["a"] = at(50)
    assert [[], ["b"], ["c"], []] == [homes.heap.take_due(at(3), 1) for _ in range(4)]


def test_doubted_homes_are_looked_at_again() -> None:
    """Whatever they were planned for; who had no deadline may have one."""
    homes = Homes(a=50, b=60, c=None)
    homes.dues.update(a=at(3), b=at(70), c=at(4))
    homes.heap.doubt(homes.dues, NOW)
    assert [] == homes.heap.take_due(NOW)
    assert ["a", "c"] == homes.heap.take_due(at(5))


def test_a_home_that_is_gone_is_dropped() -> None:
    """Its entry is left to run out."""
    homes = Homes(a=3)
    del homes.dues["a"]
    assert [] == homes.heap.take_due(at(3))
    assert None is homes.heap.first()


MOVES = st.lists(
    st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 60)), st.integers(0, 5)),
    max_size=40,
)


@given(MOVES)
def test_nobody_is_asked_too_late_or_in_vain(moves: list[tuple[str, int | None, int]]) -> None:
    """After any moves: who is taken is due, who is due is taken, and the first is never late."""
    homes, seconds = Homes(a=1, b=2, c=3), 0
    for home, wait, passed in moves:
        homes.move(home, None if wait is None else seconds + wait)
        seconds += passed
        due = {h for h, deadline in homes.dues.items() if deadline and deadline <= at(seconds)}
        assert due == set(homes.heap.take_due(at(seconds)))
        for each in due:
            homes.move(each, seconds + 7)
        first = homes.heap.first()
        left = [deadline for deadline in homes.dues.values() if deadline]
        assert not left or (first is not None and first <= min(left))


def test_after_a_restore_every_home_is_looked_at_the_pressing_first() -> None:
    """A few at a time; what is due is found, and the rest has its deadline afterwards."""
    homes = Homes(a=50, b=-5, c=-9, d=None)
    homes.heap.begin(["c"], ["a", "b", "d"])
    assert ["c"] == homes.heap.take_due(NOW, 1)
    first = homes.heap.first()
    assert first is not None
    assert first < NOW
    assert ["b"] == homes.heap.take_due(NOW)
    assert at(50) == homes.heap.first()
    assert "d" not in homes.heap
