"""The texts: what a person reads or hears. Pure; sending is somebody else's work.

One SMS is one segment, 70 UTF-16 units: place and thing first, the goer's own safety in it, no
health data, a landline to ring. Where an address is long, optional parts are left out from the
least needed on, and only then is the rest cut. A call speaks the same facts with keys to press.
"""

from collections.abc import Callable
from typing import NamedTuple

from alerting import notices, words
from alerting.effect import Medium, Submit, Template
from alerting.words import SAFETY, WHAT

SEGMENT = 70
"""UTF-16 units of one SMS."""


class Facts(NamedTuple):
    """What the registry and the configuration know, looked up when a message is rendered.

    `address` is the short one people use (3栋2单元502); `time` is local, HH:MM; `mates` are
    (two digits, address) of the alarms a WHICH_ONE names;
    `hears_keys` says that a key pressed in a call reaches us. `devices` are spelled as people call
    them (客厅红外). `script` is what is read to the service with this `number`, the address first;
    `called_at` is when it was called, HH:MM, and `gate` where its vehicle is met.
    """

    community: str
    landline: str
    address: str
    resident: str
    time: str
    actor: str = ""
    mates: tuple[tuple[int, str], ...] = ()
    hears_keys: bool = True
    devices: tuple[str, ...] = ()
    script: tuple[str, ...] = ()
    number: str = ""
    called_at: str = ""
    gate: str = ""


class _Part(NamedTuple):
    """A piece of a text; those with the highest `rank` are left out first, 0 never."""

    text: str
    rank: int = 0


def units(text: str) -> int:
    """Count UTF-16 units, which is how a network counts."""
    return len(text.encode("utf-16-le")) // 2


def _fit(community: str, *parts: _Part) -> str:
    """Join the parts behind the signature, leaving out what does not fit."""
    kept = list(parts)
    while True:
        text = f"【{community}】" + "".join(part.text for part in kept)
        if units(text) <= SEGMENT:
            return text
        most = max(part.rank for part in kept)
        if most == 0:
            return _cut(text)
        kept = [part for part in kept if part.rank < most]


def _cut(text: str) -> str:
    """Cut a text to one segment without splitting a character."""
    while units(text) > SEGMENT:
        text = text[:-1]
    return text


class _Draft(NamedTuple):
    """What a text is made from: the order, the facts, and the answers it asks for."""

    submit: Submit
    facts: Facts

    def key(self, digit: int) -> str:
        """Give the digits to answer with: the slot comes first where two alarms are open."""
        slot = self.submit.slot
        return str(digit) if slot is None else f"{slot}{digit}"

    @property
    def what(self) -> str:
        """Say what happened."""
        return WHAT.get(self.submit.kind, "报警")


_LOOK = frozenset({"no_motion", "fall_suspected", "heart_rate", "spo2", "water_leak"})
"""Where somebody is asked to go and look, and nothing is known to burn."""


def _go_or_not(draft: _Draft) -> str:
    return f"能去回{draft.key(1)}，不能回{draft.key(2)}"


def _alarm(draft: _Draft) -> tuple[_Part, ...]:
    facts, kind = draft.facts, draft.submit.kind
    desk = _Part(f"。值班室{facts.landline}", 2)
    unanswered = _Part("，电话没人接" if draft.submit.is_unanswered else "", 1)
    if kind == "gas":
        warn = "别按门铃别开灯别进屋，敲门喊人出来，到楼外打119。"
        return (_Part(f"急！{facts.address}燃气报警。{warn}{_go_or_not(draft)}"),)
    if kind in _LOOK:
        return (
            _Part(f"请去看看{facts.address}"),
            _Part(facts.resident, 3),
            _Part(f"，{draft.what}"),
            unanswered,
            _Part(f"。{_go_or_not(draft)}"),
            desk,
        )
    if kind in {"help_call", "fall"}:
        return (
            _Part(f"急！{facts.address}"),
            _Part(facts.resident, 3),
            _Part(draft.what),
            unanswered,
            _Part(f"，请马上去敲门。{_go_or_not(draft)}"),
            desk,
        )
    return (
        _Part(f"急！{facts.address}"),
        _Part(f"{facts.resident}家", 1),
        _Part(draft.what),
        _Part(facts.time, 2),
        _Part("，请马上去敲门。"),
        _Part("别进屋，喊人出来，打119。" if kind == "co" else "见烟见火别进去，打119。"),
        _Part(_go_or_not(draft)),
    )


