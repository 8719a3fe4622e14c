"""Texts: from the customer to a handset, and from a handset to the customer."""

import asyncio
from collections.abc import Mapping

from simulators.carrier.exchange import Exchange
from simulators.carrier.records import Message
from simulators.carrier.refusals import WRONG_STATE, check_message, seconds_of
from simulators.carrier.twiml import TwimlError, replies

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "TD", "退订"})
START_WORDS = frozenset({"START", "UNSTOP"})
UNREACHABLE, UNKNOWN_HANDSET = 30003, 30005


class Texts:
    """The account's texts, by sid, oldest first.

    Args:
        exchange: what texts and calls share.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._walks: dict[str, asyncio.Task[None]] = {}
        self._stopped: set[str] = set()
        self.records: dict[str, Message] = {}

    def accept(self, form: Mapping[str, str], events: frozenset[str]) -> Message:
        """Take a text from the customer, and send it on its way.

        Raises:
            Refusal: the carrier does not take it.
        """
        del events  # of calls only
        check_message(form, self._exchange.settings.numbers, self._stopped)
        validity_seconds = seconds_of(form, "ValidityPeriod", 36_000)
        message = self._add(form["From"], form["To"], form["Body"], "outbound-api")
        message.validity_seconds = validity_seconds
        message.callback = form.get("StatusCallback", "")
        return message

    def end(self, message: Message, wanted: str) -> None:
        """Cancel a text that is still queued.

        Raises:
            Refusal: it has left.
        """
        if message.status != "queued" or wanted != "canceled":
            raise WRONG_STATE
        self._walks[message.sid].cancel()
        self._advance(message, "canceled")

    def send_in(self, sender: str, body: str) -> Message:
        """A phone sends a text to the account's first number."""
        self._exchange.show(sender, f"发短信：{body}")
        word = body.strip().upper()
        if word in STOP_WORDS:
            self._stopped.add(sender)
        elif word in START_WORDS:
            self._stopped.discard(sender)
        return self._add(sender, self._exchange.settings.numbers[0], body, "inbound")

    def _add(self, sender: str, to: str, body: str, direction: str) -> Message:
        now = self._exchange.second()
        is_inbound = direction == "inbound"
        message = Message(
            sid=self._exchange.sid("SM"),
            sender=sender,
            to=to,
            body=body,
            direction=direction,
            status="received" if is_inbound else "queued",
            created=now,
            updated=now,
            sent=now if is_inbound else None,
        )
        self.records[message.sid] = message
        walk = self._hand_in(message) if is_inbound else self._deliver(message)
        self._walks[message.sid] = self._exchange.start(walk)
        return message

    async def _deliver(self, message: Message) -> None:
        exchange = self._exchange
        await exchange.pause(0.3, 1.0)
        self._advance(message, "sending")
        await exchange.pause(0.2, 1.0)
        self._advance(message, "sent")
        await exchange.pause(0.5, 2.0)
        phone, fault = exchange.phones.get(message.to), exchange.strikes("undelivered", message)
        if phone is None or fault:
            self._advance(message, "undelivered", fault.code if fault else UNKNOWN_HANDSET)
            return
        without_signal = phone.reaches_after()
        if without_signal is None:
            self._advance(message, "delivered")
        else:
            # The report is final, yet the network keeps the text for as long as it is valid.
            self._advance(message, "undelivered", UNREACHABLE)
            if without_signal.total_seconds() > message.validity_seconds:
                return
            await exchange.clock.sleep(without_signal)
        exchange.show(phone.number, f"收到短信：{message.body}")
        exchange.intend(phone, phone.receive(message.body, exchange.clock.elapsed()))

    async def _hand_in(self, message: Message) -> None:
        exchange = self._exchange
        if not exchange.settings.public_url:
            return
        form = _form(message) | {"Body": message.body, "NumMedia": "0", "NumSegments": "1"}
        answer = await exchange.webhooks.post(f"{exchange.settings.public_url}/twilio/sms", form)
        try:
            bodies = replies(answer) if answer else ()
        except TwimlError as error:
            exchange.log.write("application_error", sid=message.sid, error=str(error))
            return
        for body in bodies:
            self._add(message.to, message.sender, body, "outbound-reply")

    def _advance(self, message: Message, status: str, error_code: int | None = None) -> None:
        now = self._exchange.second()
        message.move(status, now)
        message.error_code = error_code
        message.sent = now if status == "sent" else message.sent
        extra = {} if error_code is None else {"ErrorCode": str(error_code)}
        self._exchange.log.write(
            "status", sid=message.sid, to=message.to, status=status, error_code=error_code
        )
        self._exchange.notify(message, _form(message) | extra)


def _form(message: Message) -> dict[str, str]:
    """What every request about a text says."""
    return {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "From": message.sender,
        "To": message.to,
        "MessageStatus": message.status,
        "SmsStatus": message.status,
    }
