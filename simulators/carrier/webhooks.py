"""Signed requests to the customer: status callbacks with their faults, and voice documents.

A callback is posted once and not again when it fails, which is what the real carrier does unless
the customer asks otherwise. Callbacks about one text or call go out one after the other.
"""

import asyncio
import base64
import hmac
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

import aiohttp
import yarl

from simulators.carrier.event_log import EventLog
from simulators.carrier.faults import Faults
from simulators.carrier.settings import Settings
from simulators.clock import Clock

LIMIT = timedelta(seconds=15)
HELD_BACK = timedelta(seconds=5)


def sign(token: str, url: str, params: Mapping[str, str]) -> str:
    """X-Twilio-Signature: base64 of HMAC-SHA1 over the address and the sorted parameters."""
    text = url + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()


class Webhooks:
    """Posts to the customer.

    Args:
        settings: account, token and addresses.
        faults: asked at each callback.
        log: gets every post and its answer.
        clock: waits.
    """

    def __init__(self, settings: Settings, faults: Faults, log: EventLog, clock: Clock) -> None:
        self._settings, self._faults, self._log, self._clock = settings, faults, log, clock
        self._session = aiohttp.ClientSession()
        self._turn: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._held: dict[str, tuple[str, Mapping[str, str]]] = {}

    async def post(self, url: str, params: Mapping[str, str]) -> str | None:
        """Post a form; the answer's body, or None when there was no good answer."""
        form = {"AccountSid": self._settings.account_sid, "ApiVersion": "2010-04-01", **params}
        headers = {"X-Twilio-Signature": sign(self._settings.auth_token, url, form)}
        status, body, why = 0, None, ""
        try:
            status, body = await self._clock.within(LIMIT, self._exchange(url, form, headers))
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            why = repr(error)
        self._log.write("webhook", url=url, form=form, status=status, error=why)
        return body if status // 100 == 2 else None  # noqa: PLR2004 - 2xx

    async def notify(self, sid: str, url: str, params: Mapping[str, str]) -> None:
        """Post a status callback, unless a fault has other plans for it."""
        async with self._turn[sid]:
            if self._strikes("callbacks_dropped", params):
                self._log.write("dropped", url=url, form=params)
                return
            if sid not in self._held and self._strikes("callbacks_reordered", params):
                self._held[sid] = (url, params)
            else:
                await self._send(url, params)
                await self._release(sid)
                return
        await self._clock.sleep(HELD_BACK)
        await self._release(sid)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def _release(self, sid: str) -> None:
        held = self._held.pop(sid, None)
        if held is not None:
            await self._send(*held)

    async def _send(self, url: str, params: Mapping[str, str]) -> None:
        await self.post(url, params)
        if self._strikes("callbacks_duplicated", params):
            await self.post(url, params)

    def _strikes(self, kind: str, params: Mapping[str, str]) -> bool:
        medium = "call" if "CallSid" in params else "sms"
        now = self._clock.now()
        return self._faults.strikes(kind, now, to=params["To"], medium=medium) is not None

    async def _exchange(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, str]:
        real = url
        if self._settings.reach_url and url.startswith(self._settings.public_url):
            real = self._settings.reach_url + url.removeprefix(self._settings.public_url)
        async with self._session.post(
            yarl.URL(real, encoded=True), data=form, headers=headers
        ) as answer:
            return answer.status, await answer.text()
