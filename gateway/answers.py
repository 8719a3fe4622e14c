"""Webhooks: what the carrier and people's keys and texts tell us over HTTP.

Each request is bounded, signed by the carrier for our public address, and answered only after
the desk has committed the fact. What comes twice is answered as the first time and told once;
what could not be committed in time is answered so that it comes again, by the carrier's own
repeat or by the channel's polling. What is *said* in a call always comes with HTTP 200, because
on any other status the carrier speaks an English error to the person on the line.
"""

import re
from collections import Counter
from datetime import timedelta
from typing import Protocol
from urllib.parse import parse_qsl

from fastapi import FastAPI, HTTPException, Request, Response
from starlette.requests import ClientDisconnect

from alerting.channels import desk
from alerting.channels.contract import Progress
from alerting.channels.desk import Spoken, UnknownAttemptError
from alerting.channels.twilio import TwilioChannel
from alerting.channels.twiml import EMPTY, ask, tell
from alerting.effect import Medium
from gateway.clock import Clock
from gateway.entries import CommitFailedError
from gateway.web import application

MOST_BODY_BYTES = 64 * 1024
MOST_FIELDS = 200
MOST_ATTEMPT_SIGNS = 200
DESK_SECONDS = 1.5
READ_SECONDS = 10.0
TOO_EARLY = timedelta(seconds=1)
CODE = re.compile("[0-9]{1,6}")

NOT_KEPT_ERRORS = (TimeoutError, CommitFailedError)

NOT_HEARD = "没听清。"
PRESS_AGAIN = "请再按一次：能去按1，不能去按2。"
NOT_KEPT = "没有记下来。请打值班室电话。"
NOT_KNOWN = "没有找到这次报警。请打值班室电话。"


class Desk(desk.Desk, Protocol):
    """Where answers go; each is told within 1.5 s, or comes again."""

    async def progressed(self, progress: Progress) -> None:
        """An attempt has moved. Raises UnknownAttemptError, CommitFailedError."""


