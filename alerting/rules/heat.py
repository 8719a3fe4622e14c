"""Heat: a detector says so, or a thermometer is too hot, or rises as only a fire makes it.

Shaped on EN 54-5 class A1, on ordinary thermometers: a fixed limit, and a rate of rise that
counts from a floor on. The rise is taken from the lowest sample of each of the last minutes as if
it had come at the minute's beginning: so the rate is never overrated, and a thermometer that
speaks every minute or every five is judged by what it said, however the minutes fall. Cooking, a
shower, a heater and the summer sun stay below the floor or rise more slowly. Where smoke is an
alarm already, heat confirms it and is no second one.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from pydantic import Field

from alerting.detection import detector
from alerting.freshness import is_late
from alerting.home import HomeState, Samples
from alerting.memory import sample
from alerting.policy import FIRE
from alerting.rules import Finding, Params, Rule, Sign, View
from sensors.reading import Flag, Kind, Reading, Replay, Report

COOLED = 10.0
"""So far below the fixed limit (°C) the heat has gone."""

POWERED_UP = 85.0
"""What a common sensor says before it has measured: alone, and out of the cold, it is no fire."""

_DETECTED = detector(Kind.HEAT)


class HeatParams(Params):
    """The fixed limit, and the rise with its floor."""

    fixed_celsius: Annotated[float, Field(ge=45, le=80)] = 57.0
    rise_kelvin: Annotated[float, Field(ge=5, le=40)] = 12.0
    rise_kelvin_per_minute: Annotated[float, Field(ge=4, le=60)] = 8.0
    rise_floor_celsius: Annotated[float, Field(ge=30, le=80)] = 40.0


class Rise(NamedTuple):
    """From how many degrees within how long."""

    low: float
    seconds: float


def rise_of(value: float, at: datetime, minutes: list[Samples], params: HeatParams) -> Rise | None:
    """Give the rise that is a fire's, None where there is none; times are the gateway's."""
    if value < params.rise_floor_celsius:
        return None
    for minute in minutes:
        seconds = (at - minute.at) / timedelta(seconds=1)
        kelvin = value - minute.low
        enough = kelvin >= params.rise_kelvin
        if enough and 0 < seconds <= 60 * kelvin / params.rise_kelvin_per_minute:
            return Rise(minute.low, seconds)
    return None


def _on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
    """Find heat, by detector or by thermometer, and its end."""
    for finding in _DETECTED(view, home, report):
        yield finding._replace(confirms="smoke")
    if report.source.replay is Replay.CACHED:
        return
    for reading in report.readings:
        if reading.kind is Kind.TEMPERATURE and Flag.SUSPECT not in reading.flags:
            yield from _measured(view, home, report, reading)


def _measured(view: View, home: HomeState, report: Report, reading: Reading) -> Iterator[Finding]:
    """Judge one temperature."""
    params = view.params
    device = home.devices.get(report.device_id)
    assert isinstance(params, HeatParams)
    if device is None or (value := sample(device, reading)) is None:
        return
    minutes = (device.samples or {}).get(Kind.TEMPERATURE, [])
    evidence = {"device": report.device_id, "celsius": f"{value:.1f}"}
    rise = rise_of(value, report.received_at, minutes, params)
    if value >= params.fixed_celsius:
        if value != POWERED_UP or any(m.high >= params.rise_floor_celsius for m in minutes):
            evidence["limit"] = f"{params.fixed_celsius:g}"
            yield Finding(Sign.DANGER, evidence, is_late=is_late(report), confirms="smoke")
    elif rise is not None:
        evidence |= {"rise": f"{value - rise.low:.0f}", "seconds": f"{rise.seconds:.0f}"}
        yield Finding(Sign.DANGER, evidence, is_late=is_late(report), confirms="smoke")
    elif value <= params.fixed_celsius - COOLED:
        alarm = home.open_alarm("heat")
        if alarm is not None and alarm.evidence.get("device") == report.device_id:
            yield Finding(Sign.RESTORED, evidence)


RULE = Rule("heat", HeatParams, FIRE, frozenset({Kind.HEAT, Kind.TEMPERATURE}), _on_report)
