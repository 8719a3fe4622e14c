"""Water leak: the resident is asked first, for most leaks are a tap left running.

Nobody dies of it within minutes; a neighbour goes when the resident does not answer. A sensor
still wet after somebody has closed the alarm says nothing new for an hour: floors dry slowly.
"""

from collections.abc import Iterator
from datetime import timedelta

from alerting.detection import detector
from alerting.home import HomeState
from alerting.policy import SOFT
from alerting.rules import Finding, Params, Rule, Sign, View
from sensors.reading import Kind, Report

DRIES_WITHIN = timedelta(hours=1)

_NAME = "water_leak"
_detected = detector(Kind.WATER_LEAK)


class WaterLeakParams(Params):
    """A leak has nothing to set; how long the resident is asked is in its policy."""


def _on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
    """Find water, its end, or a test press."""
    device = home.devices.get(report.device_id)
    is_still_wet = device is not None and _NAME in device.standing
    closed_at = home.closed_at(_NAME, "")
    is_known = is_still_wet and closed_at is not None and view.now - closed_at < DRIES_WITHIN
    for finding in _detected(view, home, report):
        if finding.sign is not Sign.DANGER or not is_known:
            yield finding


RULE = Rule(_NAME, WaterLeakParams, SOFT, frozenset({Kind.WATER_LEAK}), _on_report)
