"""Zigbee2MQTT: the devices of a Zigbee bridge, by the bridge's own description (docs/wire/).

Theory of operation. The bridge publishes `<base>/<friendly name>` with one JSON object, and says
in retained topics under `<base>/bridge/` which devices there are and what their properties mean.
A listener learns those, by base; from then on a name stands for an address, and a property for
what its description says it is. Renaming a device changes nothing but the name.

Where nothing was learned (a listing that never came, one line at the command line) names stand for
themselves and properties are read by habit, as most makers mean them. A device the bridge lists
without a description is read by habit, too; one with a description says nothing beyond it.

The bridge repeats its cache. It merges what it knows into every message (`is_merged`) and sends all
of it when it starts: the first message of each device within `REPLAY` of the bridge's word that it
is online is `cached`. A press is never cached, and a message with one is never taken for old.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from sensors.errors import DecodeError
from sensors.families import zigbee2mqtt_bridge as bridge
from sensors.families.zigbee2mqtt_bridge import Device, Settings
from sensors.families.zigbee2mqtt_meaning import LONGEST, Meaning, Role, by_habit, press
from sensors.families.zigbee2mqtt_values import readings
from sensors.family import Family, Heard, Message, Note
from sensors.kinds import as_number
from sensors.reading import Decoded, Kind, Reading, Replay

REPLAY = timedelta(seconds=30)
"""How long after its start a bridge may still be sending its cache."""

PAYLOAD_LIMIT_BYTES = 256 * 1024
BASES = 32
"""Most bridges that one link knows."""

FIELDS = 500
"""Most fields of a message that nobody has described and that are looked at."""

_BRIDGE = "bridge/"
_LESSONS = frozenset({"devices", "groups", "info", "state", "event"})
_WORDS = frozenset({"online", "offline"})
_NOT_READINGS = frozenset({"linkquality", "last_seen", "update", "update_available", "device"})
_HEARTBEAT = Reading(Kind.HEARTBEAT)
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_ANY = msgspec.json.Decoder(Any)


class _Bridge:
    """One bridge, as far as it has said."""

    def __init__(self) -> None:
        self.devices: dict[str, Device] = {}
        self.groups: frozenset[str] = frozenset()
        self.settings = Settings()
        self.is_listed = False
        self.online_at: datetime | None = None
        self.repeated: set[str] = set()


class Zigbee:
    """The listener of one link."""

    def __init__(self) -> None:
        self._bases: dict[str, _Bridge] = {}

    def hear(self, message: Message) -> Heard:
        """Read a message of a bridge or of a device behind it.

        Raises DecodeError `bad_topic`, `too_long`, `malformed_payload`, `unknown_device` or
        `too_many`.
        """
        base, rest = self._split(message.address)
        if rest.startswith(_BRIDGE):
            return self._learn(base, rest.removeprefix(_BRIDGE), message)
        if len(message.payload) > PAYLOAD_LIMIT_BYTES:
            raise DecodeError("too_long", f"{len(message.payload)} bytes of payload")
        known = self._bases.get(base)
        if known is not None and known.is_listed:
            return self._listed(known, rest, message)
        return _unlisted(known or _Bridge(), rest, message)

    # --- the bridge -------------------------------------------------------------------------

    def _learn(self, base: str, what: str, message: Message) -> Heard:
        """Take in what a bridge says about itself."""
        if what not in _LESSONS:
            return Heard()
        if len(message.payload) > bridge.LISTING_LIMIT_BYTES:
            raise DecodeError("too_long", f"{len(message.payload)} bytes of payload")
        known = self._bridge(base)
        match what:
            case "devices":
                devices, lesson, notes = bridge.read_devices(message.payload)
                known.devices, known.is_listed = devices, True
                return Heard(lesson=lesson, notes=notes)
            case "groups":
                known.groups, lesson = bridge.read_groups(message.payload)
                return Heard(lesson=lesson)
            case "info":
                known.settings, lesson, notes = bridge.read_info(base, message.payload)
                return Heard(lesson=lesson, notes=notes)
            case "state":
                return _bridge_state(base, known, message)
            case _:
                return Heard(notes=_left(message.payload))

    def _bridge(self, name: str) -> _Bridge:
        if name not in self._bases:
            if len(self._bases) >= BASES or len(name) > bridge.NAME_LIMIT:
                raise DecodeError("too_many", f"more than {BASES} bridges, or a long name")
            self._bases[name] = _Bridge()
        return self._bases[name]

    def _split(self, address: str) -> tuple[str, str]:
        """Split a topic into its bridge's base and the rest; the longest known base wins.

        A base may have levels of its own, and a device's name may, too.
        """
        mine = [base for base in self._bases if address.startswith(base + "/")]
        base = max(mine, key=len, default=address.partition("/")[0])
        rest = address[len(base) + 1 :]
        above, is_bridge, what = rest.rpartition("/" + _BRIDGE)
        is_listed = bool(mine) and rest in self._bases[base].devices
        if is_bridge and above and what in _LESSONS and not is_listed:
            return f"{base}/{above}", _BRIDGE + what
        if not base or not rest:
            raise DecodeError("bad_topic", repr(address[:160]))
        return base, rest

    # --- its devices ------------------------------------------------------------------------

    def _listed(self, base: _Bridge, rest: str, message: Message) -> Heard:
        """Read a message of a device the bridge has listed."""
        device = base.devices.get(rest)
        if device is not None:
            return _state(base, rest, device, message)
        name, _, suffix = rest.rpartition("/")
        device = base.devices.get(name)
        if device is not None:
            if suffix == "availability":
                return Heard((_availability(device.device_id, message.payload),))
            if not base.settings.speaks_json and suffix in device.names:
                return Heard((_single(device, suffix, message.payload),))
            return Heard()  # set, get, or what the whole message says as well
        if any(_is_of(group, rest) for group in base.groups) or any(
            _is_of(listed, rest) for listed in base.devices
        ):
            return Heard()
        raise DecodeError("unknown_device", rest[:160])


def _is_of(name: str, rest: str) -> bool:
    return rest == name or rest.startswith(name + "/")


def _unlisted(base: _Bridge, rest: str, message: Message) -> Heard:
    """Read a message of a bridge that has listed no devices: a name stands for itself."""
    name, _, suffix = rest.rpartition("/")
    if name and suffix == "availability":
        return Heard((_availability(bridge.device_id(name), message.payload),))
    if name and suffix in {"set", "get", "action"}:
        return Heard()
    return _state(base, rest, Device(bridge.device_id(rest), None), message)


def decode(address: str, payload: bytes) -> tuple[Decoded, ...]:
    """Read one message by itself, without any description (`Zigbee.hear`)."""
    return Zigbee().hear(Message(address, payload, datetime.min.replace(tzinfo=UTC))).said


FAMILY = Family("zigbee2mqtt", ("zigbee2mqtt/#",), decode, Zigbee, long_topics=("bridge/devices",))


def _state(base: _Bridge, name: str, device: Device, message: Message) -> Heard:
    """Read what a device says, or what the bridge repeats of it."""
    try:
        payload = _OBJECT.decode(message.payload)
    except bridge.UNREADABLE as error:
        raise DecodeError("malformed_payload", str(error)) from error
    said, unread = _read(device, payload)
    action = payload.get("action") if device.meanings is None or "action" in device.names else None
    is_pressed = isinstance(action, str) and action != ""
    replay = Replay.CACHED if _is_replay(base, name, message) and not is_pressed else None
    decoded = Decoded(
        device.device_id,
        (*said, _HEARTBEAT),
        device_time=_instant(payload.get("last_seen")),
        replay=replay,
        is_merged=base.settings.caches,
        press=press(action[:LONGEST].lower()) if isinstance(action, str) else "",
    )
    return Heard((decoded,), unread=unread)


def _read(
    device: Device, payload: Mapping[str, Any]
) -> tuple[tuple[Reading, ...], tuple[str, ...]]:
    """Give the readings of a payload, and the fields that nobody has described."""
    meanings: list[Meaning] = []
    unread: list[str] = []
    for name in [*payload][:FIELDS]:
        if device.meanings is None:
            meanings += _habits(name, payload[name])
        elif name in device.meanings:
            meanings += device.meanings[name]
        elif name == "test":  # most models that say it do not describe it
            meanings += _habits(name, payload[name])
        elif name not in device.names and name not in _NOT_READINGS:
            unread.append(name[:80])
    return readings(meanings, payload), tuple(unread)


def _habits(name: str, value: object) -> list[Meaning]:
    """Read an undescribed property by its name and the type of its value."""
    found = list(by_habit(name)) if len(name) <= bridge.NAME_LIMIT else []
    numeric = {Role.SAMPLE, Role.LEVEL}
    if isinstance(value, bool):
        return [m for m in found if not m.is_word and m.role not in numeric][:1]
    if isinstance(value, int | float):
        return [m for m in found if m.role in numeric][:1]
    samples = [m for m in found if m.role is Role.SAMPLE]
    return samples or [m for m in found if m.is_word or m.role not in numeric][:1]


def _is_replay(base: _Bridge, name: str, message: Message) -> bool:
    """Say whether this is the cache a bridge sends when it starts: once a device, at once."""
    if base.online_at is None or not base.settings.replays or message.is_retained:
        return False
    if message.at - base.online_at > REPLAY:
        base.online_at = None
        base.repeated.clear()
        return False
    if name in base.repeated or len(base.repeated) >= bridge.DEVICES:
        return False
    base.repeated.add(name)
    return True


def _single(device: Device, name: str, payload: bytes) -> Decoded:
    """Read one property that has a topic of its own."""
    value: object = payload[:200].decode("utf-8", "replace")
    with suppress(*bridge.UNREADABLE):
        value = _ANY.decode(payload)
    said, _ = _read(device, {name: value})
    is_action = name == "action" and isinstance(value, str)
    done = press(str(value)[:LONGEST].lower()) if is_action else ""
    return Decoded(device.device_id, (*said, _HEARTBEAT), press=done)


def _bridge_state(base: str, known: _Bridge, message: Message) -> Heard:
    """Take in that a bridge comes or goes; it is a device of its own, by its base."""
    word = _state_word(message.payload)
    if word == "online" and not message.is_retained:
        known.online_at = message.at
        known.repeated.clear()
    decoded = _available(bridge.device_id(f"{base}-bridge"), word)
    detail = "no Zigbee device of it can be heard 它下面的设备都收不到"
    return Heard(
        (decoded,), notes=(Note("bridge_offline", base, detail, is_over=word == "online"),)
    )


def _availability(device_id: str, payload: bytes) -> Decoded:
    return _available(device_id, _state_word(payload))


def _available(device_id: str, word: str) -> Decoded:
    """Say that the bridge holds a device for online or offline: its word, not the device's."""
    reading = Reading(Kind.AVAILABILITY, word)
    return Decoded(device_id, (reading, _HEARTBEAT), replay=Replay.CACHED)


