"""What modules of two makes do each in their own way, from their makers' manuals."""

import re
from typing import NamedTuple


class Make(NamedTuple):
    """One make: what it is called, how it is told to speak, and what it says by itself."""

    maker: str
    model: str
    speak: re.Pattern[str]
    spoken: str
    listen: str
    key: str
    begun: str
    ended: str
    boot: tuple[str, ...]

    def tells_key(self, key: str) -> str:
        """Spell a key; one make gives its ASCII code."""
        return self.key.format(key=key, code=ord(key))


SIMCOM = Make(
    maker="SIMCOM INCORPORATED",
    model="SIMCOM_SIM7600CE",
    speak=re.compile(r'AT\+CTTS=1,"([0-9A-F]*)"'),
    spoken="+CTTS: 0",
    listen="AT+DDET=1",
    key="+RXDTMF: {key}",
    begun="VOICE CALL: BEGIN",
    ended="VOICE CALL: END: 000003",
    boot=("*ATREADY: 1", "+CPIN: READY", "SMS DONE", "PB DONE"),
)
QUECTEL = Make(
    maker="Quectel",
    model="EC20F",
    speak=re.compile(r'AT\+QWTTS=1,1,1,"([0-9A-F]*)"'),
    spoken="+QWTTS: 0",
    listen="AT+QTONEDET=1",
    key="+QTONEDET: {code}",
    begun="",
    ended="",
    boot=("RDY", "+CFUN: 1", "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE"),
)
MAKES = {"simcom": SIMCOM, "quectel": QUECTEL}
