"""A module's one call: dialled, ringing, answered by a phone's owner, spoken into, ended."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta

from simulators.clock import Clock
from simulators.modem.makes import Make
from simulators.modem.network import Network

OK, NO_CARRIER = "OK", "NO CARRIER"
ACTIVE, DIALLING, ALERTING, INCOMING = 0, 2, 3, 4
SIGNS_A_SECOND = 200.0


class Calls:
    """`signs_a_second` is how fast the module speaks."""

    def __init__(
        self, make: Make, network: Network, clock: Clock, say: Callable[..., None]
    ) -> None:
        self._make, self._network, self._clock, self._say = make, network, clock, say
        self.number = ""
        self.state: int | None = None
        self.signs_a_second = SIGNS_A_SECOND
        self._is_ours = True
        self._tasks: set[asyncio.Task[None]] = set()

    def dial(self, number: str) -> list[str]:
        """Place a call."""
        if self.state is not None:
            return ["ERROR"]
        self.number, self.state, self._is_ours = number, DIALLING, True
        self._network.dialled.append(number)
        self._go(self._answered_there())
        return [OK]

    def ring(self, number: str, seconds: float) -> None:
        """Let somebody call the card's number."""
        self.number, self.state, self._is_ours = number, INCOMING, False
        self._go(self._ringing(seconds))

    def pick_up(self) -> list[str]:
        """Answer whoever calls."""
        if self.state != INCOMING:
            return [NO_CARRIER]
        self._cancel()
        self.state = ACTIVE
        self._go(self._talking())
        return [OK, self._make.begun] if self._make.begun else [OK]

    def hang_up(self) -> None:
        """End the call from our side."""
        was, self.state = self.state, None
        self._cancel()
        if was is not None and self._make.ended:
            self._say(self._make.ended)

    def forget(self) -> None:
        """Lose the call without a word."""
        self.state = None
        self._cancel()

    def listed(self) -> list[str]:
        """List the call, and a data call beside it as many modules do."""
        data = '+CLCC: 1,0,0,1,0,"",128'
        if self.state is None:
            return [data]
        direction = 0 if self._is_ours else 1
        return [data, f'+CLCC: 2,{direction},{self.state},0,0,"{self.number}",145']

    def speak(self, words: str) -> list[str]:
        """Speak into the call; the end of it is told later."""
        if self.state == ACTIVE:
            self._network.said(self.number, words)

        async def speaking() -> None:
            await self._clock.wait(timedelta(seconds=len(words) / self.signs_a_second))
            self._say(self._make.spoken)

        self._go(speaking())
        return [OK]

    # --- the other end ------------------------------------------------------------------------

    async def _answered_there(self) -> None:
        phone = self._network.phone(self.number)
        await self._wait(0.05)
        if not phone.is_on:
            self._end(NO_CARRIER)
            return
        self.state = ALERTING
        self._network.rang(self.number)
        await self._wait(phone.rings_seconds)
        if not phone.answers:
            self._end(phone.ends)
            return
        self.state = ACTIVE
        if self._make.begun:
            self._say(self._make.begun)
        await self._talking()

    async def _talking(self) -> None:
        phone = self._network.phone(self.number)
        if phone.keys:
            await self._wait(phone.key_after_seconds)
            for key in phone.keys:
                self._say(self._make.tells_key(key))
                await self._wait(0.2)
        await self._wait(phone.talks_seconds)
        self._end(NO_CARRIER)

    async def _ringing(self, seconds: float) -> None:
        for _ in range(max(1, int(seconds / 0.5))):
            self._say("RING", f'+CLIP: "{self.number}",145,"",0,"",0')
            await self._wait(0.5)
        self._end(NO_CARRIER)

    def _end(self, how: str) -> None:
        self.state = None
        if self._make.ended:
            self._say(self._make.ended)
        self._say(how)

    async def _wait(self, seconds: float) -> None:
        await self._clock.sleep(timedelta(seconds=seconds))

    def _go(self, act: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(act)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _cancel(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
