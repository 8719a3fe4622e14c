"""What a Zigbee bridge says about itself: which devices it has, how it is set, and what is risky.

`bridge/devices`, `bridge/groups` and `bridge/info` are retained and reach us at every connection.
Each is read device by device, so that one that cannot be read costs only itself, and reduced to
what decoding needs: that is the lesson the gateway keeps.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from sensors.errors import DecodeError
from sensors.families.zigbee2mqtt_meaning import SETTABLE, VAGUE, Exposed, Meaning, Role, leaves
from sensors.family import Note
from sensors.reading import LIFE_SAFETY, Kind

LISTING_LIMIT_BYTES = 8 << 20
DEVICES = 2000
"""Most devices of one bridge that are known; a Zigbee network holds a few hundred."""

PROPERTIES = 500
"""Most properties of one device that mean something."""

NAME_LIMIT = 256

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_OTHER = re.compile(rb"[^A-Za-z0-9_-]")
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_SIREN = re.compile(r"siren|valve", re.IGNORECASE)
_SOS = re.compile(r"\bsos\b|panic|emergency", re.IGNORECASE)


class _Definition(msgspec.Struct, omit_defaults=True):
    description: Any = ""
    exposes: tuple[msgspec.Raw, ...] = ()


class _Listed(msgspec.Struct, omit_defaults=True):
    """One device of `bridge/devices`."""

    ieee_address: str
    friendly_name: str
    type: str = ""
    definition: _Definition | None = None


class Device(msgspec.Struct, frozen=True):
    """One device: its id, and what its properties mean; None where nobody has described it."""

    device_id: str
    meanings: dict[str, tuple[Meaning, ...]] | None
    names: frozenset[str] = frozenset()


class _Options(msgspec.Struct, omit_defaults=True):
    """Settings of a device, or of all."""

    friendly_name: Any = ""
    retain: Any = None
    qos: Any = None
    throttle: Any = None
    debounce: Any = None
    filtered_attributes: Any = None


class _Advanced(msgspec.Struct, omit_defaults=True):
    cache_state: Any = None
    cache_state_send_on_startup: Any = None
    output: Any = None


class _Mqtt(msgspec.Struct, omit_defaults=True):
    force_disable_retain: Any = None


class _Config(msgspec.Struct, omit_defaults=True):
    advanced: _Advanced = msgspec.field(default_factory=_Advanced)
    mqtt: _Mqtt = msgspec.field(default_factory=_Mqtt)
    device_options: _Options = msgspec.field(default_factory=_Options)
    devices: dict[str, _Options] = {}


class _Info(msgspec.Struct, omit_defaults=True):
    """`bridge/info`; the rest of it, secrets of older versions among them, is not even looked at.

    `permit_join` and its end come and go with every pairing and are no setting.
    """

    config: _Config = msgspec.field(default_factory=_Config)


class Settings(msgspec.Struct, frozen=True):
    """How a bridge treats what it sends; the defaults are Zigbee2MQTT's own.

    `caches`: states are repeated in every message. `replays`: the cache is sent at a start.
    `speaks_json`: a message is one object; otherwise each property has a topic of its own.
    """

    caches: bool = True
    replays: bool = True
    speaks_json: bool = True


_LISTED = msgspec.json.Decoder(_Listed)
_EXPOSED = msgspec.json.Decoder(Exposed)
_INFO = msgspec.json.Decoder(_Info)


def device_id(native: str) -> str:
    """Give the id of a device from its address, or its name where that is all there is."""
    if not native or len(native) > NAME_LIMIT:
        raise DecodeError("bad_topic", f"a name of {len(native)} characters")
    spelled = native.encode("utf-8", "surrogatepass")
    return "zigbee2mqtt-" + _OTHER.sub(lambda byte: b"_%02x" % byte[0][0], spelled).decode()


def read_devices(payload: bytes) -> tuple[dict[str, Device], bytes, tuple[Note, ...]]:
    """Read the listing: devices by friendly name, the lesson, and what is odd about them."""
    devices: dict[str, Device] = {}
    kept: list[_Listed] = []
    notes: list[Note] = []
    for raw in _items(payload)[:DEVICES]:
        try:
            listed = _LISTED.decode(raw)
            identity = device_id(listed.ieee_address)
        except (*UNREADABLE, DecodeError):
            continue
        if listed.type == "Coordinator" or len(listed.friendly_name) > NAME_LIMIT:
            continue
        exposes = _exposed(listed)
        described = _described(identity, listed, exposes)
        devices[listed.friendly_name] = described
        kept.append(listed)  # by now reduced to what could be read of it
        vague = _vague(listed, described, exposes)
        notes.append(Note("vague_alarm", identity, vague, is_over=not vague))
    return devices, msgspec.json.encode(kept), tuple(notes)


def read_groups(payload: bytes) -> tuple[frozenset[str], bytes]:
    """Read the names of the groups, which speak for lamps and are no devices."""
    names: list[str] = []
    for raw in _items(payload)[:DEVICES]:
        try:
            names.append(msgspec.json.decode(raw, type=_Named).friendly_name)
        except UNREADABLE:
            continue
    return frozenset(names), msgspec.json.encode([_Named(name) for name in names])


class _Named(msgspec.Struct):
    friendly_name: str


def _items(payload: bytes) -> list[msgspec.Raw]:
    if len(payload) > LISTING_LIMIT_BYTES:
        raise DecodeError("too_long", f"a listing of {len(payload)} bytes")
    try:
        return _RAWS.decode(payload)
    except UNREADABLE as error:
        raise DecodeError("malformed_payload", str(error)) from error


def _exposed(listed: _Listed) -> tuple[Exposed, ...]:
    """Read what a device exposes, and cut from its description all else."""
    exposes: list[Exposed] = []
    if listed.definition is not None:
        for raw in listed.definition.exposes:
            try:
                exposes.append(_EXPOSED.decode(raw))
            except UNREADABLE:
                continue
        listed.definition.exposes = tuple(msgspec.Raw(msgspec.json.encode(e)) for e in exposes)
    return tuple(exposes)


def _described(identity: str, listed: _Listed, exposes: tuple[Exposed, ...]) -> Device:
    """Find what a device's properties mean."""
    if listed.definition is None:
        return Device(identity, None)
    by_name: dict[str, tuple[Meaning, ...]] = {}
    for meaning in _chosen(list(leaves(exposes))[:PROPERTIES]):
        by_name[meaning.path[0]] = (*by_name.get(meaning.path[0], ()), meaning)
    return Device(identity, by_name, frozenset(_all_names(exposes)))


