"""Commands about devices: which spoke and belong to nobody, and binding one to a home."""

import asyncio
from typing import Annotated

import msgspec
import typer

from gateway.cli_alarms import By, operator_of
from gateway.cli_reach import CONFIG, AsJson, ConfigFile, Reach, ending, out, say, write_json
from gateway.cli_words import plain
from gateway.request import (
    ClaimDevice,
    DeviceView,
    ListUnclaimed,
    ReplaceDevice,
    Request,
    UnclaimedView,
)

app = typer.Typer(no_args_is_help=True, help="设备 Devices: those nobody has, and binding them.")

Code = Annotated[
    str,
    typer.Argument(metavar="CODE", help="编号或末六位 its id, or the last six signs."),
]
Family = Annotated[
    str, typer.Option(metavar="FAMILY", help="没上过线的要写 for a device not heard from yet.")
]


@app.command("unclaimed")
def unclaimed(*, config: ConfigFile = CONFIG, as_json: AsJson = False) -> None:
    """没绑定的 List devices that spoke and belong to no home; they alarm nobody."""
    with ending():
        reach = Reach(config)
        rows: list[bytes] = []
        reach.show(ListUnclaimed(), write_json if as_json else rows.append)
        for row in rows:
            view = msgspec.json.decode(row, type=UnclaimedView)
            at = f"{view.last_at.astimezone(reach.zone):%m-%d %H:%M}"
            out().print(plain(f"{view.device}  {view.link}  {at}  {view.times}×"))
        if not rows and not as_json:
            say("没有 none")


@app.command("claim")
def claim(  # noqa: PLR0913 -- a command has its options
    code: Code,
    home: Annotated[str, typer.Argument(metavar="HOME", help="住户编号 the home's id.")],
    *,
    sort: Annotated[
        str, typer.Option("--class", metavar="CLASS", help="smoke pir help_button wristband …")
    ],
    room: Annotated[str, typer.Option(help="房间 the room.")] = "",
    resident: Annotated[str, typer.Option(metavar="ID", help="谁戴 who wears it.")] = "",
    family: Family = "",
    config: ConfigFile = CONFIG,
    by: By = None,
) -> None:
    """绑定 Bind a device to a home; try it afterwards with install-test."""
    _show(config, ClaimDevice(code, home, sort, operator_of(by), room, resident, family))


@app.command("replace")
def replace(
    device: Annotated[str, typer.Argument(metavar="OLD", help="坏的那件 the broken one's id.")],
    code: Code,
    *,
    family: Family = "",
    config: ConfigFile = CONFIG,
    by: By = None,
) -> None:
    """更换 Put a device in the place of another: home, room and who wears it stay."""
    _show(config, ReplaceDevice(device, code, operator_of(by), family))


def _show(file: ConfigFile, request: Request) -> None:
    """Have it done and show the device as it is then."""

    async def showing(reach: Reach) -> None:
        async for row in reach.ask(request):
            found = msgspec.json.decode(row, type=dict[str, str])
            if "path" in found:
                say(f"{found['zh']}\n  {found['en']}")
                continue
            view = msgspec.json.decode(row, type=DeviceView)
            parts = (view.device, view.home, view.address, view.called, view.resident)
            out().print("  ".join(plain(part) for part in parts if part))

    with ending():
        asyncio.run(showing(Reach(file)))
