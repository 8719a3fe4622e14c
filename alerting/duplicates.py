"""Is this report a redelivery of one that was already taken in?

By (boot, sequence) where the device counts: that is certain. Else by an equal payload, either
with the broker's DUP flag or within the seconds in which radios repeat one press: that is
likely, and no more. A duplicate is marked and kept; a likely one of a life-safety kind still
raises where no alarm is open, because tomorrow's fire has the same bytes as today's and a
rebooted counter starts at 0.
"""

from datetime import timedelta
from enum import Enum

from alerting.home import Boot, DeviceState, Seen
from sensors.reading import Replay, Report

_WINDOW = 64
_PAYLOADS = 4
_BOOTS = 2
_RADIO_REPEAT = timedelta(seconds=3)
_COUNTED_REPEAT = timedelta(seconds=10)
_REDELIVERY = timedelta(minutes=10)


class Novelty(Enum):
    """Whether a report is new."""

    NEW = "new"
    LIKELY_DUPLICATE = "likely_duplicate"
    DUPLICATE = "duplicate"


def judge(device: DeviceState, report: Report) -> Novelty:
    """Decide, and remember the report in `device`."""
    if report.boot is not None and report.seq is not None:
        known = _is_counted(device, report.boot, report.seq)
        return Novelty.DUPLICATE if known else Novelty.NEW
    if report.source.replay is Replay.RETAINED:
        # The broker shows it again at each subscription; the first time it counted. Is it not the
        # last we know of its topic, then something was said while we did not hear.
        topic = report.source.address
        last = next((seen for seen in reversed(device.seen) if seen.address == topic), None)
        if last is not None and last.digest == report.digest:
            return Novelty.DUPLICATE
    if report.source.is_dup:
        within = _REDELIVERY
    else:
        within = _RADIO_REPEAT if report.seq is None else _COUNTED_REPEAT
    for seen in device.seen:
        if seen.digest == report.digest and report.received_at - seen.at <= within:
            return Novelty.LIKELY_DUPLICATE
    device.seen = (*device.seen[1 - _PAYLOADS :], _seen(report))
    return Novelty.NEW


def _seen(report: Report) -> Seen:
    """Keep of a payload what tells it again."""
    return Seen(report.digest, report.received_at, report.source.address)


def _is_counted(device: DeviceState, boot_id: str, seq: int) -> bool:
    """Look the number up in its boot's window, and enter it there."""
    boot = next((boot for boot in device.boots if boot.id == boot_id), None)
    if boot is None:
        device.boots = (*device.boots[1 - _BOOTS :], Boot(boot_id, seq, 1))
        return False
    ahead = seq - boot.top
    if ahead > 0:
        kept = boot.window << ahead if ahead < _WINDOW else 0
        boot.window = (kept | 1) & ((1 << _WINDOW) - 1)
        boot.top = seq
        return False
    if -ahead >= _WINDOW:
        return False  # too old to know: a report counted twice beats one lost
    bit = 1 << -ahead
    is_known = bool(boot.window & bit)
    boot.window |= bit
    return is_known
