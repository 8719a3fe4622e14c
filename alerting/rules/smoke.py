"""Smoke: at once, whatever else is known.

A test press says `test` beside `smoke` on most models: it is logged and wakes nobody. A head
that cries again while the alarm is open adds to it; after the alarm was closed it raises anew.
"""

from collections.abc import Iterator

from alerting.freshness import is_late
from alerting.home import HomeState
from alerting.policy import FIRE
from alerting.rules import Finding, Params, Rule, Sign, View
from sensors.reading import Flag, Kind, Report


class SmokeParams(Params):
    """Smoke has nothing to set: it is never delayed and never filtered."""


def _on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
    """Find smoke, its end, or a test press."""
    del view, home
    for reading in report.readings:
        if reading.kind is not Kind.SMOKE or Flag.INVALID in reading.flags:
            continue
        evidence = {"device": report.device_id}
        if Flag.TEST in reading.flags:
            yield Finding(Sign.TESTED, evidence)
        elif reading.value:
            yield Finding(Sign.DANGER, evidence, is_late=is_late(report))
        else:
            yield Finding(Sign.RESTORED, evidence)


RULE = Rule("smoke", SmokeParams, FIRE, frozenset({Kind.SMOKE}), _on_report)
