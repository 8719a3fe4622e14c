"""A ChirpStack v4 server that publishes what LoRaWAN devices say.

Written from docs/wire/chirpstack.md, and sharing nothing with what reads it.
"""

import itertools
import json

Message = tuple[str, bytes]


class Device:
    """One device by its EUI and its profile, whose codec makes the `object`."""

    def __init__(self, eui: str, profile: str, application: str = "care") -> None:
        self.eui, self.profile, self.application = eui, profile, application
        self._count = itertools.count(1)

    def _event(self, kind: str, **fields: object) -> Message:
        topic = f"application/{self.application}/device/{self.eui}/event/{kind}"
        info = {
            "applicationName": self.application,
            "deviceProfileName": self.profile,
            "devEui": self.eui,
        }
        body = {"time": "2030-01-01T08:00:00.5+08:00", "deviceInfo": info, **fields}
        return topic, json.dumps(body).encode()

    def up(self, **told: object) -> Message:
        """Publish an uplink."""
        count = next(self._count)
        return self._event("up", deduplicationId=f"d-{count}", fCnt=count, fPort=85, object=told)

    def status(self, battery: float, *, is_powered: bool = False) -> Message:
        """Publish what the device answered about its battery."""
        return self._event(
            "status",
            margin=10,
            externalPowerSource=is_powered,
            batteryLevelUnavailable=False,
            batteryLevel=battery,
        )
