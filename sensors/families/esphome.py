"""ESPHome over MQTT (docs/wire/esphome.md).

Theory of operation. A node publishes each entity's state as plain text on
`<node>/<component>/<entity>/state`; what the state means is in the discovery message it publishes
for Home Assistant, which the listener learns: `device_class` and the two texts. Without one, an
entity's name is read where it says plainly what it is. `<node>/status` says whether it is there.
"""

import re
from collections import OrderedDict
from typing import Any, NamedTuple

import msgspec

from sensors.errors import DecodeError
from sensors.facts import Facts, device_id, is_elsewhere
from sensors.family import Family, Heard, Message
from sensors.fields import number_of, read_object
from sensors.reading import Decoded, Flag, Kind

NAME = "esphome"
ENTITIES_KEPT = 4096
TEXT_LIMIT = 200

_STATE = re.compile(
    r"(?P<node>[^/]+)/(?P<sort>binary_sensor|sensor|button|event)/(?P<entity>[^/]+)/state"
)
_CONFIG = re.compile(r"homeassistant/(?:binary_sensor|sensor)/(?:[^/]+/)+config")
_BINARY = {
    "smoke": Kind.SMOKE,
    "gas": Kind.GAS,
    "carbon_monoxide": Kind.CO,
    "heat": Kind.HEAT,
    "moisture": Kind.WATER_LEAK,
    "door": Kind.CONTACT,
    "window": Kind.CONTACT,
    "opening": Kind.CONTACT,
    "garage_door": Kind.CONTACT,
    "motion": Kind.MOTION,
    "occupancy": Kind.PRESENCE,
    "presence": Kind.PRESENCE,
    "tamper": Kind.TAMPER,
    "problem": Kind.FAULT,
    "battery": Kind.BATTERY_LOW,
}
_SAMPLES = {
    "temperature": Kind.TEMPERATURE,
    "humidity": Kind.HUMIDITY,
    "battery": Kind.BATTERY,
    "voltage": Kind.VOLTAGE,
    "heart_rate": Kind.HEART_RATE,
    "respiration_rate": Kind.RESPIRATION,
}
_CALLS = {"sos", "panic", "help", "help_call", "emergency"}


class Entity(NamedTuple):
    """What an entity's text means."""

    kind: Kind
    on: str = "ON"
    off: str = "OFF"
    scale: float = 1


class _Described(msgspec.Struct):
    """What of a discovery message is used, under its long names."""

    state_topic: str
    device_class: str = ""
    unit_of_measurement: str = ""
    payload_on: str = "ON"
    payload_off: str = "OFF"


def decode(address: str, payload: bytes) -> tuple[Decoded, ...]:
    """Read a state by the entity's name alone, or whether a node is there.

    Raises DecodeError `bad_topic`, `too_long`.
    """
    return _Nodes().hear_state(address, payload)


class _Nodes:
    """Knows what entities mean, from their discovery messages."""

    def __init__(self) -> None:
        self._entities: OrderedDict[str, Entity | None] = OrderedDict()

    def hear(self, message: Message) -> Heard:
        if not _CONFIG.fullmatch(message.address):
            return Heard(self.hear_state(message.address, message.payload))
        if not message.payload.strip():
            return Heard(lesson=b"")
        described = _described(read_object(message.payload))
        found = _STATE.fullmatch(described.state_topic) if described else None
        if described is None or found is None:
            return Heard()  # somebody else's
        self._entities[described.state_topic] = _entity(found["sort"], described)
        self._entities.move_to_end(described.state_topic)
        if len(self._entities) > ENTITIES_KEPT:
            self._entities.popitem(last=False)
        return Heard(lesson=msgspec.json.encode(described))

    def hear_state(self, address: str, payload: bytes) -> tuple[Decoded, ...]:
        """Read a state by what is known of its entity."""
        if len(payload) > TEXT_LIMIT:
            raise DecodeError("too_long", f"{len(payload)} bytes")
        text = payload.decode("utf-8", errors="replace").strip()
        facts = Facts()
        node, slash, rest = address.partition("/")
        if address == "homeassistant/status":
            return ()
        if slash and rest == "status":
            facts.say(Kind.AVAILABILITY, text if text in {"online", "offline"} else None)
            return (facts.decoded(device_id(NAME, node)),)
        found = _STATE.fullmatch(address)
        if found is None:
            raise DecodeError("bad_topic", repr(address[:120]))
        named = self._entities.get(address) or _by_name(found["sort"], found["entity"])
        if named is not None:
            _say(facts, named, text, found["entity"])
        return (facts.decoded(device_id(NAME, node)),)


def _described(found: dict[str, Any]) -> _Described | None:
    """Read a discovery message, in its short names or its long ones."""
    short = {
        "stat_t": "state_topic",
        "dev_cla": "device_class",
        "unit_of_meas": "unit_of_measurement",
    }
    short |= {"pl_on": "payload_on", "pl_off": "payload_off"}
    told = {short.get(name, name): value for name, value in found.items()}
    base = told.get("~")
    topic = told.get("state_topic")
    if isinstance(base, str) and isinstance(topic, str):
        told["state_topic"] = topic.replace("~", base)
    known = {name: told[name] for name in _Described.__struct_fields__ if name in told}
    try:
        return msgspec.convert(known, _Described)
    except msgspec.ValidationError:
        return None


def _entity(sort: str, described: _Described) -> Entity | None:
    kinds = _BINARY if sort == "binary_sensor" else _SAMPLES
    kind = kinds.get(described.device_class)
    if kind is None:
        return None
    scale = 1000.0 if kind is Kind.VOLTAGE and described.unit_of_measurement == "V" else 1.0
    return Entity(kind, described.payload_on, described.payload_off, scale)


def _by_name(sort: str, entity: str) -> Entity | None:
    """Read an entity's name, where all of it or its last word is a class."""
    words = entity.lower().replace("-", "_")
    if sort == "binary_sensor" and (words in _CALLS or words.rpartition("_")[2] in _CALLS):
        return Entity(Kind.HELP_CALL)
    kinds = _BINARY if sort == "binary_sensor" else _SAMPLES if sort == "sensor" else {}
    kind = kinds.get(words) or kinds.get(words.rpartition("_")[2])
    scale = 1000.0 if kind is Kind.VOLTAGE else 1.0
    return None if kind is None else Entity(kind, scale=scale)


def _say(facts: Facts, entity: Entity, text: str, name: str) -> None:
    """Say what a text means; entities of one kind are parts of their node, by name."""
    part = name[:48]
    if entity.kind in _SAMPLES.values():
        value = number_of(text)
        scaled = None if value is None else round(value * entity.scale, 6)
        is_doubtful = entity.kind is Kind.TEMPERATURE and is_elsewhere(name)
        facts.say(entity.kind, scaled, *((Flag.SUSPECT,) if is_doubtful else ()), part=part)
        return
    is_on = {entity.on: True, entity.off: False}.get(text)
    if entity.kind is Kind.PRESENCE:
        word = None if is_on is None else "still" if is_on else "none"
        facts.say(entity.kind, word, part=part)
    elif entity.kind is Kind.HELP_CALL:
        facts.say(entity.kind, "press" if is_on else None, part=part)
    elif entity.kind is Kind.MOTION:
        facts.say(entity.kind, is_on or None, part=part)
    else:
        facts.say(entity.kind, is_on, part=part)


FAMILY = Family(NAME, (), decode, listen=_Nodes)  # its topics are given by the installation
