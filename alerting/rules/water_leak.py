"""Water leak: the resident is asked first, for most leaks are a tap left running.

Nobody dies of it within minutes; a neighbour goes when the resident does not answer.
"""

from alerting.detection import detector
from alerting.policy import SOFT
from alerting.rules import Params, Rule
from sensors.reading import Kind


class WaterLeakParams(Params):
    """A leak has nothing to set; how long the resident is asked is in its policy."""


RULE = Rule(
    "water_leak",
    WaterLeakParams,
    SOFT,
    frozenset({Kind.WATER_LEAK}),
    detector(Kind.WATER_LEAK),
)