class Answers:
    """The webhooks of one channel.

    `counts` says how many requests were turned away or came again, by reason.
    """

    def __init__(self, desk: Desk, channel: TwilioChannel, clock: Clock) -> None:
        self._desk, self._channel, self._clock = desk, channel, clock
        self.counts: Counter[str] = Counter()

    def application(self) -> FastAPI:
        """The application to serve."""
        app = application()
        for route, act in (
            ("/twilio/sms-status", self.sms_status),
            ("/twilio/call-status", self.call_status),
            ("/twilio/keypad", self.keypad),
            ("/twilio/sms", self.sms),
            ("/twilio/call-in", self.call_in),
        ):
            app.add_api_route(route, act, methods=["POST"], response_model=None)
        return app

    # --- routes ------------------------------------------------------------------------------

    async def sms_status(self, request: Request) -> Response:
        """A text has moved."""
        form = await self._form(request)
        return await self._status(request, form, Medium.SMS, "MessageSid", "MessageStatus")

    async def call_status(self, request: Request) -> Response:
        """A call has moved."""
        form = await self._form(request)
        return await self._status(request, form, Medium.VOICE, "CallSid", "CallStatus")

    async def keypad(self, request: Request) -> Response:
        """A key was pressed in a call; one that means nothing is asked for once more."""
        form = await self._form(request)
        attempt_id = _attempt_id(request)
        attempt = self._channel.get(attempt_id)
        answered_at = attempt.answered_at if attempt else None
        if answered_at is not None and self._clock.now() - answered_at < TOO_EARLY:
            self.counts["early_key"] += 1
            return self._ask_again(request, attempt_id)
        try:
            async with self._clock.timeout(DESK_SECONDS):
                text = await self._desk.keyed(attempt_id, form.get("Digits", "")[:8])
        except UnknownAttemptError:
            self.counts["unknown_attempt"] += 1
            return _twiml(tell(NOT_KNOWN, self._channel.speaker))
        except NOT_KEPT_ERRORS:
            self.counts["not_kept"] += 1
            return self._ask_again(request, attempt_id)
        if not text:
            self.counts["wrong_key"] += 1
            return self._ask_again(request, attempt_id)
        if attempt is not None:
            attempt.is_keyed = True
        return _twiml(tell(text, self._channel.speaker))

    async def sms(self, request: Request) -> Response:
        """A text from a person; the answer goes out as a text of our own."""
        form = await self._form(request)
        sid = form.get("MessageSid", "")
        if not self._channel.claim(sid):
            self.counts["repeated"] += 1
            return _twiml(EMPTY)
        is_kept = False
        try:
            async with self._clock.timeout(DESK_SECONDS):
                await self._desk.texted(form.get("From", ""), form.get("Body", ""), sid)
            is_kept = True
        except NOT_KEPT_ERRORS:
            self.counts["not_kept"] += 1
            raise HTTPException(503) from None
        finally:
            if not is_kept:
                self._channel.release(sid)
        return _twiml(EMPTY)

    async def call_in(self, request: Request) -> Response:
        """Somebody calls our number."""
        form = await self._form(request)
        self._channel.claim(form.get("CallSid", ""))
        try:
            async with self._clock.timeout(DESK_SECONDS):
                spoken = await self._desk.called(form.get("From", ""))
        except NOT_KEPT_ERRORS:
            self.counts["not_kept"] += 1
            spoken = Spoken(NOT_KEPT)
        if spoken.wants_key and spoken.attempt_id:
            return self._ask(spoken.text, spoken.attempt_id)
        return _twiml(tell(spoken.text, self._channel.speaker))

    # --- inside ------------------------------------------------------------------------------

    async def _status(
        self, request: Request, form: dict[str, str], medium: Medium, sid: str, status: str
    ) -> Response:
        code = form.get("ErrorCode", "")
        progress = self._channel.heard(
            _attempt_id(request),
            medium,
            form.get(sid, ""),
            form.get(status, ""),
            int(code) if CODE.fullmatch(code) else None,
        )
        if progress is None:
            self.counts["repeated"] += 1
            return Response(status_code=204)
        try:
            async with self._clock.timeout(DESK_SECONDS):
                await self._desk.progressed(progress)
        except UnknownAttemptError:
            self.counts["unknown_attempt"] += 1
            return Response(EMPTY, 404, media_type="text/xml")
        except NOT_KEPT_ERRORS:
            self.counts["not_kept"] += 1
            return Response(status_code=503)
        self._channel.settle(progress)
        return Response(status_code=204)

    async def _form(self, request: Request) -> dict[str, str]:
        """Read a form the carrier has signed; anything else is turned away."""
        body = await self._body(request)
        try:
            text = body.decode()
            form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
        except ValueError:
            self.counts["malformed"] += 1
            raise HTTPException(400) from None
        query = request.scope["query_string"].decode("latin-1")
        url = f"{self._channel.public_url}{request.scope['path']}{'?' if query else ''}{query}"
        signature = request.headers.get("X-Twilio-Signature", "")
        is_ours = self._channel.public_url is not None
        if not (is_ours and self._channel.is_signed(url, form, signature)):
            self.counts["bad_signature"] += 1
            raise HTTPException(403)
        return form

    async def _body(self, request: Request) -> bytes:
        """Read a body, in time and up to the limit; whoever is slow must not keep others out."""
        body = bytearray()
        try:
            async with self._clock.timeout(READ_SECONDS):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > MOST_BODY_BYTES:
                        self.counts["too_large"] += 1
                        raise HTTPException(413)
        except TimeoutError:
            self.counts["too_slow"] += 1
            raise HTTPException(408) from None
        except ClientDisconnect:
            self.counts["cut_off"] += 1
            raise HTTPException(400) from None
        return bytes(body)

    def _ask_again(self, request: Request, attempt_id: str) -> Response:
        if "again" in request.query_params:
            return _twiml(tell(NOT_KEPT, self._channel.speaker))
        attempt = self._channel.get(attempt_id)
        text = attempt.order.text if attempt else PRESS_AGAIN
        return self._ask(NOT_HEARD + text, attempt_id, again="&again=1")

    def _ask(self, text: str, attempt_id: str, again: str = "") -> Response:
        action = f"{self._channel.address('/twilio/keypad', attempt_id)}{again}"
        return _twiml(ask(text, action, self._channel.speaker))


def _attempt_id(request: Request) -> str:
    return request.query_params.get("attempt", "")[:MOST_ATTEMPT_SIGNS]


def _twiml(document: str) -> Response:
    return Response(document, media_type="text/xml")
