"""A fall: the device is sure, or it suspected one and nobody has moved since.

Fall then stillness outranks fall then motion: where a sensor that would see motion sees none, a
suspected fall becomes this, and people are called at once. Motion right after the fall is the fall
itself. A home without such a sensor can tell neither, and the resident is asked as usual.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import Field

from alerting.alarm import Alarm, State
from alerting.freshness import is_late
from alerting.home import HomeState
from alerting.policy import HELP, LATE
from alerting.rules import Finding, Params, Rule, Sign, View
from sensors.reading import Flag, Kind, Report

_SOFT = "fall_suspected"
_UNANSWERED = frozenset({State.PRE_ALARM, State.RAISED})


class FallParams(Params):
    """How long stillness must last after a suspected fall, and what still belongs to the fall."""

    still_seconds: float = Field(90.0, ge=30, le=600)
    settle_seconds: float = Field(10.0, ge=0, le=30)


def _on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
    """Find a fall the device is sure of, or that it takes it back."""
    del view, home
    device_id = report.device_id
    for reading in report.readings:
        if reading.kind is not Kind.FALL or Flag.INVALID in reading.flags:
            continue
        evidence = {"device": device_id}
        if reading.value == "cleared":
            yield Finding(Sign.RESTORED, evidence, subject=device_id)
        elif reading.value != "confirmed":
            continue
        elif Flag.TEST in reading.flags:
            yield Finding(Sign.TESTED, evidence)
        else:
            late = is_late(report)
            yield Finding(Sign.DANGER, evidence, device_id, is_late=late, worsens=_SOFT)


def _watched(home: HomeState) -> bool:
    """Say whether a sensor that is alive would see somebody move."""
    return any(
        device.type == "pir"
        and device.id in home.devices
        and home.devices[device.id].link
        and home.open_alarm("device_lost", device.id) is None
        for device in home.record.devices
    )


def _still(view: View, home: HomeState) -> Iterator[tuple[datetime, Alarm]]:
    """List suspected falls that nobody has answered and after which nobody has moved."""
    params = view.params
    assert isinstance(params, FallParams)
    for alarm in home.alarms.values():
        is_open = alarm.kind == _SOFT and alarm.state in _UNANSWERED and not alarm.is_drill
        if not is_open or alarm.policy == LATE or not _watched(home):
            continue
        settled = alarm.raised_at + timedelta(seconds=params.settle_seconds)
        if home.alive_at is None or home.alive_at <= settled:
            lost = home.lost_time("", alarm.raised_at)
            yield alarm.raised_at + timedelta(seconds=params.still_seconds) + lost, alarm


def _due(view: View, home: HomeState) -> datetime | None:
    """Give when stillness will have lasted long enough."""
    return min((due for due, _ in _still(view, home)), default=None)


def _on_time(view: View, home: HomeState) -> Iterator[Finding]:
    """Find that nobody has moved since a suspected fall."""
    for due, alarm in _still(view, home):
        if due <= view.now:
            evidence = {"device": alarm.subject, "after": "stillness"}
            yield Finding(Sign.DANGER, evidence, alarm.subject, worsens=_SOFT)


RULE = Rule("fall", FallParams, HELP, frozenset({Kind.FALL}), _on_report, _on_time, _due)
