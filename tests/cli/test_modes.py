"""Away reports and installation tests, as they are typed."""

from pathlib import Path

import msgspec

from tests.cli.rig import Yard, running


async def test_who_is_away_and_who_said_so(yard: Yard) -> None:
    """A report, what is shown of it, and its end."""
    assert 0 == (await yard.type("away", "h0001", "--to", "3d", "--by", "李明")).exit_code
    shown = (await yard.type("away")).stdout
    assert "3栋2单元502" in shown
    assert "报备 by 李明" in shown
    assert "empty now" in shown
    row = msgspec.json.decode((await yard.type("away", "h0001", "--json")).stdout)
    assert ("h0001", "d01", "") == (row["home"], row["by"], row["resident"])
    ended = await yard.type("away", "h0001", "--end")
    assert (0, "") == (ended.exit_code, ended.stdout)
    assert 1 == (await yard.type("away", "h0001", "--end")).exit_code


async def test_a_report_that_makes_no_sense(yard: Yard) -> None:
    """Usage is 2, a refusal is 1, with a sentence."""
    for words in (("--to", "3d"), ("h0001", "--from", "1d"), ("h0001", "--to", "3d", "--end")):
        assert 2 == (await yard.type("away", *words)).exit_code
    for typed in ("h0001 --to 2020-01-01T00:00", "h9 --to 3d", "h9"):
        assert 1 == (await yard.type("away", *typed.split())).exit_code


async def test_an_installation_test_from_start_to_stop(yard: Yard) -> None:
    """What runs is shown with what has not been heard."""
    words = ("install-test", "h0001")
    started = await yard.type(*words, "start", "--installer", "d01", "--minutes", "10")
    assert 0 == started.exit_code, started.output
    assert "没收到 not heard: 烟雾" in started.stdout
    assert "李明" in (await yard.type(*words, "status")).stdout
    row = msgspec.json.decode((await yard.type(*words, "status", "--json")).stdout)
    assert (["烟雾"], []) == (row["silent"], row["heard"])
    again = await yard.type(*words, "start", "--installer", "d01")
    assert 1 == again.exit_code
    assert "已在安装测试" in again.output
    assert 0 == (await yard.type(*words, "stop")).exit_code
    assert "" == (await yard.type(*words, "status")).stdout


async def test_an_installer_must_be_reachable(yard: Yard) -> None:
    """Nobody would hear of the devices."""
    words = ("install-test", "h0001", "start")
    assert 2 == (await yard.type(*words)).exit_code
    assert 1 == (await yard.type(*words, "--installer", "nobody")).exit_code


async def test_a_new_installation_has_neither(tmp_path: Path) -> None:
    """Nothing to show is no mistake."""
    async with running(tmp_path, is_empty=True) as yard:
        assert (0, "") == ((shown := await yard.type("away")).exit_code, shown.stdout)
