"""A home's routine: which half hours of its day usually show a sign of life. Pure.

Theory of operation. The day has 48 half hours, counted apart for workdays and weekends. Of each
it is kept on how many days it was watched and on how many of them it was lively. Its share is
that count, leaning on the other kind of day and, while the home is new, on what is usual for
anybody (`USUAL`, worth two days): so a home is judged on its first day, and by its own habits
within a week or two.

Silence is as surprising as the half hours it passes through are lively: each adds -ln(1 - share).
Were half hours independent, exp(-surprise) would be the chance of such a silence; they are not,
so how much surprise is too much was measured on recorded homes (docs/detection.md). At night the
sum grows slowly, and that is all that tells asleep from down.

Away is told from down by the front door: a silence that begins with it teaches nothing and is
judged by a limit of its own. A door that ends such a silence is somebody coming home, and what
follows is judged as at home.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import log
from zoneinfo import ZoneInfo

import msgspec

SLOTS = 48
SLOT = timedelta(minutes=30)

_BY_HOUR = (
    *(0.12, 0.10, 0.08, 0.08, 0.08, 0.10, 0.20, 0.45, 0.60, 0.60, 0.55, 0.55),
    *(0.55, 0.50, 0.45, 0.50, 0.50, 0.55, 0.60, 0.60, 0.55, 0.50, 0.40, 0.25),
)
USUAL = tuple(share for share in _BY_HOUR for _ in range(2))
"""The share of a home nobody knows: quiet from midnight to six, a nap after noon. An assumption."""

USUAL_DAYS = 2.0
"""How many days of watching the assumption is worth."""

OTHER_DAYS = 10.0
"""How many days of its own a workday or weekend needs to outweigh all days together."""

MOST_DAYS = 40
"""Counts are halved here, so that a habit given up is forgotten."""

MOST_SHARE = 0.95
"""No half hour is certain: one that always was lively must not be an alarm by itself."""

AWAY_AFTER = timedelta(hours=1)
"""A silence behind the front door of this length was an outing: it teaches nothing."""

_LEARNED_AT_ONCE = SLOTS
_WEEKEND = 5


class Routine(msgspec.Struct, omit_defaults=True):
    """What a home has taught.

    `watched` and `lively` count days by half hour, workdays first, then weekends; both are empty
    until something was learned. `seen_at` is
    the last sign of life that was learned from, `slot_end` the end of its half hour, `seen_by`
    its device. `door_at` is the last front door since then, `is_back` whether that was a coming
    home. `words` are the last states of beds, cupboards and front doors: only a change counts.
    """

    watched: bytearray = msgspec.field(default_factory=bytearray)
    lively: bytearray = msgspec.field(default_factory=bytearray)
    seen_at: datetime | None = None
    slot_end: datetime | None = None
    seen_by: str = ""
    door_at: datetime | None = None
    is_back: bool = False
    words: dict[str, str] = {}

    def share(self, slot: int) -> float:
        """Give on what share of days this half hour (0 to 95) is lively."""
        hour = slot % SLOTS
        if not self.watched:
            return USUAL[hour]
        days = self.watched[hour] + self.watched[hour + SLOTS]
        lively = self.lively[hour] + self.lively[hour + SLOTS]
        any_day = (lively + USUAL_DAYS * USUAL[hour]) / (days + USUAL_DAYS)
        own = (self.lively[slot] + OTHER_DAYS * any_day) / (self.watched[slot] + OTHER_DAYS)
        return min(own, MOST_SHARE)

    def days(self) -> int:
        """Give on how many days the best-known half hours were watched (of late, at most 80)."""
        if not self.watched:
            return 0
        return max(self.watched[n] + self.watched[n + SLOTS] for n in range(SLOTS))

    def take_sign(self, at: datetime, by: str, zone: ZoneInfo, *, is_whole: bool) -> bool:
        """Learn from a sign of life; True where the home's limit may have come nearer.

        `is_whole` says that no reading could be lost since the last one.
        """
        self.seen_by = by
        if self.slot_end is not None and at < self.slot_end and self.door_at is None:
            self.seen_at = at
            return False
        if is_whole:
            self._pass_quietly(at, zone)
        slot, end = slot_of(at, zone)
        if end != self.slot_end:
            self._count(slot, is_lively=True)
        self.seen_at, self.slot_end = at, end
        self.door_at, self.is_back = None, False
        return True

    def take_door(self, at: datetime, zone: ZoneInfo) -> bool:
        """Note the front door; True where the home's limit may have come nearer."""
        was_away = self.door_at is not None and at - self.door_at >= AWAY_AFTER
        if was_away:
            self._pass_quietly(at, zone)
            self.slot_end = slot_of(at, zone)[1] - SLOT
        self.is_back = self.is_back or was_away
        self.door_at = at
        return was_away

    def _pass_quietly(self, end: datetime, zone: ZoneInfo) -> None:
        """Count the half hours since the last sign as quiet, those of an outing left out."""
        if self.slot_end is None:
            return
        if self.door_at is not None and end - self.door_at >= AWAY_AFTER:
            end = min(end, self.door_at)
        for n, (slot, slot_end) in enumerate(slots(self.slot_end, zone)):
            if slot_end > end or n == _LEARNED_AT_ONCE:
                return
            self._count(slot, is_lively=False)

    def _count(self, slot: int, *, is_lively: bool) -> None:
        if not self.watched:
            self.watched, self.lively = bytearray(2 * SLOTS), bytearray(2 * SLOTS)
        if self.watched[slot] >= MOST_DAYS:
            self.watched[slot] //= 2
            self.lively[slot] //= 2
        self.watched[slot] += 1
        self.lively[slot] += is_lively


def slot_of(at: datetime, zone: ZoneInfo) -> tuple[int, datetime]:
    """Give the half hour of an instant (0 to 95, from 48 on weekends) and when it ends."""
    local = at.astimezone(zone)
    slot = 2 * local.hour + local.minute // 30
    if local.weekday() >= _WEEKEND:
        slot += SLOTS
    into = timedelta(
        minutes=local.minute % 30, seconds=local.second, microseconds=local.microsecond
    )
    return slot, at + (SLOT - into)


def slots(begin: datetime, zone: ZoneInfo) -> Iterator[tuple[int, datetime]]:
    """Give the half hours from `begin` on, each with its end, without end."""
    at = begin
    while True:
        slot, at = slot_of(at, zone)
        yield slot, at


def surprised_at(
    routine: Routine, since: datetime, surprise: float, longest: timedelta, zone: ZoneInfo
) -> datetime:
    """Give when silence since then has become so surprising, or has lasted `longest`."""
    last, at, left = since + longest, since, surprise
    for slot, end in slots(since, zone):
        if at >= last:
            return last
        step = -log(1 - routine.share(slot)) * ((end - at) / SLOT)
        if step >= left:
            return min(last, at + (end - at) * (left / step))
        left, at = left - step, end
    raise AssertionError("half hours have no end")


def lively_share(routine: Routine, since: datetime, until: datetime, zone: ZoneInfo) -> float:
    """Give how many of a silence's half hours are lively on an ordinary day, 0 to 1."""
    shares = []
    for slot, end in slots(since, zone):
        shares.append(routine.share(slot))
        if end >= until or len(shares) == 2 * SLOTS:
            break
    return sum(shares) / len(shares)
