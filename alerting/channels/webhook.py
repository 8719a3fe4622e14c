"""Every alarm told to another system over HTTP: signed, idempotent, and never repeated in here.

One POST a state of an alarm: it names the home, the alarm and its kind, and with `has_text` also
says it in words. What failed is tried again by the core's retry table, each time as a new attempt
under the same `Idempotency-Key`. TLS is verified, redirects are not followed, and of the answer
nothing is read but its status. docs/wire/webhook.md is the page for whoever is at the other end.
"""

import asyncio
import hashlib
import hmac
import json
import ssl
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

import aiohttp
from pydantic import AfterValidator, Field, SecretStr

from alerting.channels import ChannelKind, ChannelSettings, Ports
from alerting.channels.contract import Health, Order, Progress, Submitted
from alerting.channels.lifecycle import Attempts
from alerting.effect import Medium
from alerting.event import Outcome
from alerting.notification import LIFETIME
from alerting.numbers import EmergencyNumberError, admit

VERSION = 1
_MOST_FAILURES = 3
_LONGEST_LINE = 8190
_OK, _REDIRECTED, _REFUSED, _BROKEN = 200, 300, 400, 500
_TIMED_OUT, _TOO_MANY = 408, 429
_NOT_HERE = frozenset({401, 403, 404, 405, 410})
_NEVER_TAKEN = frozenset({Outcome.RETRY, Outcome.NOT_SENT})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.InvalidURL, ssl.SSLError)


def _address(url: str) -> str:
    """Take an https address; plain http only on this machine.

    Raises:
        ValueError: it is something else, or has a password in it.
    """
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not is_safe or not parts.hostname or parts.username or parts.fragment:
        raise ValueError("not an address like https://desk.example.org/alarms")
    return url


class WebhookSettings(ChannelSettings):
    """Where alarms are told, and the secret they are signed with."""

    url: Annotated[str, AfterValidator(_address)]
    secret: SecretStr = Field(min_length=16)
    timeout_seconds: float = Field(default=5.0, gt=0, le=30)
    has_text: bool = False


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign a body and the second in which it is sent: HMAC-SHA256 in hexadecimal."""
    signed = timestamp.encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class WebhookChannel:
    """One address."""

    name = "webhook"
    media = frozenset({Medium.WEBHOOK})
    needs_internet = True
    has_foreign_ids = True

    def __init__(self, settings: WebhookSettings, ports: Ports) -> None:
        self._settings, self._clock = settings, ports.clock
        self._attempts = Attempts()
        self._session: aiohttp.ClientSession | None = None
        self._failures = 0
        self._last_error = ""
        self._fault = ""

    async def run(self, report: Callable[[Progress], None]) -> None:
        """Nothing comes later: wait for the end, then close the connections."""
        del report
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await self.close()

    async def submit(self, order: Order) -> Submitted:
        """Post once an attempt."""
        try:
            admit(order)
        except EmergencyNumberError as error:
            return Submitted(Outcome.RECIPIENT_FAULT, detail=str(error))
        now = self._clock.now()
        if now >= order.expires_at:
            return Submitted(Outcome.EXPIRED)
        known = self._attempts.get(order.attempt_id)
        if known is not None and known.outcome not in _NEVER_TAKEN:
            return Submitted(known.outcome or Outcome.UNKNOWN, known.provider_id, "made before")
        attempt = self._attempts.renew(order, now)
        submitted = self._noted(await self._post(order, now))
        attempt.advance(submitted.outcome, now)
        if submitted.provider_id is not None:
            self._attempts.learn(attempt, submitted.provider_id)
        return submitted

    async def resolve(self, order: Order) -> Submitted:
        """Say what came of an attempt since the start; nobody else can be asked."""
        known = self._attempts.get(order.attempt_id)
        if known is None or known.outcome is None:
            return Submitted(Outcome.NOT_FOUND)
        return Submitted(known.outcome, known.provider_id)

    async def cancel(self, order: Order) -> Submitted:
        """What was told stays told."""
        return await self.resolve(order)

    def track(self, order: Order) -> None:
        """Nothing comes later."""

    def exclude(self, provider_ids: Iterable[str]) -> None:
        """Attempts are told apart by their ids."""

    def health(self) -> Health:
        """Down after three failures running, or while the receiver refuses us."""
        if self._fault:
            return Health(is_up=False, reason=self._fault)
        reason = f"{self._failures} failures: {self._last_error}" if self._failures else ""
        return Health(is_up=self._failures < _MOST_FAILURES, reason=reason)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    # --- inside ------------------------------------------------------------------------------

    async def _post(self, order: Order, now: datetime) -> Submitted:
        """Post an order; of the answer only the status and `Retry-After` are looked at."""
        body = self._body(order)
        timestamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": _told(order),
            "X-Smartcare-Timestamp": timestamp,
            "X-Smartcare-Signature": signature(
                self._settings.secret.get_secret_value(), timestamp, body
            ),
        }
        if self._session is None:
            self._session = aiohttp.ClientSession(
                max_line_size=_LONGEST_LINE, max_field_size=_LONGEST_LINE, auto_decompress=False
            )
        try:
            async with (
                self._clock.timeout(self._settings.timeout_seconds),
                self._session.post(
                    self._settings.url, data=body, headers=headers, allow_redirects=False
                ) as answer,
            ):
                after = answer.headers.get("Retry-After", "")
                answer.close()  # unread, however long it is
                return _of_status(answer.status, after, order.attempt_id)
        except _NEVER_SENT as error:
            return Submitted(Outcome.NOT_SENT, detail=type(error).__name__)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            return Submitted(Outcome.UNKNOWN, detail=type(error).__name__)

    def _body(self, order: Order) -> bytes:
        said = {
            "version": VERSION,
            "id": _told(order),
            "home": order.home_id,
            "alarm": order.alarm_id,
            "kind": order.kind,
            "state": order.state,
            "is_drill": order.is_drill,
            "since": (order.expires_at - LIFETIME).isoformat(),
            "raised_at": order.raised_at.isoformat() if order.raised_at else None,
        }
        if self._settings.has_text:
            said["text"] = order.text
        return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")

    def _noted(self, submitted: Submitted) -> Submitted:
        """Count failures for health; any answer but a refusal to listen is a living receiver."""
        if submitted.outcome in {Outcome.UNKNOWN, Outcome.NOT_SENT}:
            self._failures += 1
            self._last_error = submitted.detail
            return submitted
        self._failures = 0
        self._fault = submitted.detail if submitted.outcome is Outcome.CHANNEL_FAULT else ""
        return submitted


def _told(order: Order) -> str:
    """Name what is told, the same for every attempt to tell it."""
    return order.attempt_id.rpartition(".")[0] or order.attempt_id


def _of_status(status: int, after: str, attempt_id: str) -> Submitted:
    """Read an HTTP status; what the receiver broke over may have been taken: UNKNOWN."""
    detail = f"http {status}"
    if _OK <= status < _REDIRECTED:
        return Submitted(Outcome.DELIVERED, attempt_id)
    if status == _TOO_MANY:
        seconds = min(float(after), 3600.0) if after.isdecimal() else None
        return Submitted(Outcome.RETRY, None, detail, seconds)
    if status >= _BROKEN or status == _TIMED_OUT:
        return Submitted(Outcome.UNKNOWN, detail=detail)
    is_elsewhere = status in _NOT_HERE or status < _REFUSED
    return Submitted(Outcome.CHANNEL_FAULT if is_elsewhere else Outcome.UNDELIVERED, detail=detail)


CHANNEL = ChannelKind("webhook", WebhookSettings, WebhookChannel)
