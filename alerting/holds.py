"""Which links are behind: since when, and until when their silence means nothing.

A link is behind from the moment it goes down, or we start, until everything that was queued has
come. What is lost meanwhile may be as old as the last reading before that moment, whatever has
come since; so that instant is kept with the hold, and survives a restart.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from alerting.event import HoldSet
from alerting.home import HomeState


class Hold(msgspec.Struct, array_like=True, frozen=True):
    """`until` when silence means nothing; `since` when readings may be in a queue or lost."""

    until: datetime
    since: datetime


def change(
    holds: dict[str, Hold], event: HoldSet, homes: Iterable[HomeState], now: datetime
) -> None:
    """Set a hold, prolong the one that is there, or take it away."""
    running = holds.pop(event.link, None)
    if event.until > now:
        since = running.since if running else _heard_at(homes, event.link) or now
        holds[event.link] = Hold(event.until, since)


def held_until(holds: dict[str, Hold], home: HomeState) -> datetime | None:
    """Give until when a home's silence means nothing, because a link of it is behind."""
    if not holds:
        return None
    links = home.links()
    return max((h.until for link, h in holds.items() if not links or link in links), default=None)


def _heard_at(homes: Iterable[HomeState], link: str) -> datetime | None:
    """Give when a device was last heard over a link."""
    devices = (device for home in homes for device in home.devices.values())
    return max((device.heard_at for device in devices if device.link == link), default=None)
