"""Whether a report is known to be old.

The gateway's clock rules. A device's own time is asked only where the report is said again
(retained, history), and only to prove age: a danger of unknown age is live.
"""

from datetime import timedelta

from sensors.reading import Replay, Report

LATE_AFTER = timedelta(minutes=30)
"""A life-safety reading known to be older goes to the desk only."""


def is_late(report: Report) -> bool:
    """Say whether a repeated report is known to be older than `LATE_AFTER`."""
    if report.source.replay is Replay.LIVE or report.device_time is None:
        return False
    return report.received_at - report.device_time > LATE_AFTER
