"""A module on a pseudo-terminal keeps the contract of every channel, with texts and with calls."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from alerting.effect import Medium
from tests.channels.contract import ChannelContract
from tests.channels.modem_rig import ModemRig, modem


@pytest.fixture(name="rig", params=[Medium.SMS, Medium.VOICE])
async def _rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ModemRig]:
    async with modem(tmp_path, medium=request.param) as rig:
        rig.network.holds_reports = True
        yield rig


class TestModem(ChannelContract):
    """The contract."""
