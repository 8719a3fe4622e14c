"""What others made of the same bytes, and how far we agree: see agreement.py."""

import json
from pathlib import Path

import pytest

from tests.sensors.agreement import FILES, compare, printed


@pytest.mark.parametrize("name", FILES)
def test_we_agree(fixtures_dir: Path, name: str) -> None:
    """At least 95 of 100 fields, and no alarm that nobody declared."""
    tally = compare(fixtures_dir, name)
    assert tally.compared.total() > 0
    assert tally.share >= 0.95, tally.differing[:5]
    assert not [each for each in tally.differing if " is True" in each]


def test_the_captures_of_rtl_433(fixtures_dir: Path) -> None:
    """All of them: each of the repeats is read alike, and in the order of the wire."""
    text = (fixtures_dir / "data/devices/rtl_433.jsonl").read_text(encoding="utf-8")
    for row in map(json.loads, text.splitlines()):
        expected, read = row["expected"], [printed("rtl_433", line) for line in row["lines"]]
        assert len(read) == row["n_repeats"]
        values = [[f["value"] for f in forms if f["kind"] == expected["kind"]] for forms in read]
        flags = [f["flags"] for forms in read for f in forms if f["kind"] == expected["kind"]]
        in_order = [v for n, v in enumerate(values) if n == 0 or v != values[n - 1]]
        if "sequence" in expected:
            assert [[word == "open"] for word in expected["sequence"]] == in_order
        elif expected.get("pairing"):
            assert [[]] == in_order
        else:
            assert [[True]] == in_order
            assert all(("test" in each) == ("test_or_tamper" in expected) for each in flags)
            assert all("no_clear" in each for each in flags if "clears" in expected)
        for kind in {"tamper", "battery_low"} & expected.keys():
            assert all({"kind": kind, "value": expected[kind]}.items() <= form.items()
                       for forms in read for form in forms if form["kind"] == kind)  # fmt: skip
