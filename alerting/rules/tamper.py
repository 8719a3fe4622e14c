"""Tamper: a housing was opened; the operator sees it at once (EN 50131: within ten seconds)."""

from alerting.detection import standing_fault
from alerting.policy import LISTED
from alerting.rules import Params, Rule
from sensors.reading import Kind


class TamperParams(Params):
    """Nothing to set: it is told when it begins, and ends when the device says so."""


RULE = Rule("tamper", TamperParams, LISTED, frozenset({Kind.TAMPER}), standing_fault(Kind.TAMPER))
