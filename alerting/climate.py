"""A room that stays too cold or too hot for hours: the slow lane's business, a line on the list.

What the two rules of it have in common; they differ in the side and the hours. A thermometer in a
fridge, on a balcony or outdoors says so in its room's name, and nothing is made of it.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from pydantic import Field

from alerting.home import DeviceState, HomeState
from alerting.policy import LISTED
from alerting.rules import Finding, Params, Rule, Sign, View
from sensors.reading import Kind, Report

NOT_A_ROOM = (
    *("冰箱", "冰柜", "冷柜", "阳台", "室外", "院"),
    *("fridge", "freezer", "balcony", "outdoor"),
)

Since = Callable[[DeviceState], datetime | None]


class ClimateParams(Params):
    """How many hours a room may be so; at what temperature it is, is in `alerting.memory`."""

    hours: Annotated[float, Field(gt=0, le=72)] = 6.0


class Lasting(NamedTuple):
    """One side: the rule's name, and since when a device's room has been so."""

    name: str
    since_of: Since

    def waiting(self, view: View, home: HomeState) -> Iterator[tuple[datetime, str]]:
        """List the rooms that are so and not told yet, with when they have been for too long."""
        assert isinstance(view.params, ClimateParams)
        for device in home.record.devices:
            state = home.devices.get(device.id)
            since = self.since_of(state) if state and _is_room(device.room) else None
            if state is None or since is None or home.open_alarm(self.name, device.id) is not None:
                continue
            since = max(since, home.closed_at(self.name, device.id) or since)
            lost = home.lost_time(state.link, since)
            yield since + timedelta(hours=view.params.hours) + lost, device.id

    def due(self, view: View, home: HomeState) -> datetime | None:
        """Give when the next room has been so for too long."""
        return min((at for at, _ in self.waiting(view, home)), default=None)

    def on_time(self, view: View, home: HomeState) -> Iterator[Finding]:
        """Find rooms that have been so for too long."""
        for at, device_id in self.waiting(view, home):
            if at <= view.now:
                yield Finding(Sign.DANGER, _evidence(home, device_id), subject=device_id)

    def on_report(self, view: View, home: HomeState, report: Report) -> Iterator[Finding]:
        """Find that the report before this one, which is remembered by now, has ended it."""
        del view
        state = home.devices.get(report.device_id)
        is_open = home.open_alarm(self.name, report.device_id) is not None
        if state is not None and is_open and self.since_of(state) is None:
            yield Finding(Sign.RESTORED, {"device": report.device_id}, subject=report.device_id)


def lasting(name: str, since_of: Since) -> Rule:
    """Make the rule `name` of rooms that have been so since `since_of` their thermometer."""
    side = Lasting(name, since_of)
    kinds = frozenset({Kind.TEMPERATURE})
    return Rule(name, ClimateParams, LISTED, kinds, side.on_report, side.on_time, side.due)


def _is_room(name: str) -> bool:
    return not any(word in name.lower() for word in NOT_A_ROOM)


def _evidence(home: HomeState, device_id: str) -> dict[str, str]:
    samples = (home.devices[device_id].samples or {}).get(Kind.TEMPERATURE, [])
    celsius = f"{samples[-1].low:.1f}" if samples else ""
    return {"device": device_id, "celsius": celsius}
