"""What detectors have in common: a state that means danger or a fault, its end, a test press.

Several rules are made of this; what differs is the kind, the ladder and the words.
"""

from collections.abc import Callable, Iterator

from alerting.freshness import is_before, is_late
from alerting.home import HomeState
from alerting.rules import Finding, Sign, View
from sensors.reading import Flag, Kind, Replay, Report


def detector(kind: Kind) -> Callable[[View, HomeState, Report], Iterator[Finding]]:
    """Make the `on_report` of a detector's rule: at once, whatever else is known.

    A test press says `test` beside the state on most models: it is logged and wakes nobody. A
    detector that cries again while the alarm is open adds to it; after it was closed it
    raises anew. What was kept and is said again clears nothing that began later.
    """

    def on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
        del view
        for reading in report.readings:
            if reading.kind is not kind or Flag.INVALID in reading.flags or reading.value is None:
                continue
            evidence = {"device": report.device_id}
            if reading.level is not None:
                evidence["level"] = f"{reading.level:g}{reading.unit or ''}"
            if Flag.TEST in reading.flags:
                yield Finding(Sign.TESTED, evidence)
            elif reading.value:
                yield Finding(Sign.DANGER, evidence, is_late=is_late(report))
            elif not _is_older(home, kind, report):
                yield Finding(Sign.RESTORED, evidence)

    return on_report


def standing_fault(kind: Kind) -> Callable[[View, HomeState, Report], Iterator[Finding]]:
    """Make the `on_report` of a device's own trouble, told once for as long as it stands.

    A device says such a state in every report. The operator who has closed it hears of it again
    when it ends and begins anew, or when it still stands a day later.
    """

    def on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
        del view
        if report.source.replay is not Replay.LIVE:
            return
        device_id, name = report.device_id, kind.value
        device = home.devices.get(device_id)
        stands = device is not None and name in device.standing
        is_known = stands and home.closed_at(name, device_id) is not None
        is_open = home.open_alarm(name, device_id) is not None
        for reading in report.readings:
            if reading.kind is not kind or Flag.INVALID in reading.flags:
                continue
            evidence = {"device": device_id}
            if Flag.TEST in reading.flags:
                yield Finding(Sign.TESTED, evidence)
            elif not reading.value:
                yield Finding(Sign.RESTORED, evidence, subject=device_id)
            elif not is_open and not is_known:
                yield Finding(Sign.DANGER, evidence, subject=device_id)

    return on_report


def _is_older(home: HomeState, kind: Kind, report: Report) -> bool:
    """Say whether a clear is older than the alarm that is open: then it ends nothing."""
    alarm = home.open_alarm(kind.value)
    return alarm is not None and is_before(report, alarm.raised_at)
