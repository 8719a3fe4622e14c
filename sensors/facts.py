"""Gathering what one message of somebody else's device says.

Foreign messages are not refused for one odd field: what does not fit its kind says nothing, the
rest of the message counts, and the device is heard in any case. A number of the right shape that
no sensor can have measured is kept and flagged (`sensors.kinds`).
"""

import re
from datetime import UTC, datetime

from sensors.errors import DecodeError
from sensors.kinds import KINDS
from sensors.reading import Decoded, Flag, Kind, Reading, Replay

NATIVE_LIMIT = 64

_OTHER = re.compile(rb"[^A-Za-z0-9_-]")


def device_id(family: str, native: str) -> str:
    """Spell the id of a device by the hardware's own; raise DecodeError `bad_id` for none."""
    raw = native.strip().encode(errors="surrogatepass")
    if not 0 < len(raw) <= NATIVE_LIMIT:
        raise DecodeError("bad_id", f"{native[:80]!r} names no device")
    spelled = _OTHER.sub(lambda found: b"_%02x" % found[0][0], raw)
    return f"{family}-{spelled.decode('ascii')}"


_ELSEWHERE = frozenset(
    {"cpu", "esp", "chip", "core", "internal", "board", "module", "processor", "device"}
    | {"water", "boiler", "heater", "radiator", "pipe", "oven", "probe", "outdoor", "outside"}
)
_WORDS = re.compile("[a-z]+")


def is_elsewhere(name: str) -> bool:
    """Say whether a thermometer's name puts it somewhere that is hot without a fire.

    A chip at 60 °C is well. Its readings are flagged `suspect`, which no rule takes for the room.
    """
    return not _ELSEWHERE.isdisjoint(_WORDS.findall(name.lower()))


class Facts:
    """The readings of one device in one message, in the order they are said."""

    def __init__(self, *flags: Flag) -> None:
        """Start with nothing; `flags` go to every reading."""
        self.readings: list[Reading] = []
        self._flags = flags

    def say(
        self,
        kind: Kind,
        value: object,
        *flags: Flag,
        level: float | None = None,
        part: str = "",
    ) -> None:
        """Add a reading, unless the value is None or not of the kind's shape."""
        if value is None:
            return
        row = KINDS[kind]
        try:
            read, is_believable = row.shape.read(value)
        except DecodeError:
            return
        every = (*self._flags, *flags, *(() if is_believable else (Flag.INVALID,)))
        reading = Reading(kind, read, row.unit, tuple(dict.fromkeys(every)), level, part)
        if reading not in self.readings:
            self.readings.append(reading)

    def decoded(
        self,
        device: str,
        *,
        seq: int | None = None,
        at: datetime | None = None,
        replay: Replay | None = None,
        is_merged: bool = False,
    ) -> Decoded:
        """Give it all, the heartbeat last; `device` is the id, `at` the device's own time."""
        said = (*self.readings, Reading(Kind.HEARTBEAT))
        return Decoded(device, said, seq=seq, device_time=at, replay=replay, is_merged=is_merged)


def instant(text: object) -> datetime | None:
    """Read RFC 3339 with a zone; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
        return None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
