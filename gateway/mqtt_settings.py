"""Where an MQTT broker is and how to treat it."""

from collections.abc import Mapping

import msgspec


class MqttSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a link needs to know of its broker; `filters` maps topic filters to families.

    `client_id` names the session, so it stays the same for the life of the installation, and no
    one else may have it. `ca_file` turns TLS on; `cert_file` and `key_file` are our own
    certificate, where the broker wants one. At `high` unacknowledged messages, or `high_bytes` of
    their payloads, the link stops reading. `settle_seconds` is how much later than the rest
    unacknowledged messages may come after a reconnect.
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
    is_v5: bool = False
    keepalive_seconds: int = 15
    settle_seconds: float = 0.0
    high: int = 4096
    high_bytes: int = 64 * 1024 * 1024