def _drill(draft: _Draft) -> tuple[_Part, ...]:
    return (
        _Part(f"演练，不是真的：{draft.facts.address}{draft.what}。"),
        _Part(f"请您回{draft.key(1)}试一下，不用出门。"),
    )


def _going(draft: _Draft) -> tuple[_Part, ...]:
    facts = draft.facts
    if draft.submit.is_drill:
        return (_Part(f"收到您回的{draft.key(1)}了，谢谢您，不用出门。"),)
    return (
        _Part(
            f"谢谢！您去{facts.address}，{draft.submit.lease_minutes}分钟内到。到了回{draft.key(3)}"
        ),
        _Part(f"；去不了回{draft.key(2)}，我们马上找别人。"),
        _Part(f"不会发文字就打{facts.landline}", 1),
    )


def _arrived(draft: _Draft) -> tuple[_Part, ...]:
    who = draft.facts.resident or "老人"
    return (
        _Part(f"见到{who}本人了吗？人没事回{draft.key(4)}，要救护车回{draft.key(9)}，"),
        _Part(f"敲门没人应回{draft.key(8)}，在门口等"),
        _Part("，值班员马上给您打电话", 1),
    )


def _not_there(draft: _Draft) -> tuple[_Part, ...]:
    key = draft.key
    return (
        _Part(f"您到{draft.facts.address}了吗？到了先回{key(3)}，见到人再回{key(4)}。"),
        _Part(f"没去的话，能去回{key(1)}，不能回{key(2)}", 1),
    )


def _stand_down(draft: _Draft) -> tuple[_Part, ...]:
    return (_Part(f"{draft.facts.address}已有人去了，您不用去了，谢谢您。"),)


def _not_held(draft: _Draft) -> tuple[_Part, ...]:
    return (_Part(f"没回{draft.key(1)}我们会继续找别人。{draft.facts.address}{_go_or_not(draft)}"),)


def _say_one(draft: _Draft) -> tuple[_Part, ...]:
    return (
        _Part(
            f"谢谢！{draft.facts.address}{_go_or_not(draft)}。没回{draft.key(1)}我们会继续找别人"
        ),
    )


def _which_one(draft: _Draft) -> tuple[_Part, ...]:
    picks = [
        f"{'去' * (code % 10 == 1)}{address}的回{code:02}" for code, address in draft.facts.mates
    ]
    head = f"您有{len(picks)}处报警："
    parts = [_Part("，" * (rank > 0) + pick, rank) for rank, pick in enumerate(picks)]
    return (_Part(head), *parts)


def _already_closed(draft: _Draft) -> tuple[_Part, ...]:
    return (_Part(f"{draft.facts.address}已经处理好了，您不用去了，谢谢您。"),)


def _unclear(draft: _Draft) -> tuple[_Part, ...]:
    facts = draft.facts
    place = f"能去{facts.address}回1，不能回2。" if facts.address else ""
    return (_Part(f"没看懂您的短信。{place}"), _Part(f"有事打{facts.landline}", 1))


def _sent_before(draft: _Draft) -> tuple[_Part, ...]:
    facts = draft.facts
    return (
        _Part(f"您的短信是报警前发的，没算。{facts.address}{draft.what}，{_go_or_not(draft)}"),
        _Part(f"。值班室{facts.landline}", 1),
    )


def _stopped(draft: _Draft) -> tuple[_Part, ...]:
    return (_Part("记下了，值班员会给您打电话确认。"), _Part(f"值班室{draft.facts.landline}", 1))


