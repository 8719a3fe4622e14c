"""BLE sensors as a Theengs gateway publishes them.

Written from docs/wire/theengs.md, and sharing nothing with what reads it.
"""

import json

Message = tuple[str, bytes]


class Gateway:
    """One BLE gateway by its name; it publishes what it hears of a sensor, by the sensor's MAC."""

    def __init__(self, name: str = "OpenMQTTGateway", base: str = "home") -> None:
        self.name, self.base = name, base

    def hears(self, mac: str, **fields: object) -> Message:
        """Give topic and payload for one advertisement."""
        topic = f"{self.base}/{self.name}/BTtoMQTT/{mac.replace(':', '')}"
        body = {"id": mac, "rssi": -71, "brand": "GENERIC", **fields}
        return topic, json.dumps(body).encode()

    def climate(self, mac: str, celsius: float, humidity: float, battery: int) -> Message:
        """A sensor for the climate of a room."""
        return self.hears(
            mac,
            type="THB",
            tempc=celsius,
            tempf=celsius * 1.8 + 32,
            hum=humidity,
            batt=battery,
            volt=2.9,
        )

    def door(self, mac: str, *, is_open: bool) -> Message:
        """A contact."""
        return self.hears(mac, type="CTMO", open=is_open, batt=80, lowbatt=False)
