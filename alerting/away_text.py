"""Reading a text that reports somebody away, or back: 外出3天, 外出到3月5日18点, 回来了.

A text must be one of these as a whole: a telephone that answers by itself ("外出，稍后回复")
reports nobody away.
"""

import re
import unicodedata
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from typing import NamedTuple
from zoneinfo import ZoneInfo

MOST_CHARS = 40
"""A longer text is not one of these."""


class Word(Enum):
    """What a text says."""

    AWAY = "away"
    BACK = "back"
    UNCLEAR = "unclear"


class Said(NamedTuple):
    """`until` is when who is away comes back; of another word it is None."""

    word: Word
    until: datetime | None = None


_NUMBERS = {sign: n for n, sign in enumerate("零一二三四五六七八九十")} | {"两": 2}
_BACK = frozenset({"回来了", "回来", "回家了", "到家了", "已回", "已回来", "已回家", "不外出了"})
_NOISE = re.compile(r"[\s。．.,，!！?？~～]+")
_AWAY = re.compile(r"(?:我|妈|妈妈|爸|爸爸|老人)?(?:要)?外出(?:报备)?(.*)")
_SPAN = re.compile(r"(\d{1,3}|[一二两三四五六七八九十])(天|小时|个小时|周|个星期|星期|个月)")
_DAY = re.compile(
    r"到(?:(?:(\d{1,2})月)?(\d{1,2})[日号]|(今天|明天|后天|大后天))(?:(\d{1,2})[点:时](\d{2})?分?)?"
)
_DAYS = {"今天": 0, "明天": 1, "后天": 2, "大后天": 3}
_HOURS = {"小时": 1, "个小时": 1, "天": 24, "周": 168, "星期": 168, "个星期": 168, "个月": 720}


def read(text: str, now: datetime, zone: ZoneInfo) -> Said | None:
    """Read a text; None where it is about something else. Without an hour a day is meant whole."""
    folded = _NOISE.sub("", unicodedata.normalize("NFKC", text[: 2 * MOST_CHARS]))
    if len(folded) > MOST_CHARS:
        return None
    if folded in _BACK:
        return Said(Word.BACK)
    found = _AWAY.fullmatch(folded)
    if found is None:
        return None
    if not found[1]:
        return Said(Word.UNCLEAR)
    span = _SPAN.fullmatch(found[1])
    if span is not None:
        number = _NUMBERS.get(span[1]) or int(span[1])
        return Said(Word.AWAY, now + timedelta(hours=number * _HOURS[span[2]]))
    day = _DAY.fullmatch(found[1])
    return None if day is None else _until(day, now.astimezone(zone), zone)


def _until(day: re.Match[str], now: datetime, zone: ZoneInfo) -> Said:
    """Find the day that is meant: the next of that number, or of that name."""
    hour, minute = int(day[4] or 24), int(day[5] or 0)
    if hour > 24:  # noqa: PLR2004 -- a day's
        return Said(Word.UNCLEAR)
    try:
        if day[3]:
            date = (now + timedelta(days=_DAYS[day[3]])).date()
        else:
            month = int(day[1]) if day[1] else now.month + (int(day[2]) < now.day)
            years, month = divmod(month - 1, 12) if not day[1] else (0, month - 1)
            date = now.date().replace(now.year + years, month + 1, int(day[2]))
            if day[1] and date < now.date():
                date = date.replace(date.year + 1)
        last = date + timedelta(days=hour // 24)
        until = datetime.combine(last, time(hour % 24, minute), tzinfo=zone)
    except ValueError:
        return Said(Word.UNCLEAR)
    return Said(Word.AWAY, until.astimezone(UTC))
