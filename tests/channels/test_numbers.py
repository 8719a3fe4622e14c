"""Spellings of telephone numbers, and the gate before the emergency services."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.channels.contract import Order
from alerting.effect import Medium
from alerting.numbers import (
    EMERGENCY,
    EmergencyNumberError,
    EmergencyToken,
    NumberError,
    admit,
    is_e164,
    is_emergency,
    mask,
    normalise,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)
FULL_WIDTH = "".join(chr(0xFF10 + digit) for digit in range(10))
SCRIPTS = (
    "0123456789",
    FULL_WIDTH,
    "٠١٢٣٤٥٦٧٨٩",
    "〇一二三四五六七八九",
    "零幺两三四五六七八九",
)
SEPARATORS = ("", " ", "-", "—", "　", "\u200b", "(", ")", "（", "）", ".", "\u00a0")
PREFIXES = ("", "0", "+", "00", "+86", "0086", "+860", "0571", "021", "+86571", "+860571", "86010")
MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
LANDLINES = st.from_regex(r"(10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}", fullmatch=True)


def order_to(number: str) -> Order:
    """Any order to a number."""
    return Order("a1", Medium.VOICE, number, "text", AT, AT + timedelta(minutes=5))


@st.composite
def spelled(draw: st.DrawFn, digits: str) -> str:
    """Write a number as somebody might."""
    written = ""
    for sign in digits:
        script = draw(st.sampled_from(SCRIPTS))
        written += script[int(sign)] if sign.isdigit() else draw(st.sampled_from(("+", "＋")))
        written += draw(st.sampled_from(SEPARATORS))
    return written


@given(st.data(), st.sampled_from(sorted(EMERGENCY)), st.sampled_from(PREFIXES))
def test_every_spelling_of_an_emergency_number_is_refused(
    data: st.DataObject, code: str, prefix: str
) -> None:
    """Country, area, trunk digit, separators and scripts hide nothing."""
    short = prefix if len(code) == 3 or not prefix.startswith("86") else ""
    number = data.draw(spelled(short + code))
    with pytest.raises(EmergencyNumberError):
        admit(order_to(number))


@pytest.mark.parametrize(
    "number",
    [
        *("86120", "+1911", "+44999", "001911", "17951120", "tel:120", "TEL://1-2-0", "sip:120@x"),
        *("120,1", "120转1", "120abc", "*67120", "*31#120", "#31#120#", "①②⓪", "0000120"),
    ],
)
def test_a_disguised_emergency_number_is_refused(number: str) -> None:
    """Schemes, extensions, star codes and long-distance codes hide nothing either."""
    assert is_emergency(number)


@given(MOBILES | LANDLINES.map("0{}".format), st.sampled_from(("", "+86", "0086")))
def test_no_ordinary_number_is_taken_for_an_emergency(number: str, country: str) -> None:
    """Also those that contain, begin or end with an emergency code."""
    assert not is_emergency(country + number)


@given(st.from_regex(r"[2-8][0-9]{6,7}", fullmatch=True))
def test_no_local_landline_is_taken_for_an_emergency(number: str) -> None:
    """57112110 is a telephone, although 0571 12110 is not."""
    assert not is_emergency(number)


@pytest.mark.parametrize("name", ["desk", "n119", "d110", "", "3栋119", "10086", "12345"])
def test_a_name_or_another_short_number_is_no_emergency(name: str) -> None:
    """The console's names and ordinary services stay allowed."""
    assert not is_emergency(name)


@given(st.text(max_size=80))
def test_any_text_has_an_answer(text: str) -> None:
    """Hostile text is judged, never fatal."""
    try:
        number = normalise(text)
    except NumberError:
        number = "+15005550006"
    assert is_e164(number)
    assert not is_emergency(number)
    assert mask(text)


@given(st.data(), MOBILES)
def test_a_mobile_has_one_spelling(data: st.DataObject, mobile: str) -> None:
    """However it is written, it is stored as +86 and eleven digits."""
    prefix = data.draw(st.sampled_from(("", "+86", "0086", "86", "0", "+860")))
    assert f"+86{mobile}" == normalise(data.draw(spelled(prefix + mobile)))


@given(st.data(), LANDLINES)
def test_a_landline_has_one_spelling(data: st.DataObject, landline: str) -> None:
    """The trunk 0 goes, the area code stays."""
    prefix = data.draw(st.sampled_from(("0", "+86", "+860", "0086")))
    assert f"+86{landline}" == normalise(data.draw(spelled(prefix + landline)))


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+15005550006", "+15005550006"),
        ("400-800-1234", "+864008001234"),
        ("(0571) 8431 0000", "+8657184310000"),
    ],
)
def test_a_number_is_normalised(number: str, expected: str) -> None:
    """Abroad stays abroad, a 400 number is reachable."""
    assert expected == normalise(number)


@pytest.mark.parametrize(
    "number", ["84310000", "+8684310000", "12345", "138000012345", "13800001234转5", "n01", "+", ""]
)
def test_what_is_no_whole_number_is_refused(number: str) -> None:
    """No area, too short, too long, an extension, a name."""
    with pytest.raises(NumberError):
        normalise(number)


def test_a_token_opens_once() -> None:
    """The hand-over dials 120 once; a second time needs another token."""
    order, token = order_to("+86571120"), EmergencyToken("+86571120")
    assert order is admit(order, token)
    with pytest.raises(EmergencyNumberError):
        admit(order, token)


def test_a_token_is_for_its_number() -> None:
    """Leave for 120 is none for 119, and is not used up by the attempt."""
    token = EmergencyToken("120")
    with pytest.raises(EmergencyNumberError):
        admit(order_to("119"), token)
    order = order_to("120")
    assert order is admit(order, token)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+8613800001234", "+86138****1234"),
        ("+8657184310000", "+86571****0000"),
        ("13800001234", "***"),
    ],
)
def test_a_mask_hides_the_middle(number: str, expected: str) -> None:
    """Enough is left to recognise a number one knows."""
    assert expected == mask(number)
