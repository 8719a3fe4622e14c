"""Requests to Twilio through its own SDK: one pooled session, a time limit, nothing repeated.

What the SDK raises is read here, once, into a `Submitted`. The difference that matters is whether
the request left the box: a call that was never posted can be posted elsewhere at once, one that
may have been must be looked up first. aiohttp tells it by tracing: until the headers of a request
are handed to a connection nothing has left, whatever the error. A connection that was kept alive
and is closed while we write counts as left.

The SDK has no time limit of its own that works, and its retries would post a call twice, so the
limit is the clock's and retries are off. Its log names people's numbers, so it is off too.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any, TypeVar

import aiohttp
from twilio.base import values
from twilio.base.exceptions import (
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from alerting.channels import Clock
from alerting.channels.contract import Health, Submitted
from alerting.channels.lifecycle import Listed
from alerting.channels.twilio.codes import AUTHENTICATE, WHOLE_ACCOUNT, of_refusal
from alerting.channels.twilio.settings import TwilioSettings
from alerting.effect import Medium
from alerting.event import Outcome

Answer = TypeVar("Answer")
CALL_EVENTS = ["answered", "completed"]  # what decides something; the rest is only traffic
INBOUND = "inbound"
MOST_SENT, MOST_RECEIVED = 200, 200
RING_SECONDS = 25
_MOST_FAILURES = 3
_UNAUTHORISED = 401
_SID = re.compile(r"[A-Za-z0-9]{1,64}")
_LOG = logging.getLogger(f"{__name__}.sdk")
_LOG.disabled = True


class RefusedError(Exception):
    """A request that brought no answer to work with; `submitted` says what became of it."""

    def __init__(self, submitted: Submitted, code: int | None = None) -> None:
        super().__init__(submitted.detail)
        self.submitted = submitted
        self.code = code


@dataclass(slots=True)
class _Flight:
    """One request under way."""

    has_left: bool = False
    retry_after_seconds: float | None = None


_FLIGHT: ContextVar[_Flight] = ContextVar("_FLIGHT")


class Wire:
    """The SDK's client, and how the provider has been doing."""

    def __init__(self, settings: TwilioSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._validator = RequestValidator(settings.auth_token.get_secret_value())
        self._http: AsyncTwilioHttpClient | None = None
        self._rest = Client(
            settings.account_sid,
            settings.auth_token.get_secret_value(),
            environment={"TWILIO_EDGE": ""},  # the process's own would bend the address
        )
        # Touching `api` here loads the SDK's modules before anybody waits for a call.
        self._rest.api.base_url = settings.base_url
        self._skew = timedelta(0)
        self._failures = 0
        self._last_error = ""
        self._fault: tuple[int, str] | None = None

    # --- requests ----------------------------------------------------------------------------

    async def post_text(self, to: str, body: str, seconds: int, callback: str | None) -> Listed:
        """Create a Message that is worth sending for some seconds.

        Raises:
            RefusedError: as every method here.
        """

        async def post(client: Client) -> Listed:
            message = await client.messages.create_async(
                to=to,
                from_=self._settings.from_number,
                body=body,
                validity_period=seconds,
                status_callback=callback or values.unset,
            )
            return self._listed(message)

        return await self._ask(post, submits=True)

    async def post_call(self, to: str, twiml: str, callback: str | None) -> Listed:
        """Create a Call that rings for 25 s."""

        async def post(client: Client) -> Listed:
            call = await client.calls.create_async(
                to=to,
                from_=self._settings.from_number,
                twiml=twiml,
                timeout=RING_SECONDS,
                status_callback=callback or values.unset,
                status_callback_event=CALL_EVENTS if callback else values.unset,
            )
            return self._listed(call)

        return await self._ask(post, submits=True)

    async def show(self, medium: Medium, sid: str) -> Listed:
        """Fetch a Message or a Call."""

        async def fetch(client: Client) -> Listed:
            context = client.messages(sid) if medium is Medium.SMS else client.calls(sid)
            return self._listed(await context.fetch_async())

        return await self._ask(fetch)

    async def end_call(self, sid: str, status: str) -> Listed:
        """Update a Call to `canceled` (queued or ringing) or `completed` (in progress)."""

        async def update(client: Client) -> Listed:
            return self._listed(await client.calls(sid).update_async(status=status))

        return await self._ask(update)

    async def list_sent(self, medium: Medium, to: str) -> list[Listed]:
        """The newest to a number, also those not begun, which a filter by start would hide."""

        async def listed(client: Client) -> list[Listed]:
            source = client.messages if medium is Medium.SMS else client.calls
            found = await source.list_async(
                to=to, from_=self._settings.from_number, limit=MOST_SENT
            )
            return [self._listed(one) for one in found]

        return await self._ask(listed)

    async def list_received(self, medium: Medium, since: datetime) -> list[Listed]:
        """Those that reached our number since then, by our clock; oldest first."""
        at, me = since + self._skew, self._settings.from_number

        async def texts(client: Client) -> list[Listed]:
            found = await client.messages.list_async(to=me, date_sent_after=at, limit=MOST_RECEIVED)
            return [self._listed(one) for one in reversed(found) if str(one.direction) == INBOUND]

        async def calls(client: Client) -> list[Listed]:
            found = await client.calls.list_async(to=me, start_time_after=at, limit=MOST_RECEIVED)
            return [self._listed(one) for one in reversed(found) if str(one.direction) == INBOUND]

        return await self._ask(texts if medium is Medium.SMS else calls)

    # --- the provider ------------------------------------------------------------------------

    def is_signed(self, url: str, params: Mapping[str, str], signature: str) -> bool:
        """Whether Twilio, which has our token, signed a request to this address."""
        return bool(self._validator.validate(url, dict(params), signature))

    def health(self) -> Health:
        """Down after three failures running, or while the account may not do its work."""
        if self._fault is not None:
            return Health(is_up=False, reason=self._fault[1])
        reason = f"{self._failures} failures: {self._last_error}" if self._failures else ""
        return Health(is_up=self._failures < _MOST_FAILURES, reason=reason)

    @property
    def is_failing(self) -> bool:
        """Whether the last request had no answer of the provider's own."""
        return self._failures > 0

    async def close(self) -> None:
        """Close the connections; the next request opens them again."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    # --- one request -------------------------------------------------------------------------

    async def _ask(
        self, request: Callable[[Client], Awaitable[Answer]], *, submits: bool = False
    ) -> Answer:
        flight = _Flight()
        _FLIGHT.set(flight)
        try:
            async with self._clock.timeout(self._settings.timeout_seconds):
                answer = await request(self._client())
        except (TwilioRestException, TwilioServiceException) as error:
            raise self._refused(error.status, error.code, flight) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            outcome = Outcome.UNKNOWN if flight.has_left else Outcome.NOT_SENT
            raise self._failed(outcome, type(error).__name__) from error
        except TwilioException as error:
            answers = [one for one in error.args if isinstance(one, Response)]
            http = answers[0].status_code if answers else 0
            raise self._refused(http, None, flight) from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            # What comes back is the provider's, and the SDK reads it trustingly.
            raise self._failed(Outcome.UNKNOWN, f"unreadable: {type(error).__name__}") from error
        self._failures = 0
        if submits or (self._fault is not None and self._fault[0] == AUTHENTICATE):
            self._fault = None
        return answer

    def _refused(self, http: int, code: object, flight: _Flight) -> RefusedError:
        code = AUTHENTICATE if http == _UNAUTHORISED else code if isinstance(code, int) else None
        submitted = of_refusal(http, code, flight.retry_after_seconds)
        if submitted.outcome is Outcome.UNKNOWN:
            return self._failed(Outcome.UNKNOWN, submitted.detail)
        self._failures = 0
        if code in WHOLE_ACCOUNT:
            self._fault = (code, submitted.detail)
        return RefusedError(submitted, code)

    def _failed(self, outcome: Outcome, error: str) -> RefusedError:
        self._failures += 1
        self._last_error = error
        return RefusedError(Submitted(outcome, detail=error))

    def _client(self) -> Client:
        """The client; its session is made inside the running loop and then kept."""
        if self._http is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_leave)
            trace.on_request_end.append(self._arrive)
            self._http = AsyncTwilioHttpClient(trace_configs=[trace], logger=_LOG)
            self._rest.http_client = self._http
        return self._rest

    async def _arrive(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        params: aiohttp.TraceRequestEndParams,
    ) -> None:
        headers = params.response.headers
        after = headers.get("Retry-After", "")
        if after.isdecimal():
            _FLIGHT.get().retry_after_seconds = min(float(after), 3600.0)
        try:
            theirs = parsedate_to_datetime(headers.get("Date", ""))
        except ValueError:
            return
        if theirs.tzinfo is not None:
            self._skew = theirs - self._clock.now()

    def _listed(self, one: Any) -> Listed:  # noqa: ANN401 - a Message or a Call of the SDK
        sid, created = str(one.sid), one.date_created or self._clock.now()
        if not _SID.fullmatch(sid) or one.sid is None:
            raise ValueError("an answer without an id")
        is_text = hasattr(one, "body")
        return Listed(
            provider_id=sid,
            created_at=created.astimezone(UTC) - self._skew,
            status=str(one.status),
            code=one.error_code if is_text else None,
            from_number=str(one.from_ if is_text else one._from),  # noqa: SLF001 - so named there
            text=str(one.body) if is_text else "",
        )


async def _leave(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    _params: aiohttp.TraceRequestHeadersSentParams,
) -> None:
    _FLIGHT.get().has_left = True
