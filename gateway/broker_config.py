"""The embedded broker's configuration: who may do what on it, and how it keeps what it is given.

nats-server reads JSON, so nothing in a name or a secret can break out of its place.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

ACK_WAIT_SECONDS = 1.5
"""After this the broker offers again what is not acknowledged, and not before."""

SETTLE_SECONDS = 1.5 * ACK_WAIT_SECONDS
"""How long after a reconnect everything unacknowledged has been offered again."""

GATEWAY_USER = "gateway.smartcare"
"""No device's: ids have no dot."""

_STORE_BYTES = 2 * 1024**3
_LOG_BYTES = 4 * 1024**2


class BrokerUser(NamedTuple):
    """Who may log in, and the NATS subject (topic levels joined by dots) it may publish to."""

    name: str
    secret: str
    publishes: str


def device_user(device: str, home: str, secret: str) -> BrokerUser:
    """Make the user of a device, by native id: it speaks for itself, in its own home."""
    return BrokerUser(device, secret, f"care.v1.{home}.{device}.>")


def spelled(
    folder: Path, port: int, password: str, users: Iterable[BrokerUser]
) -> dict[str, object]:
    """Spell the configuration; `folder` is absolute, `password` is GATEWAY_USER's."""
    gateway = {"user": GATEWAY_USER, "password": password}
    return {
        "server_name": "smartcare",
        "host": "127.0.0.1",
        "port": -1,  # its own protocol, unused: any free port
        "jetstream": {
            "store_dir": str(folder / "store"),
            "sync_interval": "always",
            "max_file_store": _STORE_BYTES,
            "max_memory_store": 0,
        },
        "mqtt": {
            "host": "127.0.0.1",
            "port": port,
            "ack_wait": f"{ACK_WAIT_SECONDS}s",
            "max_ack_pending": 1024,
        },
        "write_deadline": "60s",  # a link that pauses is no reason to cut it off
        "log_file": str(folder / "nats.log"),
        "logfile_size_limit": _LOG_BYTES,
        "logfile_max_num": 3,
        "authorization": {"users": [gateway, *map(_rights, users)]},
    }


class Written:
    """What we want to know of a configuration, ours or what we find in our place."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.fixed = {key: value for key, value in config.items() if key != "authorization"}
        """What cannot be exchanged while it runs."""
        try:
            self.port = int(config["mqtt"]["port"])
            self.password = str(config["authorization"]["users"][0]["password"])
        except (KeyError, IndexError, TypeError, ValueError):
            self.port, self.password = 0, ""


def _rights(user: BrokerUser) -> dict[str, object]:
    rights = {"publish": {"allow": [user.publishes]}, "subscribe": {"deny": [">"]}}
    return {"user": user.name, "password": user.secret, "permissions": rights}
