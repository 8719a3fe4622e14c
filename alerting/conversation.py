"""What is said in a call after its first sentence, and to those who call us. Pure."""

from alerting.event import Answer
from alerting.message import Facts
from alerting.words import LEAVE, WHAT

_HEARD_KEY = {
    Answer.GOING: "谢谢！请您现在就去{address}。到了请发短信回{slot}3。",
    Answer.CANNOT: "好的，我们马上找别人。",
    Answer.ARRIVED: (
        "谢谢！请看看{resident}本人。人没事回{slot}4，要救护车回{slot}9，没人应回{slot}8。"
    ),
    Answer.SAFE: "记下了，谢谢您。",
    Answer.NOBODY_OPENS: "请您在门口等，值班员马上给您打电话。",
    Answer.AMBULANCE: "值班员马上叫120，请您留在现场。",
}


def confirm(
    answer: Answer, facts: Facts, *, is_drill: bool, is_over: bool, slot: int | None = None
) -> str:
    """Say back what a key meant; empty where it means nothing.

    The texts asked for begin with the `slot`, as those of `message` do: a bare digit is the answer
    of another alarm where this person was asked about two.
    """
    if answer not in _HEARD_KEY:
        return ""
    if is_over:
        return f"{facts.address}已经处理好了，您不用去了，谢谢您。"
    if is_drill:
        return "这是演练，不是真的，您不用出门。记下了，谢谢您。"
    first = "" if slot is None else str(slot)
    return _HEARD_KEY[answer].format(address=facts.address, resident=facts.resident, slot=first)


def confirm_resident(answer: Answer, *, is_cancelled: bool) -> str:
    """Say back what the resident's key meant; empty where it means nothing."""
    if answer is Answer.AMBULANCE:
        return "别急，我们马上叫人来。"
    if answer is not Answer.GOING:
        return ""
    if is_cancelled:
        return "好的，您没事我们就放心了。"
    return "好的，记下了。已经有人在路上，来看看您就放心了。"


def called_back(kind: str, facts: Facts, *, is_drill: bool) -> str:
    """Say the open alarm to someone who calls back; they may press a key."""
    drill = "这是演练，不是真的。" if is_drill else ""
    what = WHAT.get(kind, "报警")
    return f"{drill}{facts.address}{facts.resident}{what}。能去请按1，不能去请按2。"


def landline(facts: Facts) -> str:
    """Say whose number this is, to a caller we have nothing to ask."""
    return f"这里是{facts.community}值班室的自动电话。有事请打{facts.landline}。"


def resident_called(kind: str, facts: Facts, *, is_asked: bool) -> str:
    """Say to a resident who calls us what is being done; 9 wants people at once."""
    if is_asked:
        return f"{facts.resident}您好。没事请按1，要人来请按9。"
    if kind in LEAVE:
        return f"{facts.resident}，您家{WHAT[kind]}。{LEAVE[kind]}邻居正在赶来。要人来请按9。"
    who = f"{facts.actor}正赶过来" if facts.actor else "我们正在叫人过来"
    return f"{facts.resident}您好，求助收到了，{who}，您别急着起身。要人来请按9。"
