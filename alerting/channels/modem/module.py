"""A module that has been opened: set up, asked how it is, its memory read. Over a `Port`."""

import re
from typing import NamedTuple

from alerting.channels.modem.at import Answered, Command
from alerting.channels.modem.pdu import Part
from alerting.channels.modem.port import LostError, Port
from alerting.channels.modem.profile import UNASKED, Profile
from alerting.channels.modem.quectel import QUECTEL
from alerting.channels.modem.simcom import SIMCOM

PROFILES = {profile.name: profile for profile in (SIMCOM, QUECTEL)}
GREETINGS = 10
SEND_SECONDS = 60.0
LIST_SECONDS = 20.0
_REGISTERED = frozenset({"1", "5", "6", "7", "9", "10"})
"""+CREG: home, roaming, and the same for texts only or with calls over the older network."""

_UNKNOWN_SIGNAL, _LEAST_SIGNAL = 99, 3
_STORED = re.compile(r"\+CMGL: ?(\d{1,5}),(\d)")
_CARD = re.compile(r"\+CPIN: ?(.+)")
_NETWORK = re.compile(r"\+C(?:E)?REG: ?\d+, ?(\d+)")
_SIGNAL = re.compile(r"\+CSQ: ?(\d+)")
_SET_UP = (
    "ATE0",  # no echo
    "ATH",  # a call that an earlier run has left
    "AT+CMEE=1",  # refusals with their numbers
    "AT+CMGF=0",  # texts as PDUs
    "AT+CLIP=1",  # who calls
    "AT+CREG=0",  # the network's state only when asked
    "AT+CNMI=2,1,0,1,0",  # texts are stored and announced, reports come whole
    'AT+CPMS="SM","SM","SM"',
)


class Stored(NamedTuple):
    """A PDU in the module's memory."""

    place: int
    pdu: str


async def introduced(port: Port, family: str) -> Profile:
    """Say the set-up and find the module's profile; needs `port.read` to run.

    Raises:
        LostError: it is none of those we know, or is gone.
    """
    port.expect(UNASKED)
    for line in _SET_UP:
        await port.ask(line)
    maker = " ".join((await port.ask(Command("AT+CGMI", ("",)))).lines).upper()
    if family == "auto":
        known = (one for one in PROFILES.values() if any(word in maker for word in one.makers))
        profile = next(known, None)
        if profile is None:
            raise LostError(f"a module of an unknown make ({maker[:40]!r}): name its family")
    else:
        profile = PROFILES[family]
    port.expect((*UNASKED, *profile.unasked))
    for line in profile.set_up:
        await port.ask(line)
    return profile


async def trouble(port: Port) -> str:
    """Say what keeps the module from reaching anybody; empty where nothing does."""
    card = await _asked(port, "AT+CPIN?", "+CPIN:", _CARD)
    if card != "READY":
        return f"the card is not ready: {card or 'none'}"
    states = [
        await _asked(port, "AT+CREG?", "+CREG:", _NETWORK),
        await _asked(port, "AT+CEREG?", "+CEREG:", _NETWORK),
    ]
    if not any(state in _REGISTERED for state in states):
        return "denied by the network" if "3" in states else "not registered with a network"
    signal = await _asked(port, "AT+CSQ", "+CSQ:", _SIGNAL)
    if not signal.isdecimal() or int(signal) == _UNKNOWN_SIGNAL:
        return ""  # some modules cannot say while they are on the newer network
    return f"hardly any signal ({signal} of 31)" if int(signal) < _LEAST_SIGNAL else ""


async def _asked(port: Port, line: str, prefix: str, form: re.Pattern[str]) -> str:
    answered = await port.ask(Command(line, (prefix,)))
    found = next((form.match(one) for one in answered.lines if form.match(one)), None)
    return found[1].strip() if found else ""


async def send(port: Port, part: Part) -> Answered:
    """Send one part; the module asks for it first."""
    command = Command(f"AT+CMGS={part.length}", ("+CMGS:",), pdu=part.pdu)
    return await port.ask(command, SEND_SECONDS)


async def stored(port: Port) -> list[Stored]:
    """Read the whole memory of the module."""
    answered = await port.ask(Command("AT+CMGL=4", ("+CMGL:",)), LIST_SECONDS)
    found = []
    for line, pdu in zip(answered.lines, answered.lines[1:], strict=False):
        place = _STORED.match(line)
        if place:
            found.append(Stored(int(place[1]), pdu))
    return found


async def free(port: Port, places: tuple[int, ...]) -> None:
    """Delete what is committed."""
    for place in places:
        await port.ask(f"AT+CMGD={place}")
