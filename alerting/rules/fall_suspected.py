"""A fall the device is not sure of: soft, and the resident is asked first.

Bands take clapping, and lying down fast, for a fall. What comes after it decides: see `fall`.
"""

from collections.abc import Iterator

from alerting.freshness import is_late
from alerting.home import HomeState
from alerting.policy import SOFT
from alerting.rules import Finding, Params, Rule, Sign, View
from sensors.reading import Flag, Kind, Report


class FallSuspectedParams(Params):
    """A suspected fall has nothing to set; how long the resident is asked is in its policy."""


def _on_report(view: View, home: HomeState, report: Report) -> Iterator[Finding]:
    """Find a suspected fall, or that the device takes it back."""
    del view
    device_id = report.device_id
    graver = home.open_alarm("fall", device_id)
    device = home.devices.get(device_id)
    for reading in report.readings:
        if reading.kind is not Kind.FALL or Flag.INVALID in reading.flags:
            continue
        evidence = {"device": device_id}
        if reading.value == "cleared":
            yield Finding(Sign.RESTORED, evidence, subject=device_id)
        elif reading.value != "suspected":
            continue
        elif Flag.TEST in reading.flags:
            yield Finding(Sign.TESTED, evidence)
        elif graver is None or not graver.is_life_safety:
            if device is not None and device.off_since is not None:
                evidence["worn"] = "no"
            yield Finding(Sign.DANGER, evidence, subject=device_id, is_late=is_late(report))


RULE = Rule(
    "fall_suspected",
    FallSuspectedParams,
    SOFT,
    frozenset({Kind.FALL}),
    _on_report,
)
