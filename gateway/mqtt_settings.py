"""Where an MQTT broker is and how to treat it."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from gateway.topics import GATEWAYS

WAITING = 1000
"""Most messages of ours that wait for the link to be up."""

Version = Literal["auto", "3.1.1", "5"]
"""What MQTT to speak; `auto` is 5, or 3.1.1 where the broker does not know it."""


class MqttSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a link needs to know of its broker; `filters` maps topic filters to families.

    `client_id` names the session, so it stays the same for the life of the installation, and no
    one else may have it. `ca_file` turns TLS on; `cert_file` and `key_file` are our own
    certificate, where the broker wants one. At `high` unacknowledged messages, or `high_bytes` of
    their payloads, the link stops reading. `settle_seconds` is how much later than the rest
    unacknowledged messages may come after a reconnect. Messages on topics that end in one of
    `long_topics` may be longer than a device's ever are.
    """

    gateway_id: str
    client_id: str
    filters: Mapping[str, str]
    host: str = "127.0.0.1"
    port: int = 1883
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    version: Version = "3.1.1"
    keepalive_seconds: int = 15
    settle_seconds: float = 0.0
    high: int = 4096
    high_bytes: int = 64 * 1024 * 1024
    long_topics: tuple[str, ...] = ()

    @property
    def topics(self) -> str:
        """What our own topics begin with."""
        return f"{GATEWAYS}{self.gateway_id}/"

    @property
    def will_topic(self) -> str:
        """Where our last will goes, and our birth."""
        return self.topics + "status"

    @property
    def will(self) -> bytes:
        """What the broker says for us when we are gone."""
        return status("offline")

    @property
    def pulse_topic(self) -> str:
        """Where a client may say that it lives."""
        return self.topics + "pulse"


def status(word: str) -> bytes:
    """Spell our status."""
    return msgspec.json.encode({"v": 1, "status": word})
