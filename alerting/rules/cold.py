"""Cold: a room below 12 °C for hours, a danger to an old heart; somebody should ask why."""

from alerting.climate import lasting

RULE = lasting("cold", lambda device: device.cold_since)
