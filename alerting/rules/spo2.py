"""Blood oxygen below what is usual for the person for minutes: soft, the resident is asked first.

Bands measure it roughly, and some people live well with 88: the limit is low, and everybody's own.
"""

from pydantic import Field

from alerting.policy import SOFT
from alerting.record import ResidentRecord
from alerting.rules import Params, Rule
from alerting.vital import Range, VitalParams, watcher
from sensors.reading import Kind


class SpO2Params(VitalParams):
    """The lowest per cent that is usual for those whose own is not in the registry."""

    low: int = Field(88, ge=50, le=99)


def _usual(params: Params, wearer: ResidentRecord) -> Range:
    """Give a person's own range."""
    assert isinstance(params, SpO2Params)
    return Range(wearer.spo2_low or params.low, 100.0)


RULE = Rule("spo2", SpO2Params, SOFT, frozenset({Kind.SPO2}), watcher(Kind.SPO2, _usual))
