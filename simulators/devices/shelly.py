"""A Shelly of the second generation, by its notifications.

Written from docs/wire/shelly.md, and sharing nothing with what reads it.
"""

import json

Message = tuple[str, bytes]


class Device:
    """One device by its id."""

    def __init__(self, identity: str) -> None:
        self.identity = identity

    def notify(self, method: str = "NotifyStatus", **components: dict[str, object]) -> Message:
        """Notify of components; `temperature_0` is spelled `temperature:0`."""
        params = {name.replace("_", ":"): said for name, said in components.items()}
        body = {"src": self.identity, "method": method, "params": {"ts": 1.5, **params}}
        return f"{self.identity}/events/rpc", json.dumps(body).encode()

    def online(self, *, is_online: bool) -> Message:
        """Say whether it is there; retained."""
        return f"{self.identity}/online", b"true" if is_online else b"false"
