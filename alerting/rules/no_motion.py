"""No motion: no sign of life for longer than is usual.

Fixed limits by day and by night. `limit_end` is the one place that knows them; a learned
routine takes its place there. Signs of life are motion, presence and presses; a door alone is
not one. Time in which readings could be lost does not count as silence.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import Field

from alerting import away
from alerting.home import HomeState
from alerting.policy import SOFT
from alerting.record import HomeRecord
from alerting.rules import Finding, Params, Rule, Sign, View
from sensors.reading import Flag, Kind, Replay, Report

LIFE = frozenset({Kind.MOTION, Kind.PRESENCE, Kind.HELP_CALL})
"""Readings that somebody made by moving."""

PROOF = frozenset({Kind.MOTION, Kind.HELP_CALL})
"""Those that also end a cancel window: a radar that sees ghosts does not."""


class NoMotionParams(Params):
    """How long silence may last, and when it is night (local hours, 0 to 24)."""

    day_hours: float = Field(8.0, gt=0, le=72)
    night_hours: float = Field(12.0, gt=0, le=72)
    day_from_hour: float = Field(7.0, ge=0, lt=24)
    day_to_hour: float = Field(22.0, ge=0, le=24)


def limit_end(since: datetime, params: NoMotionParams, zone: ZoneInfo) -> datetime:
    """Give the instant at which silence since `since` has lasted too long.

    A silence that becomes too long for the day during the night is judged by the night's limit,
    but no later than the morning.
    """
    by_day = since + timedelta(hours=params.day_hours)
    if is_day(by_day, params, zone):
        return by_day
    by_night = since + timedelta(hours=max(params.night_hours, params.day_hours))
    return min(by_night, _next_morning(by_day, params, zone))


def is_day(instant: datetime, params: NoMotionParams, zone: ZoneInfo) -> bool:
    """Say whether people are usually up."""
    local = instant.astimezone(zone)
    hour = local.hour + local.minute / 60
    return params.day_from_hour <= hour < params.day_to_hour


def _next_morning(instant: datetime, params: NoMotionParams, zone: ZoneInfo) -> datetime:
    """Give the next start of the day, after `instant`."""
    local = instant.astimezone(zone)
    hours, minutes = divmod(int(params.day_from_hour * 60), 60)
    morning = datetime.combine(local.date(), time(hours, minutes), tzinfo=zone)
    if morning <= local:
        morning = datetime.combine(
            local.date() + timedelta(days=1), time(hours, minutes), tzinfo=zone
        )
    return morning.astimezone(instant.tzinfo)


def watches(record: HomeRecord) -> bool:
    """Say whether this home has somebody to watch and a sensor that would see them move."""
    return bool(record.residents) and any(device.type == "pir" for device in record.devices)


def _silent_since(home: HomeState) -> datetime:
    """Give the last instant of life that is known: a sign, a return, or when watching began."""
    return max(home.alive_at or home.armed_at, home.armed_at, home.back_at or home.armed_at)


def _due(view: View, home: HomeState) -> datetime | None:
    """Give when silence becomes an alarm; lost time is added.

    An absence that begins before that is no silence: the clock starts anew at its end.
    """
    if not watches(home.record) or home.open_alarm("no_motion") is not None:
        return None
    assert isinstance(view.params, NoMotionParams)
    since = _silent_since(home)
    due = _too_long(view.params, view.zone, home, since)
    for begin, end in away.absences(home):
        if begin <= due and end > since:
            since, due = end, _too_long(view.params, view.zone, home, end)
    return due


def _too_long(params: NoMotionParams, zone: ZoneInfo, home: HomeState, since: datetime) -> datetime:
    """Give when silence since then has lasted too long."""
    return limit_end(since, params, zone) + home.lost_time(home.alive_link, since)


def _on_time(view: View, home: HomeState) -> Iterator[Finding]:
    """Find a silence that has lasted too long."""
    due = _due(view, home)
    if due is not None and due <= view.now:
        silence = view.now - _silent_since(home)
        yield Finding(Sign.DANGER, {"silent_minutes": str(round(silence.total_seconds() / 60))})


def _on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
    """Find that somebody moves again."""
    del view
    if home.open_alarm("no_motion") is not None and is_sign_of_life(report):
        is_proof = any(reading.kind in PROOF for reading in report.readings)
        yield Finding(Sign.RESTORED, {"device": report.device_id}, is_proof=is_proof)


def is_sign_of_life(report: Report) -> bool:
    """Say whether somebody moved just now; what is said again proves nothing."""
    return report.source.replay is Replay.LIVE and any(
        reading.kind in LIFE
        and reading.value not in (False, None, "none", "still")
        and not {Flag.TEST, Flag.INVALID} & set(reading.flags)
        for reading in report.readings
    )


RULE = Rule("no_motion", NoMotionParams, SOFT, LIFE, _on_report, _on_time, _due)
