"""Device lost: a sensor was not heard from within the budget of its class and its own habit.

A trouble for the operator's list, one a device; it closes itself when the device is heard again.
Battery levels and "online" flags are hints: silence is the test.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from alerting.freshness import is_heard
from alerting.home import HomeState
from alerting.intervals import usual
from alerting.policy import LISTED
from alerting.record import DeviceRecord
from alerting.rules import Finding, Params, Rule, Sign, View
from sensors.reading import Kind, Report
from sensors.supervision import budget


class DeviceLostParams(Params):
    """Silence budgets in hours by device class, where they differ from the defaults."""

    budget_hours: dict[str, Annotated[float, Field(gt=0, le=24 * 366)]] = Field(
        default_factory=dict
    )


def _device_due(view: View, home: HomeState, device: DeviceRecord) -> datetime:
    """Give when this device's silence has lasted too long."""
    assert isinstance(view.params, DeviceLostParams)
    state = home.devices.get(device.id)
    since = max(state.heard_at, home.armed_at) if state else home.armed_at
    since = max(since, home.closed_at("device_lost", device.id) or since)
    lost = home.lost_time(state.link, since) if state else home.lost_time("", since)
    hours = view.params.budget_hours.get(device.type)
    overrides = {} if hours is None else {device.type: timedelta(hours=hours)}
    silence = budget(device.type, overrides, usual(state) if state else None)
    return since + silence + lost


def _silent(view: View, home: HomeState) -> Iterator[tuple[datetime, DeviceRecord]]:
    """List the devices that are not already known as lost, with their deadlines."""
    lost = {a.subject for a in home.alarms.values() if a.is_open and a.kind == "device_lost"}
    for device in home.record.devices:
        if device.id not in lost:
            yield _device_due(view, home, device), device


def _due(view: View, home: HomeState) -> datetime | None:
    """Give when the next device becomes lost."""
    return min((due for due, _ in _silent(view, home)), default=None)


def _on_time(view: View, home: HomeState) -> Iterator[Finding]:
    """Find devices that have become lost."""
    for due, device in _silent(view, home):
        if due <= view.now:
            evidence = {"device": device.id, "type": device.type, "room": device.room}
            yield Finding(Sign.DANGER, evidence, subject=device.id)


def _on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
    """Find that a lost device is back."""
    del view
    if home.open_alarm("device_lost", report.device_id) is not None and is_heard(report):
        yield Finding(Sign.RESTORED, {"device": report.device_id}, subject=report.device_id)


RULE = Rule(
    "device_lost",
    DeviceLostParams,
    LISTED,
    frozenset({Kind.HEARTBEAT}),
    _on_report,
    _on_time,
    _due,
)
