"""What every test may rely on, whatever it tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]
IS_CI = os.environ.get("CI") == "true"

# Hypothesis has a profile of its own for CI; elsewhere a slow machine is no finding.
if not IS_CI:
    settings.register_profile("patient", deadline=None, print_blob=True)
    settings.load_profile("patient")


@pytest.fixture(scope="session")
def fixtures_dir() -> Path:
    """Folder of recorded data (`data/`, `peers/`), named by SMARTCARE_FIXTURES.

    Its absence is a failure with CI=true and a skip, said aloud, elsewhere.
    """
    folder = (ROOT / os.environ.get("SMARTCARE_FIXTURES", "../shared")).resolve()
    if not (folder / "data").is_dir():
        absence = f"no recorded data in {folder}; SMARTCARE_FIXTURES names the folder"
        if IS_CI:
            pytest.fail(absence)
        pytest.skip(absence)
    return folder
