"""PDUs: ours against two other programs' and the network's own; garbage is only ever a PduError."""

import string
from datetime import UTC, datetime, timedelta
from io import StringIO

import gammu
import pytest
from hypothesis import given
from hypothesis import strategies as st
from smspdudecoder.codecs import GSM
from smspdudecoder.easy import read_incoming_sms
from smspdudecoder.fields import SMSSubmit

from alerting.channels.modem import pdu
from alerting.channels.modem.parts import PATIENCE, Parts
from simulators.modem import texts

AT = datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC)
ME = "+8613800001234"
CJK = st.sampled_from("急栋单元烟雾报警能去回不，。！0123456789 ABCdef")
NUMBERS = st.from_regex(r"\+86(?:1[3-9][0-9]{9}|5718[0-9]{7})", fullmatch=True)


@pytest.mark.parametrize(("signs", "parts"), [(0, 1), (70, 1), (71, 2), (134, 2), (135, 3)])
def test_a_text_has_as_many_parts_as_it_needs(signs: int, parts: int) -> None:
    """70 signs are one part; of a longer text each part carries 67."""
    assert parts == len(pdu.submit(ME, "急" * signs, 1))


def test_what_no_part_can_hold_is_replaced() -> None:
    """An emoji is two units, of which a part's end could cut one off; half of one is none."""
    assert "火?快?走" == pdu.plain("火🔥快\ud83d走")
    assert "❤" == pdu.plain("❤\ufe0f")


def test_a_text_without_end_is_cut() -> None:
    """Nobody reads a ninth part."""
    assert pdu.MOST_PARTS == len(pdu.submit(ME, "急" * 1000, 1))


@given(st.text(st.one_of(CJK, st.characters()), max_size=300), NUMBERS, st.integers(0, 255))
def test_the_network_reads_what_we_submit(text: str, to: str, reference: int) -> None:
    """Each part says its length, its number and whose text it is."""
    made = pdu.submit(to, text, reference)
    read = [texts.read_submit(part.pdu) for part in made]
    assert pdu.plain(text) == "".join(one.text for one in read)
    assert {(to, True)} == {(one.to, one.asks_report) for one in read}
    assert [part.length for part in made] == [one.octets for one in read]
    if len(made) > 1:
        numbered = [(reference, len(made), number) for number in range(1, len(made) + 1)]
        assert numbered == [one.part for one in read]


@given(st.text(CJK, min_size=1, max_size=140), NUMBERS)
def test_two_other_programs_read_what_we_submit(text: str, to: str) -> None:
    """Smspdudecoder and gammu agree with us on number and words."""
    for part, piece in zip(pdu.submit(to, text, 7), pdu.split(text), strict=True):
        centre = texts.centre().hex()  # ours leaves it to the card, which this program cannot
        decoded = SMSSubmit.decode(StringIO(centre + part.pdu[2:]))
        assert (to.removeprefix("+"), piece) == (
            decoded["recipient"]["number"],
            decoded["user_data"]["data"],
        )
        read = gammu.DecodePDU(bytes.fromhex(part.pdu), SMSC=True)
        assert (to, piece) == (read["Number"], read["Text"])


@given(st.text(CJK, min_size=1, max_size=160), NUMBERS, st.integers(0, 255))
def test_a_text_that_came_is_read(text: str, sender: str, reference: int) -> None:
    """Its parts in any order give it whole; smspdudecoder reads the same."""
    parts, found = Parts(), None
    delivered = texts.delivers(sender, text, AT, reference)
    for place, one in reversed(list(enumerate(delivered))):
        came = pdu.read(one)
        assert isinstance(came, pdu.Deliver)
        assert came.text == read_incoming_sms(one)["content"]
        found = parts.take(place, came, AT)
    assert found is not None
    assert (sender, text, AT) == found[:3]
    assert tuple(range(len(delivered))) == found.places


@given(st.text(string.ascii_letters + string.digits + " @£€{}", max_size=70))
def test_a_text_in_septets_is_read(text: str) -> None:
    """A neighbour's old phone answers in packed septets, as smspdudecoder packs them."""
    packed = GSM.encode(text)
    septets = len(text) + sum(sign in "€{}" for sign in text)
    head = texts.one_deliver(ME, b"", b"", AT)[:-2]
    at = len(head) - 2 * 8  # the coding stands before the time stamp
    came = pdu.read(f"{head[:at]}00{head[at + 2 :]}{septets:02X}{packed}")
    assert isinstance(came, pdu.Deliver)
    assert (ME, text) == (came.sender, came.text)


@pytest.mark.parametrize(("status", "expected"), [(0, True), (0x21, None), (0x41, False)])
def test_a_report_is_read(status: int, expected: object) -> None:
    """Delivered, still tried, given up."""
    read = pdu.read(texts.report(17, ME, AT, status))
    assert pdu.StatusReport(17, ME, expected) == read  # type: ignore[arg-type]


@given(st.one_of(st.binary(max_size=200).map(bytes.hex), st.text(max_size=300)))
def test_garbage_is_refused(garbage: str) -> None:
    """Whatever a module gives, it is a text, a report or a PduError."""
    try:
        read = pdu.read(garbage)
    except pdu.PduError:
        return
    assert isinstance(read, pdu.Deliver | pdu.StatusReport)


def test_a_part_that_never_comes_is_not_waited_for() -> None:
    """After five minutes what is there is given, with its places."""
    parts = Parts()
    first = pdu.read(texts.delivers(ME, "一" * 80, AT, 3)[0])
    assert isinstance(first, pdu.Deliver)
    assert None is parts.take(4, first, AT)
    assert [] == parts.overdue(AT + PATIENCE)
    (text,) = parts.overdue(AT + PATIENCE + timedelta(seconds=1))
    assert (ME, "一" * 67, (4,)) == (text.sender, text.words, text.places)
