"""Texts that report somebody away, and those that only look like it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerting import away
from alerting.away_text import Said, Word, read
from alerting.event import AwayEnded, AwayReported
from alerting.home import HomeState
from alerting.record import HomeRecord, ResidentRecord
from tests.stories.world import home

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 30, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai


def local(month: int, day: int, hour: int = 0, minute: int = 0, year: int = 2026) -> datetime:
    """An instant of the community's clock."""
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("外出3天", NOW + timedelta(days=3)),
        ("外出３天。", NOW + timedelta(days=3)),
        ("妈妈要外出两天", NOW + timedelta(days=2)),
        ("外出报备 一周", NOW + timedelta(weeks=1)),
        ("我外出8小时", NOW + timedelta(hours=8)),
        ("外出到4月5日", local(4, 6)),
        ("外出到4月5号18点", local(4, 5, 18)),
        ("外出到4月5日18:30", local(4, 5, 18, 30)),
        ("外出到31号", local(4, 1)),
        ("外出到5号", local(4, 6)),
        ("外出到明天18点", local(3, 31, 18)),
        ("外出到2月5日", local(2, 6, year=2027)),
    ],
)
def test_when_they_are_back(text: str, until: datetime) -> None:
    """A day without an hour is meant whole; the next day of that number is meant."""
    assert Said(Word.AWAY, until) == read(text, NOW, ZONE)


@pytest.mark.parametrize("text", ["回来了", "到家了。", "回家了！"])
def test_back(text: str) -> None:
    """They are back."""
    assert Said(Word.BACK) == read(text, NOW, ZONE)


@pytest.mark.parametrize("text", ["外出", "外出报备", "外出到2月30日", "外出到5月5日30点"])
def test_what_says_no_day_is_asked_again(text: str) -> None:
    """It is meant as one, and cannot be used."""
    assert Said(Word.UNCLEAR) == read(text, NOW, ZONE)


@pytest.mark.parametrize("text", ["1", "去", "来了", "外出，稍后回复您", "我外出了", "外出" * 99])
def test_what_is_about_something_else(text: str) -> None:
    """An answer, or a telephone that answers by itself."""
    assert read(text, NOW, ZONE) is None


def states(*records: HomeRecord) -> list[HomeState]:
    """Homes as the core knows them."""
    return [HomeState(record, NOW) for record in records]


def test_a_daughter_speaks_for_the_home() -> None:
    """Of her parents."""
    said = Said(Word.AWAY, NOW + timedelta(days=3))
    event = away.by_text(said, "f-h0001", states(home("h0001"), home("h0002")), NOW, "t1")
    assert AwayReported("h0001", NOW, NOW + timedelta(days=3), "f-h0001", "", "sms", "t1") == event


def test_one_of_two_speaks_for_themselves() -> None:
    """The other is still watched."""
    record = home()
    two = HomeRecord(record.id, (*record.residents, ResidentRecord("r2")), (), ())
    assert AwayEnded("h0001", "r2", "r2", "sms") == away.by_text(
        Said(Word.BACK), "r2", states(two), NOW, ""
    )


def test_a_neighbour_reports_nobody() -> None:
    """Their text is an answer like any other."""
    assert away.by_text(Said(Word.BACK), "n01", states(home()), NOW, "") is None


def test_who_is_family_of_two_homes_cannot_say_which() -> None:
    """The report is one that the core refuses, by text."""
    twins = (home("h0001"), HomeRecord("h0002", responders=home("h0001").responders))
    event = away.by_text(Said(Word.AWAY, NOW), "f-h0001", states(*twins), NOW, "")
    assert isinstance(event, AwayReported)
    assert event.since == event.until
