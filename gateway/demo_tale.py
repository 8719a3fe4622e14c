"""What a demo's onlooker is told: the alarm log line by line, and at the end how each alarm went.

Pure: lines of the alarm log and of the phones go in, text for the terminal comes out. Chinese and
English stand side by side, and spans are seconds from the alarm's first line.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.cli_words import KINDS, both, line_of
from gateway.request import LineView

STEPS = {
    "pre_alarm": "先问本人 resident asked",
    "raised": "触发 raised",
    "notified": "通知到 notified",
    "acknowledged": "有人去 acknowledged",
    "attended": "到场 attended",
    "closed": "办结 closed",
}
"""The way of an alarm that reached somebody, in its order."""

_REACHED = {"delivered", "answered", "acknowledged"}
_PHONES = {"sms", "voice"}
_SIGN_CHARS = 90
_SAYS = {
    "来电": "来电 rings, from",
    "未接来电": "未接来电 missed a call from",
    "打电话过来": "打电话过来 calls the desk",
    "收到短信：": "收到短信 gets: ",
    "发短信：": "发短信 texts: ",
    "听到：": "听到 hears: ",
    "按键：": "按键 presses: ",
}
_DULL = ("接通", "挂断")


def way_of(link: str) -> str:
    """Name the way a reading came by its link: `经 MQTT by MQTT`, or nothing if there was none."""
    if not link:
        return ""
    return "经 MQTT by MQTT" if link == "mqtt" else f"经串口 by serial line {link}"


@dataclass
class _Story:
    """One alarm: whose, what, how it came, and when it took each step first."""

    home: str
    kind: str
    way: str
    steps: dict[str, datetime] = field(default_factory=dict)

    def told(self) -> str:
        """Tell it in one line."""
        began = min(self.steps.values())
        taken = (
            f"{words} {(self.steps[step] - began) / timedelta(seconds=1):.1f} s"
            for step, words in STEPS.items()
            if step in self.steps
        )
        of = "  ".join(part for part in (both(KINDS, self.kind), self.home, self.way) if part)
        return f"  {of}\n      " + " → ".join(taken)


@dataclass
class Tale:
    """The alarms of a demo, in the order they began."""

    stories: dict[str, _Story] = field(default_factory=dict)

    def take(self, line: LineView, link: str, zone: ZoneInfo) -> str:
        """Count a line of the alarm log; gives what to print of it, nothing for a repetition.

        `link` is the one over which the device named in the line was last heard.
        """
        verb = line.verb
        if verb == "attempt_ended":
            is_reached = line.facts.get("outcome") in _REACHED
            if not is_reached or line.facts.get("medium") not in _PHONES:
                return ""
            verb = "notified"
        if not line.alarm:
            return line_of(line, zone)
        story = self.stories.setdefault(line.alarm, _Story(line.home, line.kind, way_of(link)))
        is_first = verb not in story.steps
        if verb in STEPS:
            story.steps.setdefault(verb, line.at)
        if verb == "notified":
            return self._notified(line, zone) if is_first else ""
        told = line_of(line, zone)
        return f"{told}  {story.way}" if story.way and verb == "raised" else told

    def _notified(self, line: LineView, zone: ZoneInfo) -> str:
        """Say that a first person was reached; the log has every attempt."""
        medium = line.facts["medium"]
        what = "  ".join((line.home, both(KINDS, line.kind), STEPS["notified"], medium))
        return f"{line.at.astimezone(zone):%m-%d %H:%M:%S}  {what}"

    def summary(self, seconds: float) -> str:
        """Tell in two languages what happened."""
        closed = sum("closed" in story.steps for story in self.stories.values())
        head = (
            f"\n演示结束 the demo ends · 用时 after {seconds:.0f} s · "
            f"报警 alarms {len(self.stories)} · 办结 closed {closed}"
        )
        return "\n".join([head, *(story.told() for story in self.stories.values())])


class Display:
    """What phones show, shortened: a call's words once, no line for picking up and hanging up."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self._heard: set[str] = set()

    def take(self, line: str) -> str:
        """Give what to print of `name number  what`, nothing where it says nothing new."""
        who, _, what = line.partition("  ")
        for sign, words in _SAYS.items():
            if not what.startswith(sign):
                continue
            if sign == "听到：":
                if line in self._heard:
                    return ""
                self._heard.add(line)
            said = what.removeprefix(sign).split("  ", 1)[0]  # a call says its words again
            shown = said if len(said) <= _SIGN_CHARS else f"{said[:_SIGN_CHARS]}…"
            return f"{who}  {words}{shown}"
        return "" if what.startswith(_DULL) else line
