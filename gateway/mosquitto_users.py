"""The users of a mosquitto: a password file and a list of rights, from the registry's devices.

Each device is a user of its own, named by its native id, who may publish below its own topic in its
own home and hear nothing. What stands in the two files of other users (the gateway, a bridge) is
kept; what an earlier run wrote is replaced: a device that left the registry can no longer log in.
The form of both files: mosquitto.conf(5) and mosquitto_passwd(1), version 2.
"""

import hashlib
import os
import secrets
from base64 import b64encode
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from gateway.registry import Credential

PASSWORDS, RIGHTS = "smartcare.passwords", "smartcare.acl"
GATEWAY = "gateway"
"""The user that the shipped configuration has for us; no device may be called so."""

_MARK = "# --- devices, written by `smartcare devices credentials`; put nothing below this line"
_ANY_HOME = "pattern write care/v1/+/%u/+"  # of the shipped list: would open every home to a device
_HEAD = f"""\
user {GATEWAY}
topic readwrite care/v1/#
topic read zigbee2mqtt/#
topic readwrite homeassistant/#
topic read $SYS/broker/publish/messages/dropped
"""

# A secret of the registry is long and random, so slow hashing protects little; and mosquitto hashes
# in its only thread, where a whole county may log in at once after a power cut.
_ITERATIONS = 1000
_SALT_BYTES = 12


class Files(NamedTuple):
    """The text of both files, and whether the gateway has a password in them."""

    passwords: str
    rights: str
    has_gateway: bool


def rendered(devices: Sequence[Credential], passwords: str, rights: str) -> Files:
    """Give the new text of both files, from what they hold now ("" where there is none).

    Raises ValueError for a device with the name of another user: it would take their rights.
    """
    head, _, below = rights.partition(_MARK)
    ours = {line.removeprefix("user ") for line in below.splitlines() if line.startswith("user ")}
    users = [line for line in passwords.splitlines() if _user(line) not in ours]
    names = {device.device for device in devices}
    taken = names & ({_user(line) for line in users} | _named(head) | {GATEWAY})
    if taken:
        raise ValueError(" ".join(sorted(taken)))
    kept = [line for line in (head or _HEAD).splitlines() if line.strip() != _ANY_HOME]
    return Files(
        "".join(f"{line}\n" for line in [*users, *map(_password, devices)]),
        "\n".join([*kept, _MARK, *(line for device in devices for line in _rights(device)), ""]),
        GATEWAY in map(_user, users),
    )


def write(folder: Path, devices: Sequence[Credential]) -> Files:
    """Write both files anew, each whole or not at all, for their owner alone (0600).

    Raises ValueError as `rendered` does, and OSError; `folder` has to be there.
    """
    files = rendered(devices, _read(folder / PASSWORDS), _read(folder / RIGHTS))
    _put(folder / RIGHTS, files.rights)  # first: a login without rights is harmless
    _put(folder / PASSWORDS, files.passwords)
    return files


def _password(device: Credential) -> str:
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", device.secret.encode(), salt, _ITERATIONS)
    parts = (b64encode(salt).decode(), b64encode(digest).decode())
    return f"{device.device}:$7${_ITERATIONS}${parts[0]}${parts[1]}"


def _rights(device: Credential) -> Iterable[str]:
    return f"user {device.device}", f"topic write care/v1/{device.home}/{device.device}/#"


def _user(line: str) -> str:
    return line.partition(":")[0]


def _named(rights: str) -> set[str]:
    lines = map(str.strip, rights.splitlines())
    return {line.removeprefix("user ").strip() for line in lines if line.startswith("user ")}


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _put(file: Path, text: str) -> None:
    """Replace a file; it stays its owner's, since mosquitto reads it under a name of its own."""
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as sink:
        if file.exists() and os.geteuid() == 0:
            was = file.stat()
            os.fchown(descriptor, was.st_uid, was.st_gid)
        sink.write(text)
        sink.flush()
        os.fsync(descriptor)
    draft.replace(file)
