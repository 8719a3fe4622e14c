"""Vital signs outside a person's own range, for long enough that it is not a movement of the arm.

What the two rules have in common. One sample proves nothing: a band slips, an arm is cold. So
several samples in a row, over minutes, must be outside, and one inside begins it anew. A silence
of an hour ends a row too. After an alarm was closed the row begins anew, a while later.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import Field

from alerting import memory
from alerting.home import DeviceState, HomeState, Samples
from alerting.record import ResidentRecord
from alerting.rules import Finding, Params, Sign, View
from sensors.reading import Kind, Replay, Report

LONGEST_PAUSE = timedelta(hours=1)


class VitalParams(Params):
    """How many samples, over how many minutes, must be outside; how long a closed alarm rests."""

    samples: int = Field(3, ge=2, le=16)
    minutes: float = Field(10.0, ge=1, le=15)
    rest_minutes: float = Field(30.0, ge=0, le=45)


class Range(NamedTuple):
    """What is usual, both ends included."""

    low: float
    high: float


RangeOf = Callable[[Params, ResidentRecord], Range]
_NOBODY = ResidentRecord("")


def watcher(
    kind: Kind, range_of: RangeOf
) -> Callable[[View, HomeState, Report], Iterator[Finding]]:
    """Make the `on_report` of a vital sign's rule; `range_of` gives a person's own range."""

    def on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
        params = view.params
        assert isinstance(params, VitalParams)
        device_id = report.device_id
        at = min(report.received_at, view.now)
        samples = _samples(home.devices.get(device_id), kind, report, at)
        if not samples:
            return
        usual = range_of(params, home.record.wearer(device_id) or _NOBODY)
        is_open = home.open_alarm(kind, device_id) is not None
        closed_at = home.closed_at(kind, device_id)
        since = None if closed_at is None else closed_at + timedelta(minutes=params.rest_minutes)
        row = _row(samples, usual, since)
        if is_open and not row:
            yield Finding(Sign.RESTORED, {"device": device_id}, subject=device_id)
        elif not is_open and _persists(row, params):
            side = "low" if row[-1].high < usual.low else "high"
            evidence = {"device": device_id, "side": side}
            yield Finding(Sign.DANGER, evidence, subject=device_id)

    return on_report


def _samples(device: DeviceState | None, kind: Kind, report: Report, at: datetime) -> list[Samples]:
    """Give a device's samples of a kind with those of this report; none where it adds none."""
    if device is None or report.source.replay is not Replay.LIVE:
        return []
    values = [memory.sample(device, one) for one in report.readings if one.kind is kind]
    samples = (device.samples or {}).get(kind, [])
    for value in values:
        if value is not None:
            samples = memory.with_sample(samples, at, value, memory.SAMPLED[kind])
    return samples if any(value is not None for value in values) else []


def _row(samples: list[Samples], usual: Range, since: datetime | None) -> list[Samples]:
    """Give the last samples that are all outside, without a long pause; the newest last."""
    row: list[Samples] = []
    for one in reversed(samples):
        is_outside = one.high < usual.low or one.low > usual.high
        has_paused = bool(row) and row[-1].at - one.at > LONGEST_PAUSE
        if not is_outside or has_paused or (since is not None and one.at < since):
            break
        row.append(one)
    return row[::-1]


def _persists(row: list[Samples], params: VitalParams) -> bool:
    """Say whether a row is long enough, in samples and in time."""
    if not row:
        return False
    length = row[-1].at - row[0].at
    is_counted = sum(one.count for one in row) >= params.samples
    return is_counted and length >= timedelta(minutes=params.minutes)
