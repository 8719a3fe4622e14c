"""Whether a report is known to be old, and whether the device itself has just spoken.

The gateway's clock rules. A device's own time is asked only where the report is said again
(retained, history), and only to prove age: a danger of unknown age is live.
"""

from datetime import datetime, timedelta

from sensors.reading import Kind, Replay, Report

LATE_AFTER = timedelta(minutes=30)
"""A life-safety reading known to be older goes to the desk only."""

BELIEVED = timedelta(days=7)
"""A device's word that its report is older than this is taken for a clock that was never set."""

_KEPT_BY_OTHERS = frozenset({Replay.RETAINED, Replay.CACHED})


def is_late(report: Report) -> bool:
    """Say whether a repeated report is known to be older than `LATE_AFTER`.

    A device that says 1970 or 2000 has no clock, and its report no known age.
    """
    if report.source.replay is Replay.LIVE or report.device_time is None:
        return False
    age = report.received_at - report.device_time
    return LATE_AFTER < age <= BELIEVED


def is_before(report: Report, instant: datetime) -> bool:
    """Say whether a report is from before an instant: what is repeated is, unless it proves not."""
    if report.source.replay is Replay.LIVE:
        return False
    return report.device_time is None or report.device_time < instant


def is_heard(report: Report) -> bool:
    """Say whether this is the device's own voice of now.

    What a broker or a bridge has kept, and a bridge's word that the device is gone, are not.
    """
    if report.source.replay in _KEPT_BY_OTHERS:
        return False
    return not any(r.kind is Kind.AVAILABILITY and r.value == "offline" for r in report.readings)
