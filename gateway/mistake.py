"""What is wrong in a file that a person wrote: where, what stands there, why, and the mend.

All mistakes of a file are found at once. They are said in Chinese and in English: `Words` holds
both, and who shows them chooses. A value that may be a secret is never shown. A validator of ours
raises `wrong(…)` with its own words; those of pydantic's own findings are in the table here.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import tomli
from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from gateway import keys

SHOWN = 60
"""Characters of a value that are shown."""

_SAID = "said"
_SECRET = ("password", "secret", "token")


class Words(NamedTuple):
    """One thing said in both languages."""

    zh: str
    en: str

    def to(self, language: str) -> str:
        """Give the Chinese to `zh`, else the English."""
        return self.zh if language == "zh" else self.en


class Mistake(NamedTuple):
    """One mistake. `path` is `residents[3].home`, rows counted from 0; `line` counts from 1."""

    path: str
    value: str
    reason: Words
    mend: Words
    line: int | None = None

    def text(self, language: str) -> str:
        """Say it on one line."""
        is_zh = language == "zh"
        where = self.path
        if self.line is not None:
            line = f"第 {self.line} 行" if is_zh else f"line {self.line}"
            where = f"{where} ({line})" if where else line
        value = f" = {self.value}" if self.value else ""
        start = f"{where}{value}: " if where else ""
        stop = "。" if is_zh else "; "
        return f"{start}{self.reason.to(language)}{stop}{self.mend.to(language)}"


class MistakesError(ValueError):
    """A file cannot be used; `mistakes` are all that were found."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        """Keep them all; the text is for a log, English and bounded."""
        self.mistakes = tuple(mistakes)
        first = "\n".join(mistake.text("en") for mistake in self.mistakes[:20])
        more = len(self.mistakes) - 20
        super().__init__(first + (f"\n… and {more} more" if more > 0 else ""))


def wrong(reason: Words, mend: Words) -> PydanticCustomError:
    """Make the error that a validator of ours raises."""
    return PydanticCustomError(_SAID, "{words}", {"words": (*reason, *mend)})


# --- reading a file -----------------------------------------------------------------------------


def read_toml(data: bytes, most_bytes: int) -> dict[str, object]:
    """Read TOML; raises MistakesError with the one mistake that stops the reading.

    tomli is the standard library's parser, compiled: a county's registry takes 6 s, not 18.
    """
    if len(data) > most_bytes:
        reason = Words(f"文件有 {len(data)} 字节，太大", f"{len(data)} bytes are too many")
        mend = Words(f"最多 {most_bytes} 字节，请分成几个文件", f"at most {most_bytes}: divide it")
        raise MistakesError([Mistake("", "", reason, mend)])
    try:
        return tomli.loads(data.removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = Words("文件不是 UTF-8 编码", "the file is not UTF-8")
        mend = Words("用 UTF-8 编码另存一次", "save it with the encoding UTF-8")
        raise MistakesError([Mistake("", "", reason, mend, line)]) from None
    except tomli.TOMLDecodeError as error:
        lines = error.doc.split("\n")
        found = lines[error.lineno - 1] if error.lineno <= len(lines) else ""
        raise MistakesError([_syntax(error.msg, found, error.lineno, error.colno)]) from None
    except RecursionError:
        reason = Words("括号套得太深", "the brackets are nested too deep")
        mend = Words("检查没有配对的括号", "look for a bracket that is not closed")
        raise MistakesError([Mistake("", "", reason, mend)]) from None


def _syntax(what: str, found: str, line: int, column: int) -> Mistake:
    """Say where the text stops being TOML."""
    shown = "" if _may_be_secret(found.lower()) else _line(found.strip())
    reason = Words(f"不是 TOML：{what}", f"is not TOML: {what}")
    mend = Words(
        f"看第 {column} 个字附近的引号、等号和括号，也看上一行",
        f"look at quotes, equals signs and brackets near column {column}, and a line above",
    )
    return Mistake("", shown, reason, mend, line)


# --- what pydantic found ------------------------------------------------------------------------


def mistakes_of(error: ValidationError, kind: object) -> list[Mistake]:
    """Translate what pydantic found in a file that was to become a `kind`."""
    return [_translate(details, kind) for details in error.errors(include_url=False)]


def spell(place: Sequence[str | int]) -> str:
    """Spell a place as `residents[3].home`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{_line(step)}" for step in place)
    return "".join(steps).removeprefix(".")


