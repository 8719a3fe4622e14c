"""What `[channels.twilio]` of the configuration may hold."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from alerting.channels import ChannelSettings
from alerting.channels.twiml import Voice
from alerting.numbers import normalise


def _address(url: str) -> str:
    """Take an absolute HTTP address without query or fragment, without its last slash.

    Raises:
        ValueError: it is something else.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("not an address like https://care.example.org")
    return url.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]
Number = Annotated[str, AfterValidator(normalise)]


class TwilioSettings(ChannelSettings):
    """One account and its number.

    `public_url` is where Twilio reaches this gateway; without it nothing is called back, and
    what came of attempts and what people sent is polled for.
    """

    account_sid: str = Field(pattern="^AC[0-9a-fA-F]{32}$")
    auth_token: SecretStr = Field(min_length=1)
    from_number: Number
    public_url: Address | None = None
    base_url: Address = "https://api.twilio.com"
    language: str = "zh-CN"
    voice: str = ""
    timeout_seconds: float = Field(default=4.0, gt=0, le=30)
    poll_seconds: float = Field(default=1.5, gt=0, le=60)
    slow_poll_seconds: float = Field(default=10.0, gt=0, le=600)

    @property
    def speaker(self) -> Voice:
        """Who speaks in calls."""
        return Voice(self.language, self.voice)

    @property
    def pause_seconds(self) -> float:
        """How long to wait between polls: slowly where polling is only the safety net."""
        return self.slow_poll_seconds if self.public_url else self.poll_seconds
