"""Heat-wave: a room at 32 °C or more for hours; somebody should look in, and bring water."""

from alerting.climate import lasting
from alerting.memory import HOT_FROM

RULE = lasting("heat_wave", lambda device: device.hot_since, lambda celsius: celsius >= HOT_FROM)