def _script(draft: _Draft) -> tuple[_Part, ...]:
    facts = draft.facts
    where = facts.script[0] if facts.script else facts.address
    said = words.to_call(facts.number, where, draft.what, facts.gate, draft.key(9))
    return tuple(_Part(*part) for part in said)


def _called(draft: _Draft) -> tuple[_Part, ...]:
    facts, by = draft.facts, "值班员" * draft.submit.is_by_desk + draft.facts.actor
    said = words.called(facts.address, facts.number, facts.called_at, by, facts.gate)
    return tuple(_Part(*part) for part in said)


def _family(said: str) -> Callable[[_Draft], tuple[_Part, ...]]:
    """Make the family's text of one stage; it gives the desk's landline, for 120 is not hers."""

    def render_family(draft: _Draft) -> tuple[_Part, ...]:
        facts = draft.facts
        who = facts.resident or facts.address
        actor = facts.actor or "值班员"
        return (
            _Part(f"{who}{facts.time}{draft.what}，{said.format(actor=actor)}。"),
            _Part(f"问情况打值班室{facts.landline}"),
        )

    return render_family


def _desk(said: str) -> Callable[[_Draft], tuple[_Part, ...]]:
    """Make a line for the desk's console."""

    def render_desk(draft: _Draft) -> tuple[_Part, ...]:
        facts = draft.facts
        return (_Part(f"{facts.address}{facts.resident} {draft.what}：{facts.actor}{said}"),)

    return render_desk


def _state(word: str) -> Callable[[_Draft], tuple[_Part, ...]]:
    """Make a line for another system's people."""

    def render_state(draft: _Draft) -> tuple[_Part, ...]:
        facts = draft.facts
        return (
            _Part(f"{facts.time} ", 2),
            _Part(facts.address),
            _Part(f" {facts.resident}", 1),
            _Part(f" {draft.what} {word}。"),
        )

    return render_state


def _resident_check(draft: _Draft) -> tuple[_Part, ...]:
    return (_Part(words.ask(draft.submit.kind)),)


def _resident_heard(draft: _Draft) -> tuple[_Part, ...]:
    if draft.submit.is_drill:
        return (_Part(f"{draft.what}，您不用动。"),)
    return (_Part(words.heard(draft.submit.kind)),)


def _resident_coming(draft: _Draft) -> tuple[_Part, ...]:
    who = draft.facts.actor or "邻居"
    if draft.submit.is_drill:
        return (_Part(f"{who}回话了，您不用动。"),)
    return (_Part(words.coming(draft.submit.kind, who)),)


def _resident_arrived(draft: _Draft) -> tuple[_Part, ...]:
    who = draft.facts.actor or "邻居"
    if draft.submit.is_drill:
        return (_Part(f"{who}说到了，您不用动。"),)
    return (_Part(words.arrived(draft.submit.kind, who)),)


def _resident_unprotected(draft: _Draft) -> tuple[_Part, ...]:
    return (_Part(words.unprotected(draft.facts.landline)),)


