"""What a gateway needs of the machine before it can start: its state folder, and its web port.

What cannot be had is said as a mistake of the configuration, for that is where it is mended. `seen`
only looks, for `smartcare check`; the others turn what a start ran into to the same words.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.lock import NAME
from gateway.mistake import Mistake, MistakesError, Words


@contextmanager
def folder_needed(folder: Path) -> Iterator[None]:
    """Say what is wrong with a state folder that cannot be used; raises MistakesError."""
    try:
        yield
    except OSError as error:
        raise MistakesError([_no_folder(folder, error.strerror or str(error))]) from None


@contextmanager
def port_needed(port: int) -> Iterator[None]:
    """Say which port cannot be listened on; raises MistakesError."""
    try:
        yield
    except OSError as error:
        raise MistakesError([_no_port(port, error.strerror or str(error))]) from None


def seen(folder: Path, host: str, port: int | None) -> Iterator[Mistake]:
    """Look, without changing anything; `port` is None where none is needed.

    A gateway that runs on the folder has the port itself.
    """
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not there.is_dir():
        yield _no_folder(folder, f"{there} is no folder")
    elif not os.access(there, os.W_OK | os.X_OK):
        yield _no_folder(folder, f"{there} cannot be written")
    if port and not _is_running(folder):
        try:
            _listen(host, port).close()
        except OSError as error:
            yield _no_port(port, error.strerror or str(error))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def _is_running(folder: Path) -> bool:
    """Say whether somebody holds the folder's lock, without making one."""
    try:
        with (folder / NAME).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _no_folder(folder: Path, why: str) -> Mistake:
    return Mistake(
        "state.folder",
        str(folder),
        Words(f"不能用（{why}）", f"cannot be used: {why}"),
        Words(
            "换一个网关用户能写的文件夹，或改它的权限",
            "choose a folder the gateway's user may write, or change its permissions",
        ),
    )


def _no_port(port: int, why: str) -> Mistake:
    return Mistake(
        "web.port",
        str(port),
        Words(f"不能监听（{why}）", f"cannot be listened on: {why}"),
        Words(
            "停掉占用它的程序，或换一个端口", "stop the program that has it, or write another port"
        ),
    )
