"""`docs/commands.md` names every command with all of its options, and no other."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from alerting.alarm import Disposition
from gateway.cli import app
from tests.tree import ROOT

PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def commands(command: Any, path: str = "smartcare") -> Iterator[tuple[str, list[str]]]:  # noqa: ANN401 -- of the library typer stands on
    """Give each command as it is typed, with its options."""
    parts = getattr(command, "commands", None)
    if parts is None:
        names = [option for parameter in command.params for option in parameter.opts]
        yield path, [name for name in names if name.startswith("-")]
    for name, part in (parts or {}).items():
        yield from commands(part, f"{path} {name}")


COMMANDS = dict(commands(typer.main.get_command(app)))


def section(command: str) -> str:
    """Give what the page says of a command."""
    begin = re.search(rf"^### `{command}\b.*$", PAGE, re.MULTILINE)
    assert begin is not None, f"{command} has no section"
    return PAGE[begin.end() :].split("\n#", 1)[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_stands_on_the_page_with_its_options(command: str) -> None:
    """Also the short forms, but for those that are explained once for all."""
    text = section(command)
    assert [] == [name for name in COMMANDS[command] if f"`{name}`" not in text and name != "-c"]


def test_the_page_has_no_command_that_is_gone() -> None:
    """Every heading is a command."""
    headings = re.findall(r"^### `(smartcare(?: [a-z][a-z-]*)+)", PAGE, re.MULTILINE)
    assert set(COMMANDS) == set(headings)


def test_the_page_has_every_disposition() -> None:
    """As the core has them."""
    text = section("smartcare close")
    assert [] == [word for word in Disposition if f"`{word}`" not in text]
