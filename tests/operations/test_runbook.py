"""What the runbook tells people to type and to look for is there."""

import re

from gateway.cli_words import KINDS
from tests.cli.test_docs import COMMANDS
from tests.tree import ROOT

PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
METRICS = (ROOT / "gateway" / "metrics.py").read_text(encoding="utf-8")


def test_every_command_it_names_is_one_with_these_options() -> None:
    """A person at three in the morning types what stands there."""
    known = {name.removeprefix("smartcare "): options for name, options in COMMANDS.items()}
    names = "|".join(sorted(map(re.escape, known), key=len, reverse=True))  # the longest first
    typed = re.findall(rf"smartcare (?:({names})(?![\w-])|(?=[a-z]))([^`\n]*)", PAGE)
    wrong = [
        (command, option or rest)
        for command, rest in typed
        for option in [None, *re.findall(r"(?<!\S)--?[a-z]+", rest)]
        if not command or (option is not None and option not in known[command])
    ]
    assert len(typed) > 30
    assert [] == wrong


def test_every_trouble_it_explains_is_one() -> None:
    """By the code that `smartcare status` shows."""
    rows = re.findall(r"^\| (`[^|]+) \| [^|]+ \| [^|]+ \|$", PAGE, flags=re.MULTILINE)
    codes = [code for row in rows for code in re.findall(r"`(\w+)`", row)]
    assert len(codes) > 15
    assert [] == [code for code in codes if code not in KINDS]


def test_every_figure_it_watches_is_told() -> None:
    """A mistyped name in an alert never fires."""
    names = set(re.findall(r"smartcare_([a-z_]+)", PAGE))
    told = {name.removesuffix("_total") for name in names}
    assert len(told) >= 6
    assert [] == [name for name in sorted(told) if f'"{name}"' not in METRICS]


def test_every_reason_it_names_is_one() -> None:
    """As `/healthz` gives them."""
    source = (ROOT / "gateway" / "health.py").read_text(encoding="utf-8")
    listed = re.search(r"503 with reasons as JSON \(([^)]+)\)", PAGE)
    assert listed is not None
    said = re.findall(r"`(\w+)`", listed[1])
    assert sorted(said) == sorted(re.findall(r'Reason\("(\w+)"', source))
