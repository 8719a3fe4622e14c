"""How often a device speaks by itself: the longest pause between two of its reports, lately.

What it learns from is the device's own voice. The longest pause of the current day and of the day
before it counts, so that a device that was set to speak more often is known after a day or two, and
one noisy hour does not make an hourly report look late.
"""

from datetime import datetime, timedelta

from alerting.home import DeviceState, Pauses

DAY = timedelta(days=1)
WATCHED = timedelta(hours=1)
"""How long a device must have been watched before its pauses are its habit; and twice at least."""


def hear(device: DeviceState, at: datetime) -> bool:
    """Note that a device has spoken; says whether it is now expected sooner than before."""
    if at <= device.heard_at and device.pauses is not None:
        return False
    before = usual(device)
    pauses = device.pauses
    if pauses is None:
        device.pauses = Pauses(begun=at, day=at)
    else:
        pause = (at - device.heard_at).total_seconds()
        if at - pauses.day >= DAY:
            pauses.day, pauses.before, pauses.longest = at, pauses.longest, 0.0
        pauses.longest = max(pauses.longest, pause)
        pauses.count += 1
    device.heard_at = max(device.heard_at, at)
    after = usual(device)
    return after is not None and (before is None or after < before)


def usual(device: DeviceState) -> timedelta | None:
    """Give the longest usual pause of a device; None as long as it is not known."""
    pauses = device.pauses
    if pauses is None or pauses.count < 2 or device.heard_at - pauses.begun < WATCHED:  # noqa: PLR2004
        return None
    return timedelta(seconds=max(pauses.longest, pauses.before))
