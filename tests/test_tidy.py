"""What lies in the tree is finished, and is about the project rather than one machine."""

import re
import tomllib

import pytest

from tests.tree import ROOT, tracked

# Spelled so that these lines do not find themselves.
WORKPLACE = re.compile(r"(?<![\w.-])/(?:work/|tmp/bash_jobs)")
UNFINISHED = re.compile(r"\b(?:TO[D]O|FIX[M]E)\b")

LOCKS = ["requirements.txt", "requirements-dev.txt"]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """`path:line` of every line of text in the tree that has the pattern."""
    found = []
    for path in tracked():
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a packed fixture
        lines = enumerate(text.splitlines(), start=1)
        found += [f"{path}:{number}" for number, line in lines if pattern.search(line)]
    return found


def test_no_file_names_a_workplace() -> None:
    """A path of the machine it was written on means nothing on another."""
    assert [] == lines_with(WORKPLACE)


def test_nothing_is_left_for_later() -> None:
    """What is not done stands in an issue, not in the code."""
    assert [] == lines_with(UNFINISHED)


@pytest.mark.parametrize("folder", ["work", "tmp/bash_jobs.0"])
def test_a_workplace_is_found(folder: str) -> None:
    """The pattern finds what it is for."""
    assert WORKPLACE.search(f"see /{folder}/x")


def test_the_changelog_has_room_for_the_next_release() -> None:
    """CHANGELOG.md follows keep-a-changelog and always has an Unreleased section."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert changelog.startswith("# Changelog\n")
    assert "\n## [Unreleased]\n" in changelog


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_holds_what_the_project_asks_for(lock: str) -> None:
    """Every dependency is pinned, by no registry's address: `make lock` was not forgotten."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = project["project"]["dependencies"] + project["dependency-groups"]["build"]
    if lock == "requirements-dev.txt":
        asked = asked + project["dependency-groups"]["dev"]
    text = (ROOT / lock).read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([a-z0-9-]+)==", text, flags=re.MULTILINE))
    assert set() == {re.split(r"[^A-Za-z0-9._-]", name)[0] for name in asked} - pinned
    assert "://" not in text
