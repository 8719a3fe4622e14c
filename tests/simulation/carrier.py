"""The carrier and the phones, reached without a network.

The carrier is the simulated one with its texts, calls, conversations and faults; only its two
sockets are replaced. `CarrierWire` stands where the channel's SDK speaks to it, and `Doorbell`
where it posts to the gateway's webhooks. What a fault does to a request is what the channel's own
wire makes of it: refused before anything was sent, refused by the provider, or a fate unknown,
with or without having been taken.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from random import Random
from typing import TypeVar

from alerting.channels import Ports
from alerting.channels.contract import Order, Submitted
from alerting.channels.lifecycle import Listed
from alerting.channels.twilio import TwilioChannel
from alerting.channels.twilio.codes import of_refusal
from alerting.channels.twilio.settings import TwilioSettings
from alerting.channels.twilio.wire import CALL_EVENTS, INBOUND, RefusedError, Wire
from alerting.effect import Medium
from alerting.event import Outcome
from simulators.carrier.calls import Calls
from simulators.carrier.event_log import EventLog
from simulators.carrier.exchange import Exchange
from simulators.carrier.faults import Fault
from simulators.carrier.records import Call, Message
from simulators.carrier.refusals import NOT_FOUND, Refusal
from simulators.carrier.settings import Settings
from simulators.carrier.texts import Texts
from simulators.carrier.webhooks import Webhooks
from simulators.phones import Phone
from tests.simulation.loop import VillageClock
from tests.simulation.trace import Trace

Answer = TypeVar("Answer")
Reach = Callable[[str, Mapping[str, str], Mapping[str, str]], Awaitable[tuple[int, str]]]

PUBLIC_URL = "https://care.example"
NEWEST = 50
NEVER_TAKEN = frozenset({Outcome.NOT_SENT, Outcome.RETRY})


class Doorbell(Webhooks):
    """Posts callbacks by calling `reach(url, form, headers)`, which may raise OSError."""

    reach: Reach

    async def _exchange(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, str]:
        return await self.reach(url, form, headers)


class Carrier:
    """One carrier with the phones at its far end; survives the gateway.

    Attributes:
        posts: how often each voice attempt was posted, where it may have been taken.
        on_display: is told each line that a phone shows.
        is_excused: whether the gateway may do things twice now, because it cannot write.
        exchange: phones and faults.
    """

    def __init__(
        self, clock: VillageClock, trace: Trace, seed: int, fail: Callable[[str], None]
    ) -> None:
        self.posts: Counter[str] = Counter()
        self.on_display: Callable[[Phone, str], None] = lambda _phone, _line: None
        self.is_excused: Callable[[], bool] = lambda: False
        self.trace, self.clock, self._fail = trace, clock, fail
        self.settings = Settings(seed=seed, public_url=PUBLIC_URL)
        self.dice = Random(f"{seed}/wire")
        self.log = EventLog(None, clock)
        self.exchange = Exchange(self.settings, clock, self.log, self._display)
        self.texts, self.calls = Texts(self.exchange), Calls(self.exchange)
        self.exchange.connect(self.texts.send_in, self.calls.ring_in)

    def _display(self, phone: Phone, line: str) -> None:
        self.on_display(phone, line)

    async def open(self, phones: Iterable[Phone], reach: Reach) -> None:
        """Put the phones into service and find the way to the gateway."""
        self.exchange.phones.update((phone.number, phone) for phone in phones)
        await self.exchange.webhooks.close()
        doorbell = Doorbell(self.settings, self.exchange.faults, self.log, self.clock)
        await doorbell.close()
        doorbell.reach = reach
        self.exchange.webhooks = doorbell

    def switch_on(self, fault: Fault) -> None:
        """Switch a fault on, now."""
        self.exchange.faults.switch_on(fault, self.clock.now())

    def count_call(self, attempt_id: str) -> None:
        """A call is about to be posted; an attempt leaves the box once, over all its lives."""
        self.posts[attempt_id] += 1
        if self.posts[attempt_id] > 1 and not self.is_excused():
            self._fail(f"posted twice: {attempt_id}")

    async def close(self) -> None:
        """Stop; raises what went wrong inside the carrier itself."""
        await self.exchange.close()


class CarrierWire(Wire):
    """What the channel sees of the carrier."""

    def __init__(self, settings: TwilioSettings, ports: Ports, carrier: Carrier) -> None:
        super().__init__(settings, ports.clock)
        self._carrier = carrier

    async def post_text(self, to: str, body: str, seconds: int, callback: str | None) -> Listed:
        """Create a Message."""
        form = self._form(to, callback) | {"Body": body, "ValidityPeriod": str(seconds)}
        texts = self._carrier.texts
        return await self._request("sms", to, lambda: _shown(texts.accept(form, frozenset())))

    async def post_call(self, to: str, twiml: str, callback: str | None) -> Listed:
        """Create a Call."""
        form = self._form(to, callback) | {"Twiml": twiml, "Timeout": "25"}
        calls = self._carrier.calls
        events = frozenset(CALL_EVENTS) if callback else frozenset[str]()
        return await self._request("call", to, lambda: _shown(calls.accept(form, events)))

    async def show(self, medium: Medium, sid: str) -> Listed:
        """Fetch a Message or a Call."""
        return await self._request("", "", lambda: _shown(self._find(medium, sid)))

    async def end_call(self, sid: str, status: str) -> Listed:
        """Cancel a Call, or hang up."""

        def end() -> Listed:
            call = self._find(Medium.VOICE, sid)
            assert isinstance(call, Call)
            self._carrier.calls.end(call, status)
            return _shown(call)

        return await self._request("", "", end)

    async def list_sent(self, medium: Medium, to: str) -> list[Listed]:
        """The newest to a number."""

        def sent() -> list[Listed]:
            found = [r for r in self._records(medium) if r.to == to and r.direction != INBOUND]
            return [_shown(record) for record in reversed(found[-NEWEST:])]

        return await self._request("", "", sent)

    async def list_received(self, medium: Medium, since: datetime) -> list[Listed]:
        """Those that reached our number since then, oldest first."""

        def received() -> list[Listed]:
            return [
                _shown(record)
                for record in self._records(medium)
                if record.direction == INBOUND and record.created >= since
            ]

        return await self._request("", "", received)

    def _form(self, to: str, callback: str | None) -> dict[str, str]:
        sender = self._carrier.settings.numbers[0]
        return {"To": to, "From": sender, "StatusCallback": callback or ""}

    def _records(self, medium: Medium) -> list[Message] | list[Call]:
        carrier = self._carrier
        if medium is Medium.SMS:
            return list(carrier.texts.records.values())
        return list(carrier.calls.records.values())

    def _find(self, medium: Medium, sid: str) -> Message | Call:
        texts, calls = self._carrier.texts.records, self._carrier.calls.records
        record = texts.get(sid) if medium is Medium.SMS else calls.get(sid)
        if record is None:
            raise NOT_FOUND
        return record

    async def _request(self, medium: str, to: str, act: Callable[[], Answer]) -> Answer:
        """Do `act` at the carrier and bring back its answer, as the faults that strike allow."""
        carrier, dice = self._carrier, self._carrier.dice

        def strikes(kind: str) -> Fault | None:
            now = carrier.clock.now()
            return carrier.exchange.faults.strikes(kind, now, to=to, medium=medium)

        if strikes("refuse"):
            raise RefusedError(Submitted(Outcome.NOT_SENT, detail="refused"))
        await self._clock.sleep(dice.uniform(0.01, 0.15))
        if hang := strikes("hang"):
            if hang.is_processed:
                _tried(act)
            await self._clock.sleep(self._settings.timeout_seconds)
            raise RefusedError(Submitted(Outcome.UNKNOWN, detail="TimeoutError"))
        if down := strikes("http_503"):
            if down.is_processed:
                _tried(act)
            raise RefusedError(of_refusal(503, None, None))
        if limit := strikes("http_429"):
            raise RefusedError(of_refusal(429, 20429, limit.retry_after_seconds))
        answer = _tried(act)
        await self._clock.sleep(dice.uniform(0.01, 0.15))
        if strikes("close_after_accept"):
            raise RefusedError(Submitted(Outcome.UNKNOWN, detail="ServerDisconnectedError"))
        return answer


class CarrierChannel(TwilioChannel):
    """The real channel on the simulated wire."""

    def __init__(self, settings: TwilioSettings, ports: Ports, carrier: Carrier) -> None:
        super().__init__(settings, ports)
        self._wire = CarrierWire(settings, ports, carrier)
        self._carrier = carrier

    async def _post(self, order: Order, now: datetime) -> Listed:
        self._carrier.trace.note(f"posted {order.attempt_id}")
        if order.medium is Medium.VOICE:
            self._carrier.count_call(order.attempt_id)
        try:
            return await super()._post(order, now)
        except RefusedError as error:
            if error.submitted.outcome in NEVER_TAKEN:
                self._carrier.posts[order.attempt_id] -= 1
            raise


def _tried(act: Callable[[], Answer]) -> Answer:
    try:
        return act()
    except Refusal as refusal:
        submitted = of_refusal(refusal.http, refusal.code, None)
        raise RefusedError(submitted, refusal.code) from refusal


def _shown(record: Message | Call) -> Listed:
    listed = Listed(record.sid, record.created, record.status, from_number=record.sender)
    if isinstance(record, Message):
        return listed._replace(code=record.error_code, text=record.body)
    return listed
