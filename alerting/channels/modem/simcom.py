"""SIMCom (SIM7600, A7600, SIM800): `AT+CTTS` speaks, `+RXDTMF` or `+DTMF` is a key."""

import re

from alerting.channels.modem.profile import Profile, coded

_KEY = re.compile(r"\+(?:RX)?DTMF: ?([0-9*#])")


def _speak(words: str) -> str:
    return f'AT+CTTS=1,"{coded(words)}"'


def _key(line: str) -> str | None:
    found = _KEY.match(line)
    return found[1] if found else None


SIMCOM = Profile(
    name="simcom",
    makers=("SIMCOM",),
    # Calls are asked after, not announced; speech goes into the call on SIM800, whose two middle
    # figures are pitch and speed. What a model does not know it refuses, and no harm is done.
    set_up=("AT+CLCC=0", "AT+CTTSPARAM=1,3,0,1,1"),
    listen="AT+DDET=1",
    speak=_speak,
    hush="AT+CTTS=0",
    spoken="+CTTS: 0",
    key=_key,
    unasked=("+CTTS:", "+RXDTMF:", "+DTMF:", "VOICE CALL:", "MISSED_CALL:", "*ATREADY:"),
)
