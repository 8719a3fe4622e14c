"""Somebody home: a door opens or somebody moves in a home whose residents are reported away.

A word to the desk, which may ring the family: they came back early, or somebody else is there. The
time in which they leave the home is passed over, and after the desk has looked it is not told again
for a while, for who waters the flowers walks about. It ends with the absence.
"""

from collections.abc import Iterator
from datetime import timedelta

from pydantic import Field

from alerting import away
from alerting.home import HomeState
from alerting.policy import LISTED
from alerting.rules import Finding, Params, Rule, Sign, View
from sensors.reading import Flag, Kind, Replay, Report

SIGNS = frozenset({Kind.CONTACT, Kind.MOTION, Kind.PRESENCE})


class SomebodyHomeParams(Params):
    """How long leaving takes, and how long the desk's look holds."""

    leave_minutes: float = Field(30.0, ge=0, le=24 * 60)
    quiet_minutes: float = Field(60.0, ge=0, le=24 * 60)


def _on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
    """Find somebody in a home that should be empty."""
    if not home.away or report.source.replay is not Replay.LIVE:
        return
    assert isinstance(view.params, SomebodyHomeParams)
    since = away.empty_since(home, view.now)
    if since is None or view.now < since + timedelta(minutes=view.params.leave_minutes):
        return
    closed_at = home.closed_at(away.KIND, "")
    quiet = timedelta(minutes=view.params.quiet_minutes)
    if closed_at is not None and view.now < closed_at + quiet:
        return
    for reading in report.readings:
        is_sign = reading.kind in SIGNS and reading.value not in (False, None, "none", "still")
        if is_sign and not {Flag.TEST, Flag.INVALID} & set(reading.flags):
            yield Finding(Sign.DANGER, {"device": report.device_id, "sign": reading.kind.value})
            return


RULE = Rule(away.KIND, SomebodyHomeParams, LISTED, SIGNS, _on_report)
