"""Stuck: a motion sensor has said "motion" for so long, without a break, that it says nothing.

A trouble for the operator's list, one a device; it ends with the next "no motion". Only where a
bridge repeats states (`alerting.merging`): there a motion without an edge is no sign of life, so
that a home whose sensor is stuck would soon be asked whether all is well.
"""

from collections.abc import Iterator
from datetime import timedelta

from pydantic import Field

from alerting.home import DeviceState, HomeState, Said
from alerting.policy import LISTED
from alerting.rules import Finding, Params, Rule, Sign, View
from sensors.reading import Kind, Report


class StuckParams(Params):
    """How long a sensor may say "motion" without a break."""

    hours: float = Field(6.0, gt=0, le=168)


def _moving(device: DeviceState) -> Iterator[Said]:
    """Give the motions a device says at present."""
    for key, said in (device.said or {}).items():
        if key.partition(".")[0] == Kind.MOTION and said.value is True:
            yield said


def _on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
    """Look at a sensor whenever it is heard: where it is silent it is lost, not stuck."""
    assert isinstance(view.params, StuckParams)
    device = home.devices.get(report.device_id)
    if device is None or not device.said:
        return
    since = min((said.since for said in _moving(device)), default=view.now)
    is_known = home.open_alarm("stuck", report.device_id) is not None
    if view.now - since >= timedelta(hours=view.params.hours):
        if not is_known:
            yield Finding(
                Sign.DANGER,
                {"device": report.device_id, "since": since.isoformat()},
                subject=report.device_id,
            )
    elif is_known:
        yield Finding(Sign.RESTORED, {"device": report.device_id}, subject=report.device_id)


RULE = Rule("stuck", StuckParams, LISTED, frozenset({Kind.HEARTBEAT}), _on_report)
