"""A device that belongs to nobody is inert, listed, and bound to a home by its code."""

import msgspec
import pytest

from gateway.link import Receipt, Token
from tests.cli.rig import Row, Yard

SMOKE = b'{"v":1,"value":true}'
NATIVE = "00158d0001ab12cd"


async def say(yard: Yard, device: str, home: str = "h0002", kind: str = "smoke") -> None:
    """Let a device say something, and wait until it is committed."""
    before = yard.pump.counts["received"]
    address = f"care/v1/{home}/{device}/{kind}"
    now, token = yard.clock.now(), Token("mqtt", 1, 1, 1)
    yard.inbox.put(
        Receipt(now, "own", address, SMOKE, is_retained=False, is_dup=False, token=token)
    )
    while yard.pump.counts["received"] == before or yard.pump.is_mid_turn:
        await yard.clock.sleep(0.1)


def alarms(yard: Yard) -> list[str]:
    """Kinds of the alarms of both homes."""
    homes = yard.pump.engine.homes.values()
    return [alarm.kind for home in homes for alarm in home.alarms.values()]


async def listed(yard: Yard) -> list[Row]:
    """What is listed as belonging to nobody."""
    lines = (await yard.type("devices", "unclaimed", "--json")).stdout.splitlines()
    return [msgspec.json.decode(line) for line in lines]


async def test_from_nobody_to_a_home(yard: Yard) -> None:
    """It cries and nobody hears; bound by six signs, its next cry is a fire."""
    await say(yard, NATIVE)
    await say(yard, NATIVE)
    assert [] == alarms(yard)
    (row,) = await listed(yard)
    assert (f"own-{NATIVE}", "own", 2) == (row["device"], row["family"], row["times"])
    words = ("devices", "claim", "AB:12:CD", "h0002", "--class", "smoke", "--room", "厨房")
    claimed = await yard.type(*words, "--by", "李明")
    assert 0 == claimed.exit_code, claimed.output
    assert "4栋1单元101  厨房烟雾" in claimed.stdout
    assert [] == await listed(yard)
    await say(yard, NATIVE)
    assert ["smoke"] == alarms(yard)
    told = (await yard.type("tail", "--json")).stdout.splitlines()
    line = next(row for row in map(msgspec.json.decode, told) if row["verb"] == "claimed")
    assert ("d01", f"own-{NATIVE}", "h0002") == (
        line["facts"]["operator"],
        line["facts"]["device"],
        line["home"],
    )


async def test_a_code_that_means_two_is_told(yard: Yard) -> None:
    """With both ids; the whole id decides, and one that is claimed is refused."""
    for device in ("a-ab12cd", "b-ab12cd"):
        await say(yard, device)
    words = ("devices", "claim", "ab12cd", "h0002", "--class", "smoke")
    refused = await yard.type(*words)
    assert 1 == refused.exit_code
    assert "own-a-ab12cd own-b-ab12cd" in refused.output
    assert 0 == (await yard.type(*(w.replace("ab12cd", "a-ab12cd") for w in words))).exit_code
    again = await yard.type(*(w.replace("ab12cd", "own-a-ab12cd") for w in words))
    assert "已经绑在 h0002" in again.output


@pytest.mark.parametrize(
    ("code", "more", "why"),
    [
        ("12cd", (), "没听到过"),
        ("999999", (), "没听到过"),
        ("999999", ("--class", "toaster", "--family", "own"), "devices[1].class"),
        ("999999", ("--family", "toaster"), "devices[1].family"),
    ],
)
async def test_what_cannot_be_claimed(
    yard: Yard, code: str, more: tuple[str, ...], why: str
) -> None:
    """Too short a code, one never heard, and what a file could not hold either."""
    await say(yard, NATIVE)
    sort = () if "--class" in more else ("--class", "smoke")
    refused = await yard.type("devices", "claim", code, "h0001", *sort, *more)
    assert 1 == refused.exit_code
    assert why in refused.output


async def test_a_replacement_takes_the_place_over(yard: Yard) -> None:
    """Home, room, class; the old one belongs to nobody, and the new one has its own secret."""
    await yard.type("registry", "set", "devices", "smoke-h0001", "room=厨房")
    replaced = await yard.type(
        "devices", "replace", "smoke-h0001", "new-head-77", "--family", "own"
    )
    assert 0 == replaced.exit_code, replaced.output
    assert "own-new-head-77  h0001  3栋2单元502  厨房烟雾" in replaced.stdout
    row = yard.registry.devices["own-new-head-77"]
    assert row.secret not in {None, "not-a-secret-at-all"}
    assert "own-smoke-h0001" not in yard.registry.devices
    await say(yard, "smoke-h0001", "h0001")
    assert [] == alarms(yard)
    await say(yard, "new-head-77", "h0001")
    assert ["smoke"] == alarms(yard)


async def test_a_test_alarm_says_so_on_the_list(yard: Yard) -> None:
    """The desk must not take it for a fire, nor a fire for it: it comes last."""
    await yard.type("install-test", "h0001", "start", "--installer", "d01")
    await say(yard, "smoke-h0001", "h0001")
    await yard.type("drill", "h0002", "help_call", "--by", "d01")
    shown = (await yard.type("alarms")).stdout
    assert "烟雾 smoke" in shown
    assert "安装测试 test" in shown
    rows = map(msgspec.json.decode, (await yard.type("alarms", "--json")).stdout.splitlines())
    assert {"smoke": True, "help_call": False} == {row["kind"]: row["is_test"] for row in rows}
