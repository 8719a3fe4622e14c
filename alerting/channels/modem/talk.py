"""One call over the modem, from dialling or ringing to its end: what is said and what is pressed.

Theory of operation. The module lists its calls when asked (+CLCC); only voice calls count (mode
0), and what it says by itself (BUSY, NO CARRIER, a key, the end of a speech) comes in between.
Whether somebody has picked up is only known by the list. Then the words are spoken twice, and a key
is waited for after the second time. A key within the first second belongs to the phone's own menu.

A call that is not answered in time is hung up, one that is pre-empted as well; a call is always
hung up by us, so that a line is never left open.
"""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from enum import IntEnum

from alerting.channels import Clock
from alerting.channels.contract import Submitted
from alerting.channels.desk import Desk, NotKeptError, UnknownAttemptError
from alerting.channels.modem.at import Command
from alerting.channels.modem.codes import OF_CALL_END, of_dialling
from alerting.channels.modem.port import Port
from alerting.channels.modem.profile import Profile, pieces
from alerting.channels.modem.settings import ModemSettings
from alerting.event import Outcome

TIMES_SPOKEN, TIMES_ASKED = 2, 3
TOO_EARLY = timedelta(seconds=1)
DESK_SECONDS = 3.0
DIAL_SECONDS = 30.0
SECONDS_A_SIGN, SPEECH_SLACK_SECONDS = 0.5, 3.0
REASON_SECONDS = 0.3
LONGEST_CALL = timedelta(seconds=150)

NOT_HEARD = "没听清。"
NOT_KEPT = "没有记下来，请再按一次。"
NOT_KNOWN = "没有找到这次报警。请打值班室电话。"
CALLS = Command("AT+CLCC", ("+CLCC:",))
HANG_UP = "AT+CHUP"

_CALL = re.compile(r"\+CLCC: ?\d+,\d,(\d),(\d)")
_VOICE = "0"
_OVER = "VOICE CALL: END"
_ENDS = frozenset({"NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE"})


class Stage(IntEnum):
    """How far a call is; the numbers are +CLCC's."""

    ACTIVE = 0
    DIALLING = 2
    ALERTING = 3
    INCOMING = 4


