"""Away reports: somebody says that nobody, or one resident, is at home from one day to another.

Meanwhile silence is no danger and somebody in the home is worth a word; smoke, gas, a help call and
a fall are what they always are. A report ends by itself: its end is a deadline, and silence is
counted anew from then on. Who reports again replaces what was said before.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from alerting import response
from alerting.alarm import Disposition, RefusedError, alarm_id
from alerting.away_text import Said, Word
from alerting.effect import Effect, Log, Medium, Submit, Template
from alerting.event import AwayEnded, AwayReported
from alerting.home import Away, HomeState
from alerting.notification import LIFETIME
from alerting.policy import Priority
from alerting.record import Role
from alerting.roster import Scene

EVERYBODY = ""
"""The resident id of a report that is about the whole home."""

LONGEST = timedelta(days=180)
"""Nobody is forgotten for longer by one report, nor reported further ahead."""

KIND = "somebody_home"
"""The rule that warns of somebody in the home meanwhile."""


def absences(home: HomeState) -> list[tuple[datetime, datetime]]:
    """List from when to when nobody is at home: all were reported, or each of them."""
    whole = home.away.get(EVERYBODY)
    spans = [] if whole is None else [(whole.since, whole.until)]
    each = [home.away.get(resident.id) for resident in home.record.residents]
    own = [report for report in each if report is not None]
    if each and len(own) == len(each):
        since, until = max(report.since for report in own), min(report.until for report in own)
        spans += [(since, until)] if since < until else []
    return sorted(spans)


def empty_since(home: HomeState, now: datetime) -> datetime | None:
    """Give since when nobody is at home by what was reported; None where somebody is."""
    spans = [since for since, until in absences(home) if since <= now < until]
    return min(spans, default=None)


def take(event: AwayReported | AwayEnded, scene: Scene) -> Iterator[Effect]:
    """Put a report in force or end it; raises RefusedError where that cannot be.

    Who has sent a text is told by one instead.
    """
    try:
        effects = list(_take(event, scene))
    except RefusedError:
        if event.via != "sms":
            raise
        effects = [_text(scene, event.by, Template.AWAY_UNCLEAR, scene.now)]
    yield from effects


def _take(event: AwayReported | AwayEnded, scene: Scene) -> Iterator[Effect]:
    known = {EVERYBODY, *(resident.id for resident in scene.home.record.residents)}
    if event.resident_id not in known:
        raise RefusedError(f"no resident {event.resident_id} at this home")
    if isinstance(event, AwayReported):
        yield from _report(event, scene)
    else:
        yield from _end_early(event, scene)


def _report(event: AwayReported, scene: Scene) -> Iterator[Effect]:
    home, now = scene.home, scene.now
    since = max(event.since, now)
    if event.until <= since:
        raise RefusedError("an away report ends after it begins, and after now")
    if event.until > now + LONGEST:
        raise RefusedError(f"an away report ends within {LONGEST.days} days from now")
    home.away[event.resident_id] = Away(since, event.until, event.by)
    yield _line(
        scene,
        "away_reported",
        person=event.by,
        resident=event.resident_id,
        since=since.isoformat(),
        until=event.until.isoformat(),
        via=event.via,
    )
    if event.via == "sms":
        yield _text(scene, event.by, Template.AWAY_NOTED, event.until)


def _end_early(event: AwayEnded, scene: Scene) -> Iterator[Effect]:
    home, now = scene.home, scene.now
    # One who is back has ended "nobody is at home" as well, whoever reported it.
    meant = {event.resident_id, EVERYBODY} if event.resident_id else set(home.away)
    ended = [resident_id for resident_id in home.away if resident_id in meant]
    if not ended:
        raise RefusedError("nobody is reported away from this home")
    if empty_since(home, now) is not None:
        home.back_at = now
    for resident_id in ended:
        del home.away[resident_id]
    yield _line(scene, "away_ended", person=event.by, resident=event.resident_id, via=event.via)
    if event.via == "sms":
        yield _text(scene, event.by, Template.AWAY_OVER, now)
    yield from _close_warning(scene)


def by_text(
    said: Said, person_id: str, homes: Iterable[HomeState], now: datetime, text_id: str
) -> AwayReported | AwayEnded | None:
    """Make an event of a text; None where its author is neither resident nor family of a home.

    A resident of a shared home speaks for themselves. Who is family of several homes cannot say
    which: they are told so, as is who writes what cannot be read.
    """
    mine = [home for home in homes if _speaks_for(home, person_id)]
    if not mine:
        return None
    record = mine[0].record
    is_shared = record.has_resident(person_id) and len(record.residents) > 1
    resident_id = person_id if is_shared else EVERYBODY
    if len(mine) == 1 and said.word is Word.BACK:
        return AwayEnded(record.id, person_id, resident_id, "sms", text_id)
    until = said.until if len(mine) == 1 and said.until is not None else now
    return AwayReported(record.id, now, until, person_id, resident_id, "sms", text_id)


def _speaks_for(home: HomeState, person_id: str) -> bool:
    family = (p.id for p in home.record.responders if p.role is Role.FAMILY)
    return home.record.has_resident(person_id) or person_id in family


def elapse(scene: Scene) -> Iterator[Effect]:
    """End the reports whose time has come; silence is counted anew from the end of the absence."""
    home, now = scene.home, scene.now
    over = {key: report for key, report in home.away.items() if report.until <= now}
    if not over:
        return
    ends = [until for _, until in absences(home) if until <= now]
    home.back_at = max(ends) if ends else home.back_at
    for resident_id, report in over.items():
        del home.away[resident_id]
        yield _line(scene, "away_ended", person=report.by, resident=resident_id, via="elapsed")
    yield from _close_warning(scene)


def _close_warning(scene: Scene) -> Iterator[Effect]:
    """Somebody may be at home again: what warned of them is no trouble any more."""
    warning = scene.home.open_alarm(KIND)
    if warning is not None and empty_since(scene.home, scene.now) is None:
        yield from response.end(warning, Disposition.AWAY, scene)


def _line(scene: Scene, verb: str, **facts: str) -> Log:
    """Write a line of the alarm log that is about the home and no alarm."""
    scene.home.line += 1
    home_id = scene.home.record.id
    return Log(
        key=f"{alarm_id(home_id, 'away', scene.now)}.{scene.home.line}",
        home_id=home_id,
        alarm_id="",
        kind="away",
        verb=verb,
        priority=Priority.TROUBLE.value,
        facts={name: word for name, word in facts.items() if word},
    )


def _text(scene: Scene, person_id: str, template: Template, until: datetime) -> Submit:
    """Tell who texted what was noted; the text gives `until`, its `raised_at`."""
    scene.home.line += 1
    home_id = scene.home.record.id
    return Submit(
        key=f"{alarm_id(home_id, 'away', scene.now)}.{scene.home.line}",
        home_id=home_id,
        alarm_id="",
        person_id=person_id,
        medium=Medium.SMS,
        template=template,
        kind="away",
        not_before=scene.now,
        expires_at=scene.now + LIFETIME,
        raised_at=until,
    )
