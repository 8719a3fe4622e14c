"""The installation test of one home: each device is tried, and its installer hears of it.

Meanwhile an alarm of this home is shown to the desk and wakes nobody, for on most models a press on
the test button of a smoke head looks like a fire. It ends by itself, half an hour on at the latest.
What was raised is closed then as a drill, but for a danger that a device has said and not taken
back: from there on it is an alarm like any other, because nobody can tell it from a fire.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from alerting import response
from alerting.alarm import Alarm, Disposition, RefusedError, alarm_id
from alerting.effect import Effect, Log, Medium, Submit, Template
from alerting.event import WalkTestBegun
from alerting.freshness import is_late
from alerting.home import HomeState, WalkTest
from alerting.notification import LIFETIME
from alerting.policy import Priority
from alerting.roster import Scene
from alerting.rules import Finding, Sign
from sensors.reading import LIFE_SAFETY, Flag, Kind, Reading, Replay, Report

LONGEST = timedelta(minutes=30)

_STATES = frozenset({Kind.SMOKE, Kind.GAS, Kind.CO, Kind.HEAT, Kind.WATER_LEAK})
"""Dangers that a device says and takes back; a press is over when it is said."""

_DANGERS = LIFE_SAFETY | {Kind.WATER_LEAK}
_SAYS_NOTHING = frozenset(
    {Kind.HEARTBEAT, Kind.BATTERY, Kind.BATTERY_LOW, Kind.VOLTAGE, Kind.AVAILABILITY}
)
_SAMPLES = frozenset({Kind.TEMPERATURE, Kind.HUMIDITY})
"""What many a device says by itself besides what it is there for."""


def begin(event: WalkTestBegun, scene: Scene) -> Iterator[Effect]:
    """Begin; raises RefusedError where a test runs, or somebody may need help."""
    home, now = scene.home, scene.now
    if home.walk_test is not None:
        raise RefusedError("an installation test runs already at this home")
    if not timedelta() < event.until - now <= LONGEST:
        minutes = LONGEST // timedelta(minutes=1)
        raise RefusedError(f"an installation test lasts {minutes} minutes at most")
    if any(a.is_open and a.policy.priority is not Priority.TROUBLE for a in home.alarms.values()):
        raise RefusedError("an alarm is open at this home: close it first")
    home.walk_test = WalkTest(event.installer_id, now, event.until)
    yield _line(
        scene,
        "walk_test_begun",
        person=event.installer_id,
        by=event.by,
        until=event.until.isoformat(),
    )
    yield _text(scene, home.walk_test, Template.INSTALLER_BEGUN, event.until)


def hear(report: Report, scene: Scene) -> Iterator[Effect]:
    """Tell the installer what a device has said: a device once, and each danger of it once more.

    Only what is said now counts, and nothing that a device says by itself all day.
    """
    test = scene.home.walk_test
    assert test is not None
    is_live = report.source.replay is Replay.LIVE
    for reading in report.readings:
        # A danger of unknown age raises; only the device's own voice of now takes one back.
        if is_live or (reading.value is True and not is_late(report)):
            _note_cry(test, report.device_id, reading)
    if not is_live:
        return
    sorts = {device.id: device.type for device in scene.home.record.devices}
    sort = sorts.get(report.device_id)
    for reading in report.readings:
        if sort is None or not _is_answered(reading, sort):
            continue
        is_danger = reading.kind in _DANGERS
        name = f"{report.device_id}.{reading.kind}" if is_danger else report.device_id
        if name in test.answered or (not is_danger and _is_tried(test, report.device_id)):
            continue
        test.answered.append(name)
        facts = {"person": test.installer_id, "device": report.device_id, "reading": reading.kind}
        yield _line(scene, "walk_test_heard", **facts)
        yield _text(
            scene, test, Template.INSTALLER_HEARD, scene.now, reading.kind, (report.device_id,)
        )


def _note_cry(test: WalkTest, device_id: str, reading: Reading) -> None:
    """Remember who cries; a device that never takes back what it said is not believed later."""
    if reading.kind not in _STATES or Flag.INVALID in reading.flags:
        return
    if reading.value is True and not {Flag.TEST, Flag.NO_CLEAR} & set(reading.flags):
        test.crying[device_id] = reading.kind
    elif reading.value is False and test.crying.get(device_id) == reading.kind:
        del test.crying[device_id]


def _cries(test: WalkTest, alarm: Alarm) -> Iterator[tuple[str, str]]:
    """Give who cries: detectors that have not taken it back, and a thermometer still too hot.

    A thermometer says no state, so its alarm knows; one that has burned says nothing any more.
    """
    yield from test.crying.items()
    is_hot = alarm.kind == Kind.HEAT and "celsius" in alarm.evidence
    if is_hot and alarm.restored_at is None and alarm.evidence["device"] not in test.crying:
        yield alarm.evidence["device"], Kind.HEAT


def crying(test: WalkTest, home: HomeState) -> list[str]:
    """List the devices whose danger stands: when the test ends each is an alarm for everybody."""
    alarms = [alarm for alarm in home.alarms.values() if alarm.is_open and alarm.is_test]
    found = [device for alarm in alarms for device, kind in _cries(test, alarm)]
    return list(dict.fromkeys([*test.crying, *found]))


def _is_answered(reading: Reading, sort: str) -> bool:
    """Say whether a reading shows that the device does what it is there for."""
    if reading.kind in _SAYS_NOTHING or Flag.INVALID in reading.flags:
        return False
    if reading.kind in _SAMPLES:
        return sort == "temperature"
    return reading.value is not False or reading.kind is Kind.CONTACT


def _is_tried(test: WalkTest, device_id: str) -> bool:
    """Say whether the installer has heard of this device."""
    return any(name.split(".", 1)[0] == device_id for name in test.answered)


def silent(test: WalkTest, home: HomeState) -> tuple[str, ...]:
    """List the home's devices that were not heard of."""
    return tuple(d.id for d in home.record.devices if not _is_tried(test, d.id))


