"""A folder or a port that cannot be had is a sentence with its mend, before and at the start."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.check import Level
from gateway.lock import state_lock
from tests.cli.rig import typed
from tests.config.test_check import HEAD, TWILIO, checked, found


@pytest.fixture
def taken() -> Iterator[int]:
    """Give a port on which somebody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


def test_a_taken_port_is_found_and_stops_the_start_in_words(tmp_path: Path, taken: int) -> None:
    """With its key, its value and what to do."""
    text = f"{HEAD}{TWILIO}[web]\nport = {taken}\n"
    assert (Level.ERROR, "web.port") in found(checked(tmp_path, text))
    result = typed(tmp_path / "config.toml", "run")
    assert 2 == result.exit_code
    assert f"web.port = {taken}: cannot be listened on" in result.stderr
    assert "Traceback" not in result.output


def test_the_port_of_the_gateway_that_runs_here_is_no_finding(tmp_path: Path, taken: int) -> None:
    """It has it itself."""
    (tmp_path / "state").mkdir()
    with state_lock(tmp_path / "state"):
        checks = checked(tmp_path, f"{HEAD}{TWILIO}[web]\nport = {taken}\n")
    assert (Level.ERROR, "web.port") not in found(checks)


def test_a_port_that_nothing_needs_is_not_looked_at(tmp_path: Path, taken: int) -> None:
    """Without a carrier or a pushing source nobody listens."""
    checks = checked(tmp_path, f"{HEAD}[web]\nport = {taken}\n")
    assert (Level.ERROR, "web.port") not in found(checks)


@pytest.mark.parametrize("folder", ["file", "file/below/it", "/dev/null"])
def test_a_state_folder_that_cannot_be_is_found_and_said(tmp_path: Path, folder: str) -> None:
    """A file is in its way."""
    (tmp_path / "file").touch()
    text = f'{HEAD}{TWILIO}[state]\nfolder = "{folder}"\n'
    assert (Level.ERROR, "state.folder") in found(checked(tmp_path, text))
    result = typed(tmp_path / "config.toml", "run")
    assert 2 == result.exit_code
    assert "cannot be used" in result.stderr
    assert "Traceback" not in result.output


def test_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    """No folder, no lock."""
    checked(tmp_path, HEAD + TWILIO)
    assert ["config.toml"] == [entry.name for entry in tmp_path.iterdir()]


def test_an_emptied_journal_is_no_new_installation(tmp_path: Path) -> None:
    """What an earlier start has left beside it says so; alone it is one cut off at its birth."""
    (tmp_path / "config.toml").write_text(HEAD, encoding="utf-8")
    state = tmp_path / "state"
    state.mkdir()
    (state / "journal.db").touch()
    assert 0 == typed(tmp_path / "config.toml", "alarms").exit_code
    (state / "journal.db").write_bytes(b"")
    (state / "mqtt-client-id").touch()
    result = typed(tmp_path / "config.toml", "alarms")
    assert 1 == result.exit_code
    assert "restore a backup" in result.stderr
    assert 0 == (state / "journal.db").stat().st_size
