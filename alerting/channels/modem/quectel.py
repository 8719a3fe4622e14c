"""Quectel (EC20, EC25, EC200): `AT+QWTTS` speaks to the far end, `+QTONEDET` is a key."""

import re

from alerting.channels.modem.profile import Profile, coded

_KEY = re.compile(r"\+QTONEDET: ?(\d{1,3})")


def _speak(words: str) -> str:
    return f'AT+QWTTS=1,1,1,"{coded(words)}"'


def _key(line: str) -> str | None:
    """Read a key; the module gives its ASCII code."""
    found = _KEY.match(line)
    sign = chr(int(found[1])) if found else ""
    return sign if sign and sign in "0123456789*#" else None


QUECTEL = Profile(
    name="quectel",
    makers=("QUECTEL",),
    # Unasked-for lines are to come on the port that is open here, whichever of the module's it is.
    set_up=('AT+QURCCFG="urcport","usbat"', 'AT+QINDCFG="csq",0,0'),
    listen="AT+QTONEDET=1",
    speak=_speak,
    hush="AT+QWTTS=0",
    spoken="+QWTTS: 0",
    key=_key,
    unasked=("+QWTTS:", "+QTONEDET:", "+QIND:", "+QUSIM:", "+QTTS:"),
)