def _all_names(exposes: tuple[Exposed, ...]) -> Iterator[str]:
    """Name every top-level property, with a meaning or without."""
    for exposed in exposes:
        if exposed.features and exposed.type != "composite":
            yield from _all_names(exposed.features)
        elif exposed.property:
            yield exposed.property


def _chosen(meanings: list[Meaning]) -> list[Meaning]:
    """Where a device says a thing plainly and once more in words, keep what is plain."""
    plain = {m.kind for m in meanings if m.role is Role.STATE and not m.is_word}
    return [m for m in meanings if not (m.is_word and m.role is Role.STATE and m.kind in plain)]


def _vague(listed: _Listed, described: Device, exposes: tuple[Exposed, ...]) -> str:
    """Say why a device that looks as if it could alarm will not; empty where it can.

    An alarm that can be set is a siren's; a button with an action can be claimed to call for help.
    """
    meanings = [m for found in (described.meanings or {}).values() for m in found]
    kinds = {m.kind for m in meanings}
    description = str(listed.definition.description)[:100] if listed.definition else ""
    plain = sorted(e.property for e in exposes if e.property in VAGUE and not e.access & SETTABLE)
    watched = LIFE_SAFETY | {Kind.CONTACT, Kind.MOTION, Kind.WATER_LEAK, Kind.PRESENCE}
    if plain and not kinds & watched and not _SIREN.search(description):
        return f"{description}: says {', '.join(plain)} and not of what 没说明是什么报警"
    if _SOS.search(description) and Kind.HELP_CALL not in kinds:
        return f"{description}: no property of it is a call for help 没有求助的属性"
    return ""


def read_info(base: str, payload: bytes) -> tuple[Settings, bytes, tuple[Note, ...]]:
    """Read the settings: what they change for us, the lesson, and what the operator must know."""
    try:
        info = _INFO.decode(payload)
    except UNREADABLE as error:
        raise DecodeError("malformed_payload", str(error)) from error
    config = info.config
    settings = Settings(
        caches=config.advanced.cache_state is not False,
        replays=config.advanced.cache_state is not False
        and config.advanced.cache_state_send_on_startup is not False,
        speaks_json=config.advanced.output != "attribute",
    )
    return settings, msgspec.json.encode(info), tuple(_risks(base, config))


def _risks(base: str, config: _Config) -> Iterator[Note]:
    """Find settings by which an alarm can be lost, or an old one look new."""
    everywhere = config.device_options
    some = sorted(config.devices.items())[:DEVICES]
    usual = everywhere.qos or 0
    is_unsure = any((usual if own.qos is None else own.qos) == 0 for _, own in some)
    yield _risk(
        "bridge_qos",
        base,
        is_unsure or (usual == 0 and not some),
        "device_options.qos is 0: what is said while we are away is lost 设为 1，否则可能漏报",
    )
    yield _risk(
        "bridge_retain_off",
        base,
        config.mqtt.force_disable_retain is True,
        "mqtt.force_disable_retain: we cannot learn the devices 关掉它，否则认不出设备",
    )
    for code, names, why in (
        ("bridge_retain", "retain", "an old press comes again at each connection 旧报警会重复出现"),
        ("bridge_throttle", "throttle", "a short alarm may be swallowed 短暂的报警可能被吞掉"),
        ("bridge_debounce", "debounce", "a short alarm may be swallowed 短暂的报警可能被吞掉"),
        ("bridge_filter", "filtered_attributes", "what is filtered cannot alarm 被过滤的不会报警"),
    ):
        who = [name for name, own in some if getattr(own, names)]
        is_set = bool(getattr(everywhere, names))
        where = "device_options" if is_set else ", ".join(who[:5])
        yield _risk(code, base, is_set or bool(who), f"{names} ({where}): {why}")


def _risk(code: str, base: str, is_there: object, detail: str) -> Note:
    """Note a risky setting, or that it is mended."""
    return Note(code, base, detail, is_over=not is_there)
