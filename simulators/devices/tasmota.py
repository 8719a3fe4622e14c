"""A Tasmota device, with Zigbee devices behind it.

Written from docs/wire/tasmota.md, and sharing nothing with what reads it.
"""

import json

Message = tuple[str, bytes]


class Bridge:
    """One device by its topic."""

    def __init__(self, name: str) -> None:
        self.name = name

    def will(self, *, is_online: bool) -> Message:
        """Say whether it is there; retained."""
        return f"tele/{self.name}/LWT", b"Online" if is_online else b"Offline"

    def measures(self, unit: str = "C", **sensors: dict[str, object]) -> Message:
        """Say what its own sensors measure."""
        body = {"Time": "2030-01-01T08:00:00", **sensors, "TempUnit": unit}
        return f"tele/{self.name}/SENSOR", json.dumps(body).encode()

    def received(self, short: str, ieee: str | None = None, **fields: object) -> Message:
        """Hand on what a Zigbee device has said."""
        said: dict[str, object] = {"Device": short, "Name": "front door", **fields}
        if ieee is not None:
            said["IEEEAddr"] = ieee
        body = {"ZbReceived": {short: {**said, "Endpoint": 1, "LinkQuality": 66}}}
        return f"tele/{self.name}/SENSOR", json.dumps(body).encode()
