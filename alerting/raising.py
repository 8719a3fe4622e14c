"""What a rule found becomes an alarm, a stronger alarm, or a line of the log."""

from collections.abc import Iterator

from alerting import escalation, response
from alerting.alarm import Alarm, Disposition, State, Step, alarm_id
from alerting.effect import Effect, Log, Template
from alerting.policy import LATE, Policy, Priority
from alerting.roster import Scene
from alerting.rules import Finding, Sign


def take_finding(kind: str, finding: Finding, policy: Policy, scene: Scene) -> Iterator[Effect]:
    """Let one finding act on the home; `policy` is in force for alarms that begin now."""
    alarm = scene.home.open_alarm(kind, finding.subject)
    if finding.sign is Sign.TESTED:
        name = alarm_id(scene.home.record.id, kind, scene.now)
        yield Log(
            key=f"{name}.tested.{'.'.join(finding.evidence.values())}",
            home_id=scene.home.record.id,
            alarm_id="",
            kind=kind,
            verb="tested",
            priority=Priority.TROUBLE.value,
            facts=finding.evidence,
        )
    elif finding.sign is Sign.RESTORED:
        if alarm is not None:
            yield from _restore(alarm, finding, scene)
    elif alarm is None:
        softer, same = _softer(finding, scene), _confirmed(finding, scene)
        if same is not None:
            yield from _confirm(same, finding, scene)
        elif softer is not None:
            yield from _worsen(softer, kind, finding, policy, scene)
        else:
            yield from raise_alarm(kind, finding, LATE if finding.is_late else policy, scene)
    elif alarm.policy == LATE and not finding.is_late and not alarm.is_test:
        # What was only shown to the desk has become a danger of this minute.
        yield from response.end(alarm, Disposition.DUPLICATE, scene)
        yield from raise_alarm(kind, finding, policy, scene)
    else:
        yield from _reinforce(alarm, finding, scene)


def raise_alarm(
    kind: str, finding: Finding, policy: Policy, scene: Scene, *, is_drill: bool = False
) -> Iterator[Effect]:
    """Raise an alarm at once, or, for a soft one, ask the resident first.

    During an installation test it is the desk's and the installer's alone.
    """
    is_test = scene.home.walk_test is not None and policy.priority is not Priority.TROUBLE
    policy = LATE if is_test else policy
    name = alarm_id(scene.home.record.id, kind, scene.now)
    while name in scene.home.alarms:
        name += "x"
    alarm = Alarm(
        id=name,
        home_id=scene.home.record.id,
        kind=kind,
        policy=policy,
        raised_at=scene.now,
        subject=finding.subject,
        is_drill=is_drill,
        is_test=is_test,
        evidence=_evidence(finding, scene),
    )
    scene.home.alarms[name] = alarm
    if policy.cancel_window_seconds > 0:
        alarm.state = State.PRE_ALARM
        yield escalation.log(alarm, "pre_alarm", **finding.evidence)
        yield from escalation.ask_first(alarm, scene)
    else:
        verb = "drill_raised" if is_drill else "test_raised" if is_test else "raised"
        yield escalation.log(alarm, verb, **finding.evidence)
        yield from escalation.begin(alarm, scene)


def _evidence(finding: Finding, scene: Scene) -> dict[str, str]:
    """Give what was found, and who wears the device: of two who live there texts name the one."""
    worn_by = scene.home.record.worn_by(finding.evidence.get("device", ""))
    return finding.evidence if worn_by is None else {**finding.evidence, "resident": worn_by}


def _reinforce(alarm: Alarm, finding: Finding, scene: Scene) -> Iterator[Effect]:
    """Count another sign; the first and those of other devices are told, the rest only counted.

    A soft alarm with a sign of another device waits no longer; a device that says its state again
    has said nothing new.
    """
    alarm.signs += 1
    is_second = alarm.signs == 2  # noqa: PLR2004 -- the second sign
    is_other = finding.evidence.get("device") != alarm.evidence.get("device")
    is_asked = alarm.state is State.PRE_ALARM
    if not (is_other or (is_second and not is_asked)):
        return
    if is_asked:
        yield from response.raise_now(alarm, scene, "reinforced")
    else:
        alarm.advance(Step.REINFORCED)
        yield escalation.log(alarm, "reinforced", **finding.evidence)


def _confirmed(finding: Finding, scene: Scene) -> Alarm | None:
    """Give the open alarm that this finding is another sign of; one that wakes nobody is none."""
    if not finding.confirms or finding.is_late:
        return None
    same = scene.home.open_alarm(finding.confirms)
    return None if same is None or same.policy == LATE else same


def _confirm(alarm: Alarm, finding: Finding, scene: Scene) -> Iterator[Effect]:
    """Add a sign of another sort to an alarm: one fire is one alarm, and now it is sure.

    The next rung is tried at once; where somebody has it in hand, the desk hears that it is worse.
    """
    alarm.signs += 1
    if "confirmed_by" in alarm.evidence:
        return
    alarm.evidence = {**alarm.evidence, "confirmed_by": finding.evidence["device"]}
    alarm.advance(Step.REINFORCED)
    yield escalation.log(alarm, "reinforced", **finding.evidence)
    if alarm.state is State.RAISED and alarm.ladder_due is not None:
        alarm.ladder_due = scene.now
    elif alarm.state in {State.ACKNOWLEDGED, State.ATTENDED}:
        yield from escalation.tell_desk(alarm, Template.DESK_WORSE, scene, alarm.holder_id or "")


def _softer(finding: Finding, scene: Scene) -> Alarm | None:
    """Give the open alarm that this finding makes worse; one that woke nobody is left alone."""
    if not finding.worsens or finding.is_late:
        return None
    softer = scene.home.open_alarm(finding.worsens, finding.subject)
    return None if softer is None or softer.policy == LATE else softer


def _worsen(
    alarm: Alarm, kind: str, finding: Finding, policy: Policy, scene: Scene
) -> Iterator[Effect]:
    """Make a soft alarm the graver one: nobody waits any more, and the graver ladder begins.

    Who is on the way, or there, goes on; the desk and the family hear that it is worse.
    """
    alarm.kind, alarm.policy = kind, policy
    alarm.signs += 1
    if alarm.state is State.PRE_ALARM:
        yield escalation.log(alarm, "worsened", **finding.evidence)
        yield from response.raise_now(alarm, scene, "worsened")
        return
    alarm.advance(Step.REINFORCED)
    yield escalation.log(alarm, "worsened", **finding.evidence)
    if alarm.state is State.RAISED:
        yield from escalation.resume(alarm, scene)
        return
    yield from escalation.tell_desk(alarm, Template.DESK_WORSE, scene, alarm.holder_id or "")
    yield from escalation.tell_family(alarm, Template.FAMILY_START, scene)


def _restore(alarm: Alarm, finding: Finding, scene: Scene) -> Iterator[Effect]:
    """The condition has gone: recorded; only a trouble ends by it, and a cancel window by proof."""
    if alarm.policy.priority is Priority.TROUBLE:
        yield from response.end_trouble(alarm, finding.evidence, scene)
    elif finding.is_proof and alarm.state is State.PRE_ALARM:
        yield from response.end_window(alarm, finding.evidence, scene)
    elif alarm.restored_at is None:
        alarm.advance(Step.RESTORED)
        alarm.restored_at = scene.now
        yield escalation.log(alarm, "restored", **finding.evidence)
