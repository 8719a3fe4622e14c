"""Whether the gateway does its work: what is wrong with it, in words, derived when asked.

Two questions. Whoever watches over many boxes asks `reasons`: everything that keeps readings or
alarms from their way. systemd asks only whether the process still does anything, `is_turning`: a
restart mends a process that hangs, and mends neither a full disk nor a broker that is away.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from alerting.channels.contract import Channel
from gateway.commit_meter import CommitMeter
from gateway.inbox import Inbox
from gateway.link import Link
from gateway.pump import Pump

STUCK = timedelta(seconds=60)
"""A turn takes milliseconds, and seconds where a county is folded anew."""


class Reason(msgspec.Struct, frozen=True):
    """Something that is wrong: a word for programs, what it is about, and more of it."""

    code: str
    subject: str
    detail: str = ""


def is_turning(pump: Pump, inbox: Inbox, now: datetime) -> bool:
    """Say whether the pump takes what comes: no turn hangs, and nothing waits untaken."""
    turn = pump.current
    if turn is not None and now - turn.now > STUCK:
        return False
    waiting = inbox.oldest_at()
    return waiting is None or now - waiting <= STUCK


def oldest_seconds(pump: Pump, inbox: Inbox, now: datetime) -> float:
    """Give the age of the oldest reading that is neither acknowledged nor refused, 0 where none."""
    turn = pump.current
    known = (inbox.oldest_at(), None if turn is None else turn.oldest_at)
    oldest = min((at for at in known if at is not None), default=now)
    return max((now - oldest).total_seconds(), 0.0)


def reasons(
    pump: Pump,
    inbox: Inbox,
    commits: CommitMeter,
    links: Mapping[str, Link],
    channels: Mapping[str, Channel],
    now: datetime,
) -> Iterator[Reason]:
    """Give everything that is wrong; nothing where all is well."""
    if not is_turning(pump, inbox, now):
        yield Reason("pump_stuck", "pump", f"{oldest_seconds(pump, inbox, now):.0f} s")
    if commits.is_failing:
        yield Reason("commit_failing", "journal", commits.why)
    for name, link in links.items():
        if not getattr(link, "is_up", True):
            yield Reason("link_down", name, str(getattr(link, "reason", "") or ""))
    for name, channel in channels.items():
        health = channel.health()
        if not health.is_up:
            yield Reason("channel_down", name, health.reason)