def _state_word(payload: bytes) -> str:
    """Read `online`, `"online"` or `{"state": "online"}`."""
    word: object = payload[:40].decode("utf-8", "replace").strip()
    if word not in _WORDS:
        try:
            found = _ANY.decode(payload)
        except bridge.UNREADABLE as error:
            raise DecodeError("malformed_payload", str(error)) from error
        word = found.get("state") if isinstance(found, dict) else found
    if not isinstance(word, str) or word not in _WORDS:
        raise DecodeError("bad_value", f"{str(word)[:80]!r} is not online/offline")
    return word


def _left(payload: bytes) -> tuple[Note, ...]:
    """Note a device that was taken out of its network."""
    try:
        event = _OBJECT.decode(payload)
    except bridge.UNREADABLE as error:
        raise DecodeError("malformed_payload", str(error)) from error
    data = event.get("data")
    address = data.get("ieee_address") if isinstance(data, dict) else None
    if not isinstance(address, str) or not 0 < len(address) <= bridge.NAME_LIMIT:
        return ()
    is_gone = event.get("type") == "device_leave"
    if not is_gone and event.get("type") not in {"device_joined", "device_announce"}:
        return ()
    detail = "left its Zigbee network 已退出 Zigbee 网络"
    return (Note("device_left", bridge.device_id(address), detail, is_over=not is_gone),)


def _instant(seen: object) -> datetime | None:
    """Read `last_seen`: ISO 8601 with a zone, or milliseconds since 1970."""
    try:
        if isinstance(seen, str) and len(seen) < 40:  # noqa: PLR2004 -- an instant is shorter
            at = datetime.fromisoformat(seen)
            return None if at.tzinfo is None else at.astimezone(UTC)
        milliseconds = seen if isinstance(seen, int) and as_number(seen / 1000 / 4) else None
        return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
