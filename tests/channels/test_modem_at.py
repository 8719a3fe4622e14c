"""The AT engine: an answer is known from what came by itself, however the bytes are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.channels.modem.at import (
    MOST_LINE,
    Answered,
    Command,
    Conversation,
    Event,
    Unsolicited,
)
from alerting.channels.modem.module import PROFILES
from alerting.channels.modem.profile import UNASKED, pieces
from alerting.channels.modem.talk import CALLS

SEND = Command("AT+CMGS=20", ("+CMGS:",), pdu="0011000B91")
DELIVERED = "07918368005105F0060A0B91683108000021F4621321903151"
TRACES: dict[str, dict[str, list[str]]] = {
    "simcom": {
        "key": ["+RXDTMF: 1", "+DTMF: 1,160"],
        "spoken": ["+CTTS: 0"],
        "boot": ["*ATREADY: 1", "+CPIN: READY", "SMS DONE", "PB DONE"],
        "call": ["VOICE CALL: BEGIN", "VOICE CALL: END: 000012", "NO CARRIER"],
    },
    "quectel": {
        "key": ["+QTONEDET: 49"],
        "spoken": ["+QWTTS: 0"],
        "boot": ["RDY", "+CFUN: 1", "+QUSIM: 1", "+QIND: SMS DONE"],
        "call": ["NO CARRIER"],
    },
}


def asked(command: Command, make: str = "simcom") -> Conversation:
    """A conversation with a command under way; what was written is taken."""
    conversation = Conversation((*UNASKED, *PROFILES[make].unasked))
    conversation.begin(command)
    conversation.out = b""
    return conversation


def spoken(*lines: str) -> bytes:
    """Lines as a module says them."""
    return "".join(f"\r\n{line}\r\n" for line in lines).encode()


def test_a_command_is_written_and_answered() -> None:
    """Its information lines and its end."""
    conversation = Conversation()
    conversation.begin(Command("AT+CSQ", ("+CSQ:",)))
    assert b"AT+CSQ\r" == conversation.out
    assert [Answered(("+CSQ: 21,99",), "OK")] == conversation.feed(spoken("+CSQ: 21,99", "OK"))
    assert not conversation.is_busy


def test_an_echo_is_no_answer() -> None:
    """A module that has just booted repeats what it is told."""
    assert [Answered((), "OK")] == asked(Command("ATE0", ("",))).feed(b"ATE0\r\r\nOK\r\n")


@pytest.mark.parametrize("prompt", [b"\r\n> ", b">", b"\r\n>  "])
def test_the_pdu_waits_for_the_prompt(prompt: bytes) -> None:
    """Sent before it, it would be lost, or taken for commands."""
    conversation = asked(SEND)
    assert [] == conversation.feed(spoken('+CMTI: "SM",3')[:-2])
    assert b"" == conversation.out
    conversation.feed(b"\r\n")
    assert b"" == conversation.out
    conversation.feed(prompt)
    assert b"0011000B91\x1a" == conversation.out
    assert [Answered(("+CMGS: 17",), "OK")] == conversation.feed(spoken("+CMGS: 17", "OK"))


def test_a_prompt_nobody_waits_for_is_nothing() -> None:
    """No PDU is handed over for a command that has none."""
    conversation = asked(Command("AT"))
    assert [Answered((), "OK")] == conversation.feed(b"\r\n> \r\nOK\r\n")[-1:]
    assert b"" == conversation.out


@pytest.mark.parametrize(
    ("final", "code"), [("ERROR", None), ("+CMS ERROR: 42", 42), ("+CME ERROR: SIM failure", None)]
)
def test_a_refusal_has_its_number(final: str, code: int | None) -> None:
    """Where it is a number."""
    (answered,) = asked(SEND).feed(spoken(final))
    assert isinstance(answered, Answered)
    assert (False, code) == (answered.is_ok, answered.code)


def test_a_report_is_one_event() -> None:
    """Its second line goes with it, also in the middle of an answer that takes every line."""
    conversation = asked(Command("AT+CGMI", ("",)))
    events = conversation.feed(spoken("+CDS: 25\r\n" + DELIVERED, "SIMCOM", "OK"))
    assert [Unsolicited("+CDS: 25", DELIVERED), Answered(("SIMCOM",), "OK")] == events


@pytest.mark.parametrize("make", TRACES)
@pytest.mark.parametrize("what", ["key", "spoken", "boot", "call"])
def test_what_comes_by_itself_is_no_answer(make: str, what: str) -> None:
    """Between a command and its answer, before the lines of it and after them."""
    for line in TRACES[make][what]:
        for command, said in ((CALLS, '+CLCC: 1,0,3,0,0,"1380",129'), (SEND, "+CMGS: 4")):
            for trace in ([line, said, "OK"], [said, line, "OK"]):
                events = asked(command, make).feed(spoken(*trace))
                assert {Unsolicited(line), Answered((said,), "OK")} == set(events)


@pytest.mark.parametrize("make", TRACES)
def test_a_make_reads_its_keys_and_speech(make: str) -> None:
    """Every form in which it tells a key, and the end of speech; other lines are neither."""
    profile = PROFILES[make]
    assert {"1"} == {profile.key(line) for line in TRACES[make]["key"]}
    assert {None} == {profile.key(line) for what in ("boot", "call") for line in TRACES[make][what]}
    assert all(line.startswith(profile.spoken) for line in TRACES[make]["spoken"])
    assert profile.speak("烟雾").endswith('"70DF96FE"')


def test_answers_out_of_order_belong_to_nobody() -> None:
    """The answer of a command that was given up is dropped, and counted."""
    conversation = Conversation()
    assert [] == conversation.feed(spoken("OK", "+CMS ERROR: 500"))
    assert {"late_answer": 2} == conversation.dropped
    conversation.begin(CALLS)
    assert [Answered((), "OK")] == conversation.feed(spoken("OK"))


def test_a_calls_end_ends_only_the_dialling() -> None:
    """ATD may be answered with it; another command is not."""
    dial = Command("ATD10086;", places_call=True)
    assert [Answered((), "BUSY")] == asked(dial).feed(spoken("BUSY"))
    assert [Unsolicited("BUSY")] == asked(CALLS).feed(spoken("BUSY"))


def test_a_line_without_end_is_skipped() -> None:
    """Memory is bounded; what comes after it is read."""
    conversation = asked(Command("AT"))
    assert [] == conversation.feed(b"x" * (3 * MOST_LINE))
    assert [Answered((), "OK")] == conversation.feed(b"y\r\nOK\r\n")
    assert 1 == conversation.dropped["too_long"]


@given(
    st.lists(
        st.sampled_from(
            ["OK", "RING", '+CMTI: "SM",1', "+CLCC: 1,0,0,0,0", f"+CDS: 25\r\n{DELIVERED}"]
        ),
        max_size=8,
    ),
    st.lists(st.integers(1, 12), min_size=1),
)
def test_it_does_not_matter_how_bytes_are_cut(lines: list[str], cuts: list[int]) -> None:
    """Fed in any pieces, the events are the same."""
    said = spoken(*lines)
    whole, cut = asked(CALLS), asked(CALLS)
    expected = whole.feed(said)
    events: list[Event] = []
    at = 0
    while at < len(said):
        size = cuts[at % len(cuts)]
        events += cut.feed(said[at : at + size])
        at += size
    assert (expected, whole.dropped) == (events, cut.dropped)


@given(st.binary(max_size=600))
def test_garbage_is_no_harm(garbage: bytes) -> None:
    """A module at the wrong speed says anything; the engine goes on."""
    conversation = asked(SEND)
    conversation.feed(garbage)
    conversation.feed(b"\r\n")
    assert len(conversation.out) <= len(SEND.pdu) + 1


@given(st.text(max_size=300), st.integers(1, 60))
def test_speech_is_cut_into_pieces(words: str, longest: int) -> None:
    """Nothing is lost, and no piece is too long."""
    cut = pieces(words, longest)
    assert words == "".join(cut)
    assert all(1 <= len(piece) <= longest for piece in cut)
