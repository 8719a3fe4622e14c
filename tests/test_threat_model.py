"""Every row of `docs/threat-model.md` names the tests that show it, and they are there."""

import ast
import re

import pytest

from tests.tree import ROOT

PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ")][1:]
NAMED = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`")


def names_in(path: str) -> set[str]:
    """Give the names of all tests of a file, those in classes too."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_tests_that_are_there(row: str) -> None:
    """At least one, and each in the file it is said to be in."""
    found = NAMED.findall(row)
    assert found, "no test shows it"
    assert [] == [f"{path}::{name}" for path, name in found if name not in names_in(path)]
