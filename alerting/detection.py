"""What detectors have in common: a state that means danger, its end, and a test press.

Several rules are made of this; what differs is the kind, the ladder and the words.
"""

from collections.abc import Callable, Iterator

from alerting.freshness import is_late
from alerting.home import HomeState
from alerting.rules import Finding, Sign, View
from sensors.reading import Flag, Kind, Report


def detector(kind: Kind) -> Callable[[View, HomeState, Report], Iterator[Finding]]:
    """Make the `on_report` of a detector's rule: at once, whatever else is known.

    A test press says `test` beside the state on most models: it is logged and wakes nobody. A
    detector that cries again while the alarm is open adds to it; after it was closed it
    raises anew.
    """

    def on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
        del view, home
        for reading in report.readings:
            if reading.kind is not kind or Flag.INVALID in reading.flags:
                continue
            evidence = {"device": report.device_id}
            if reading.level is not None:
                evidence["level"] = f"{reading.level:g}{reading.unit or ''}"
            if Flag.TEST in reading.flags:
                yield Finding(Sign.TESTED, evidence)
            elif reading.value:
                yield Finding(Sign.DANGER, evidence, is_late=is_late(report))
            else:
                yield Finding(Sign.RESTORED, evidence)

    return on_report
