"""Topic filters, whose a topic is, and what the embedded broker cannot carry."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import parse
from gateway.parts import filters
from gateway.topics import Filters, embedded_refusals, pattern, widest

LEVELS = st.sampled_from(["a", "b", "+", "$SYS"])
FILTERS = st.builds(
    lambda levels, tail: "/".join([*levels, *tail]),
    st.lists(LEVELS, min_size=1, max_size=3),
    st.sampled_from([[], ["#"]]),
)
TOPICS = st.lists(st.sampled_from(["a", "b", "$SYS"]), min_size=1, max_size=4).map("/".join)


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


@given(filters=st.lists(FILTERS, max_size=5), topic=TOPICS)
def test_the_widest_filters_match_what_all_match(filters: list[str], topic: str) -> None:
    """Nothing is heard less, and none of those kept is covered by another."""
    kept = widest(filters)
    expected, actual = (
        any(pattern(each).fullmatch(topic) for each in some) for some in (filters, kept)
    )
    assert expected == actual
    assert set(kept) <= set(filters)


def test_a_filter_within_another_is_left_out() -> None:
    """Whatever the order."""
    assert ["a/#"] == widest(["a/b", "a/#", "a/+/c"])
    assert ["a/+", "b"] == widest(["a/+", "b", "a/c"])
    assert ["#", "$SYS/x"] == widest(["#", "$SYS/x"])


@pytest.mark.parametrize(("url", "is_heard"), [("", False), ('url = "mqtt://h"', True)])
def test_a_bridge_is_listened_to_where_it_can_be(
    tmp_path: Path, url: str, *, is_heard: bool
) -> None:
    """By itself, on a broker that carries its topics."""
    text = f'[community]\nname = "x"\nlandline = "84310000"\n[mqtt]\n{url}\n'
    assert is_heard == ("zigbee2mqtt/#" in filters(parse(text, {}, tmp_path)))
