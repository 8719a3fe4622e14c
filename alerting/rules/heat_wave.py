"""Heat-wave: a room at 32 °C or more for hours; somebody should look in, and bring water."""

from alerting.climate import lasting

RULE = lasting("heat_wave", lambda device: device.hot_since)
