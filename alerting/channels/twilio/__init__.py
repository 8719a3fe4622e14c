"""Texts and calls through Twilio: what was asked, what came of it, and what people sent.

`wire` speaks to the provider, `codes` says what its answers mean, and this module keeps the
attempts: it makes each once, takes what is called back or polled, and lets it move forward only.

Looking up an attempt whose submission ended UNKNOWN: a text is known by its words. A call says
nothing that names its attempt (neither its document nor its callback address is shown again), so
calls are told apart by what they are not: those with the same two numbers, created in the
attempt's time, that belong to no other known attempt; `lifecycle.match` has the rest.

With a public address Twilio calls back and polling is the safety net; without one, polling is all
there is, and a call can only speak: no key reaches us.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote

from alerting.channels import ChannelKind, Inbound, Ports
from alerting.channels.contract import Health, Order, Progress, Submitted
from alerting.channels.lifecycle import (
    Attempt,
    Attempts,
    Doubtful,
    Listed,
    Seen,
    is_forward,
    match,
)
from alerting.channels.twilio.codes import WRONG_STATE, of_status
from alerting.channels.twilio.settings import TwilioSettings
from alerting.channels.twilio.wire import RefusedError, Wire
from alerting.channels.twiml import Voice, ask, tell
from alerting.effect import Medium
from alerting.event import Outcome
from alerting.numbers import EmergencyNumberError, admit, is_e164

MOST_AT_ONCE = 4
SLACK = timedelta(seconds=30)
"""A text may be listed some time after the instant it is listed with."""

_LONGEST_VALIDITY_SECONDS = 300
_GIVEN_UP_AFTER_SECONDS = 9.5
_NEVER_TAKEN = frozenset({Outcome.RETRY, Outcome.NOT_SENT})


class TwilioChannel:
    """One account with one number."""

    name = "twilio"
    media = frozenset({Medium.SMS, Medium.VOICE})
    needs_internet = True
    has_foreign_ids = True

    def __init__(self, settings: TwilioSettings, ports: Ports) -> None:
        self._settings, self._ports, self._clock = settings, ports, ports.clock
        self._wire = Wire(settings, ports.clock)
        self._attempts = Attempts()
        self._seen = Seen()

    # --- the contract ------------------------------------------------------------------------

    async def run(self, report: Callable[[Progress], None]) -> None:
        """Poll until cancelled, then close the connections."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._poll_attempts(report))
                group.create_task(self._poll_inbound())
        finally:
            await self.close()

    async def submit(self, order: Order) -> Submitted:
        """Send the text or place the call, once an attempt; never to an emergency number."""
        try:
            admit(order)
        except EmergencyNumberError as error:
            return Submitted(Outcome.RECIPIENT_FAULT, detail=str(error))
        if order.medium not in self.media or not is_e164(order.to):
            return Submitted(Outcome.RECIPIENT_FAULT, detail="not a telephone number")
        now = self._clock.now()
        if now >= order.expires_at:
            return Submitted(Outcome.EXPIRED)
        known = self._attempts.get(order.attempt_id)
        if known is not None and known.outcome not in _NEVER_TAKEN:
            return Submitted(known.outcome or Outcome.UNKNOWN, known.provider_id, "made before")
        attempt = self._attempts.renew(order, now)
        try:
            record = await self._post(order, now)
        except RefusedError as error:
            attempt.advance(error.submitted.outcome, now)
            return error.submitted
        return self._take(attempt, record)

    async def resolve(self, order: Order) -> Submitted:
        """Find an attempt; a look-up that fails itself says UNKNOWN."""
        attempt = self._attempts.add(order, self._clock.now())
        try:
            found = await self._find(attempt)
        except RefusedError as error:
            return error.submitted._replace(outcome=Outcome.UNKNOWN)
        if isinstance(found, Listed):
            return self._take(attempt, found)
        age = self._clock.now() - order.created_at
        is_late = age.total_seconds() >= _GIVEN_UP_AFTER_SECONDS
        if isinstance(found, Doubtful):
            if not is_late:
                return Submitted(Outcome.UNKNOWN, detail="cannot be told from another attempt's")
            # Rather two calls than none: what is listed stands for none of those who wait.
            self._attempts.exclude(one.provider_id for one in found.listed)
            found = Submitted(Outcome.NOT_FOUND, detail="cannot be told from another attempt's")
        if found.outcome is Outcome.NOT_FOUND and is_late:
            attempt.is_given_up = True
        return found

    async def cancel(self, order: Order, *, hang_up: bool = False) -> Submitted:
        """Take back a call that is queued or ringing; one in progress only to `hang_up`."""
        attempt = self._attempts.add(order, self._clock.now())
        sid = attempt.provider_id
        if sid is None:
            found = await self.resolve(order)
            sid = attempt.provider_id
            if sid is None:
                return found
        if order.medium is Medium.SMS or attempt.is_done:
            return Submitted(attempt.outcome or Outcome.ACCEPTED, sid, "cannot be taken back")
        try:
            record = await self._wire.end_call(sid, "canceled")
            if hang_up and record.status == "in-progress":
                record = await self._wire.end_call(sid, "completed")
        except RefusedError as error:
            if error.code == WRONG_STATE:
                return await self.resolve(order)
            return error.submitted._replace(outcome=Outcome.UNKNOWN, provider_id=sid)
        return self._take(attempt, record)

    def track(self, order: Order) -> None:
        """Watch an attempt of an earlier run; without a provider's id, know it as a rival."""
        self._attempts.add(order, self._clock.now())

    def exclude(self, provider_ids: Iterable[str]) -> None:
        """Take none of these calls for that of an attempt whose fate is open."""
        self._attempts.exclude(provider_ids)

    def health(self) -> Health:
        """Down after three failures running, or while the account may not do its work."""
        return self._wire.health()

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    # --- for the webhooks --------------------------------------------------------------------

    @property
    def public_url(self) -> str | None:
        """Where Twilio reaches us."""
        return self._settings.public_url

    @property
    def speaker(self) -> Voice:
        """Who speaks in calls."""
        return self._settings.speaker

    def is_signed(self, url: str, params: Mapping[str, str], signature: str) -> bool:
        """Whether Twilio signed a request to this address."""
        return self._wire.is_signed(url, params, signature)

    def get(self, attempt_id: str) -> Attempt | None:
        """What is remembered of an attempt."""
        return self._attempts.get(attempt_id)

    def address(self, route: str, attempt_id: str) -> str | None:
        """The public address of a webhook about an attempt."""
        if self._settings.public_url is None:
            return None
        return f"{self._settings.public_url}{route}?attempt={quote(attempt_id, safe='')}"

    def heard(
        self, attempt_id: str, medium: Medium, sid: str, status: str, code: int | None = None
    ) -> Progress | None:
        """Say what a status means for an attempt; None where it is nothing new.

        Nothing has moved until `settle`: what could not be committed may come again. Of an
        attempt not remembered everything is news; the core knows what to make of it.
        """
        outcome = of_status(medium, status, code)
        if outcome is None:
            return None
        attempt = self._attempts.get(attempt_id)
        detail = "" if code is None else f"code {code}"
        if attempt is None:
            return Progress(attempt_id, outcome, sid, detail)
        if sid and attempt.provider_id != sid:
            self._attempts.learn(attempt, sid)
        if outcome is Outcome.VOICEMAIL and not attempt.order.wants_key:
            outcome = Outcome.DELIVERED  # it had only something to say, and has said it
        elif outcome is Outcome.VOICEMAIL and attempt.is_keyed:
            outcome = Outcome.ANSWERED
            attempt.is_done = not is_forward(attempt.outcome, outcome)
        if attempt.is_done or not is_forward(attempt.outcome, outcome):
            return None
        return Progress(attempt_id, outcome, sid, detail)

    def settle(self, progress: Progress) -> None:
        """Move the attempt: its progress is committed."""
        attempt = self._attempts.get(progress.attempt_id)
        if attempt is not None:
            attempt.advance(progress.outcome, self._clock.now())

    def claim(self, sid: str) -> bool:
        """Take on something inbound; false where a poll or a webhook did before."""
        return self._seen.claim(sid)

    def release(self, sid: str) -> None:
        """Give it back: it could not be kept."""
        self._seen.release(sid)

    # --- inside ------------------------------------------------------------------------------

    async def _post(self, order: Order, now: datetime) -> Listed:
        if order.medium is Medium.SMS:
            left = int((order.expires_at - now).total_seconds())
            seconds = min(max(left, 1), _LONGEST_VALIDITY_SECONDS)
            callback = self.address("/twilio/sms-status", order.attempt_id)
            return await self._wire.post_text(order.to, order.text, seconds, callback)
        callback = self.address("/twilio/call-status", order.attempt_id)
        action = self.address("/twilio/keypad", order.attempt_id) if order.wants_key else None
        voice = self._settings.speaker
        twiml = ask(order.text, action, voice) if action else tell(order.text, voice)
        return await self._wire.post_call(order.to, twiml, callback)

    def _take(self, attempt: Attempt, record: Listed) -> Submitted:
        """Move an attempt to what its record says, and say where it stands."""
        order, sid = attempt.order, record.provider_id
        if attempt.provider_id != sid:
            self._attempts.learn(attempt, sid)
        progress = self.heard(order.attempt_id, order.medium, sid, record.status, record.code)
        if progress is not None:
            self.settle(progress)
        return Submitted(
            attempt.outcome or Outcome.UNKNOWN, sid, progress.detail if progress else ""
        )

    async def _find(self, attempt: Attempt) -> Listed | Submitted | Doubtful:
        order = attempt.order
        if attempt.provider_id is not None:
            return await self._wire.show(order.medium, attempt.provider_id)
        listed = await self._wire.list_sent(order.medium, order.to)
        if attempt.provider_id is not None:  # a callback was faster
            return Submitted(attempt.outcome or Outcome.ACCEPTED, attempt.provider_id)
        free = (
            one
            for one in listed
            if self._attempts.is_free(one.provider_id)
            and (order.medium is Medium.VOICE or one.text == order.text)
        )
        return match(order, self._attempts.rivals(order, self._clock.now()), free)

    async def _poll_attempts(self, report: Callable[[Progress], None]) -> None:
        """Ask after every attempt of which more is to be expected, a few at a time."""
        slots = asyncio.Semaphore(MOST_AT_ONCE)

        async def poll(attempt: Attempt, sid: str) -> None:
            order = attempt.order
            try:
                async with slots:
                    record = await self._wire.show(order.medium, sid)
            except RefusedError:
                return  # the next round asks again, and health has counted it
            progress = self.heard(order.attempt_id, order.medium, sid, record.status, record.code)
            if progress is not None:
                self.settle(progress)
                report(progress)

        while True:
            await self._clock.sleep(self._settings.pause_seconds)
            watched = self._attempts.watched(self._clock.now())
            await asyncio.gather(*(poll(one, one.provider_id or "") for one in watched))

    async def _poll_inbound(self) -> None:
        """List what reached our number, and hand on what is new."""
        newest = dict.fromkeys(sorted(self.media), self._ports.since)
        while True:
            for medium, since in newest.items():
                try:
                    listed = await self._wire.list_received(medium, since - SLACK)
                except RefusedError:
                    continue
                newest[medium] = max([since, *(one.created_at for one in listed)])
                kind: Literal["sms", "call"] = "sms" if medium is Medium.SMS else "call"
                for sid, at, _, _, sender, text in listed:
                    if self.claim(sid):
                        self._ports.inbound(Inbound(kind, sender, text, sid, at))
            pause = self._settings.pause_seconds
            # A carrier that fails is asked sooner: the desk must know, and know when it is back.
            await self._clock.sleep(min(pause, 1.0) if self._wire.is_failing else pause)


CHANNEL = ChannelKind("twilio", TwilioSettings, TwilioChannel)