def _translate(details: ErrorDetails, kind: object) -> Mistake:
    place = tuple(step for step in details["loc"] if step != "[key]")
    found, error = details["input"], details["type"]
    context = details.get("ctx", {})
    if error in {"extra_forbidden", "unexpected_keyword_argument"}:
        return _unknown_key(place, found, kind)
    if error == _SAID:
        zh, en, mend_zh, mend_en = context["words"]
        reason, mend = Words(zh, en), Words(mend_zh, mend_en)
    elif error == "string_pattern_mismatch":
        reason, mend = _PATTERNS.get(context["pattern"], _pattern(context["pattern"]))
    elif error in _WORDS:
        zh, en, mend_zh, mend_en = (text.format(**context) for text in _WORDS[error])
        reason, mend = Words(zh, en), Words(mend_zh.replace(" or ", " 或 "), mend_en)
    else:
        said = details["msg"].removeprefix("Value error, ")
        reason = Words("；".join(_SAID_ELSEWHERE.get(s, s) for s in said.split("; ")), said)
        mend = Words("按 docs/configuration.md 改", "see docs/configuration.md")
    is_hidden = error == "missing" or found is None or _may_be_secret(str(place[-1:]))
    return Mistake(spell(place), "" if is_hidden else show(found), reason, mend)


def _unknown_key(place: Sequence[str | int], found: object, kind: object) -> Mistake:
    """Say that nobody knows a key, and which one was meant, perhaps."""
    known, key = keys.at(kind, place[:-1]), str(place[-1])
    near = difflib.get_close_matches(key[:SHOWN], known, n=1)
    reason = Words("没有这个键", "is not a key of this table")
    mend = Words("删掉这一项", "take it out")
    if near:
        mend = Words(f"是不是想写 {near[0]}？", f"did you mean {near[0]}?")
    elif known:
        mend = Words(
            f"删掉；这里可以写 {'、'.join(known)}", f"take it out; there are {', '.join(known)}"
        )
    is_hidden = _may_be_secret(" ".join([key, *near]))
    return Mistake(spell(place), "" if is_hidden else show(found), reason, mend)


def _may_be_secret(name: str) -> bool:
    return any(word in name for word in _SECRET)


def show(found: object) -> str:
    """Give a value as one bounded line; a table by its brackets alone."""
    if isinstance(found, dict):
        return "{…}"
    if isinstance(found, list | tuple):
        return "[…]"
    if isinstance(found, bool):
        return str(found).lower()
    return _line(f'"{found}"' if isinstance(found, str) else str(found))


def _line(text: str) -> str:
    """Cut a text, without a password in an address and without what a terminal would obey."""
    text = re.sub(r"(?<=//)[^\s\"]*@", "…@", text[:2000])
    text = re.sub(r"[\s\x00-\x1f\x7f-\x9f]", " ", text[: SHOWN + 1])
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


ID = "^[A-Za-z0-9_-]{1,64}$"
ID_OR_NONE = "^([A-Za-z0-9_-]{1,64})?$"
LINE = "^[^\\x00-\\x1f\\x7f-\\x9f]*$"
SECRET = "^[!-~]{8,128}$"  # noqa: S105 -- how one is written

