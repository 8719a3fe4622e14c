"""Off the wrist: a band that nobody wears sees no fall and no pulse; the operator should know.

A trouble, after hours, for a band comes off to be charged and to bathe. Many bands never say that
they are off: they send heart rate 0. That is told from a pulse that is not there by what the band
says of being worn (`alerting.memory`).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import Field

from alerting.home import HomeState
from alerting.policy import LISTED
from alerting.rules import Finding, Params, Rule, Sign, View
from sensors.reading import Kind, Replay, Report


class OffWristParams(Params):
    """How many hours a band may be off."""

    off_hours: float = Field(4.0, gt=0, le=72)


def _off(view: View, home: HomeState) -> Iterator[tuple[datetime, str]]:
    """List bands that are off and not yet told, with when they have been so for too long."""
    assert isinstance(view.params, OffWristParams)
    for device_id, device in home.devices.items():
        if device.off_since is None or home.open_alarm("off_wrist", device_id) is not None:
            continue
        since = max(device.off_since, home.closed_at("off_wrist", device_id) or device.off_since)
        lost = home.lost_time(device.link, since)
        yield since + timedelta(hours=view.params.off_hours) + lost, device_id


def _due(view: View, home: HomeState) -> datetime | None:
    """Give when the next band has been off for too long."""
    return min((due for due, _ in _off(view, home)), default=None)


def _on_time(view: View, home: HomeState) -> Iterator[Finding]:
    """Find bands that have been off for too long."""
    for due, device_id in _off(view, home):
        if due <= view.now:
            yield Finding(Sign.DANGER, {"device": device_id}, subject=device_id)


def _on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
    """Find that a band is worn again."""
    del view
    device_id = report.device_id
    if home.open_alarm("off_wrist", device_id) is None or report.source.replay is not Replay.LIVE:
        return
    is_worn = any(
        (reading.kind is Kind.WORN and reading.value is True)
        or (reading.kind is Kind.HEART_RATE and reading.value and not reading.flags)
        for reading in report.readings
    )
    if is_worn:
        yield Finding(Sign.RESTORED, {"device": device_id}, subject=device_id)


RULE = Rule(
    "off_wrist",
    OffWristParams,
    LISTED,
    frozenset({Kind.WORN, Kind.HEART_RATE}),
    _on_report,
    _on_time,
    _due,
)
