"""Each kind of alarm says why in one sentence, in both languages."""

import re

import pytest

from alerting.reason import reason
from alerting.settings import RULES


def named(device_id: str) -> str:
    """A name instead of an id."""
    return f"厨房 {device_id}"


@pytest.mark.parametrize("kind", list(RULES))
def test_every_kind_has_a_sentence(kind: str) -> None:
    """One, ended, with Chinese in the one and none in what we say in the other."""
    why = reason(kind, {"device": "x1"}, lambda _: "kitchen")
    assert why.zh.endswith("。")
    assert 1 == why.zh.count("。")
    assert why.en.endswith(".")
    assert re.search("[\u4e00-\u9fff]", why.zh)
    assert not re.search("[\u4e00-\u9fff]", why.en)


@pytest.mark.parametrize(
    ("kind", "evidence", "facts"),
    [
        (
            "no_motion",
            {"silent_minutes": "250", "limit": "usual", "usual_percent": "71", "days": "13"},
            ("4", "10", "13", "71%"),
        ),
        ("no_motion", {"silent_minutes": "720", "limit": "longest"}, ("12",)),
        ("no_motion", {"silent_minutes": "3240", "limit": "away"}, ("54",)),
        ("no_motion", {"silent_minutes": "480", "limit": "fixed"}, ("8",)),
        ("heat", {"device": "t", "celsius": "58.2", "limit": "57"}, ("58.2", "57", "厨房 t")),
        ("heat", {"device": "t", "celsius": "45.0", "rise": "25", "seconds": "70"}, ("25", "70")),
        ("heat", {"device": "t"}, ("厨房 t",)),
        ("smoke", {"device": "s", "level": "0.2dB/m"}, ("厨房 s", "0.2dB/m")),
        ("smoke", {"device": "s", "confirmed_by": "t"}, ("厨房 s", "厨房 t")),
        ("help_call", {"device": "b", "press": "press"}, ("厨房 b",)),
        ("device_lost", {"device": "p", "type": "pir", "room": "厨房"}, ("厨房 p",)),
    ],
)
def test_what_decided_is_in_the_sentence(
    kind: str, evidence: dict[str, str], facts: tuple[str, ...]
) -> None:
    """In both languages."""
    why = reason(kind, evidence, named)
    assert [] == [fact for fact in facts if fact not in why.zh or fact not in why.en]


def test_a_weak_battery_is_told_beside_a_press() -> None:
    """It doubts nothing, and is said."""
    why = reason("help_call", {"device": "b", "device_suspect": "battery_low"}, named)
    assert "电池" in why.zh
    assert "battery" in why.en
