"""What is wrong is said once, counted, and bounded."""

from datetime import UTC, datetime, timedelta

from gateway.clock import SystemClock
from gateway.entries import LogLine
from gateway.troubles import AGAIN, FORGOTTEN, MOST, Troubles
from tests.links.rig import said


class Hands(SystemClock):
    """A clock that a test moves."""

    at = datetime(2026, 3, 2, tzinfo=UTC)

    def now(self) -> datetime:
        """What the test says."""
        return self.at


def test_a_trouble_is_said_once_and_counted() -> None:
    """And again after an hour, while it goes on."""
    clock, lines = Hands(), list[LogLine]()
    troubles = Troubles(clock, lines.append)
    for _ in range(1000):
        troubles.note("wrong_home", "own-a at h2", home_id="h1")
    clock.at += AGAIN
    troubles.note("wrong_home", "own-a at h2", home_id="h1")
    assert 2 * [("wrong_home", "raised", "own-a at h2")] == said(lines)
    assert (1001, 2) == (troubles.counts["wrong_home"], len({line.key for line in lines}))
    (figure,) = troubles.figures()
    assert (1001, timedelta(hours=1)) == (figure["times"], clock.at - Hands.at)


def test_what_is_mended_is_said() -> None:
    """Only where it was wrong."""
    lines = list[LogLine]()
    troubles = Troubles(Hands(), lines.append)
    troubles.over("broker_port_taken", "1883")
    troubles.note("broker_port_taken", "1883")
    troubles.over("broker_port_taken", "1883")
    assert ["raised", "restored"] == [line.verb for line in lines]
    assert [] == troubles.figures()


def test_a_hostile_sender_fills_nothing() -> None:
    """Subjects beyond the limit stand together, and are cut."""
    lines = list[LogLine]()
    troubles = Troubles(Hands(), lines.append)
    for number in range(5 * MOST):
        troubles.note("refused_login", f"{number}" + "x" * 10_000)
    assert MOST + 1 == len(lines) == len(troubles.figures())
    assert ("refused_login", "raised", "…") == said(lines)[-1]
    assert 200 == max(len(line.facts["subject"]) for line in lines)


def test_a_day_of_quiet_is_forgotten() -> None:
    """The list is of what is wrong now."""
    clock = Hands()
    troubles = Troubles(clock)
    troubles.note("wrong_home", "own-a at h2")
    clock.at += FORGOTTEN
    assert [] == troubles.figures()
