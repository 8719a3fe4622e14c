"""`smartcare check --coverage`: how it ends, and what an operator reads."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from gateway.cli import app
from tests.coverage.county import County
from tests.coverage.trial import WITHIN, install


def covered(folder: Path, gaps: int, *words: str) -> Result:
    """Check a county of forty homes of which so many have a gap."""
    config = install(folder, County(40, gaps, 3, is_desk_always=True))
    within = () if "--within" in words else ("--within", str(WITHIN))
    return CliRunner().invoke(app, ["check", "--coverage", "-c", str(config), *within, *words])


def test_a_county_that_lacks_nothing_ends_well(tmp_path: Path) -> None:
    """Status 0, and the program is told so."""
    result = covered(tmp_path, 0, "--json")
    told = json.loads(result.stdout)
    assert (0, True, [], 40) == (result.exit_code, told["ok"], told["gaps"], told["homes"])


def test_what_is_missing_is_said_with_its_mend(tmp_path: Path) -> None:
    """Status 1; how many homes, which, when, what to do."""
    result = covered(tmp_path, 10)
    assert 1 == result.exit_code
    assert "问邻居愿不愿夜里来，或配上门岗" in result.stdout
    assert "40 户" in result.stdout


def test_a_limit_nobody_can_keep_finds_every_home(tmp_path: Path) -> None:
    """The soft hazards wait for the resident, and a call has 90 s."""
    told = json.loads(covered(tmp_path, 0, "--json", "--within", "100").stdout)
    (gap,) = told["gaps"]
    assert ("late", 168, 40) == (gap["lack"], gap["hours"], len(gap["homes"]))


def test_a_refused_policy_is_an_error_of_the_configuration(tmp_path: Path) -> None:
    """Status 2; the hazard is named once, and not for every home."""
    county = County(40, 0, 3, is_desk_always=True)
    config = install(tmp_path, county)
    text = config.read_text(encoding="utf-8")
    step = 'wait_seconds = 60\naims = [{ whom = "desk", media = ["console"] }'
    smoke = f'[[policies.smoke.steps]]\n{step}, {{ whom = "neighbours" }}]\n'
    config.write_text(text + smoke, encoding="utf-8")
    result = CliRunner().invoke(app, ["check", "--coverage", "--json", "-c", str(config)])
    told = json.loads(result.stdout)
    assert (2, ["smoke"]) == (result.exit_code, [one["kind"] for one in told["refused"]])