def end(scene: Scene, by: str) -> Iterator[tuple[str, Finding | Effect]]:
    """End the test; gives what is to be done, and the kinds and findings that are dangers now.

    Raises RefusedError where none runs.
    """
    test = scene.home.walk_test
    if test is None:
        raise RefusedError("no installation test runs at this home")
    scene.home.walk_test = None
    missing = silent(test, scene.home)
    facts = {"person": test.installer_id, "by": by, "silent": " ".join(missing)}
    yield "", _line(scene, "walk_test_ended", **facts)
    yield "", _text(scene, test, Template.INSTALLER_DONE, scene.now, "", missing)
    for alarm in [a for a in scene.home.alarms.values() if a.is_open and a.is_test]:
        yield from _end_alarm(alarm, test, scene)


def _end_alarm(
    alarm: Alarm, test: WalkTest, scene: Scene
) -> Iterator[tuple[str, Finding | Effect]]:
    """Close what was raised in a test; where a device still cries it is raised anew, for all."""
    for effect in response.end(alarm, Disposition.DRILL, scene):
        yield "", effect
    cries = [device for device, kind in _cries(test, alarm) if kind == alarm.kind]
    if cries:
        evidence = {"device": cries[0], "reason": "cries_after_test"}
        yield alarm.kind, Finding(Sign.DANGER, evidence, subject=alarm.subject)


def _line(scene: Scene, verb: str, **facts: str) -> Log:
    """Write a line of the alarm log that is about the home and no alarm."""
    scene.home.line += 1
    home_id = scene.home.record.id
    return Log(
        key=f"{alarm_id(home_id, 'walk_test', scene.now)}.{scene.home.line}",
        home_id=home_id,
        alarm_id="",
        kind="walk_test",
        verb=verb,
        priority=Priority.TROUBLE.value,
        facts={name: str(word) for name, word in facts.items() if word},
    )


def _text(
    scene: Scene,
    test: WalkTest,
    template: Template,
    at: datetime,
    kind: str = "",
    device_ids: tuple[str, ...] = (),
) -> Submit:
    """Text the installer; `at` is the time that the text gives."""
    scene.home.line += 1
    home_id = scene.home.record.id
    return Submit(
        key=f"{alarm_id(home_id, 'walk_test', scene.now)}.{scene.home.line}",
        home_id=home_id,
        alarm_id="",
        person_id=test.installer_id,
        medium=Medium.SMS,
        template=template,
        kind=kind,
        not_before=scene.now,
        expires_at=scene.now + LIFETIME,
        raised_at=at,
        device_ids=device_ids,
    )
