"""An ESPHome node: plain states, and a description of each for Home Assistant.

Written from docs/wire/esphome.md, and sharing nothing with what reads it.
"""

import json

Message = tuple[str, bytes]


class Node:
    """One node by its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def describes(self, sort: str, entity: str, device_class: str, unit: str = "") -> Message:
        """Publish the discovery message of an entity, with short names; retained."""
        body = {"name": entity, "stat_t": f"{self.name}/{sort}/{entity}/state"}
        body |= {"dev_cla": device_class} | ({"unit_of_meas": unit} if unit else {})
        topic = f"homeassistant/{sort}/{self.name}/{entity}/config"
        return topic, json.dumps(body).encode()

    def says(self, sort: str, entity: str, text: str) -> Message:
        """Publish a state."""
        return f"{self.name}/{sort}/{entity}/state", text.encode()

    def status(self, *, is_online: bool) -> Message:
        """Say whether it is there; retained."""
        return f"{self.name}/status", b"online" if is_online else b"offline"
