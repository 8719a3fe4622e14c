"""Devices that spoke and belong to nobody, and which of them a code means.

Such a device is inert: what it says is quarantined and alarms no home. Its code is what stands on
it or what an installer types: the whole id, the hardware's own, or the last six signs of it.
"""

import re
from collections.abc import Sequence

from gateway.door import NotDoneError
from gateway.log_port import Log
from gateway.registry import Registry
from gateway.registry_rows import FAMILIES
from gateway.request import UnclaimedView
from gateway.tables import from_us

MOST_SHOWN = 500
LEAST_SIGNS = 6
"""Of a code that is the end of an id."""

_QUERY = f"""SELECT detail, link, MIN(at) AS first_at, MAX(at) AS last_at, COUNT(*) AS times
    FROM quarantine WHERE code = 'unclaimed_device'
    GROUP BY detail, link ORDER BY last_at DESC LIMIT {MOST_SHOWN}"""  # noqa: S608 -- our own number


async def unclaimed(journal: Log, registry: Registry) -> list[UnclaimedView]:
    """List the devices that spoke and are in no home, the last heard first."""
    return [
        UnclaimedView(
            device=row["detail"],
            family=family_of(row["detail"]),
            link=row["link"],
            first_at=from_us(row["first_at"]),
            last_at=from_us(row["last_at"]),
            times=row["times"],
        )
        for row in await journal.read(_QUERY)
        if row["detail"] not in registry.devices
    ]


def family_of(device_id: str) -> str:
    """Give the family a device id begins with, nothing where it is of none we know."""
    known = [family for family in FAMILIES if device_id.startswith(f"{family}-")]
    return max(known, key=len, default="")


def meant(
    code: str, family: str, heard: Sequence[UnclaimedView], registry: Registry
) -> tuple[str, str]:
    """Give family and native id of the device a code means; raises NotDoneError.

    A device that was not heard yet is taken at its word where its family is given.
    """
    wanted = _folded(code)
    matching = [view.device for view in heard if _fits(wanted, view, family)]
    exact = [device for device in matching if wanted in {_folded(device), _folded(_native(device))}]
    found = sorted(set(exact or matching))
    if len(found) > 1:
        sentence = f"有 {len(found)} 件，写全编号 more than one: {' '.join(found[:10])}"
        raise NotDoneError("ambiguous", sentence)
    if found:
        return family_of(found[0]), _native(found[0])
    claimed = [row for row in registry.rows.devices if code in {row.id, row.device_id}]
    if claimed and family in {"", claimed[0].family}:
        home = claimed[0].home
        sentence = f"{code} 已经绑在 {home} is claimed to {home} already; take it out there first"
        raise NotDoneError("claimed", sentence)
    if family:
        return family, code
    raise NotDoneError(
        "unknown_code",
        f"没听到过编号以 {code} 结尾的设备（至少 {LEAST_SIGNS} 位）；还没上电就加 --family "
        f"no device heard whose id is or ends with it, {LEAST_SIGNS} signs at least; "
        "for one that has not spoken yet add --family",
    )


def _fits(wanted: str, view: UnclaimedView, family: str) -> bool:
    if not wanted or (family and view.family != family):
        return False
    whole, native = _folded(view.device), _folded(_native(view.device))
    return wanted in {whole, native} or (len(wanted) >= LEAST_SIGNS and native.endswith(wanted))


def _native(device_id: str) -> str:
    return device_id.removeprefix(f"{family_of(device_id)}-")


def _folded(code: str) -> str:
    """Pass over how a code is spelled: small letters, and no separators."""
    return re.sub(r"[^a-z0-9]", "", code.lower())
