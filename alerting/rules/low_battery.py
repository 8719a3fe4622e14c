"""Low battery: by the device's own word, or by its per cent where it has no word for it.

A hint, no more: a dead battery shows 100 % and then silence, and silence is `device_lost`. A
trouble that was closed is not told again within the day, for batteries change slowly.
"""

from collections.abc import Iterator

from pydantic import Field

from alerting.home import HomeState
from alerting.policy import LISTED
from alerting.rules import Finding, Params, Rule, Sign, View
from sensors.reading import Flag, Kind, Replay, Report


class LowBatteryParams(Params):
    """Per cent at or below which a battery is low, and above which it is fine again."""

    low_percent: float = Field(15.0, ge=0, le=50)
    fine_percent: float = Field(30.0, ge=20, le=100)


def _is_low(report: Report, params: LowBatteryParams) -> bool | None:
    """Say whether the battery is low or fine; None where it is neither, or not said."""
    readings = [reading for reading in report.readings if Flag.INVALID not in reading.flags]
    for reading in readings:
        if reading.kind is Kind.BATTERY_LOW:
            return bool(reading.value)
    for reading in readings:
        is_number = isinstance(reading.value, int | float) and reading.kind is Kind.BATTERY
        if is_number and float(reading.value) <= params.low_percent:  # type: ignore[arg-type]
            return True
        if is_number and float(reading.value) > params.fine_percent:  # type: ignore[arg-type]
            return False
    return None


def _on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
    """Find that a battery has become low, or has been changed."""
    assert isinstance(view.params, LowBatteryParams)
    if report.source.replay is not Replay.LIVE:
        return
    device_id = report.device_id
    is_low = _is_low(report, view.params)
    is_known = (
        home.open_alarm("low_battery", device_id) is not None
        or home.closed_at("low_battery", device_id) is not None
    )
    if is_low is False:
        yield Finding(Sign.RESTORED, {"device": device_id}, subject=device_id)
    elif is_low and not is_known:
        yield Finding(Sign.DANGER, {"device": device_id}, subject=device_id)


RULE = Rule(
    "low_battery",
    LowBatteryParams,
    LISTED,
    frozenset({Kind.BATTERY, Kind.BATTERY_LOW}),
    _on_report,
)
