"""Texts and calls through the real SDK keep the contract, against a loopback server."""

from collections.abc import AsyncIterator

import pytest

from alerting.channels.contract import Order, Progress
from alerting.effect import Medium
from alerting.event import Outcome
from tests.channels.contract import ProviderContract, Running
from tests.channels.fake_twilio import (
    FakeTwilio,
    ShiftedClock,
    drop,
    hang,
    open_channel,
    order_at,
    refuse,
    serving,
)

WORDS = {
    Medium.SMS: {"accepted": "sent", "delivered": "delivered", "failed": "undelivered"},
    Medium.VOICE: {"accepted": "ringing", "delivered": "completed", "failed": "busy"},
}


class TwilioRig:
    """A channel and a fake."""

    running: Running | None = None

    def __init__(self, fake: FakeTwilio, medium: Medium) -> None:
        self._fake, self._medium = fake, medium
        self.clock = ShiftedClock()
        self.channel = open_channel(fake.url, self.clock)
        is_text = medium is Medium.SMS
        self.delivered = Outcome.DELIVERED if is_text else Outcome.VOICEMAIL

    def order(self, attempt_id: str = "a1") -> Order:
        """A text or a call to a neighbour."""
        return order_at(self.clock.now(), attempt_id, self._medium)

    def made(self) -> int:
        """Records created."""
        return len(self._fake.made())

    def deliver(self) -> None:
        """All of them reach somebody."""
        for record in self._fake.made():
            record["status"] = WORDS[self._medium]["delivered"]

    async def fail(self, how: str) -> None:
        """Meet the next request badly."""
        if how == "refuse":
            await self._fake.deafen()
        elif not how:
            if not self._fake.runner.sites:
                await self._fake.listen()
        else:
            acts = {
                "limit": refuse(429, 20429, Retry_After="2"),
                "break": refuse(503, 20503),
                "hang": hang,
                "drop": drop(self._fake),
            }
            self._fake.acts.append(acts[how])

    def status(self, attempt_id: str, status: str) -> Progress | None:
        """Call back, and commit."""
        word = WORDS[self._medium][status]
        progress = self.channel.heard(attempt_id, self._medium, "", word)
        if progress is not None:
            self.channel.settle(progress)
        return progress


@pytest.fixture(name="rig", params=[Medium.SMS, Medium.VOICE])
async def _rig(request: pytest.FixtureRequest) -> AsyncIterator[TwilioRig]:
    async with serving() as fake:
        rig = TwilioRig(fake, request.param)
        yield rig
        await rig.channel.close()


class TestTwilio(ProviderContract):
    """The contract, for texts and for calls."""
