"""docs/wire/own.md says what the code does: its examples and tables are tried."""

import json
import re
from pathlib import Path

from gateway.decode import decode_line
from sensors.families.own import FAMILY, decode
from sensors.kinds import KINDS, Count, Number, Word

PAGE = (Path(__file__).parents[2] / "docs" / "wire" / "own.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.partition("## Kinds")[2], re.MULTILINE))


def blocks(language: str) -> list[str]:
    """Give the page's code blocks in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_examples_decode() -> None:
    """The message, the line and the line with a checksum."""
    message, line = blocks("json")
    [summed] = blocks("text")
    assert "smoke" == decode("care/v1/h0001/smoke-h0001/smoke", message.encode()).readings[0].kind
    assert "help_call" == decode("", line.encode()).readings[0].kind
    assert "motion" == decode("", summed.strip().encode()).readings[0].kind


def test_the_session_is_what_is_printed() -> None:
    """Input and output of `smartcare decode own` alternate."""
    [session] = blocks("console")
    lines = session.splitlines()
    printed = [decode_line(FAMILY.listener(), line.encode()).decode() for line in lines[::2]]
    assert lines[1::2] == printed


def test_the_table_of_kinds_is_the_codes() -> None:
    """Every kind with its words, its range and its unit, in the same order."""
    assert [kind.value for kind in KINDS] == [name for name in ROWS if name in set(KINDS)]
    for kind, row in KINDS.items():
        value, unit = ROWS[kind].replace("\N{MINUS SIGN}", "-").split(" |")
        expected = ", ".join(row.level_units)
        assert (f"of `level`: {expected}" if expected else row.unit or "") == unit.strip()
        if isinstance(row.shape, Word):
            assert ", ".join(f"`{word}`" for word in row.shape.words) == value
        if isinstance(row.shape, Number):
            whole = "whole, " if isinstance(row.shape, Count) else ""
            assert value.startswith(f"{whole}{row.shape.low} to {row.shape.high}")


def test_every_refusal_is_explained() -> None:
    """The codes that the decoder can raise are those of the page."""
    listed = json.dumps(sorted(ROWS.keys() - {kind.value for kind in KINDS}))
    said = re.findall(r"`([a-z_]+)`", (decode.__doc__ or "").partition("DecodeError")[2])
    assert json.dumps(sorted(said)) == listed
