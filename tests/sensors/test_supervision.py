"""The silence that devices may keep."""

from datetime import UTC, datetime, timedelta

import pytest

from sensors.supervision import BUDGETS, budget, is_overdue

SEEN = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("device_type", "hours"),
    [("help_button", 1), ("wristband", 2), ("pir", 4), ("smoke", 26), ("never heard of", 26)],
)
def test_each_class_has_a_budget(device_type: str, hours: int) -> None:
    """What a life hangs on is missed soonest; what sleeps for a day may."""
    assert timedelta(hours=hours) == budget(device_type, {})


def test_an_installation_has_its_own_opinion() -> None:
    """An override counts for its class only."""
    overrides = {"pir": timedelta(hours=12)}
    assert timedelta(hours=12) == budget("pir", overrides)
    assert BUDGETS["smoke"] == budget("smoke", overrides)


@pytest.mark.parametrize(
    ("pause_hours", "hours"), [(None, 26), (0.01, 13), (5, 15), (8, 24), (9, 26), (40, 26)]
)
def test_a_habit_shortens_the_budget(pause_hours: float | None, hours: float) -> None:
    """Three of its pauses, between half its class's budget and all of it."""
    pause = None if pause_hours is None else timedelta(hours=pause_hours)
    assert timedelta(hours=hours) == budget("smoke", {}, pause)
    assert timedelta(hours=7) == budget("smoke", {"smoke": timedelta(hours=7)}, pause)


@pytest.mark.parametrize(("hours", "expected"), [(3.999, False), (4, True), (5, True), (-1, False)])
def test_overdue_begins_when_the_budget_is_used_up(hours: float, *, expected: bool) -> None:
    """A deadline set for that instant finds it true; a clock behind the device finds it false."""
    now = SEEN + timedelta(hours=hours)
    assert expected == is_overdue(SEEN, now, timedelta(hours=4))
