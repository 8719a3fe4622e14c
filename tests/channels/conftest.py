"""A fake provider, and channels to it with and without a public address."""

from collections.abc import AsyncIterator

import pytest

from alerting.channels.twilio import TwilioChannel
from tests.channels.fake_twilio import CLOCK, PUBLIC, FakeTwilio, open_channel, serving


@pytest.fixture(name="fake")
async def _fake() -> AsyncIterator[FakeTwilio]:
    async with serving() as fake:
        yield fake


@pytest.fixture(name="channel")
async def _channel(fake: FakeTwilio) -> AsyncIterator[TwilioChannel]:
    channel = open_channel(fake.url, CLOCK, public_url=PUBLIC)
    yield channel
    await channel.close()


@pytest.fixture(name="secluded")
async def _secluded(fake: FakeTwilio) -> AsyncIterator[TwilioChannel]:
    channel = open_channel(fake.url, CLOCK)
    yield channel
    await channel.close()
