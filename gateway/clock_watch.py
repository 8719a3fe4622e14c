"""Questions the gateway's clock while it runs, mends it, and tells of what it cannot mend.

A leap forward would make every silence too long and every ladder late at once. So it waits until no
person is being called, and until the inbox is short enough for one turn; and in the same breath
each link is noted as having lost that time, which gives it back to every home. A turn that sees the
new time has then taken in the gaps before it asks what is due.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

import structlog

from alerting.engine import Engine
from alerting.event import GapRecorded
from alerting.policy import Priority
from gateway.clock import Anchor, SystemClock
from gateway.entries import CommitFailedError
from gateway.inbox import Inbox
from gateway.job import Job
from gateway.pump import TURN
from gateway.troubles import Troubles

WRONG, UNVOUCHED = "clock_wrong", "clock_unsynchronised"
"""The codes of the troubles: it is being mended, or nobody can say whether it is right."""

LOOK_SECONDS = 10.0
GRACE_LOOKS = 60
"""Looks without a word from the kernel before it is told: NTP needs some minutes after a boot."""

TOLD = timedelta(seconds=2)
_log = structlog.get_logger(__name__)


class ClockWatch:
    """Looks every ten seconds. `keep` stores the anchor for the next start."""

    def __init__(
        self,
        clock: SystemClock,
        troubles: Troubles,
        *,
        inbox: Inbox,
        engine: Callable[[], Engine],
        links: Iterable[str],
        keep: Callable[[Anchor], Awaitable[None]],
    ) -> None:
        self._clock, self._troubles = clock, troubles
        self._inbox, self._engine, self._links, self._keep = inbox, engine, links, keep
        self._unvouched = 0

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            if self.look():
                try:
                    await self._keep(self._clock.anchor())
                except CommitFailedError as error:  # the next look keeps it
                    _log.warning("clock_not_kept", reason=str(error))
            await self._clock.sleep(LOOK_SECONDS)

    def look(self) -> bool:
        """Compare, mend and tell; says whether the anchor is another now."""
        offset = self._clock.wall_offset()
        is_apart, seconds = abs(offset) > TOLD, round(offset.total_seconds())
        if not self._clock.is_vouched_for():
            self._unvouched += 1
            if self._unvouched > GRACE_LOOKS:
                away = f"，与系统时钟差 {seconds} 秒 off by so many seconds" if is_apart else ""
                self._troubles.note(
                    UNVOUCHED, "clock", f"没有校时 nothing keeps it right: set up NTP{away}"
                )
            return False
        self._unvouched = 0
        self._troubles.over(UNVOUCHED, "clock")
        if not is_apart:
            self._troubles.over(WRONG, "clock")
            return False
        self._troubles.note(WRONG, "clock", f"差 {seconds} 秒，正在校正 off by so many seconds")
        leap = self._clock.mend(may_leap=self._is_quiet())
        if leap is not None:
            _log.critical("clock_set", since=leap.since.isoformat(), until=leap.until.isoformat())
            for link in self._links:
                self._inbox.put(Job(events=(GapRecorded(link, leap.since, leap.until),)))
        return True

    def _is_quiet(self) -> bool:
        """Say whether nobody is being called and one turn takes in what waits."""
        if len(self._inbox) > TURN // 2:
            return False
        return not any(
            alarm.is_open and alarm.policy.priority is not Priority.TROUBLE
            for home in self._engine().homes.values()
            for alarm in home.alarms.values()
        )
