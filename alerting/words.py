"""The words of each kind of alarm: its name in texts, the goer's safety, what the resident hears.

Pure. `message.py` and `conversation.py` make texts and calls of them. The goer's safety comes
before everything else; nothing here tells anybody's health.
"""

WHAT = {
    "smoke": "烟雾报警",
    "gas": "燃气报警",
    "co": "一氧化碳报警",
    "heat": "高温报警",
    "water_leak": "家里漏水报警",
    "help_call": "按了求助铃",
    "fall": "跌倒了",
    "fall_suspected": "可能跌倒",
    "heart_rate": "手环报警",
    "spo2": "手环报警",
    "no_motion": "今天家里一直没动静",
    "device_lost": "设备离线",
    "stuck": "活动传感器卡住了",
    "cold": "家里太冷",
    "heat_wave": "家里太热",
    "off_wrist": "手环没戴",
    "low_battery": "设备电量低",
    "tamper": "设备外壳被打开",
    "fault": "设备故障",
    "home_unprotected": "家里的设备都离线了",
    "somebody_home": "报备外出，家里有人",
}
"""What happened, by the alarm's kind."""

SAFETY = {
    "smoke": "见烟见火别进去，打119。",
    "heat": "见烟见火别进去，打119。",
    "gas": "别按门铃，别开灯，别进屋，敲门喊人出来，到楼外打119。",
    "co": "别进屋，敲门喊人出来。",
}
"""What a goer must know, spoken."""

LEAVE = {
    "smoke": "要是着火，请马上出门，别拿东西。",
    "heat": "要是着火，请马上出门，别拿东西。",
    "gas": "别开灯，别点火，请马上出门，到楼外等。",
    "co": "请马上开门出去透气，别留在屋里。",
}
"""Dangers from which the resident must go, at every step, and how; on the floor they must wait."""

_WORRY = {
    "no_motion": "您家里好久没有动静了，我们不放心",
    "fall_suspected": "手环说您可能摔倒了，我们不放心",
    "heart_rate": "手环说您可能不太舒服，我们不放心",
    "spo2": "手环说您可能不太舒服，我们不放心",
    "water_leak": "您家漏水报警了，请看看水龙头和水管",
}

_FELL = frozenset({"fall", "fall_suspected"})


def worry(kind: str) -> str:
    """Say to the resident why they are rung first."""
    return _WORRY.get(kind) or f"您家{WHAT.get(kind, '报警')}，我们不放心"


def ask(kind: str) -> str:
    """Ask the resident of a soft alarm; silence is never "well"."""
    return f"{worry(kind)}。没事按1，要人来按9，或者直接说话。"


def heard(kind: str) -> str:
    """Say to the resident that their alarm has come in."""
    if kind in LEAVE:
        return f"您家{WHAT[kind]}。{LEAVE[kind]}邻居正在赶来。"
    if kind in _FELL:
        return "知道您摔倒了，我们正在叫人过来，您别急着起身。"
    return "求助收到了，我们正在叫人过来，您别急着起身。没事的，按错了不要紧。"


def coming(kind: str, who: str) -> str:
    """Say to the resident who is on the way."""
    if kind in LEAVE:
        return f"{who}正赶过来。请您马上出门，到楼下等，别回去拿东西。"
    if kind in _FELL:
        return f"{who}马上来，您别急着起身。"
    return f"求助收到了，{who}马上来，您别急着起身。"


def arrived(kind: str, who: str) -> str:
    """Say to the resident who is at the door."""
    if kind in LEAVE:
        return f"{who}到了。请您马上出门，别回去拿东西。"
    return f"{who}到您家门口了，您别急着起身，能应一声就应一声。"


def unprotected(landline: str) -> str:
    """Say to the resident that nothing in the home can be heard any more."""
    return f"您家的报警设备都没有信号了。请看看插头和电源。有事请打值班室{landline}。"


def to_call(number: str, where: str, what: str, gate: str, key: str) -> list[tuple[str, int]]:
    """Ask somebody to call a service, in parts with the rank in which they are left out."""
    return [
        (f"请马上打{number}：", 0),
        (where.removeprefix("地址："), 0),
        (f"，{what}", 1),
        (f"，从{gate}进" if gate else "", 2),
        (f"。打通了回{key}", 0),
    ]


def called(address: str, number: str, at: str, by: str, gate: str) -> list[tuple[str, int]]:
    """Tell everybody that a service has been called, in parts as above."""
    return [
        (address, 1),
        (f"{number}已叫好，{at}，{by}打的，请勿重复拨打。", 0),
        (f"请到{gate or '楼下'}接车", 2),
    ]


def read_out(number: str, script: tuple[str, ...], *, hears_keys: bool) -> str:
    """Speak to somebody what they are to read to a service."""
    key = "按9" if hears_keys else "发短信回9"
    return f"请您马上打{number}，照着念。{'。'.join(script)}。打通了请{key}。"
