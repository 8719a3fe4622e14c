"""What people write back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.event import Answer
from alerting.reply import MAX_LENGTH, Reply, read


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1", Answer.GOING),
        ("2", Answer.CANNOT),
        ("3", Answer.ARRIVED),
        ("4", Answer.SAFE),
        ("8", Answer.NOBODY_OPENS),
        ("9", Answer.AMBULANCE),
        ("１", Answer.GOING),
        ("９", Answer.AMBULANCE),
        (" 1 ", Answer.GOING),
        ("1。", Answer.GOING),
        ("回1", Answer.GOING),
        ("回复 1", Answer.GOING),
        ("“1”", Answer.GOING),
        ("1\r\n", Answer.GOING),
        ("①", Answer.GOING),
        ("去", Answer.GOING),
        ("我去！", Answer.GOING),
        ("能去", Answer.GOING),
        ("不能", Answer.CANNOT),
        ("去不了", Answer.CANNOT),
        ("不能去。", Answer.CANNOT),
        ("到了", Answer.ARRIVED),
        ("人没事", Answer.SAFE),
        ("收到", Answer.HEARD),
        ("收到！", Answer.HEARD),
        ("好的", Answer.HEARD),
        ("知道了", Answer.HEARD),
        ("马上", Answer.COMING),
        ("来了", Answer.COMING),
        ("马上到", Answer.COMING),
        ("TD", Answer.STOP),
        ("\uff34\uff24", Answer.STOP),  # full-width TD
        ("退订", Answer.STOP),
        ("STOP", Answer.STOP),
    ],
)
def test_one_answer(text: str, answer: Answer) -> None:
    """Digits of any width, words, and what people put around them."""
    assert Reply(answer) == read(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("31", Reply(Answer.GOING, 3)),
        ("５１", Reply(Answer.GOING, 5)),
        ("回31", Reply(Answer.GOING, 3)),
        ("3 1", Reply(Answer.GOING, 3)),
        ("02", Reply(Answer.CANNOT, 0)),
        ("99", Reply(Answer.AMBULANCE, 9)),
    ],
)
def test_two_digits_are_a_slot_and_an_answer(text: str, expected: Reply) -> None:
    """The first says which alarm, the second what about it."""
    assert expected == read(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "5", "6", "7", "0", "15", "30", "111", "1或2", "不去1", "好的1", "一", "去吗"),
        *("你是谁", "😀", "\x00", "1\u200b", "\u0661", "x" * 10_000, "去" * 500),
    ],
)
def test_what_is_not_an_answer(text: str) -> None:
    """Nothing is guessed: a promise must not hang on it."""
    assert Reply(Answer.UNCLEAR) == read(text)


@given(st.text(max_size=2 * MAX_LENGTH))
def test_no_text_is_too_strange(text: str) -> None:
    """Whatever comes is read as something, and slots are single digits."""
    reply = read(text)
    assert reply.slot is None or 0 <= reply.slot <= 9


@given(st.text(alphabet="０１２３４５６７８９0123456789回复去不能 。，!", max_size=4))
def test_nothing_like_an_answer_is_too_strange(text: str) -> None:
    """The same for what looks like one."""
    assert read(text).answer in Answer


@pytest.mark.parametrize("text", ["收到", "好的", "知道了", "马上", "来了", "嗯", "ok"])
def test_what_holds_nothing(text: str) -> None:
    """None of these is a promise."""
    assert read(text).answer not in {Answer.GOING, Answer.ARRIVED, Answer.SAFE}
