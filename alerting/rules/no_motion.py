"""No motion: no sign of life for longer than is usual in this home.

What is usual is learned (`alerting/routine.py`): silence is an alarm when it has become too
surprising, but not before `shortest_hours` and no later than `longest_hours`. Who went out by the
front door is missed after `away_hours`. Where `day_hours` or `night_hours` is set, these fixed
limits take the learned one's place. Time in which readings could be lost is not silence.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field

from alerting import away
from alerting.home import HomeState
from alerting.policy import SOFT
from alerting.record import HomeRecord
from alerting.routine import lively_share, surprised_at
from alerting.rules import Finding, Params, Rule, Sign, View
from alerting.signs import CHANGES, MOVES, WATCHING, Worth, judge
from sensors.reading import Kind, Report

PROOF = frozenset({Kind.MOTION, Kind.HELP_CALL})
"""Signs that also end a cancel window: a radar that sees ghosts does not."""

FIXED_DAY_HOURS, FIXED_NIGHT_HOURS = 8.0, 12.0
"""Where only one of the two is set, the other is this."""


Hours = Annotated[float, Field(gt=0, le=72)]


class NoMotionParams(Params):
    """How long silence may last, and when it is night (local hours, 0 to 24)."""

    surprise: Annotated[float, Field(gt=0, le=100)] = 7.0
    shortest_hours: Hours = 4.0
    longest_hours: Hours = 12.0
    away_hours: Annotated[float, Field(gt=0, le=24 * 14)] = 54.0
    day_hours: Hours | None = None
    night_hours: Hours | None = None
    day_from_hour: Annotated[float, Field(ge=0, lt=24)] = 7.0
    day_to_hour: Annotated[float, Field(ge=0, le=24)] = 22.0

    @property
    def is_fixed(self) -> bool:
        """Whether fixed limits take the learned one's place."""
        return self.day_hours is not None or self.night_hours is not None


class Limit(NamedTuple):
    """When a silence is too long, and by which reckoning: fixed, usual, longest or away."""

    since: datetime
    end: datetime
    by: str


def limit_end(since: datetime, params: NoMotionParams, zone: ZoneInfo) -> datetime:
    """Give the instant at which silence since `since` has lasted too long by the fixed limits.

    A silence that becomes too long for the day during the night is judged by the night's limit,
    but no later than the morning.
    """
    day_hours = params.day_hours or FIXED_DAY_HOURS
    by_day = since + timedelta(hours=day_hours)
    if is_day(by_day, params, zone):
        return by_day
    night_hours = params.night_hours or FIXED_NIGHT_HOURS
    by_night = since + timedelta(hours=max(night_hours, day_hours))
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
    return bool(record.residents) and any(device.type in WATCHING for device in record.devices)


def limit_of(home: HomeState, since: datetime, params: NoMotionParams, zone: ZoneInfo) -> Limit:
    """Give when this home's silence since then will have lasted too long; lost time is added."""
    limit = _reckoned(home, since, params, zone)
    return limit._replace(end=limit.end + home.lost_time(home.alive_link, limit.since))


def _reckoned(home: HomeState, since: datetime, params: NoMotionParams, zone: ZoneInfo) -> Limit:
    """Give the same as if no reading could have been lost."""
    if params.is_fixed:
        return Limit(since, limit_end(since, params, zone), "fixed")
    routine = home.routine
    if routine.door_at is not None and since <= routine.door_at:
        since = routine.door_at
        if not routine.is_back:
            return Limit(since, since + timedelta(hours=params.away_hours), "away")
    longest = timedelta(hours=params.longest_hours)
    surprised = surprised_at(routine, since, params.surprise, longest, zone)
    shortest = since + timedelta(hours=params.shortest_hours)
    end = max(surprised, min(shortest, since + longest))
    return Limit(since, end, "longest" if end >= since + longest else "usual")


def _silent_since(home: HomeState) -> datetime:
    """Give the last instant of life that is known: a sign, a return, or when watching began."""
    return max(home.alive_at or home.armed_at, home.armed_at, home.back_at or home.armed_at)


def _due(view: View, home: HomeState) -> datetime | None:
    """Give when silence becomes an alarm."""
    limit = _running(view, home)
    return None if limit is None else limit.end


def _running(view: View, home: HomeState) -> Limit | None:
    """Give the limit that runs now, if one does.

    An absence that begins before its end is no silence: the clock starts anew when it is over.
    """
    if not watches(home.record) or home.open_alarm("no_motion") is not None:
        return None
    assert isinstance(view.params, NoMotionParams)
    limit = limit_of(home, _silent_since(home), view.params, view.zone)
    for begin, end in away.absences(home):
        if begin <= limit.end and end > limit.since:
            limit = limit_of(home, end, view.params, view.zone)
    return limit


def _on_time(view: View, home: HomeState) -> Iterator[Finding]:
    """Find a silence that has lasted too long, and say what is usual instead."""
    limit = _running(view, home)
    if limit is None or limit.end > view.now:
        return
    silence = view.now - limit.since
    evidence = {"silent_minutes": str(round(silence.total_seconds() / 60)), "limit": limit.by}
    if limit.by in {"usual", "longest"}:
        share = lively_share(home.routine, limit.since, view.now, view.zone)
        evidence["usual_percent"] = str(round(100 * share))
        evidence["days"] = str(home.routine.days())
    yield Finding(Sign.DANGER, evidence)


def _on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
    """Find that somebody moves again."""
    del view
    if home.open_alarm("no_motion") is not None and judge(home, report) is Worth.SIGN:
        is_proof = any(reading.kind in PROOF for reading in report.readings)
        yield Finding(Sign.RESTORED, {"device": report.device_id}, is_proof=is_proof)


RULE = Rule("no_motion", NoMotionParams, SOFT, MOVES | CHANGES, _on_report, _on_time, _due)
