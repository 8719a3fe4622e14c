"""Fuel gas: at once. Nobody rings the bell, switches on a light or goes in; 119 from outside."""

from alerting.detection import detector
from alerting.policy import FIRE
from alerting.rules import Params, Rule
from sensors.reading import Kind


class GasParams(Params):
    """Gas has nothing to set: it is never delayed and never filtered."""


RULE = Rule("gas", GasParams, FIRE, frozenset({Kind.GAS}), detector(Kind.GAS))
