"""Is a device still alive? Silence is the test: a dead battery shows 100 % to the end.

A class of device has a budget, the silence it may keep before it is overdue. The defaults are for
devices nobody has watched yet: several of their usual intervals, so that one lost radio message
is no trouble. An installation overrides them by class. Where it does not, a device that is known to
speak more often is missed sooner: after three of its usual pauses, but not before half the budget
of its class.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

BUDGETS: dict[str, timedelta] = {
    "help_button": timedelta(hours=1),
    "wristband": timedelta(hours=2),
    "pir": timedelta(hours=4),
    "temperature": timedelta(hours=4),
    "bed": timedelta(hours=26),
    "contact": timedelta(hours=26),
    "cupboard": timedelta(hours=26),
    "front_door": timedelta(hours=26),
    "smoke": timedelta(hours=26),
    "gas": timedelta(hours=26),
    "co": timedelta(hours=26),
    "leak": timedelta(hours=26),
}
UNKNOWN_BUDGET = timedelta(hours=26)
"""For a class without a row: what sleeps longest says something once a day."""


USUAL_PAUSES = 3
"""So many pauses of a device may be lost on the radio before it is missed."""


def budget(
    device_type: str, overrides: Mapping[str, timedelta], pause: timedelta | None = None
) -> timedelta:
    """Give the silence a device may keep; `overrides` is by class, `pause` its own usual one."""
    if device_type in overrides:
        return overrides[device_type]
    most = BUDGETS.get(device_type, UNKNOWN_BUDGET)
    return most if pause is None else min(most, max(most / 2, USUAL_PAUSES * pause))


def is_overdue(last_seen: datetime, now: datetime, silence: timedelta) -> bool:
    """Say whether a budget is used up; it is at the very instant `last_seen + silence`."""
    return now - last_seen >= silence