class EndedError(Exception):
    """The call is over; `how` is what the module said, or why we hung up."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Talk:
    """One call. `lines` takes what the module says of itself while it lasts."""

    def __init__(
        self, port: Port, profile: Profile, settings: ModemSettings, clock: Clock, desk: Desk | None
    ) -> None:
        self._port, self._profile, self._settings = port, profile, settings
        self._clock, self._desk = clock, desk
        self.lines: asyncio.Queue[str] = asyncio.Queue()
        self.is_answered = False
        self._is_ringing = False
        self._answered_at = clock.now()

    def end(self, how: str) -> None:
        """Have the call hung up, from outside."""
        self.lines.put_nowait(f"END {how}")

    async def place(
        self, number: str, words: str, attempt_id: str, told: Callable[[Outcome], None]
    ) -> Submitted:
        """Call a number and say the words; a key is waited for where an attempt is named.

        `told` hears of each stage. Gives how it ended; raises LostError.
        """
        answered = await self._port.ask(Command(f"ATD{number};", places_call=True), DIAL_SECONDS)
        if not answered.is_ok:
            return of_dialling(answered)
        told(Outcome.ACCEPTED)
        self._port.has_call = True
        try:
            await self._until_answered(told)
            is_keyed = await self._converse(words, attempt_id)
            unkeyed = Outcome.VOICEMAIL if attempt_id else Outcome.DELIVERED
            result = Submitted(Outcome.ACKNOWLEDGED if is_keyed else unkeyed)
        except EndedError as ended:
            result = self._how(ended.how)
        await self._hang_up()
        return result

    async def answer(self, words: str, attempt_id: str) -> None:
        """Pick up a call that rings, and say the words; raises LostError."""
        answered = await self._port.ask("ATA", DIAL_SECONDS)
        if not answered.is_ok:
            return
        self._answered_at, self.is_answered = self._clock.now(), True
        self._port.has_call = True
        with suppress(EndedError):
            await self._converse(words, attempt_id)
        await self._hang_up()

    # --- how far it is ------------------------------------------------------------------------

    async def _until_answered(self, told: Callable[[Outcome], None]) -> None:
        given_up = self._clock.now() + timedelta(seconds=self._settings.ring_seconds)
        has_been_listed = False
        while True:
            stage = await self._stage()
            has_been_listed = has_been_listed or stage is not None
            if stage is None and has_been_listed:
                await self._hear(REASON_SECONDS)
                raise EndedError("NO CARRIER")
            if stage is Stage.ALERTING and not self._is_ringing:
                self._is_ringing = True
                told(Outcome.RINGING)
            if stage is Stage.ACTIVE:
                self._answered_at, self.is_answered = self._clock.now(), True
                told(Outcome.ANSWERED)
                return
            if self._clock.now() >= given_up:
                raise EndedError("NO ANSWER")
            await self._hear(self._settings.poll_seconds)

    async def _stage(self) -> Stage | None:
        """Ask how far our voice call is; None where none is listed."""
        answered = await self._port.ask(CALLS)
        for line in answered.lines:
            found = _CALL.match(line)
            if found and found[2] == _VOICE and int(found[1]) in list(Stage):
                return Stage(int(found[1]))
        return None

    async def _hear(self, seconds: float) -> str | None:
        """Wait for a line; None where none comes. Raises EndedError where the call is over."""
        try:
            async with self._clock.timeout(seconds):
                line = await self.lines.get()
        except TimeoutError:
            return None
        if line.startswith("END "):
            raise EndedError(line.removeprefix("END "))
        if line.startswith(_OVER):
            await self._hear(REASON_SECONDS)  # why it is over comes in the next line
            raise EndedError("NO CARRIER")
        if line in _ENDS:
            raise EndedError(line)
        return line

    # --- what is said -------------------------------------------------------------------------

    async def _converse(self, words: str, attempt_id: str) -> bool:
        """Say the words twice and take a key; gives whether one was taken."""
        await self._port.ask(self._profile.listen)
        for asked in range(TIMES_ASKED):
            key = await self._ask_for_key(words, waits=bool(attempt_id))
            if not key:
                return False
            text = await self._keyed(attempt_id, key)
            if text is not None:
                await self._say(text)
                return True
            words = words if asked else NOT_HEARD + words
        return False

    async def _ask_for_key(self, words: str, *, waits: bool) -> str:
        """Say the words twice, stopping at a key; empty where none is pressed."""
        for _ in range(TIMES_SPOKEN):
            key = await self._say(words, stops_at_key=waits)
            if key:
                return key
        if not waits:
            return ""
        until = self._clock.now() + timedelta(seconds=self._settings.key_seconds)
        while (left := (until - self._clock.now()).total_seconds()) > 0:
            if self._clock.now() - self._answered_at > LONGEST_CALL:
                raise EndedError("too long")
            key = self._key(await self._hear(min(left, self._settings.poll_seconds)))
            if key:
                return key
            if await self._stage() is None:
                raise EndedError("NO CARRIER")
        return ""

    async def _say(self, words: str, *, stops_at_key: bool = False) -> str:
        """Speak, piece by piece, to the end or to a key, which is given."""
        for piece in pieces(words, self._profile.longest_words):
            answered = await self._port.ask(self._profile.speak(piece))
            if not answered.is_ok:
                raise EndedError("no speech")
            seconds = len(piece) * SECONDS_A_SIGN + SPEECH_SLACK_SECONDS
            until = self._clock.now() + timedelta(seconds=seconds)
            while (left := (until - self._clock.now()).total_seconds()) > 0:
                line = await self._hear(left)
                key = self._key(line)
                if key and stops_at_key:
                    await self._port.ask(self._profile.hush)
                    return key
                if line is None or line.startswith(self._profile.spoken):
                    break
        return ""

    def _key(self, line: str | None) -> str:
        """Read a key off a line; one that comes too early is none."""
        key = self._profile.key(line) if line else None
        is_early = self._clock.now() - self._answered_at < TOO_EARLY
        return "" if key is None or is_early else key

    async def _keyed(self, attempt_id: str, key: str) -> str | None:
        """Tell the desk of a key; gives what to say, None where it has to be asked for again."""
        if self._desk is None:
            return None
        try:
            async with self._clock.timeout(DESK_SECONDS):
                return await self._desk.keyed(attempt_id, key) or None
        except UnknownAttemptError:
            return NOT_KNOWN
        except (TimeoutError, NotKeptError):
            await self._say(NOT_KEPT)
            return None

    # --- its end ------------------------------------------------------------------------------

    async def _hang_up(self) -> None:
        answered = await self._port.ask(HANG_UP)
        if not answered.is_ok:
            await self._port.ask("ATH")
        self._port.has_call = False

    def _how(self, how: str) -> Submitted:
        if how == "no speech":
            return Submitted(Outcome.UNDELIVERED, detail="the module cannot speak")
        if how == "pre-empted":
            return Submitted(Outcome.RETRY, detail=how)
        if how == "cancelled":
            return Submitted(Outcome.CANCELLED, detail=how)
        if self.is_answered:
            return Submitted(Outcome.VOICEMAIL, detail="hung up without a key")
        otherwise = Outcome.DECLINED if self._is_ringing else Outcome.UNDELIVERED
        return Submitted(OF_CALL_END.get(how, otherwise), detail=how)
