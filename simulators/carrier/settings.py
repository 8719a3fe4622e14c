"""What one carrier is told at its start."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """One account and its sockets.

    Attributes:
        numbers: the E.164 numbers the account owns, the first of which people ring back.
        public_url: the customer's public address: signed, and asked for inbound texts and calls;
            without it inbound traffic is only listed.
        reach_url: where that address is really found, when it is behind a front; signatures are
            made over the public one all the same.
        latency: real time between a request's processing and its answer.
        first_key: real time before which no phone presses a key, at whatever speed.
        log: file to which the event log is appended.
    """

    account_sid: str = "AC" + "5" * 32
    auth_token: str = "simulated-token"  # noqa: S105 - opens a loopback toy
    numbers: tuple[str, ...] = ("+15005550006",)
    port: int = 0
    control_port: int = 0
    public_url: str = ""
    reach_url: str = ""
    latency: timedelta = timedelta(milliseconds=300)
    first_key: timedelta = timedelta(seconds=1.2)
    log: Path | None = None
    seed: int = 0
