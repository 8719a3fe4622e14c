"""The door for readings pushed over HTTP: `POST /v1/readings`, signed, answered after the commit.

Theory of operation (docs/wire/push.md). A source signs its clock's second and the body with a
secret of its own. What is not signed, or was signed too long ago, hears 401 and no reason. A
request that comes again within the window is not taken a second time: it is answered like the
first one, and waits with it where that is still under way. What could not be committed in time is
answered 503, and the source sends it again. Everything is bounded: the body, its lines, the time
it may take, and how many requests are under way, so that the carrier's callbacks beside it get in.
"""

import asyncio
import hmac
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Never

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from gateway.clock import Clock
from gateway.push_link import PushLink

ROUTE = "/v1/readings"
WINDOW = timedelta(minutes=5)
"""How far the source's clock may be from ours, either way; so long a signature is remembered."""

MOST_BODY_BYTES = 64 * 1024
MOST_LINES = 200
MOST_UNDER_WAY = 32
MOST_REMEMBERED = 65_536
"""Signatures; only what is rightly signed counts."""

READ_SECONDS = 10.0
COMMIT_SECONDS = 5.0
RETRY_SECONDS = 2


class _Claim(NamedTuple):
    """What the headers say."""

    link: PushLink
    stamp: str
    signature: str


class PushDoor:
    """The route for all sources; `counts` says how many requests were turned away, by reason.

    `wall` gives what the machine's clock says now: sources set theirs by the same world.
    """

    def __init__(
        self, links: Iterable[PushLink], clock: Clock, wall: Callable[[], datetime]
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._links = {link.name: link for link in links}
        self._clock = clock
        self._wall = wall
        self._under_way = 0
        self._seen: OrderedDict[tuple[str, str], asyncio.Future[int]] = OrderedDict()

    def add_to(self, app: FastAPI) -> None:
        """Open the route."""
        app.add_api_route(ROUTE, self.readings, methods=["POST"], response_model=None)

    async def readings(self, request: Request) -> Response:
        """Take readings in; 200 only when they are committed."""
        claim = self._claim(request)
        if self._under_way >= MOST_UNDER_WAY:
            self._refuse(503, "too_many")
        self._under_way += 1
        try:
            body = await self._body(request)
            if not _is_signed(claim, body):
                self._refuse(401, "bad_signature")
            return await self._once(claim, body)
        finally:
            self._under_way -= 1

    # --- who it is ---------------------------------------------------------------------------

    def _claim(self, request: Request) -> _Claim:
        """Read the headers; what nobody here could have sent now is turned away unread."""
        link = self._links.get(request.headers.get("X-Smartcare-Source", ""))
        stamp = request.headers.get("X-Smartcare-Timestamp", "")
        signature = request.headers.get("X-Smartcare-Signature", "").lower()
        if link is None:
            self._refuse(401, "unknown_source")
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= len("9999999999")):
            self._refuse(401, "bad_timestamp")
        if abs(datetime.fromtimestamp(int(stamp), UTC) - self._wall()) > WINDOW:
            self._refuse(401, "stale")
        return _Claim(link, stamp, signature)

    async def _body(self, request: Request) -> bytes:
        """Read the body, in time and up to the limit."""
        body = bytearray()
        try:
            async with self._clock.timeout(READ_SECONDS):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > MOST_BODY_BYTES:
                        self._refuse(413, "too_large")
        except TimeoutError:
            self._refuse(408, "too_slow")
        except ClientDisconnect:
            self._refuse(400, "cut_off")
        return bytes(body)

    # --- what it brings ----------------------------------------------------------------------

    async def _once(self, claim: _Claim, body: bytes) -> Response:
        """Take a request in, or wait for the answer of the same one that came before."""
        key = (claim.link.name, claim.signature)
        before = self._seen.get(key)
        if before is not None:
            self.counts["repeated"] += 1
            return self._answer(await asyncio.shield(before))
        lines = [line for line in body.split(b"\n") if line.strip()]
        if not lines:
            self._refuse(400, "empty")
        if len(lines) > MOST_LINES:
            self._refuse(413, "too_many_lines")
        answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._remember(key, answered)
        taken = 0
        try:
            stripped = [line.rstrip(b"\r") for line in lines]
            if await claim.link.deliver(stripped, COMMIT_SECONDS):
                taken = len(lines)
        finally:
            answered.set_result(taken)
            if not taken:  # nothing is promised: the same request may try again
                self._seen.pop(key, None)
        claim.link.counts["taken" if taken else "not_kept"] += 1
        return self._answer(taken)

    def _remember(self, key: tuple[str, str], answered: asyncio.Future[int]) -> None:
        """Remember a signature as long as it could be shown again, the newest in any case."""
        self._seen[key] = answered
        while len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)

    def _answer(self, taken: int) -> Response:
        if taken:
            return JSONResponse({"taken": taken})
        return Response(status_code=503, headers={"Retry-After": str(RETRY_SECONDS)})

    def _refuse(self, status: int, reason: str) -> Never:
        """Turn a request away; the reason is counted, not told."""
        self.counts[reason] += 1
        headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else None  # noqa: PLR2004
        raise HTTPException(status, headers=headers)


def _is_signed(claim: _Claim, body: bytes) -> bool:
    """Whether the source has signed this second and this body."""
    ours = hmac.new(claim.link.key, claim.stamp.encode() + b"." + body, "sha256").hexdigest()
    return hmac.compare_digest(ours.encode(), claim.signature.encode())
