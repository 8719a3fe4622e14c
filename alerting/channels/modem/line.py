"""The modem's one line: who is called next, who calls us, and whom a fire pushes aside."""

import asyncio
import re
from contextlib import suppress
from datetime import timedelta

from alerting.channels import Inbound, Ports
from alerting.channels.contract import Order, Submitted
from alerting.channels.desk import Desk, NotKeptError
from alerting.channels.modem.port import LostError, Port
from alerting.channels.modem.profile import Profile
from alerting.channels.modem.settings import ModemSettings
from alerting.channels.modem.talk import DESK_SECONDS, NOT_KEPT, Talk
from alerting.channels.modem.waiting import Progressed, Queue, Waiting, rank
from alerting.event import Outcome
from alerting.numbers import NumberError, normalise

RINGS_WITHIN = timedelta(seconds=8)
"""A caller who has not been announced for so long has hung up."""

_CALLER = re.compile(r'\+(?:CLIP|CCWA): ?"([^"]{0,40})"')


class Line:
    """One call at a time; it outlives the openings of the port."""

    def __init__(self, settings: ModemSettings, ports: Ports, progressed: Progressed) -> None:
        self._settings, self._ports, self._clock = settings, ports, ports.clock
        self._progressed = progressed
        self.queue = Queue()
        self.desk: Desk | None = None
        self._woken = asyncio.Event()
        self._talk: Talk | None = None
        self._order: Order | None = None
        self._caller = ""
        self._rung_at = ports.clock.now()

    def add(self, waiting: Waiting) -> None:
        """Let a call wait for its turn; one that may not wait ends a lesser one."""
        self.queue.add(waiting)
        self._woken.set()
        under_way = self._order
        if under_way is None or self._talk is None or rank(waiting.order) >= rank(under_way):
            return
        if not (self._talk.is_answered and under_way.is_urgent):
            self._talk.end("pre-empted")

    def before(self, order: Order) -> int:
        """Count the calls that a new one would have to wait for."""
        under_way = self._order
        is_behind = under_way is not None and rank(under_way) <= rank(order)
        return self.queue.before(order) + is_behind

    def cancel(self, attempt_id: str) -> bool:
        """Hang up a call that is not answered yet; false where it is not under way."""
        if self._order is None or self._talk is None or self._order.attempt_id != attempt_id:
            return False
        if self._talk.is_answered:
            return False
        self._talk.end("cancelled")
        return True

    def heard(self, line: str) -> None:
        """Take a line the module said by itself."""
        found = _CALLER.match(line)
        if found:
            self._rang(_spelled(found[1]), is_waiting=line.startswith("+CCWA"))
        elif self._talk is not None:
            self._talk.lines.put_nowait(line)

    def _rang(self, number: str, *, is_waiting: bool) -> None:
        """Somebody calls: they are answered when the line is free, else they rang in vain."""
        now = self._clock.now()
        is_new = number != self._caller or now - self._rung_at > RINGS_WITHIN
        self._rung_at = now
        if self._talk is None and not is_waiting:
            self._caller = number
            self._woken.set()
        elif is_new and number != self._caller:
            told = f"modem-call-{now.timestamp():.0f}-{number}"
            self._ports.inbound(Inbound("call", number, "", told, now))

    async def work(self, port: Port, profile: Profile) -> None:
        """Take callers and make calls until the module is lost."""
        while True:
            if self._caller and self.desk is not None:
                await self._answer(port, profile, self.desk)
            elif (waiting := self.queue.take()) is not None:
                await self._call(port, profile, waiting)
            else:
                self._woken.clear()
                await self._woken.wait()

    async def _call(self, port: Port, profile: Profile, waiting: Waiting) -> None:
        order, sent = waiting.order, False
        if self._clock.now() >= order.expires_at:
            waiting.tell(Submitted(Outcome.EXPIRED), self._progressed)
            return

        def told(outcome: Outcome) -> None:
            nonlocal sent
            sent = True
            waiting.tell(Submitted(outcome), self._progressed)

        talk = self._talk = Talk(port, profile, self._settings, self._clock, self.desk)
        self._order = order
        try:
            key_for = order.attempt_id if order.wants_key else ""
            waiting.tell(await talk.place(order.to, order.text, key_for, told), self._progressed)
        except (LostError, asyncio.CancelledError) as error:
            # It may have been dialled, and may ring yet: nobody knows until the module is back.
            outcome = Outcome.UNDELIVERED if sent else Outcome.UNKNOWN
            waiting.tell(Submitted(outcome, detail=str(error)), self._progressed)
            raise
        finally:
            self._talk = self._order = None

    async def _answer(self, port: Port, profile: Profile, desk: Desk) -> None:
        """Pick up and tell the caller of the alarm that is about them."""
        number, self._caller = self._caller, ""
        if self._clock.now() - self._rung_at > RINGS_WITHIN:
            return
        talk = self._talk = Talk(port, profile, self._settings, self._clock, desk)
        try:
            words, attempt_id = NOT_KEPT, ""
            with suppress(TimeoutError, NotKeptError):
                async with self._clock.timeout(DESK_SECONDS):
                    spoken = await desk.called(number)
                words = spoken.text
                attempt_id = spoken.attempt_id or "" if spoken.wants_key else ""
            await talk.answer(words, attempt_id)
        finally:
            self._talk = None


def _spelled(number: str) -> str:
    """Spell a caller as people's numbers are; one that is hidden stays as it is."""
    try:
        return normalise(number)
    except NumberError:
        return number
