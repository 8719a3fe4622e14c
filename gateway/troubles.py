"""What is wrong with the gateway and its devices, for the operator's eyes: counted, and said once.

Theory of operation. A trouble has a code and a subject (a device, a port, a user name). The first
time it is noted, and once an hour while it goes on, it becomes a line of the alarm log and of the
gateway's own; in between it is only counted, so that a hostile sender fills no disk. What has been
quiet for a day is forgotten. Subjects come from outside and are bounded: beyond the limit the rest
of a code stands together under `…`.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import structlog

from gateway.clock import Clock
from gateway.entries import LogLine

AGAIN = timedelta(hours=1)
"""A trouble that goes on is said again after this."""

FORGOTTEN = timedelta(hours=24)

MOST = 200
"""Troubles that are held apart."""

MOST_SIGNS = 200
"""Characters of a subject or a detail that are kept."""

_REST = "…"
_log = structlog.get_logger(__name__)


class Trouble(msgspec.Struct):
    """One thing that is wrong: since when, how often, and what was last said of it."""

    code: str
    subject: str
    detail: str
    since: datetime
    last_at: datetime
    said_at: datetime
    times: int = 1


class Troubles:
    """The list. `write` takes each line for the alarm log, which is told and not awaited."""

    def __init__(self, clock: Clock, write: Callable[[LogLine], object] = lambda _: None) -> None:
        self.counts: Counter[str] = Counter()
        """How often each code was noted since the start."""
        self._clock = clock
        self._write = write
        self._known: dict[tuple[str, str], Trouble] = {}

    def note(self, code: str, subject: str, detail: str = "", home_id: str = "") -> None:
        """Note that something is wrong, now."""
        now = self._clock.now()
        self.counts[code] += 1
        subject, detail = subject[:MOST_SIGNS], detail[:MOST_SIGNS]
        key = (code, subject)
        if key not in self._known:
            self._forget(now)
            if len(self._known) >= MOST:
                key = (code, _REST)
        known = self._known.get(key)
        if known is None:
            self._known[key] = Trouble(code, key[1], detail, now, now, now)
        else:
            known.times += 1
            known.last_at, known.detail = now, detail
            if now - known.said_at < AGAIN:
                return
            known.said_at = now
        _log.error("trouble", code=code, subject=subject, detail=detail)
        self._say("raised", self._known[key], home_id)

    def over(self, code: str, subject: str) -> None:
        """Note that it is mended, if it was wrong."""
        known = self._known.pop((code, subject), None)
        if known is not None:
            _log.warning("trouble_over", code=code, subject=subject)
            known.said_at = self._clock.now()
            self._say("restored", known, "")

    def figures(self) -> list[dict[str, object]]:
        """Give what is wrong, the newest first."""
        self._forget(self._clock.now())
        newest = sorted(self._known.values(), key=lambda trouble: trouble.last_at, reverse=True)
        return [msgspec.structs.asdict(trouble) for trouble in newest]

    def codes(self) -> list[str]:
        """Give the code of each trouble there is."""
        self._forget(self._clock.now())
        return [code for code, _ in self._known]

    def _say(self, verb: str, trouble: Trouble, home_id: str) -> None:
        """Write a line of the alarm log."""
        number = self.counts[trouble.code]
        self._write(
            LogLine(
                key=f"trouble.{trouble.code}.{verb}.{trouble.said_at.isoformat()}.{number}",
                at=trouble.said_at,
                home_id=home_id,
                alarm_id="",
                kind=trouble.code,
                verb=verb,
                priority="trouble",
                facts={"subject": trouble.subject, "detail": trouble.detail},
            )
        )

    def _forget(self, now: datetime) -> None:
        for key, trouble in list(self._known.items()):
            if now - trouble.last_at >= FORGOTTEN:
                del self._known[key]
