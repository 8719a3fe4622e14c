"""Voice documents as steps, and the texts an answer sends back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.carrier.twiml import (
    Bridge,
    Collect,
    Fetch,
    HangUp,
    Silence,
    Speak,
    Step,
    TwimlError,
    replies,
    steps,
)

BASE = "https://care.example/twilio/voice?attempt=1"


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("<Say>烟</Say>", Speak("烟")),
        ('<Say loop="2">烟</Say>', Speak("烟 烟")),
        ("<Pause/>", Silence(1.0)),
        ('<Pause length="3"/>', Silence(3.0)),
        (
            "<Redirect>next?attempt=1</Redirect>",
            Fetch("https://care.example/twilio/next?attempt=1"),
        ),
        ("<Hangup/>", HangUp()),
        (
            '<Gather numDigits="1" action="/twilio/keypad"><Say>按1</Say></Gather>',
            Collect("按1", 5.0, 1, "#", "https://care.example/twilio/keypad", sends_empty=False),
        ),
        ("<Gather/>", Collect("", 5.0, None, "#", BASE, sends_empty=False)),
        ("<Dial><Number>+861</Number></Dial>", Bridge("+861", 30.0, None)),
    ],
)
def test_each_verb_is_a_step(inner: str, expected: Step) -> None:
    """With its defaults and its address resolved."""
    assert (expected,) == steps(f"<Response>{inner}</Response>", BASE)


def test_what_cannot_be_reached_is_cut_off() -> None:
    """Behind a hang-up nothing is played."""
    assert (HangUp(),) == steps("<Response><Hangup/><Say>x</Say></Response>", BASE)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "hello",
        "<Say>x</Say>",
        "<Response><Shout/></Response>",
        '<Response><Pause length="long"/></Response>',
        '<Response><Pause length="nan"/></Response>',
        '<Response><Gather numDigits="inf"/></Response>',
        '<!DOCTYPE x [<!ENTITY a "b">]><Response>&a;</Response>',
        "<Response>" + "x" * 70_000 + "</Response>",
    ],
)
def test_bad_documents_are_refused(document: str) -> None:
    """One typed error, whatever is wrong."""
    with pytest.raises(TwimlError):
        steps(document, BASE)


@given(st.text())
def test_no_document_breaks_the_carrier(text: str) -> None:
    """Anything inside a response is played or refused."""
    try:
        steps(f"<Response>{text}</Response>", BASE)
    except TwimlError:
        return


def test_texts_sent_back() -> None:
    """<Message> with or without <Body>."""
    answer = "<Response><Message>一</Message><Message><Body>二</Body></Message></Response>"
    assert ("一", "二") == replies(answer)
