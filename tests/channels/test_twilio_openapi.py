"""Every request the channel makes fits Twilio's own published description."""

import asyncio
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest

from alerting.channels.twilio import TwilioChannel
from alerting.effect import Medium
from tests.channels.contract import ended
from tests.channels.fake_twilio import CLOCK, FakeTwilio, order_at


@pytest.fixture(name="published", scope="session")
def _published(fixtures_dir: Path) -> OpenAPI:
    text = (fixtures_dir / "peers" / "twilio_api_subset.json").read_text(encoding="utf-8")
    return OpenAPI.from_dict(json.loads(text))


async def test_requests_fit_the_published_description(
    published: OpenAPI, fake: FakeTwilio, channel: TwilioChannel, secluded: TwilioChannel
) -> None:
    """Create, fetch, list and update, with and without a public address."""
    for number, medium in enumerate((Medium.SMS, Medium.VOICE)):
        for one in (channel, secluded):
            order = order_at(CLOCK.now(), f"a{number}", medium)
            await one.submit(order)
            await one.resolve(order)
            await one.cancel(order)
            await one.resolve(order_at(CLOCK.now(), f"lost{number}", medium))
    running = asyncio.create_task(secluded.run(lambda _progress: None))
    await CLOCK.sleep(0.1)
    await ended(running)
    assert {"GET", "POST"} == {asked.method for asked in fake.asked}
    assert any("DateSent>" in asked.query for asked in fake.asked)
    for asked in fake.asked:
        published.validate_request(
            MockRequest(
                "https://api.twilio.com",
                asked.method.lower(),
                asked.path,
                args=asked.query,
                headers={"Authorization": asked.headers["Authorization"]},
                data=urlencode(asked.form).encode(),
                content_type="application/x-www-form-urlencoded",
            )
        )
