"""Carbon monoxide: at once. It has no smell, and whoever goes in is its next victim."""

from alerting.detection import detector
from alerting.policy import FIRE
from alerting.rules import Params, Rule
from sensors.reading import Kind


class CarbonMonoxideParams(Params):
    """Carbon monoxide has nothing to set: it is never delayed and never filtered."""


RULE = Rule("co", CarbonMonoxideParams, FIRE, frozenset({Kind.CO}), detector(Kind.CO))
