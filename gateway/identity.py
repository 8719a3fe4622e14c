"""What this installation is called at a broker: a client id that nobody can guess.

A client id names the session with everything that waits in it, and a broker takes whoever gives it
for its owner: a device that knew ours could push us out and have the session thrown away. So it is
drawn once, kept beside the journal for this user alone, and shown to nobody. What the gateway
publishes stands under a name made from it, from which it cannot be found.
"""

import os
import secrets
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import structlog

FILE = "client_id"
_MOST_BYTES = 200
_log = structlog.get_logger(__name__)


def known(state: Path) -> str:
    """Give the client id that was drawn, nothing where none was."""
    with suppress(OSError, UnicodeDecodeError), (state / FILE).open("rb") as file:
        return file.read(_MOST_BYTES).decode("ascii").strip()
    return ""


def client_id(state: Path) -> str:
    """Give the installation's client id, drawn at the first start."""
    if found := known(state):
        return found
    path = state / FILE
    drawn = f"smartcare-{secrets.token_hex(16)}"
    try:
        keep(path, drawn)
    except OSError as error:  # a full disk must not keep the gateway from starting
        _log.critical("client_id_not_kept", reason=str(error))
    return drawn


def gateway_id(client: str) -> str:
    """Give the name under which a gateway with this client id publishes."""
    return f"smartcare-{sha256(client.encode()).hexdigest()[:12]}"


def keep(path: Path, drawn: str) -> None:
    """Write it so that it is there whole or not at all, and survives a power cut."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(drawn)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
