"""What a person reads out of the gateway's texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.phones.wording import Meaning, calls_off, offers, place

GO, CANNOT, ARRIVED = Meaning.GO, Meaning.CANNOT, Meaning.ARRIVED
SAFE, NOBODY, AMBULANCE = Meaning.SAFE, Meaning.NOBODY, Meaning.AMBULANCE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "【昭觉社区】急！3栋2单元502张桂芳家烟雾报警19:40。见火别进去，打119。能去回1，不能回2",
            {GO: "1", CANNOT: "2"},
        ),
        ("能去回31，不能回32", {GO: "31", CANNOT: "32"}),
        ("去3栋的回31，去5栋的回51", {GO: "31"}),
        (
            "谢谢！10分钟内到。到了回3；去不了回2，我们马上找别人。不会发文字就打84310000",
            {ARRIVED: "3", CANNOT: "2"},
        ),
        (
            "见到张桂芳本人了吗？人没事回4，要救护车回9，敲门没人应回8，在门口等",
            {SAFE: "4", AMBULANCE: "9", NOBODY: "8"},
        ),
        ("没事请按１，要人来请按９，或者直接说话", {SAFE: "1", AMBULANCE: "9"}),
        ("演练，不是真的：3栋2单元502烟雾报警。请您回1试一下，不用出门。", {GO: "1"}),
        ("没回1我们会继续找别人", {GO: "1"}),
        ("能去回2，不能回1", {GO: "2", CANNOT: "1"}),
        ("3栋2单元502已有人去了，您不用去了，谢谢您。", {}),
    ],
)
def test_digits_are_read_by_their_words(text: str, expected: dict[Meaning, str]) -> None:
    """The clause decides, whatever the digit, with one digit or two."""
    assert expected == offers(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("急！3栋2单元502张桂芳家烟雾报警19:40", "3栋2单元502"),
        ("去12号楼301看看", "12号楼301"),
        ("请您看看", ""),
    ],
)
def test_the_door_is_found(text: str, expected: str) -> None:
    """What the text is about tells two alarms apart."""
    assert expected == place(text)


def test_a_stand_down_is_understood() -> None:
    """And a drill's 不用出门 is none."""
    assert calls_off("3栋2单元502已有人去了，您不用去了，谢谢您。")
    assert not calls_off("请您回1试一下，不用出门。")


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    """Whatever arrives, reading it ends well, and offers one or two digits a meaning."""
    assert all(1 <= len(digits) <= 2 for digits in offers(text).values())
