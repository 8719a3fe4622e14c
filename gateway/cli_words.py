"""The words of the command line: Chinese and English side by side, safe to print.

What comes from outside may hold anything, and a terminal obeys control characters; so whatever is
shown to a person passes `plain`.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from gateway.request import LineView

KINDS = {
    "smoke": "烟雾",
    "gas": "燃气",
    "co": "一氧化碳",
    "heat": "高温",
    "help_call": "求助",
    "water_leak": "漏水",
    "fall": "跌倒",
    "fall_suspected": "疑似跌倒",
    "heart_rate": "心率异常",
    "spo2": "血氧异常",
    "no_motion": "长时间无活动",
    "device_lost": "离线",
    "stuck": "传感器卡住",
    "cold": "太冷",
    "heat_wave": "太热",
    "off_wrist": "手环没戴",
    "low_battery": "电量低",
    "tamper": "防拆",
    "fault": "设备故障",
    "home_unprotected": "无人看护",
    "somebody_home": "外出期间有人",
    "away": "外出报备",
    "registry": "登记册",
    "walk_test": "安装测试",
    "wrong_home": "住户不符",
    "forbidden_topic": "越权上报",
    "bad_topic": "主题不能用",
    "refused_login": "登录被拒",
    "broker_cannot_store": "内置服务器存不下",
    "broker_port_taken": "端口被占",
    "broker_dropped": "MQTT 服务器丢了消息",
    "channel_down": "渠道不通",
    "alarm_unattended": "有报警没人管",
    "pump_stuck": "程序卡住了",
    "commit_failing": "存不进去",
    "deaf": "收不到设备",
    "no_path": "短信电话都不通",
    "announce_failed": "本地播报失败",
    "heartbeat_unsent": "外部心跳发不出",
    "import_cut_off": "上次导入没做完，请再导入一次",
    "monitor_port_taken": "监控端口被占",
    "on_battery": "停电，用电池",
    "ups_battery_low": "电池快没了",
    "ups_battery_worn": "电池该换了",
    "ups_unknown": "UPS 问不到",
    "clock_wrong": "时钟不准",
    "clock_unsynchronised": "没有校时",
    "bridge_offline": "Zigbee 网桥离线",
    "bridge_qos": "网桥的 QoS 是 0",
    "bridge_retain_off": "网桥不留存消息",
    "bridge_retain": "网桥留存旧报警",
    "bridge_throttle": "网桥会限流",
    "bridge_debounce": "网桥会合并消息",
    "bridge_filter": "网桥过滤了属性",
    "vague_alarm": "说不清报什么警",
    "device_left": "设备退了网",
}

STATES = {
    "pre_alarm": "待核实",
    "raised": "无人应",
    "acknowledged": "有人去",
    "attended": "有人在",
    "closed": "办结",
}

VERBS = {
    "pre_alarm": "待核实",
    "raised": "触发",
    "drill_raised": "演练触发",
    "test_raised": "测试触发",
    "imported": "导入",
    "edited": "改动",
    "taken_out": "删除",
    "claimed": "绑定",
    "replaced": "更换",
    "away_reported": "外出报备",
    "away_ended": "外出结束",
    "walk_test_begun": "安装测试开始",
    "walk_test_heard": "测试收到",
    "walk_test_ended": "安装测试结束",
    "reinforced": "又有迹象",
    "worsened": "加重",
    "restored": "恢复",
    "tested": "试机",
    "escalated": "升级",
    "answered": "回复",
    "acknowledged": "接警",
    "withdrawn": "去不了了",
    "lease_expired": "到场超时",
    "attended": "到场",
    "nobody_opens": "没人应门",
    "help_needed": "要救护车",
    "handed_over": "移交",
    "called": "已叫",
    "not_called": "还没人叫",
    "outcome_overdue": "没有回话",
    "closed": "办结",
    "note": "备注",
    "attempt_ended": "通知结果",
    "number_refused": "号码不可用",
    "responder_stopped": "退订",
    "person_erased": "抹去个人信息",
}

DISPOSITIONS = {
    "assisted": "已帮助",
    "handed_to_120": "移交120",
    "handed_to_119": "移交119",
    "handed_to_110": "移交110",
    "accidental_press": "误按",
    "cooking_or_incense": "做饭或烧香",
    "away": "外出",
    "refused": "拒绝",
    "device_fault": "设备故障",
    "false_alarm": "误报",
    "no_access": "进不去",
    "deceased": "去世",
    "cancelled": "本人取消",
    "drill": "演练",
    "duplicate": "重复",
}

FIGURES = {
    "now": "现在",
    "version": "版本",
    "homes": "住户",
    "devices": "设备",
    "open_alarms": "没办结",
    "next_deadline": "下一期限",
    "pump": "收到",
    "inbox": "排队",
    "links": "链路",
    "channels": "渠道",
    "journal": "日志",
    "quarantine": "异常数据",
    "gaps": "可能丢数据的时段",
    "troubles": "故障",
    "refused": "不能用",
    "unread": "没说明的字段",
    "broker": "内置服务器",
    "answers": "回调",
    "push": "推送",
    "ups": "不间断电源",
    "pruned": "已清理",
}


def both(table: dict[str, str], word: str) -> str:
    """Give a word with its Chinese before it: `烟雾 smoke`."""
    return f"{table[word]} {word}" if word in table else plain(word)


def plain(text: str) -> str:
    """Replace what a terminal would obey instead of showing."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def facts_of(facts: dict[str, str]) -> str:
    """Spell the facts of a line."""
    return " ".join(f"{plain(name)}={plain(word)}" for name, word in facts.items())


def span(duration: timedelta) -> str:
    """Spell a duration as minutes and seconds, or hours and minutes: `4:05`, `26h10`."""
    seconds = max(0, round(duration.total_seconds()))
    if seconds < 3600:  # noqa: PLR2004 -- an hour
        return f"{seconds // 60}:{seconds % 60:02}"
    return f"{seconds // 3600}h{seconds % 3600 // 60:02}"


def line_of(line: LineView, zone: ZoneInfo) -> str:
    """Spell a line of the alarm log for a person."""
    parts = (
        f"{line.at.astimezone(zone):%m-%d %H:%M:%S}",
        plain(line.home),
        both(KINDS, line.kind),
        both(VERBS, line.verb),
        facts_of(line.facts),
        plain(line.private or ""),
    )
    return "  ".join(part for part in parts if part)
