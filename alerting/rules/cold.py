"""Cold: a room below 12 °C for hours, a danger to an old heart; somebody should ask why."""

from alerting.climate import lasting
from alerting.memory import COLD_BELOW

RULE = lasting("cold", lambda device: device.cold_since, lambda celsius: celsius < COLD_BELOW)
