"""Calls that are answered: documents, keys, bridges, and calls from phones."""

from datetime import datetime, timedelta

from simulators.carrier import Fault
from simulators.phones import Temperament
from tests.simulators.carrier_world import LI, OWN, PUBLIC, WANG, World, phone, until, world

VOICE = f"{PUBLIC}/twilio/voice?attempt=a1"
ASK = (
    '<Response><Gather numDigits="1" timeout="5" action="/twilio/keypad?attempt=a1">'
    "<Say>3栋2单元502烟雾报警。能去按1，不能去按2。</Say></Gather>"
    "<Say>没有按键</Say></Response>"
)
THANKS = "<Response><Say>谢谢</Say><Hangup/><Say>never</Say></Response>"


async def talk(here: World, voice: str, keypad: str = THANKS) -> None:
    """Place a call with a document and wait until it is over."""
    here.customer.answers = {"/twilio/voice": voice, "/twilio/keypad": keypad}
    sid = await here.ring(url=VOICE)
    await until(lambda: "completed" in here.statuses(sid))


async def test_a_key_is_posted_to_the_action() -> None:
    """The person hears the question, presses, and hears the action's answer; all is signed."""
    async with world(phone()) as here:
        await talk(here, ASK)
        [pressed] = here.customer.at("/twilio/keypad")
    assert pressed.is_signed
    assert ("1", LI, "in-progress", "/twilio/keypad?attempt=a1") == (
        pressed.form["Digits"],
        pressed.form["To"],
        pressed.form["CallStatus"],
        pressed.path,
    )
    assert here.shown[-3:] == ["按键：1", "听到：谢谢", "挂断"]


async def test_a_voicemail_presses_nothing() -> None:
    """Answered and completed, the document ran on behind the Gather, and no key was posted."""
    async with world(phone(temperament="voicemail")) as here:
        await talk(here, ASK)
    assert [] == here.customer.at("/twilio/keypad")
    assert "听到：没有按键" in here.shown


async def test_no_key_can_be_asked_for_too() -> None:
    """With actionOnEmptyResult, empty Digits are posted."""
    document = ASK.replace("numDigits", 'actionOnEmptyResult="true" numDigits')
    async with world(phone(temperament="says_nothing")) as here:
        await talk(here, document)
        [told] = here.customer.at("/twilio/keypad")
    assert "" == told.form["Digits"]


async def test_a_key_comes_too_late() -> None:
    """The window closes with speech and timeout; the later key is lost."""
    slow = phone()
    slow.temperament = Temperament(listens=(60, 60))
    async with world(slow) as here:
        await talk(here, ASK)
    assert [] == here.customer.at("/twilio/keypad")


async def test_no_key_within_the_first_second() -> None:
    """However fast the simulation, a key waits the real time that the settings name."""
    async with world(phone(), speed=1000, first_key_ms=150) as here:
        await talk(here, ASK)
        lines = here.carrier.log.entries("display")
    heard, pressed = (
        datetime.fromisoformat(str(line["at"]))
        for line in lines
        if line["text"] == "按键：1" or "能去按1" in str(line["text"])
    )
    assert pressed - heard >= timedelta(milliseconds=149)


async def test_an_inline_document_with_a_redirect() -> None:
    """Twiml in the request needs no fetch; Redirect goes on at an absolute address."""
    async with world(phone()) as here:
        here.customer.answers["/twilio/voice"] = "<Response><Say>二</Say></Response>"
        document = f"<Response><Say>一</Say><Redirect>{VOICE}</Redirect></Response>"
        call = await here.client.calls.create_async(to=LI, from_=OWN, twiml=document)
        await until(lambda: "completed" in here.statuses(str(call.sid)))
    assert ["听到：一", "听到：二"] == [line for line in here.shown if "听到" in line]


async def test_a_bridge_rings_the_other_phone() -> None:
    """Dial connects, and its action learns how that ended."""
    document = f'<Response><Dial action="/twilio/keypad">{WANG}</Dial></Response>'
    async with world(phone(), phone(WANG, "desk", "值班室")) as here:
        await talk(here, document)
        [told] = here.customer.at("/twilio/keypad")
    assert "completed" == told.form["DialCallStatus"]
    assert "接通 李明" in here.shown


async def test_a_broken_document_ends_the_call() -> None:
    """The person hears that something failed; the log says what."""
    async with world(phone()) as here:
        await talk(here, "<Response><Shout/></Response>")
        [error] = here.carrier.log.entries("application_error")
    assert "unknown verb <Shout>" == error["error"]


async def test_no_answer_comes_after_the_timeout() -> None:
    """A phone that rings in vain is no-answer, and the person may ring back and press."""
    async with world(phone(temperament="calls_back")) as here:
        here.customer.answers = {"/twilio/call-in": ASK, "/twilio/keypad": THANKS}
        sid = await here.ring(timeout="25")
        await until(lambda: bool(here.customer.at("/twilio/keypad")))
        [back] = here.customer.at("/twilio/call-in")
    assert ["ringing", "no-answer"] == here.statuses(sid)
    assert back.is_signed
    assert (LI, OWN, "inbound") == tuple(back.form[key] for key in ("From", "To", "Direction"))


async def test_an_unanswered_number_by_fault() -> None:
    """The fault `no_answer` works for one number only."""
    async with world(phone(), phone(WANG)) as here:
        here.carrier.switch_on(Fault("no_answer", number=LI))
        unanswered, answered = await here.ring(), await here.ring(to=WANG)
        await until(lambda: "completed" in here.statuses(answered))
        await until(lambda: "no-answer" in here.statuses(unanswered))


async def test_a_number_without_a_phone_fails() -> None:
    """failed, without ringing."""
    async with world() as here:
        sid = await here.ring()
        await until(lambda: "failed" in here.statuses(sid))
    assert ["failed"] == here.statuses(sid)


async def test_a_call_in_progress_is_hung_up() -> None:
    """Status=completed ends the talk at once; Status=canceled leaves it alone."""
    async with world(phone(), speed=200) as here:
        call = await here.client.calls.create_async(
            to=LI, from_=OWN, twiml='<Response><Pause length="6000"/></Response>'
        )
        sid = str(call.sid)
        await until(lambda: "in-progress" in here.statuses(sid))
        kept = await here.client.calls(sid).update_async(status="canceled")
        ended = await here.client.calls(sid).update_async(status="completed")
    assert ("in-progress", "completed") == (str(kept.status), str(ended.status))
