"""What of a merged report is news: a bridge repeats what it knows beside what a device says now.

Zigbee2MQTT puts its cache into every message, and sends it when it starts. An old `occupancy: true`
comes again with each battery report, an old `smoke: true` with a restart. The device's last states
are remembered here, and of a repeated one the rules are told only what it can prove:

- that somebody moved is proved by the state's rising edge, and by nothing else;
- a danger that is said again counts, because some detectors never say that it is over and the next
  fire has no edge; but not where the message was plainly made by something else, a number beside it
  that has changed, or by the bridge's start;
- a call that is a state (`sos: true`) is over when the bridge no longer says it; a press is none;
- `test` that has been on for long is itself stale, and makes no drill of a danger that begins now.
"""

from datetime import datetime, timedelta

import msgspec

from alerting.home import DeviceState, Said
from sensors.reading import LIFE_SAFETY, Flag, Kind, Reading, Replay, Report

TEST_LASTS = timedelta(minutes=10)
"""Nobody holds a test button for longer."""

STATES = 64
"""Most states of one device that are remembered."""

MOVEMENTS = frozenset({Kind.MOTION, Kind.PRESENCE})
_TEST = "test"
_NO_STATES = frozenset({Kind.HEARTBEAT, Kind.AVAILABILITY})


def news(device: DeviceState, report: Report) -> Report:
    """Give the report without what is only said again, and remember what it says.

    A report that repeats nothing is given as it is, and nothing is remembered of it.
    """
    if not (report.is_merged or report.source.replay is Replay.CACHED):
        return report
    at = report.received_at
    is_live = report.source.replay is Replay.LIVE
    is_explained = not is_live or _has_new_number(device, report)
    is_test_stale = _is_test_stale(device, report)
    kept: list[Reading] = []
    for reading in report.readings:
        key = state_key(reading)
        before = device.states().get(key) if key else None
        is_repeated = before is not None and before.value == reading.value
        if key and not is_repeated:
            remember(device, key, reading, at)
        if reading.kind in MOVEMENTS and (is_repeated or key not in device.states()):
            continue  # what could not be remembered has no edge either
        if is_repeated and reading.kind in LIFE_SAFETY:
            if not is_explained:
                kept.append(reading)
        elif is_test_stale and reading.value and reading.kind in LIFE_SAFETY:
            kept.append(_in_earnest(reading))
        else:
            kept.append(reading)
    if report.is_merged:
        _end_calls(device, report)
    return msgspec.structs.replace(report, readings=tuple(kept))


def state_key(reading: Reading) -> str:
    """Name the state a reading is about; empty where it is about something that happened."""
    is_press = reading.kind is Kind.HELP_CALL and not reading.part
    if is_press or reading.kind in _NO_STATES or isinstance(reading.value, dict):
        return ""
    return f"{reading.kind}.{reading.part}" if reading.part else reading.kind


def remember(device: DeviceState, key: str, reading: Reading, at: datetime) -> None:
    """Note what a device says since when; a hostile one cannot fill the memory."""
    said = device.states()
    if key in said or len(said) < STATES:
        value = reading.value
        assert not isinstance(value, dict)
        said[key] = Said(value, at)


def _has_new_number(device: DeviceState, report: Report) -> bool:
    """Say whether a measurement is new: then it is what the device has just sent."""
    for reading in report.readings:
        if isinstance(reading.value, bool) or not isinstance(reading.value, int | float):
            continue
        before = device.states().get(state_key(reading))
        if before is None or before.value != reading.value:
            return True
    return False


def _is_test_stale(device: DeviceState, report: Report) -> bool:
    """Follow the test flag, and say whether it has been on for too long."""
    if not any(Flag.TEST in reading.flags for reading in report.readings):
        device.states().pop(_TEST, None)
        return False
    begun = device.states().setdefault(_TEST, Said(value=True, since=report.received_at))
    return report.received_at - begun.since > TEST_LASTS


def _in_earnest(reading: Reading) -> Reading:
    """Take the test flag off."""
    flags = tuple(flag for flag in reading.flags if flag is not Flag.TEST)
    return msgspec.structs.replace(reading, flags=flags)


def _end_calls(device: DeviceState, report: Report) -> None:
    """Forget calls that were states and are no longer said."""
    said = {state_key(reading) for reading in report.readings}
    known = device.states()
    for key in [k for k in known if k.startswith(f"{Kind.HELP_CALL}.")]:
        if key not in said:
            del known[key]
