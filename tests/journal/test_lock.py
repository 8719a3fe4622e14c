"""One process at a time on a state folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.lock import NAME, LockHeldError, state_lock

HOLD = """
import sys
from pathlib import Path
from gateway.lock import state_lock
with state_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_held_folder_is_refused_and_the_holder_named(tmp_path: Path) -> None:
    """A lock is held by an open file, so one process can stand for two."""
    with state_lock(tmp_path), pytest.raises(LockHeldError, match="stop it first") as caught:
        state_lock(tmp_path).__enter__()
    assert os.getpid() == caught.value.pid


def test_a_released_folder_can_be_had(tmp_path: Path) -> None:
    """The file stays and means nothing."""
    with state_lock(tmp_path):
        pass
    with state_lock(tmp_path):
        pass
    assert [NAME] == [path.name for path in tmp_path.iterdir()]


def test_nonsense_in_the_file_is_no_pid(tmp_path: Path) -> None:
    """Whatever stands in the file, the refusal is the same."""
    with state_lock(tmp_path):
        (tmp_path / NAME).write_bytes(b"\xff not a number")
        with pytest.raises(LockHeldError, match="another process is using") as caught:
            state_lock(tmp_path).__enter__()
    assert caught.value.pid is None


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    """The kernel lets go; there is no stale lock to clear away."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockHeldError) as caught:
            state_lock(tmp_path).__enter__()
        holder.kill()
        holder.wait()
    with state_lock(tmp_path):
        assert holder.pid == caught.value.pid
