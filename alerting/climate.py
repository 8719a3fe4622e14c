"""A room that stays too cold or too hot for hours: the slow lane's business, a line on the list.

What the two rules of it have in common; they differ in the side and the hours. A thermometer in a
fridge, on a balcony or outdoors says so in its room's name, and nothing is made of it.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from alerting.home import DeviceState, HomeState
from alerting.memory import LONGEST_PAUSE, sample
from alerting.policy import LISTED
from alerting.rules import Finding, Params, Rule, Sign, View
from sensors.reading import Flag, Kind, Replay, Report

NOT_A_ROOM = (
    *("冰箱", "冰柜", "冷柜", "阳台", "室外", "院"),
    *("fridge", "freezer", "balcony", "outdoor"),
)

Since = Callable[[DeviceState], datetime | None]


class ClimateParams(Params):
    """How many hours a room may be so; at what temperature it is, is in `alerting.memory`."""

    hours: Annotated[float, Field(gt=0, le=72)] = 6.0


def lasting(name: str, since_of: Since, is_so: Callable[[float], bool]) -> Rule:
    """Make the rule `name` of rooms that have been so since `since_of` their thermometer.

    Only a thermometer that still says so raises it, and one without a long pause: what was burned
    or ran down says nothing of now.
    """

    def on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
        device = next((d for d in home.record.devices if d.id == report.device_id), None)
        celsius = _measured(home, report)
        if device is None or celsius is None or not _is_room(device.room):
            return
        evidence = {"device": device.id, "celsius": f"{celsius:.1f}"}
        if home.open_alarm(name, device.id) is not None:
            if not is_so(celsius):
                yield Finding(Sign.RESTORED, evidence, subject=device.id)
            return
        state = home.devices[device.id]
        since = since_of(state)
        is_steady = since is not None and view.now - _last_at(state, since) <= LONGEST_PAUSE
        if is_so(celsius) and since is not None and is_steady:
            assert isinstance(view.params, ClimateParams)
            since = max(since, home.closed_at(name, device.id) or since)
            lost = home.lost_time(state.link, since)
            if view.now - since - lost >= timedelta(hours=view.params.hours):
                yield Finding(Sign.DANGER, evidence, subject=device.id)

    return Rule(name, ClimateParams, LISTED, frozenset({Kind.TEMPERATURE}), on_report)


def _measured(home: HomeState, report: Report) -> float | None:
    """Give the temperature a report believably says now."""
    state = home.devices.get(report.device_id)
    if state is None or report.source.replay is not Replay.LIVE:
        return None
    for reading in report.readings:
        if reading.kind is Kind.TEMPERATURE and Flag.SUSPECT not in reading.flags:
            return sample(state, reading)
    return None


def _last_at(state: DeviceState, otherwise: datetime) -> datetime:
    """Give the minute of the last sample that is remembered."""
    samples = (state.samples or {}).get(Kind.TEMPERATURE, [])
    return samples[-1].at if samples else otherwise


def _is_room(name: str) -> bool:
    return not any(word in name.lower() for word in NOT_A_ROOM)