_TEXTS: dict[Template, Callable[[_Draft], tuple[_Part, ...]]] = {
    Template.ALARM: _alarm,
    Template.DRILL: _drill,
    Template.GOING: _going,
    Template.ARRIVED: _arrived,
    Template.NOT_THERE: _not_there,
    Template.STAND_DOWN: _stand_down,
    Template.NOT_HELD: _not_held,
    Template.SAY_ONE: _say_one,
    Template.WHICH_ONE: _which_one,
    Template.ALREADY_CLOSED: _already_closed,
    Template.UNCLEAR: _unclear,
    Template.STOPPED: _stopped,
    Template.SENT_BEFORE: _sent_before,
    Template.SCRIPT: _script,
    Template.CALLED: _called,
    Template.RESIDENT_CHECK: _resident_check,
    Template.RESIDENT_HEARD: _resident_heard,
    Template.RESIDENT_COMING: _resident_coming,
    Template.RESIDENT_ARRIVED: _resident_arrived,
    Template.RESIDENT_UNPROTECTED: _resident_unprotected,
    Template.FAMILY_START: _family("值班室和邻居正在处理"),
    Template.FAMILY_GOING: _family("{actor}正赶过去"),
    Template.FAMILY_ARRIVED: _family("{actor}已到门口"),
    Template.FAMILY_RESULT: _family("已处理完，值班员会跟您说"),
    Template.DESK_NOBODY_OPENS: _desk("敲门没人应，请找钥匙或打110"),
    Template.DESK_AMBULANCE: _desk("说要救护车，请打120"),
    Template.DESK_RESIDENT_ASKS: _desk("按了9要人来，请马上打电话"),
    Template.DESK_UNANSWERED: _desk("到了没回话，请打电话问问"),
    Template.DESK_MOVED: _desk("家里又有动静了，不用去了。"),
    Template.DESK_STOPPED: _desk("不想再收短信，请打电话问问"),
    Template.DESK_WORSE: _desk("比刚才要紧，请马上打电话"),
    Template.STATE_PRE_ALARM: _state("待核实"),
    Template.STATE_RAISED: _state("无人应"),
    Template.STATE_ACKNOWLEDGED: _state("有人去"),
    Template.STATE_ATTENDED: _state("有人在"),
    Template.STATE_CLOSED: _state("办结"),
}


def render(submit: Submit, facts: Facts) -> str:
    """Render an order: one SMS segment, a console line, or what a call speaks once."""
    draft = _Draft(submit, facts)
    if submit.template in notices.TEXTS:
        return _notice(draft)
    if submit.medium is Medium.VOICE:
        return _spoken(draft)
    if submit.medium is Medium.CONSOLE and submit.template is Template.ALARM:
        return f"{facts.time} {facts.address} {facts.resident} {draft.what}"
    is_said = submit.template is Template.DRILL or not submit.is_drill
    said = () if is_said else (_Part("演练："),)
    return _fit(facts.community, *said, *_TEXTS[submit.template](draft))


def _notice(draft: _Draft) -> str:
    """Render what belongs to no ladder; it is the same over every medium."""
    submit, facts = draft
    notice = notices.Notice(
        submit.kind, facts.landline, facts.address, facts.resident, facts.time, facts.devices
    )
    parts = [_Part(*part) for part in notices.TEXTS[submit.template](notice)]
    said = [_Part("演练：")] if submit.is_drill else []
    return _fit(facts.community, *said, *parts)


TO_RESIDENT = {
    Template.RESIDENT_CHECK,
    Template.RESIDENT_HEARD,
    Template.RESIDENT_COMING,
    Template.RESIDENT_ARRIVED,
    Template.RESIDENT_UNPROTECTED,
}


def _spoken(draft: _Draft) -> str:
    """Say what a call speaks: who rings, what happened, and the keys."""
    facts, template = draft.facts, draft.submit.template
    who = f"这里是{facts.community}值班室。"
    if draft.submit.is_drill:
        who += "这是演练，不是真的。"
    if template is Template.DRILL:
        key = "按1" if facts.hears_keys else "发短信回1"
        return f"{who}{facts.address}{draft.what}。请您{key}试一下，不用出门。"
    if template is Template.ALARM:
        return (
            f"{who}紧急。{facts.address}{facts.resident}{draft.what}，"
            f"请马上去敲门。{SAFETY.get(draft.submit.kind, '')}"
            + ("能去请按1，不能去请按2。" if facts.hears_keys else "能去请发短信回1，不能去回2。")
        )
    if template is Template.SCRIPT:
        return who + words.read_out(facts.number, facts.script, hears_keys=facts.hears_keys)
    if template is Template.RESIDENT_CHECK and not facts.hears_keys:
        return (
            f"{facts.resident}您好，{who}{words.worry(draft.submit.kind)}，"
            f"请打{facts.landline}。没有您的回话，邻居会来看您。"
        )
    body = "".join(part.text for part in _TEXTS[template](draft))
    called = facts.resident if template in TO_RESIDENT else ""
    return f"{called}您好，{who}{body}"
