"""A Zigbee bridge as Zigbee2MQTT is one: names, descriptions, a cache, and what it does at a start.

Theory of operation. The bridge holds a network of sensors and a cache of what each last said. One
thing a sensor says is merged into its cache and published whole, unless the cache is switched off.
At a start the bridge says that it is online, describes itself and its devices in retained messages,
and publishes the cache of every device, not retained. What a button does is an action: it is
published beside the cache and never kept in it.

Nothing here does I/O or reads a clock: each call gives the messages to publish, in order. Written
from Zigbee2MQTT's documentation (MQTT topics and messages, configuration, exposes).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

State = Mapping[str, object]


class Publication(NamedTuple):
    """One message for the broker."""

    topic: str
    payload: bytes
    is_retained: bool = False


def _binary(name: str, on: object = True, off: object = False) -> dict[str, object]:  # noqa: FBT002 -- JSON
    return {
        "type": "binary",
        "name": name,
        "property": name,
        "label": name.capitalize(),
        "access": 1,
        "value_on": on,
        "value_off": off,
    }


def _numeric(name: str, unit: str) -> dict[str, object]:
    return {"type": "numeric", "name": name, "property": name, "access": 1, "unit": unit}


def _enum(name: str, *values: str) -> dict[str, object]:
    return {"type": "enum", "name": name, "property": name, "access": 1, "values": list(values)}


_BATTERY = (_numeric("battery", "%"), _binary("battery_low"))
MODELS: dict[str, tuple[str, tuple[dict[str, object], ...]]] = {
    "pir": ("Motion sensor", (_binary("occupancy"), *_BATTERY)),
    "door": ("Door sensor", (_binary("contact", on=False, off=True), _binary("tamper"), *_BATTERY)),
    "smoke": ("Smoke alarm", (_binary("smoke"), _binary("test"), *_BATTERY)),
    "gas": ("Gas detector", (_binary("gas"), _numeric("gas_value", "ppm"))),
    "leak": ("Water leak sensor", (_binary("water_leak"), *_BATTERY)),
    "button": ("SOS button", (_enum("action", "emergency", "single"), *_BATTERY)),
    "climate": (
        "Temperature and humidity sensor",
        (_numeric("temperature", "°C"), _numeric("humidity", "%"), _numeric("voltage", "mV")),
    ),
}
"""What is said of itself by each sort of device: a description, and its exposed properties."""


@dataclass
class Node:
    """One device in the network: its address, its name, its sort, and what the cache has of it."""

    address: str
    name: str
    model: str
    cache: dict[str, object] = field(default_factory=dict)

    def listed(self) -> dict[str, object]:
        """Describe it as `bridge/devices` does."""
        description, exposes = MODELS[self.model]
        return {
            "ieee_address": self.address,
            "type": "EndDevice",
            "friendly_name": self.name,
            "supported": True,
            "disabled": False,
            "power_source": "Battery",
            "interview_completed": True,
            "definition": {
                "model": self.model.upper(),
                "vendor": "Simulated",
                "description": description,
                "exposes": list(exposes),
                "options": [],
            },
        }


class Bridge:
    """One Zigbee2MQTT on a broker."""

    def __init__(
        self, nodes: Iterable[Node], *, topic: str = "zigbee2mqtt", has_cache: bool = True
    ) -> None:
        self.nodes = {node.address: node for node in nodes}
        self.topic = topic
        self.has_cache = has_cache

    def start(self) -> list[Publication]:
        """Come online: who we are, whom we know, and everything we remember."""
        said = [self._state("online"), self._info(), self._devices()]
        said.append(self._publication("bridge/groups", []))
        if self.has_cache:
            said += [self._whole(node, {}) for node in self.nodes.values() if node.cache]
        return said

    def stop(self) -> list[Publication]:
        """Go; what a broker also says for a bridge that has crashed."""
        return [self._state("offline")]

    def says(self, address: str, **state: object) -> list[Publication]:
        """Let a device say something of its state."""
        node = self.nodes[address]
        node.cache.update(state)
        return [self._whole(node, state)]

    def presses(self, address: str, action: str) -> list[Publication]:
        """Let somebody press a button; the second message says the same in the old way."""
        node = self.nodes[address]
        plain = Publication(f"{self.topic}/{node.name}/action", action.encode())
        return [self._whole(node, {"action": action}), plain]

    def announces(self, address: str) -> list[Publication]:
        """Let a device come back into the network: an action that is none."""
        return [self._whole(self.nodes[address], {"action": None})]

    def renames(self, address: str, name: str) -> list[Publication]:
        """Give a device another name; its cache is published under it."""
        node = self.nodes[address]
        node.name = name
        return [self._devices(), *([self._whole(node, {})] if node.cache else [])]

    def judges(self, address: str, *, is_online: bool) -> list[Publication]:
        """Say that a device is thought to be online, or offline."""
        word = {"state": "online" if is_online else "offline"}
        return [self._publication(f"{self.nodes[address].name}/availability", word)]

    def _whole(self, node: Node, state: State) -> Publication:
        body = {**(node.cache if self.has_cache else {}), **state, "linkquality": 90}
        return Publication(f"{self.topic}/{node.name}", _spell(body))

    def _state(self, word: str) -> Publication:
        return self._publication("bridge/state", {"state": word})

    def _devices(self) -> Publication:
        coordinator = {"ieee_address": "0x00124b0000000000", "type": "Coordinator"}
        listed: list[dict[str, object]] = [
            {**coordinator, "friendly_name": "Coordinator", "definition": None}
        ]
        listed += [node.listed() for node in self.nodes.values()]
        return self._publication("bridge/devices", listed)

    def _info(self) -> Publication:
        advanced = {"cache_state": self.has_cache, "output": "json", "last_seen": "disable"}
        config = {"advanced": advanced, "mqtt": {"base_topic": self.topic}, "device_options": {}}
        return self._publication("bridge/info", {"version": "2.1.0", "config": config})

    def _publication(self, what: str, body: object) -> Publication:
        return Publication(f"{self.topic}/{what}", _spell(body), is_retained=True)


def _spell(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
