"""A call that was answered: documents are fetched and played, and the person presses keys."""

from collections.abc import Mapping
from datetime import timedelta

from simulators.carrier.exchange import Exchange
from simulators.carrier.twiml import (
    Bridge,
    Collect,
    Fetch,
    HangUp,
    Silence,
    Speak,
    Step,
    TwimlError,
    steps,
)
from simulators.phones import Phone

MOST_DOCUMENTS = 50
SECONDS_PER_SIGN = 0.2
BRIDGED = timedelta(seconds=20)


class Conversation:
    """One answered call.

    Args:
        exchange: log, clock, phones and the way to the customer.
        phone: who hears.
        form: what every request about this call says.
    """

    def __init__(self, exchange: Exchange, phone: Phone, form: Mapping[str, str]) -> None:
        self._exchange, self._phone, self._form = exchange, phone, form
        self._next: tuple[str, Mapping[str, str]] | None = None

    async def run(self, url: str, twiml: str) -> None:
        """Play a document, and those it leads to, until one ends the call.

        Args:
            url: where the first document is, unless it is given.
            twiml: the first document, or nothing.
        """
        document: str | None = twiml
        if not twiml:
            document = await self._exchange.webhooks.post(url, self._form)
        for _ in range(MOST_DOCUMENTS):
            if not await self._play(document, url) or self._next is None:
                return
            url, extra = self._next
            document = await self._exchange.webhooks.post(url, {**self._form, **extra})
        self._complain("too many documents in one call")

    async def _play(self, document: str | None, base: str) -> bool:
        """Play one document; whether `_next` names another."""
        try:
            run = steps(document or "", base)
        except TwimlError as error:
            self._complain(str(error))
            return False
        for step in run:
            if isinstance(step, HangUp):
                return False
            if await self._do(step):
                return True
        return False

    async def _do(self, step: Step) -> bool:
        """Do one step; whether it leaves the document."""
        match step:
            case Speak(text):
                await self._hear(text)
            case Silence(seconds):
                await self._exchange.clock.sleep(timedelta(seconds=seconds))
            case Collect():
                return await self._collect(step)
            case Bridge():
                return await self._bridge(step)
            case Fetch(url):
                return self._go_on(url, {})
            case HangUp():
                return False
        return False

    async def _hear(self, text: str) -> None:
        self._exchange.show(self._phone.number, f"听到：{text}")
        await self._exchange.clock.sleep(_spoken(text))

    async def _collect(self, step: Collect) -> bool:
        clock = self._exchange.clock
        if step.prompt:
            self._exchange.show(self._phone.number, f"听到：{step.prompt}")
        press = self._phone.hear(step.prompt, clock.elapsed())
        open_for = _spoken(step.prompt) + timedelta(seconds=step.timeout_seconds)
        if press is None or press.after > open_for:
            await clock.sleep(open_for)
            empty = {"Digits": "", "msg": "Gather End", "FinishedOnKey": "timeout"}
            return step.sends_empty and self._go_on(step.action, empty)
        await clock.sleep(press.after, at_least=self._exchange.settings.first_key)
        digits, finished = press.digits[: step.most_digits], ""
        if len(digits) != step.most_digits:
            await clock.sleep(timedelta(seconds=step.timeout_seconds))
            finished = "timeout"
        self._exchange.show(self._phone.number, f"按键：{digits}")
        return self._go_on(
            step.action, {"Digits": digits, "msg": "Gather End", "FinishedOnKey": finished}
        )

    async def _bridge(self, step: Bridge) -> bool:
        exchange, other = self._exchange, self._exchange.phones.get(step.number)
        ring = other.ring() if other else None
        status = "failed" if ring is None else "busy" if ring.is_busy else "no-answer"
        limit = timedelta(seconds=step.timeout_seconds)
        exchange.show(step.number, f"来电 {self._form['From']}")
        if ring and ring.after is not None and ring.after <= limit:
            await exchange.clock.sleep(ring.after)
            exchange.show(step.number, f"接通 {self._phone.name}")
            await exchange.clock.sleep(BRIDGED)
            status = "completed"
        elif status == "no-answer":
            await exchange.clock.sleep(limit)
        exchange.log.write("bridge", sid=self._form["CallSid"], number=step.number, status=status)
        return step.action is not None and self._go_on(step.action, {"DialCallStatus": status})

    def _go_on(self, url: str, extra: Mapping[str, str]) -> bool:
        self._next = (url, extra)
        return True

    def _complain(self, why: str) -> None:
        self._exchange.log.write("application_error", sid=self._form["CallSid"], error=why)
        self._exchange.show(self._phone.number, "听到：An application error has occurred.")


def _spoken(text: str) -> timedelta:
    return timedelta(seconds=len(text) * SECONDS_PER_SIGN)
