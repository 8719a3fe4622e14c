"""The project's own files, as the tests of its style read them."""

import ast
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Source(NamedTuple):
    """One Python file: its path from the root with forward slashes, text and syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """Dotted name, a package by its own name."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def is_production(self) -> bool:
        """Whether it is part of what is installed."""
        return not self.path.startswith(("tests/", "bench/"))


def parse(path: str, text: str) -> Source:
    """Make a source of `text` as if it stood at `path`."""
    return Source(path, text, ast.parse(text, filename=path))


@cache
def tracked() -> tuple[str, ...]:
    """Paths of the files git tracks or would track: what is ignored is not ours."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return tuple(sorted(p for p in listing.stdout.split("\0") if p and (ROOT / p).is_file()))


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file, parsed."""
    return tuple(
        parse(path, (ROOT / path).read_text(encoding="utf-8"))
        for path in tracked()
        if path.endswith(".py")
    )
