"""Smoke: at once, whatever else is known.

A head that cries again while the alarm is open adds to it; after the alarm was closed it raises
anew.
"""

from alerting.detection import detector
from alerting.policy import FIRE
from alerting.rules import Params, Rule
from sensors.reading import Kind


class SmokeParams(Params):
    """Smoke has nothing to set: it is never delayed and never filtered."""


RULE = Rule("smoke", SmokeParams, FIRE, frozenset({Kind.SMOKE}), detector(Kind.SMOKE))
