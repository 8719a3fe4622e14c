"""Heart rate outside the person's own range for minutes: soft, and the resident is asked first.

A worn band that finds no pulse is a heart rate of 0; one that is not worn is `off_wrist`.
"""

from pydantic import Field

from alerting.policy import SOFT
from alerting.record import ResidentRecord
from alerting.rules import Params, Rule
from alerting.vital import Range, VitalParams, watcher
from sensors.reading import Kind


class HeartRateParams(VitalParams):
    """The range, in beats a minute, of those whose own is not in the registry."""

    low: int = Field(40, ge=20, le=80)
    high: int = Field(130, ge=90, le=250)


def _usual(params: Params, wearer: ResidentRecord) -> Range:
    """Give a person's own range."""
    assert isinstance(params, HeartRateParams)
    return Range(wearer.heart_rate_low or params.low, wearer.heart_rate_high or params.high)


RULE = Rule(
    "heart_rate",
    HeartRateParams,
    SOFT,
    frozenset({Kind.HEART_RATE}),
    watcher(Kind.HEART_RATE, _usual),
)
