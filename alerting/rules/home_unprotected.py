"""A home unprotected: somebody lives there, and none of its devices is heard any more.

Unknown is a state of its own: such a home is neither calm nor in danger, and somebody must know.
The operator's list shows it; then the home is rung, by day. Each device has its budget of silence
(`device_lost`), so the last of them says when. A home that never had a device is not one of these:
the registry's gaps list it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import Field

from alerting.freshness import is_heard
from alerting.home import HomeState
from alerting.policy import UNPROTECTED
from alerting.rules import Finding, Params, Rule, Sign, View
from sensors.reading import Kind, Report

_TOLD_AGAIN = timedelta(hours=24)


class HomeUnprotectedParams(Params):
    """How many minutes after its last device was lost a home is unprotected."""

    grace_minutes: float = Field(10.0, ge=0, le=600)


def _due(view: View, home: HomeState) -> datetime | None:
    """Give when a home whose devices are all lost must be told of."""
    assert isinstance(view.params, HomeUnprotectedParams)
    record = home.record
    if not record.residents or not record.devices or home.open_alarm("home_unprotected"):
        return None
    lost = [home.open_alarm("device_lost", device.id) for device in record.devices]
    if None in lost:
        return None
    last = max(alarm.raised_at for alarm in lost if alarm is not None)
    due = last + timedelta(minutes=view.params.grace_minutes)
    closed_at = home.closed_at("home_unprotected", "")
    return due if closed_at is None or closed_at < last else max(due, closed_at + _TOLD_AGAIN)


def _on_time(view: View, home: HomeState) -> Iterator[Finding]:
    """Find that nothing in the home can be heard."""
    due = _due(view, home)
    if due is not None and due <= view.now:
        yield Finding(Sign.DANGER, {"devices": str(len(home.record.devices))})


def _on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
    """Find that one of them is back."""
    del view
    if home.open_alarm("home_unprotected") is not None and is_heard(report):
        yield Finding(Sign.RESTORED, {"device": report.device_id})


RULE = Rule(
    "home_unprotected",
    HomeUnprotectedParams,
    UNPROTECTED,
    frozenset({Kind.HEARTBEAT}),
    _on_report,
    _on_time,
    _due,
)
