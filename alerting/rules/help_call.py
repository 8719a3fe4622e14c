"""Help call: the resident pressed the button; always believed, also from a dying device."""

from collections.abc import Iterator

from alerting.freshness import is_late
from alerting.home import HomeState
from alerting.policy import HELP
from alerting.rules import Finding, Params, Rule, Sign, View
from sensors.reading import Flag, Kind, Report


class HelpCallParams(Params):
    """A help call has nothing to set: it is never delayed and never filtered."""


def _on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
    """Find a press; a weak battery beside it is told, and doubts nothing."""
    del view, home
    for reading in report.readings:
        if reading.kind is not Kind.HELP_CALL or not reading.value:
            continue
        evidence = {"device": report.device_id, "press": str(reading.value)}
        if any(r.kind is Kind.BATTERY_LOW and r.value is True for r in report.readings):
            evidence["device_suspect"] = "battery_low"
        sign = Sign.TESTED if Flag.TEST in reading.flags else Sign.DANGER
        yield Finding(sign, evidence, is_late=is_late(report))


RULE = Rule("help_call", HelpCallParams, HELP, frozenset({Kind.HELP_CALL}), _on_report)
