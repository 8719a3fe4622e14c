"""The gateway, the commented example and the page about it know the same keys."""

import re
import tomllib
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from gateway import keys, registry_file
from gateway.config import Config, parse
from gateway.config_secrets import SECRETS
from tests.tree import ROOT

EXAMPLE = (ROOT / "config.toml").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

BESIDE = {".".join((*key[:-1], f"{key[-1]}_file")) for key in SECRETS}
HEADING = re.compile(r"## `\[+([^\]`]+)\]+`")
ROW = re.compile(r"\| `(\w+)` \| ([^|]+) \|")


def of_any_kind(path: str) -> str:
    """All kinds of alarm have the same keys."""
    return re.sub(r"^policies\.\w+\.", "policies.<kind>.", path)


def known() -> set[str]:
    """Every key of the gateway, arrays without their brackets."""
    return {of_any_kind(path).replace("[]", "") for path in keys.paths(Config)} | BESIDE


def documented() -> dict[str, str]:
    """Key -> what the page says is its default."""
    found, table = {}, ""
    for line in PAGE.split("\n# ")[0].splitlines():
        if heading := HEADING.match(line):
            table = heading[1]
        elif row := ROW.match(line):
            found[f"{table}.{row[1]}"] = row[2].strip()
    return found


def uncommented() -> str:
    """The example with every key in use; prose has a space after its #."""
    return re.sub(r"^#(?=\S|  )", "", EXAMPLE, flags=re.MULTILINE)


def written(table: object, prefix: str = "") -> Iterator[str]:
    """Every key that stands in tables that were read."""
    if isinstance(table, list):
        for row in table:
            yield from written(row, prefix) if isinstance(row, dict) else [prefix]
    elif isinstance(table, dict) and prefix not in {
        "mqtt.filters",
        "serial.profiles",
        "rules.device_lost.budget_hours",
    }:
        for key, value in table.items():
            yield from written(value, f"{prefix}.{key}".removeprefix("."))
    else:
        yield prefix


def default(path: str) -> object:
    """The default of a key, or None."""
    kind: object = Config
    *way, last = path.split(".")
    for name in way:
        kind = (keys.table(kind) or {})[name]
        kind = keys.element(kind) or kind
    kind = keys.bare(kind)
    assert isinstance(kind, type)
    assert issubclass(kind, BaseModel)
    field = kind.model_fields[last]
    return None if field.is_required() else field.get_default(call_default_factory=True)


def test_the_page_has_every_key_and_no_other() -> None:
    """A key that is added, removed or renamed has to be so on the page too."""
    assert known() == set(documented())


def test_the_example_has_every_key_and_no_other() -> None:
    """What can be set can be seen, commented out where it is optional."""
    said = {of_any_kind(path) for path in written(tomllib.loads(uncommented()))}
    assert known() - BESIDE == said
    assert all(f"# {path.rsplit('.', 1)[1]} = " in EXAMPLE for path in BESIDE)


def test_the_example_loads_as_it_is() -> None:
    """It needs nothing: the embedded broker and the console."""
    config = parse(EXAMPLE)
    assert None is config.mqtt.url
    assert ["console"] == [name for name, _ in config.channels_open()]


def test_the_example_loads_with_every_key_in_use() -> None:
    """No commented line is wrong."""
    assert ["twilio", "modem", "webhook", "console"] == [
        name for name, _ in parse(uncommented()).channels_open()
    ]


DEFAULTS = sorted(
    path
    for path in known() - BESIDE
    if not path.startswith("policies.") and default(path) not in (None, {})
)


@pytest.mark.parametrize("path", DEFAULTS)
def test_the_example_and_the_page_say_the_default(path: str) -> None:
    """A commented key shows the value it has without the line, and the page does too."""
    value: object = tomllib.loads(uncommented())
    for name in path.split("."):
        assert isinstance(value, dict | list)
        value = value[0][name] if isinstance(value, list) else value[name]
    assert default(path) == value
    assert default(path) == tomllib.loads(f"x = {documented()[path].strip('`')}")["x"]


def test_the_example_shows_the_ladder_of_smoke() -> None:
    """The one ladder that is written out is the one that is in force."""
    assert parse(EXAMPLE).model_dump()["policies"] == parse(uncommented()).model_dump()["policies"]


def test_the_registry_on_the_page_is_a_registry() -> None:
    """The example file of the page can be imported."""
    block = re.search(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    assert block is not None
    assert ["h0001"] == list(registry_file.parse(block[1].encode()).households)
