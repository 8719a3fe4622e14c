"""What every rule brings with it: words, a story, a glossary line and a documented table."""

import pytest

from alerting.policy import Priority
from alerting.settings import RULES
from alerting.words import LEAVE, SAFETY, WHAT
from gateway.cli_words import KINDS
from sensors.reading import LIFE_SAFETY, Kind
from tests.tree import ROOT

PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "GLOSSARY.md").read_text(encoding="utf-8")
STORIES = {
    path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests/stories").glob("*.py")
}


@pytest.mark.parametrize("name", list(RULES))
def test_a_rule_has_its_words(name: str) -> None:
    """In texts and on the command line."""
    assert name in WHAT
    assert name in KINDS


@pytest.mark.parametrize("name", list(RULES))
def test_a_rule_has_its_story(name: str) -> None:
    """One that raises it and says what becomes of it."""
    assert [] != [story for story, text in STORIES.items() if f'"{name}"' in text]


@pytest.mark.parametrize("name", list(RULES))
def test_a_rule_is_in_the_glossary_and_on_the_page(name: str) -> None:
    """With a table of its own where it can be set."""
    assert f"`{name}`" in GLOSSARY
    assert f"`{name}`" in PAGE
    if RULES[name].params.model_fields:
        assert f"## `[rules.{name}]`" in PAGE


@pytest.mark.parametrize("name", list(RULES))
def test_what_hangs_on_a_life_is_never_filtered(name: str) -> None:
    """A life's rule listens to kinds that are never dropped; who must leave is told how to."""
    rule = RULES[name]
    if rule.policy.priority is Priority.LIFE:
        assert rule.kinds & LIFE_SAFETY
    if rule.policy.hand_over == "119":
        assert name in LEAVE
        assert name in SAFETY


def test_every_life_safety_kind_has_a_rule() -> None:
    """Of heat the rule is the temperature's."""
    heard = {kind for rule in RULES.values() for kind in rule.kinds}
    assert {Kind.SMOKE, Kind.GAS, Kind.CO, Kind.HELP_CALL} <= heard
