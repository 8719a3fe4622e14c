"""Topic filters, whose a topic is, and what the embedded broker cannot carry."""

import pytest

from gateway.topics import Filters, embedded_refusals, pattern


@pytest.mark.parametrize(
    ("topic_filter", "topic", "is_match"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/b", "a/bc", False),
        ("a.b", "axb", False),
        ("a/+", "a/b", True),
        ("a/+", "a/", True),
        ("a/+", "a/b/c", False),
        ("+/b", "a/b", True),
        ("a/+/c", "a/b/c", True),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "ab", False),
        ("a/#", "a/new\nline", True),
        ("#", "a/b", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
    ],
)
def test_a_filter_matches_as_the_broker_does(
    topic_filter: str, topic: str, *, is_match: bool
) -> None:
    """By the rules of MQTT 3.1.1."""
    assert is_match == bool(pattern(topic_filter).fullmatch(topic))


def test_the_first_filter_names_the_family() -> None:
    """And a topic of no filter has none."""
    filters = Filters({"a/b": "one", "a/#": "two"})
    assert ["one", "two", None] == [filters.family(topic) for topic in ("a/b", "a/c", "b")]


def test_our_own_topics_can_live_on_the_embedded_broker() -> None:
    """Ids have no spaces."""
    assert {} == embedded_refusals({"care/v1/+/+/+": "own", "homeassistant/status": "own"})


def test_names_chosen_by_people_cannot() -> None:
    """A bridge's devices are called 'living room'; that broker would close on the bridge."""
    assert ["zigbee2mqtt/#"] == list(embedded_refusals({"zigbee2mqtt/#": "zigbee2mqtt"}))


def test_a_filter_with_a_space_cannot() -> None:
    """Nothing with a space is ever published there."""
    assert ["care/v1/my home/#"] == list(embedded_refusals({"care/v1/my home/#": "own"}))
