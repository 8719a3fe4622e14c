"""The core's settings: closed, checked, and the same after the journal."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from alerting.policy import Priority
from alerting.settings import RULES, Settings

Tables = dict[str, Any]


def tables() -> Tables:
    """The default settings as the journal has them."""
    plain: Tables = json.loads(Settings().model_dump_json())
    return plain


def test_the_journal_gives_them_back() -> None:
    """JSON there and back is the same settings."""
    assert Settings() == Settings.model_validate_json(Settings().model_dump_json())


def test_an_edit_survives_the_journal() -> None:
    """Whatever table it is in."""
    edited = tables()
    edited["timezone"] = "Europe/Berlin"
    edited["rules"]["no_motion"]["day_hours"] = 6.5
    edited["rules"]["device_lost"]["budget_hours"] = {"smoke": 30.0}
    edited["policies"]["smoke"]["lease_seconds"] = 240.0
    settings = Settings.model_validate(edited)
    assert settings == Settings.model_validate_json(settings.model_dump_json())
    assert 240.0 == settings.policy("smoke").lease_seconds


@pytest.mark.parametrize("path", ["", "rules", "policies", "rules.smoke", "policies.smoke"])
def test_unknown_keys_are_refused(path: str) -> None:
    """At every depth: a typo must not silently be the default."""
    edited = tables()
    table = edited
    for name in filter(None, path.split(".")):
        table = table[name]
    table["colour"] = 1
    with pytest.raises(ValidationError, match="colour"):
        Settings.model_validate(edited)


def test_unknown_keys_of_a_step_are_refused() -> None:
    """Down to the last one."""
    edited = tables()
    edited["policies"]["smoke"]["steps"][0]["colour"] = 1
    with pytest.raises(ValidationError, match="colour"):
        Settings.model_validate(edited)


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc/passwd", "Asia/Shanghai\x00"])
def test_a_zone_nobody_knows_is_refused(name: str) -> None:
    """With an example of one that is known."""
    with pytest.raises(ValidationError, match="write one like Asia/Shanghai"):
        Settings(timezone=name)


@pytest.mark.parametrize(
    ("rule", "key", "value"),
    [
        ("no_motion", "day_hours", 0),
        ("no_motion", "day_hours", 73),
        ("no_motion", "night_hours", -1),
        ("no_motion", "night_hours", float("nan")),
        ("no_motion", "day_from_hour", 24),
        ("no_motion", "day_to_hour", 25),
        ("device_lost", "budget_hours", {"smoke": 0}),
        ("device_lost", "budget_hours", {"smoke": float("inf")}),
        ("device_lost", "budget_hours", {"smoke": float("nan")}),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(rule: str, key: str, value: object) -> None:
    """Before it can stop the core."""
    with pytest.raises(ValidationError, match=key):
        Settings.model_validate({"rules": {rule: {key: value}}})


def test_a_policy_that_can_end_in_silence_is_refused() -> None:
    """The mistakes are in the message."""
    edited = tables()
    edited["policies"]["help_call"]["repeat_seconds"] = 0
    with pytest.raises(ValidationError, match="end in silence"):
        Settings.model_validate(edited)


@pytest.mark.parametrize("kind", list(RULES))
def test_nobody_makes_a_fire_a_trouble(kind: str) -> None:
    """How much hangs on a kind is not for configuration to say."""
    edited = tables()
    is_trouble = RULES[kind].policy.priority is Priority.TROUBLE
    other = "soft" if is_trouble else "trouble"
    edited["policies"][kind]["priority"] = other
    with pytest.raises(ValidationError, match="another priority"):
        Settings.model_validate(edited)


@pytest.mark.parametrize("kind", list(RULES))
def test_each_rule_has_its_tables(kind: str) -> None:
    """A new rule is in the settings by being there."""
    settings = Settings()
    assert RULES[kind].params() == settings.params(kind)
    assert RULES[kind].policy == settings.policy(kind)
