"""EnOcean sensors heard by a USB stick, ESP3 over a serial line (docs/wire/enocean.md).

Theory of operation. A telegram says who sent it and of which of four sorts it is, but not what its
bits mean: that is the sender's profile (EEP), which the installation writes down. The link gives
it as the address of a frame. Contacts (1BS) have only one profile and need none; of any other
sender without a profile we know that it is there. A telegram for teaching a receiver says nothing
that could act; without a profile in it, it may carry measurements, flagged `suspect`. Packets that
are not radio come from the stick itself.
"""

import re

from sensors.errors import DecodeError
from sensors.facts import Facts, device_id
from sensors.families.enocean_profiles import HELP, PROFILES, contact
from sensors.family import Family, Stream
from sensors.framing.esp3 import HEAD_BYTES, crc_framer, measure
from sensors.framing.hexline import unhexed
from sensors.reading import Decoded, Flag, Kind

NAME = "enocean"

_RADIO = 1
_SENDER_BYTES, _STATUS_BYTES = 4, 1
_RPS, _1BS, _4BS = 0xF6, 0xD5, 0xA5
_LENGTHS = {_RPS: 1, _1BS: 1, _4BS: 4}
_LEARN = 1 << 3
_TEACHES_PROFILE = 1 << 7
_SAMPLES = {Kind.TEMPERATURE, Kind.HUMIDITY, Kind.VOLTAGE}
_PROFILE = re.compile(r"[0-9A-F]{2}-[0-9A-F]{2}-[0-9A-F]{2}|HELP")


def decode(address: str, payload: bytes) -> tuple[Decoded, ...]:
    """Read packets; `address` is the sender's profile (`A5-02-05`), or empty.

    Raises DecodeError `bad_head`, `short`, `too_long`, `bad_checksum`, `bad_telegram`.
    """
    frames = crc_framer().feed(payload)
    if not frames:
        raise DecodeError(measure(payload).fault, f"{len(payload)} bytes: {payload[:40].hex()}")
    profile = address.upper() if _PROFILE.fullmatch(address.upper()) else ""
    return tuple(_read(profile, frame) for frame in frames if frame[4] == _RADIO)


def _read(profile: str, frame: bytes) -> Decoded:
    sort, body, native = _parted(frame)
    if len(body) != _LENGTHS.get(sort, len(body)):
        raise DecodeError("bad_telegram", f"{len(body)} bytes of data in sort {sort:02x}")
    is_teaching = sort in {_1BS, _4BS} and not body[-1] & _LEARN
    facts = Facts(*((Flag.SUSPECT,) if is_teaching else ()))
    if sort == _1BS:
        contact(facts, body)
    elif (say := PROFILES.get(profile)) and _sort_of(profile) == sort:
        say(facts, body)
    if is_teaching:
        has_profile = sort == _1BS or body[-1] & _TEACHES_PROFILE
        facts.readings = [r for r in facts.readings if r.kind in _SAMPLES and not has_profile]
    return facts.decoded(device_id(NAME, native))


def _sort_of(profile: str) -> int:
    """Give the sort of telegram a profile is for."""
    return _RPS if profile == HELP else int(profile[:2], 16)


def _parted(frame: bytes) -> tuple[int, bytes, str]:
    """Give sort, data and sender of a radio packet."""
    size = int.from_bytes(frame[1:3], "big")
    data = frame[HEAD_BYTES : HEAD_BYTES + size]
    if size < 1 + 1 + _SENDER_BYTES + _STATUS_BYTES:
        raise DecodeError("bad_telegram", f"{size} bytes of data")
    end = size - _SENDER_BYTES - _STATUS_BYTES
    return data[0], data[1:end], data[end : end + _SENDER_BYTES].hex()


def sender(frame: bytes) -> str:
    """Give the id of who sent a packet; empty for the stick itself."""
    if frame[4] != _RADIO:
        return ""
    try:
        return device_id(NAME, _parted(frame)[2])
    except DecodeError:
        return ""


FAMILY = Family(NAME, (), decode, stream=Stream(crc_framer, sender=sender), spelled=unhexed)
