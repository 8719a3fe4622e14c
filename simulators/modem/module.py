"""A module that is spoken to in AT commands. What it does not know it answers with ERROR.

Theory of operation. Bytes come in by `hear` and go out by `write`. One command is done at a time,
as in a real module; what happens meanwhile (a text, a call's end, a key) is said in between.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from simulators.clock import Clock
from simulators.modem import texts
from simulators.modem.calls import Calls
from simulators.modem.makes import Make
from simulators.modem.memory import Memory
from simulators.modem.network import Network

OK, ERROR = "OK", "ERROR"
CTRL_Z, ESCAPE = 0x1A, 0x1B
IMEI = "867584030000019"
IMSI = "460000000000019"
BAD_MODE, BAD_PDU, NO_SUCH_PLACE = 302, 304, 321

FIXED = {
    "AT+CGMM": "{model}", "AT+GMM": "{model}", "AT+CGMI": "{maker}", "AT+GMI": "{maker}",
    "AT+CGMR": "LE20B04", "AT+GMR": "LE20B04", "AT+CGSN": IMEI, "AT+GSN": IMEI, "AT+CIMI": IMSI,
    "AT+CSCS=?": '+CSCS: ("IRA","GSM","UCS2")', "AT+CSCS?": '+CSCS: "IRA"',
    "AT+CSMS?": "+CSMS: 0,1,1,1", "AT+CNMI=?": "+CNMI: (0,1,2),(0,1,2,3),(0,2),(0,1,2),(0,1)",
    "AT+CNMI?": "+CNMI: 2,1,0,1,0", "AT+CMGF?": "+CMGF: 0", "AT+CMGF=?": "+CMGF: (0)",
    "AT+CPMS=?": '+CPMS: ("ME","SM"),("ME","SM"),("ME","SM")', "AT+CFUN?": "+CFUN: 1",
    "AT+CSMP?": "+CSMP: 17,167,0,0", "AT+CMGL=?": "+CMGL: (0,1,2,3,4)", "AT+CGREG?": "+CGREG: 0,1",
    "AT+COPS?": '+COPS: 0,0,"CHINA MOBILE",7', "AT+CPAS": "+CPAS: 0", "AT+CBC": "+CBC: 0,0,3900",
}  # fmt: skip
"""Commands whose answer never changes."""

AGREED = re.compile(
    r"AT(?:|[EVQXZ&]\w*|H|\+(?:CMEE|CMGF|CLIP|CREG|CGREG|CSMS|CNMI|CSCS|CLCC|CRC|CVHU|COPS|CSMP"
    r"|CTTSPARAM|DDET|QTONEDET|CSCA|CFUN|CTZU|CTZR)=.*"
    r'|\+QURCCFG="urcport".*|\+QINDCFG=.*)'
)
"""Commands that are simply done."""


class Module:
    """One module. `pin`, `registration` and `signal` are what it says of its card and network."""

    def __init__(
        self, make: Make, network: Network, clock: Clock, write: Callable[[bytes], None]
    ) -> None:
        self.make, self.network, self._clock, self._write = make, network, clock, write
        self.pin, self.registration, self.signal = "READY", 1, 21
        self.memory = Memory()
        self.interjects: list[str] = []
        """Lines said between the next commands and their answers, one each."""
        self.is_silent = False
        self._has_echo, self._numbers_errors = True, False
        self._octets: asyncio.Queue[int] = asyncio.Queue()
        self._reference = 0
        self.calls = Calls(make, network, clock, self.say)
        self._late: set[asyncio.Task[None]] = set()

    def hear(self, data: bytes) -> None:
        """Take bytes from the other end."""
        for octet in data:
            self._octets.put_nowait(octet)

    def say(self, *lines: str) -> None:
        """Say lines, each of its own."""
        if not self.is_silent:
            self._write("".join(f"\r\n{line}\r\n" for line in lines).encode())

    def boot(self) -> None:
        """Start anew in the middle of anything, as after a dip of its voltage."""
        self.calls.forget()
        self._has_echo, self._numbers_errors = True, False
        while not self._octets.empty():
            self._octets.get_nowait()
        self.say(*self.make.boot)

    async def run(self) -> None:
        """Do commands until cancelled."""
        try:
            while True:
                line = await self._line()
                if line:
                    await self._perform(line)
        finally:
            self.calls.forget()
            for task in self._late:
                task.cancel()

    def receive(self, sender: str, text: str) -> None:
        """Let somebody's text come in."""
        self._reference += 1
        for pdu in texts.delivers(sender, text, self._clock.now(), self._reference):
            self.store(pdu)

    def store(self, pdu: str) -> None:
        """Keep a PDU in the memory and say so; a full memory keeps nothing."""
        place = self.memory.add(pdu)
        if place is not None:
            self.say(f'+CMTI: "SM",{place}')

    def report(self, reference: int, to: str, status: int = 0) -> None:
        """Say what became of a text."""
        pdu = texts.report(reference, to, self._clock.now(), status)
        self.say(f"+CDS: {texts.octets_of(pdu)}\r\n{pdu}")

    # --- lines in -----------------------------------------------------------------------------

    async def _line(self) -> str:
        """Read a command; what ends with an escape is none."""
        line = bytearray()
        while (octet := await self._octets.get()) != ord("\r"):
            if octet == ESCAPE:
                line.clear()
            elif octet != ord("\n") and len(line) < 2048:  # noqa: PLR2004 -- a module's own limit
                line.append(octet)
        if self._has_echo and line:
            self._write(bytes(line) + b"\r")
        return line.decode("latin-1").strip()

    async def _pdu(self) -> str | None:
        """Ask for a PDU and read it; None where it was thought better of."""
        if not self.is_silent:
            self._write(b"\r\n> ")
        taken = bytearray()
        while (octet := await self._octets.get()) != CTRL_Z:
            if octet == ESCAPE:
                return None
            taken.append(octet)
        return taken.decode("latin-1").strip()

    async def _perform(self, line: str) -> None:
        spelled = line if '"' in line else line.upper()
        answer = await self._answer(spelled)
        if self.interjects:
            self.say(self.interjects.pop(0))
        if answer:
            self.say(*answer)

    def _refusal(self, kind: str, code: int) -> list[str]:
        return [f"+{kind} ERROR: {code}" if self._numbers_errors else ERROR]

    # --- what it does -------------------------------------------------------------------------

    async def _answer(self, line: str) -> list[str]:
        if line.startswith("ATE"):
            self._has_echo = not line.startswith("ATE0")
        if line.startswith("AT+CMEE="):
            self._numbers_errors = not line.endswith("=0")
        if line in FIXED:
            named = FIXED[line].format(model=self.make.model, maker=self.make.maker)
            return [named, OK]
        for beginning, act in self._acts().items():
            if line.startswith(beginning):
                return await act(line)
        if line == self.make.listen or AGREED.fullmatch(line):
            return [OK]
        return self._refusal("CME", 4)

    def _acts(self) -> dict[str, Callable[[str], Awaitable[list[str]]]]:
        return {
            "AT+CPIN?": self._card,
            "AT+CSQ": self._card,
            "AT+CREG?": self._card,
            "AT+CEREG?": self._card,
            "AT+CSCA?": self._card,
            "AT+CPMS": self._storage,
            "AT+CMGS=": self._send,
            "AT+CMGL": self._list,
            "AT+CMGR=": self._read,
            "AT+CMGD=": self._delete,
            "ATD": self._dial,
            "ATA": self._pick_up,
            "AT+CHUP": self._hang_up,
            "ATH": self._hang_up,
            "AT+CLCC": self._list_calls,
            "AT+CTTS=": self._speak,
            "AT+QWTTS=": self._speak,
        }

    async def _card(self, line: str) -> list[str]:
        said = {
            "AT+CPIN?": f"+CPIN: {self.pin}",
            "AT+CSQ": f"+CSQ: {self.signal},99",
            "AT+CREG?": f"+CREG: 0,{self.registration}",
            "AT+CEREG?": f"+CEREG: 0,{self.registration}",
            "AT+CSCA?": f'+CSCA: "{texts.SERVICE_CENTRE}",145',
        }.get(line)
        if line == "AT+CPIN?" and not self.pin:
            return self._refusal("CME", 10)
        return [said, OK] if said else self._refusal("CME", 4)

    async def _storage(self, line: str) -> list[str]:
        used, room = len(self.memory.places), self.memory.room
        if line.endswith("?"):
            return ["+CPMS: " + ",".join([f'"SM",{used},{room}'] * 3), OK]
        return ["+CPMS: " + ",".join([f"{used},{room}"] * 3), OK]

    async def _send(self, line: str) -> list[str]:
        pdu = await self._pdu()
        if pdu is None:
            return [OK]
        try:
            one = texts.read_submit(pdu)
        except (ValueError, IndexError):
            return self._refusal("CMS", BAD_PDU)
        if str(one.octets) != line.partition("=")[2]:
            return self._refusal("CMS", BAD_PDU)
        await self._clock.wait(timedelta(seconds=self.network.text_seconds))
        if self.network.refuses:
            return [self.network.refuses.pop(0)]
        self._reference = (self._reference + 1) % 256
        text = self.network.carry(one)
        self._later(one, self._reference, text)
        return [f"+CMGS: {self._reference}", OK]

    def _later(self, one: texts.Submitted, reference: int, text: str | None) -> None:
        """See to what follows a text: its report, and its own arrival where it is to ourselves."""

        async def follow() -> None:
            await self._clock.wait(timedelta(seconds=0.02))
            if one.to == self.network.own and text is not None:
                self.receive(one.to, text)
            is_told = one.asks_report and not self.network.holds_reports
            if is_told and self.network.phone(one.to).is_on:
                self.report(reference, one.to)

        task = asyncio.get_running_loop().create_task(follow())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _list(self, line: str) -> list[str]:
        wanted = line.partition("=")[2] or "0"
        said = []
        for place, (state, pdu) in sorted(self.memory.places.items()):
            if wanted in {"4", str(state)}:
                said.append(f"+CMGL: {place},{state},,{texts.octets_of(pdu)}\r\n{pdu}")
                self.memory.places[place] = (1, pdu)
        return [*said, OK]

    async def _read(self, line: str) -> list[str]:
        place = _number(line)
        if place not in self.memory.places:
            return self._refusal("CMS", NO_SUCH_PLACE)
        state, pdu = self.memory.places[place]
        self.memory.places[place] = (1, pdu)
        return [f"+CMGR: {state},,{texts.octets_of(pdu)}\r\n{pdu}", OK]

    async def _delete(self, line: str) -> list[str]:
        if line.endswith("?"):
            places = ",".join(map(str, sorted(self.memory.places)))
            return [f"+CMGD: ({places}),(0-4)", OK]
        self.memory.places.pop(_number(line), None)
        return [OK]

    async def _dial(self, line: str) -> list[str]:
        if not line.endswith(";"):
            return ["NO CARRIER"]
        return self.calls.dial(line[3:-1])

    async def _pick_up(self, _line: str) -> list[str]:
        return self.calls.pick_up()

    async def _hang_up(self, _line: str) -> list[str]:
        self.calls.hang_up()
        return [OK]

    async def _list_calls(self, line: str) -> list[str]:
        return [*(self.calls.listed() if line == "AT+CLCC" else ()), OK]

    async def _speak(self, line: str) -> list[str]:
        found = self.make.speak.fullmatch(line)
        if found is None:
            return [OK] if line.endswith("=0") else [ERROR]
        with suppress(ValueError):
            return self.calls.speak(bytes.fromhex(found[1]).decode("utf-16-be"))
        return [ERROR]


def _number(line: str) -> int:
    text = line.partition("=")[2].partition(",")[0].strip()
    return int(text) if text.isdecimal() else -1