_PATTERNS = {
    ID: (
        Words("不是合格的编号", "is not an id"),
        Words("1 到 64 个英文字母、数字、- 或 _", "1 to 64 of A-Z a-z 0-9 - _"),
    ),
    ID_OR_NONE: (
        Words("不是合格的编号", "is not an id"),
        Words(
            "1 到 64 个英文字母、数字、- 或 _；没有住户写空的",
            '1 to 64 of A-Z a-z 0-9 - _, or "" for no home',
        ),
    ),
    LINE: (
        Words("含有换行或控制字符", "has a line break or a control character in it"),
        Words("写成一行", "write it on one line"),
    ),
    SECRET: (
        Words("不是合格的密钥", "is not a secret as a device can hold it"),
        Words(
            "8 到 128 个不带空格的英文字符；不写就自动生成",
            "8 to 128 ASCII characters without a space; left out, one is made",
        ),
    ),
}


def _pattern(pattern: str) -> tuple[Words, Words]:
    return (
        Words("写法不对", "is not written as it should be"),
        Words(f"写成 {pattern} 的样子", f"write it as {pattern}"),
    )


_TEXT = ("要是文字", "must be text", "用引号括起来", "put it in quotes")
_WHOLE = ("要是整数", "must be a whole number", "写一个不带引号的整数", "write digits, no quotes")
_NUMBER = ("要是数字", "must be a number", "写一个不带引号的数", "write a number without quotes")
_BOOL = ("要是 true 或 false", "must be true or false", "写 true 或 false", "write true or false")
_TABLE = ("要是一个表", "must be a table", "写成 [表名] 加几行键值", "write [name] and keys below")
_ARRAY = ("要是一个数组", "must be an array", "写成 [[表名]] 或 [ … ]", "write [[name]] or [ … ]")
_CHOICE = ("不在可选的值里", "is not one of the choices", "可以写 {expected}", "write {expected}")

_WORDS: dict[str, tuple[str, str, str, str]] = {
    "missing": ("缺少这一项", "is missing", "补上", "add it"),
    "string_type": _TEXT,
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _BOOL),
    **dict.fromkeys(("model_type", "model_attributes_type", "dataclass_type", "dict_type"), _TABLE),
    **dict.fromkeys(("list_type", "tuple_type"), _ARRAY),
    **dict.fromkeys(("enum", "literal_error"), _CHOICE),
    "greater_than": ("太小", "is too small", "要大于 {gt}", "more than {gt}"),
    "greater_than_equal": ("太小", "is too small", "至少 {ge}", "at least {ge}"),
    "less_than": ("太大", "is too large", "要小于 {lt}", "less than {lt}"),
    "less_than_equal": ("太大", "is too large", "至多 {le}", "at most {le}"),
    "string_too_short": (
        *("太短", "is too short", "至少 {min_length} 个字", "at least {min_length} characters"),
    ),
    "string_too_long": (
        *("太长", "is too long", "至多 {max_length} 个字", "at most {max_length} characters"),
    ),
    "too_long": ("太多", "has too many", "至多 {max_length} 个", "at most {max_length}"),
    "too_short": ("太少", "has too few", "至少 {min_length} 个", "at least {min_length}"),
}

_SAID_ELSEWHERE = {
    "has no step: nobody would be called": "没有步骤，不会通知任何人",
    "has a duration that is not between 0 and a day": "有一个时长不在 0 到一天之间",
    "does not repeat: after its last step it would end in silence": (
        "不重复，最后一步之后就没有声音了"
    ),
    "repeats before anybody could have answered": "重复得太快，没有人来得及回答",
    "waits for the resident although a life may hang on it": "性命攸关，不能先等老人回答",
    "reaches neither the duty desk nor a post: nobody awake at a staffed place": (
        "没有通知值守台或门岗，可能没有一个醒着的人"
    ),
    "reaches nobody who can go": "没有通知能上门的人",
    "has another priority than its kind": "优先级不能改",
    "an emergency number is nobody's contact": "这是紧急号码，不能用在这里",
    "more than one number, or an extension": "不止一个号码，或带分机",
    "not a telephone number with its area code": "不是带区号的电话号码",
    "not an address like https://care.example.org": "不是 https://care.example.org 这样的网址",
}
"""The Chinese of what validators outside the gateway say."""
