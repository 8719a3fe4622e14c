"""Calls: from the customer to a phone, and from a phone to the customer."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from email.utils import format_datetime

from simulators.carrier.conversation import Conversation
from simulators.carrier.exchange import Exchange
from simulators.carrier.records import Call
from simulators.carrier.refusals import WRONG_STATE, check_call, seconds_of
from simulators.phones import Phone

EVENTS = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}


class Calls:
    """The account's calls, by sid, oldest first.

    Args:
        exchange: what texts and calls share.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._walks: dict[str, asyncio.Task[None]] = {}
        self.records: dict[str, Call] = {}

    def accept(self, form: Mapping[str, str], events: frozenset[str]) -> Call:
        """Take a call from the customer, and dial.

        Raises:
            Refusal: the carrier does not take it.
        """
        check_call(form, self._exchange.settings.numbers)
        timeout_seconds = seconds_of(form, "Timeout", 60)
        call = self._add(form["From"], form["To"], "outbound-api", "queued")
        call.timeout_seconds = timeout_seconds
        call.url, call.twiml = form.get("Url", ""), form.get("Twiml", "")
        call.callback = form.get("StatusCallback", "")
        call.events = events or call.events
        self._walks[call.sid] = self._exchange.start(self._dial(call))
        return call

    def end(self, call: Call, wanted: str) -> None:
        """Cancel a call that is queued or ringing, or hang up.

        Raises:
            Refusal: it is over.
        """
        if call.is_final or wanted not in {"canceled", "completed"}:
            raise WRONG_STATE
        was_talking, was_ringing = call.status == "in-progress", call.status == "ringing"
        if was_talking and wanted == "canceled":
            return  # by the book a cancellation leaves a call in progress alone
        self._walks[call.sid].cancel()
        self._advance(call, "completed" if was_talking else "canceled")
        if was_ringing:
            self._miss(call)

    def ring_in(self, sender: str) -> Call:
        """A phone calls the account's first number."""
        self._exchange.show(sender, "打电话过来")
        call = self._add(sender, self._exchange.settings.numbers[0], "inbound", "ringing")
        call.started = call.created
        self._walks[call.sid] = self._exchange.start(self._pick_up(call))
        return call

    def _add(self, sender: str, to: str, direction: str, status: str) -> Call:
        now = self._exchange.second()
        call = Call(
            sid=self._exchange.sid("CA"),
            sender=sender,
            to=to,
            direction=direction,
            status=status,
            created=now,
            updated=now,
        )
        self.records[call.sid] = call
        return call

    async def _dial(self, call: Call) -> None:
        exchange = self._exchange
        await exchange.pause(0.3, 1.0)
        self._notify(call, "initiated")
        phone = exchange.phones.get(call.to)
        if phone is None:
            self._advance(call, "failed")
            return
        ring = phone.ring()
        if ring.is_busy or exchange.strikes("busy", call):
            self._advance(call, "busy")
            self._miss(call)
            return
        self._advance(call, "ringing")
        exchange.show(call.to, f"来电 {call.sender}")
        limit = timedelta(seconds=call.timeout_seconds)
        if ring.after is None or ring.after > limit or exchange.strikes("no_answer", call):
            await exchange.clock.sleep(limit)
            self._advance(call, "no-answer")
            self._miss(call)
            return
        await exchange.clock.sleep(ring.after)
        await self._talk(call, phone, call.url, call.twiml)

    async def _pick_up(self, call: Call) -> None:
        await self._exchange.pause(1, 3)
        phone, public_url = (
            self._exchange.phones.get(call.sender),
            self._exchange.settings.public_url,
        )
        if phone is None or not public_url:
            self._advance(call, "no-answer")
            return
        await self._talk(call, phone, f"{public_url}/twilio/call-in", "")

    async def _talk(self, call: Call, phone: Phone, url: str, twiml: str) -> None:
        self._advance(call, "in-progress")
        self._exchange.show(phone.number, "接通")
        await Conversation(self._exchange, phone, call_form(call)).run(url, twiml)
        self._exchange.show(phone.number, "挂断")
        self._advance(call, "completed")

    def _miss(self, call: Call) -> None:
        phone = self._exchange.phones.get(call.to)
        if phone is not None:
            self._exchange.show(phone.number, f"未接来电 {call.sender}")
            self._exchange.intend(phone, phone.missed())

    def _advance(self, call: Call, status: str) -> None:
        now = self._exchange.second()
        call.move(status, now)
        call.started = now if status == "ringing" else call.started
        call.answered = now if status == "in-progress" else call.answered
        call.ended = now if call.is_final else None
        self._exchange.log.write("status", sid=call.sid, to=call.to, status=status)
        self._notify(call, status)

    def _notify(self, call: Call, status: str) -> None:
        if EVENTS.get(status, "completed") not in call.events:
            return
        progress = {
            "CallStatus": status,
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(call.sequence),
            "Timestamp": format_datetime(self._exchange.second()),
        }
        call.sequence += 1
        lasted = {} if call.duration is None else {"CallDuration": call.duration}
        self._exchange.notify(call, call_form(call) | progress | lasted)


def call_form(call: Call) -> dict[str, str]:
    """What every request about a call says."""
    return {
        "CallSid": call.sid,
        "From": call.sender,
        "To": call.to,
        "Caller": call.sender,
        "Called": call.to,
        "CallStatus": call.status,
        "Direction": call.direction,
    }
