"""Which MQTT topics are whose: filters to families, and the topics of the gateways themselves."""

import re
from collections.abc import Iterable, Mapping
from itertools import zip_longest

GATEWAYS = "care/v1/gateway/"
"""Topics below this are the gateways' own; no home may be named `gateway`."""

MOST_KNOWN = 131_072
"""Topics whose family is remembered: those of a county's devices."""

OWN = "care/v1/"
"""Names below this are ids, of letters, digits, `-` and `_`."""


def pattern(topic_filter: str) -> re.Pattern[str]:
    """Spell a topic filter as a pattern for a whole topic (MQTT 3.1.1, section 4.7)."""
    tree = topic_filter.removesuffix("/#")
    levels = [{"+": "[^/]*", "#": ".*"}.get(level, re.escape(level)) for level in tree.split("/")]
    if topic_filter.startswith(("+", "#")):
        levels[0] = r"(?!\$)" + levels[0]  # a wildcard in front stands for no topic of the broker
    return re.compile("/".join(levels) + ("" if tree == topic_filter else "(?:/.*)?"), re.DOTALL)


def widest(filters: Iterable[str]) -> list[str]:
    """Leave out each filter that another one covers.

    In MQTT 5 a message comes once for every subscription it matches.
    """
    kept: list[str] = []
    for each in dict.fromkeys(filters):
        if not any(_covers(other, each) for other in kept):
            kept = [other for other in kept if not _covers(each, other)] + [each]
    return kept


def _covers(wide: str, narrow: str) -> bool:
    """Say whether whatever matches `narrow` matches `wide`."""
    ours, theirs = wide.split("/"), narrow.split("/")
    if theirs[0].startswith("$") and ours[0] in {"+", "#"}:
        return False  # a wildcard in front stands for no topic of the broker
    for level, other in zip_longest(ours, theirs):
        if level == "#":
            return True
        if other == "#" or (level != other and (level != "+" or other is None)):
            return False
    return True


class Filters:
    """Topic filters, in order, each with its family."""

    def __init__(self, families: Mapping[str, str]) -> None:
        self._patterns = [(pattern(key), family) for key, family in families.items()]
        self._known: dict[str, str | None] = {}

    def family(self, topic: str) -> str | None:
        """Name the family by the first filter that matches; what was asked is remembered."""
        try:
            return self._known[topic]
        except KeyError:
            found = next((name for each, name in self._patterns if each.fullmatch(topic)), None)
            if len(self._known) >= MOST_KNOWN:  # strangers may make up topics without end
                self._known.clear()
            self._known[topic] = found
            return found


def embedded_refusals(filters: Mapping[str, str]) -> dict[str, str]:
    """Say of each filter that cannot live on the embedded broker why not; empty when all can.

    That broker closes the connection of whoever publishes a topic with a space. Below `care/v1/`
    there is none; elsewhere a wildcard stands for names that people have chosen.
    """
    refusals = {}
    for topic_filter in filters:
        if any(letter.isspace() for letter in topic_filter):
            refusals[topic_filter] = "the embedded broker knows no topics with spaces"
        elif not topic_filter.startswith(OWN) and {"+", "#"} & set(topic_filter):
            refusals[topic_filter] = "names chosen by people have spaces: use mosquitto or EMQX"
    return refusals
