"""The carrier against Twilio's own OpenAPI document: what the SDK asks and what we answer."""

import json
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from tests.simulators.carrier_world import ACCOUNT, LI, OWN, PUBLIC, TOKEN, phone, world

Exchanged = tuple[str, str, dict[str, object], dict[str, object], Response]


class Witness(AsyncTwilioHttpClient):
    """The SDK's client, which keeps what went over the wire."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Exchanged] = []

    # The SDK overrides a plain method with a coroutine too.
    async def request(  # type: ignore[override]  # noqa: PLR0913, PLR0917
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the SDK's signature
        allow_redirects: bool = False,  # noqa: FBT001, FBT002 - the SDK's signature
    ) -> Response:
        """Pass a request on, and keep it with its answer."""
        answer = await super().request(
            method, url, params, data, headers, auth, timeout, allow_redirects
        )
        self.seen.append((method, url, params or {}, data or {}, answer))
        return answer


@pytest.fixture(scope="module")
def twilio(fixtures_dir: Path) -> OpenAPI:
    """The six paths of Messages and Calls."""
    text = (fixtures_dir / "peers" / "twilio_api_subset.json").read_text(encoding="utf-8")
    return OpenAPI.from_dict(json.loads(text))


async def everything() -> list[Exchanged]:
    """Every request the gateway makes, with its answer."""
    async with world(phone(temperament="asleep")) as here, Witness() as wire:
        client = Client(ACCOUNT, TOKEN, http_client=wire)
        client.api.base_url = here.carrier.url
        text = await client.messages.create_async(
            LI, from_=OWN, body="您好", status_callback=f"{PUBLIC}/s?attempt=1", validity_period=300
        )
        call = await client.calls.create_async(
            LI,
            OWN,
            url=f"{PUBLIC}/v?attempt=2",
            status_callback=f"{PUBLIC}/c?attempt=2",
            status_callback_event=["initiated", "ringing", "answered", "completed"],
            timeout=25,
        )
        await client.messages(str(text.sid)).fetch_async()
        await client.messages.list_async(to=LI, page_size=1)
        await client.calls(str(call.sid)).fetch_async()
        await client.calls.list_async(to=LI)
        await client.calls(str(call.sid)).update_async(status="canceled")
        seen: list[Exchanged] = wire.seen
        return seen


async def test_requests_and_answers_fit_the_document(twilio: OpenAPI) -> None:
    """Both sides of every exchange are valid."""
    seen = await everything()
    for method, url, params, data, answer in seen:
        asked = MockRequest(
            "https://api.twilio.com",
            method.lower(),
            urlsplit(url).path,
            args={name: str(value) for name, value in params.items()},
            content_type="application/x-www-form-urlencoded",
            data=urlencode(data, doseq=True).encode(),
            headers={"Authorization": "Basic eDp5"},
        )
        twilio.validate_request(asked)
        twilio.validate_response(asked, MockResponse(answer.text.encode(), answer.status_code))
    assert 7 == len(seen)
