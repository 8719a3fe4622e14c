"""A small county: every gap that was made is found, and none is invented."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerting.rules.no_motion import NoMotionParams
from gateway.config import load
from gateway.coverage import nights, survey
from gateway.coverage_words import as_json
from tests.coverage.county import County, Known
from tests.coverage.trial import WITHIN, compare, install

NOW = datetime.fromisoformat("2026-03-02T12:34:56+00:00")


@pytest.mark.parametrize("is_desk_always", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_all_gaps_are_found_and_none_is_invented(
    tmp_path: Path, seed: int, *, is_desk_always: bool
) -> None:
    """Twelve kinds, a few of each, among homes that lack nothing."""
    county = County(300, 40, seed, is_desk_always=is_desk_always)
    config = load(install(tmp_path, county), {})
    steps: list[int] = []
    coverage = survey(config, NOW, 7, WITHIN, lambda _what, done, _of: steps.append(done))
    verdict = compare(json.loads(as_json(coverage)), county)
    none: set[Known] = set()
    assert (none, none) == (verdict.missed, verdict.invented)
    assert 12 == len(county.counts)
    assert steps


def test_a_night_in_which_the_clock_is_put_forward_is_an_hour_shorter() -> None:
    """22 to 7 by the clock on the wall, which on that night is eight hours: sixteen halves."""
    zone, params = ZoneInfo("Europe/Berlin"), NoMotionParams()
    before = datetime.fromisoformat("2026-03-28T12:00:00+01:00")
    hours = nights(params, zone, before, 1)
    night = [hour for hour, is_night in hours if is_night]
    assert 16 == len(night)
    assert (22, 6) == (night[0].hour, night[-1].hour)
