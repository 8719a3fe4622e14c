"""Fault: a device says that it does not work, and what it watches is unwatched meanwhile."""

from alerting.detection import standing_fault
from alerting.policy import LISTED
from alerting.rules import Params, Rule
from sensors.reading import Kind


class FaultParams(Params):
    """Nothing to set: it is told when it begins, and ends when the device says so."""


RULE = Rule("fault", FaultParams, LISTED, frozenset({Kind.FAULT}), standing_fault(Kind.FAULT))
