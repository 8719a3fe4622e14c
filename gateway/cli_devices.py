"""Commands about devices: which spoke and belong to nobody, and binding one to a home."""

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gateway import mosquitto_users, registry_file
from gateway.cli_alarms import By, operator_of
from gateway.cli_reach import (
    CONFIG,
    REFUSED,
    USAGE,
    AsJson,
    ConfigFile,
    Reach,
    ending,
    out,
    say,
    write_json,
)
from gateway.cli_words import plain
from gateway.registry import Credential
from gateway.request import (
    ClaimDevice,
    DeviceView,
    ExportRegistry,
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


class Written(msgspec.Struct, frozen=True):
    """What `credentials` wrote: two files, for how many devices, and how many have no secret."""

    passwords: str
    rights: str
    devices: int
    without_secret: int
    has_gateway: bool


@app.command("credentials")
def credentials(
    folder: Annotated[
        Path, typer.Option("--mosquitto", metavar="FOLDER", help="mosquitto 的文件夹 its folder.")
    ] = Path("/etc/mosquitto"),
    *,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
) -> None:
    """设备口令 Write each device's user and rights for a mosquitto; then reload it."""
    with ending():
        texts: list[str] = []
        Reach(config).show(
            ExportRegistry(), lambda row: texts.append(msgspec.json.decode(row, type=str))
        )
        registry = registry_file.parse("".join(texts).encode())
        devices = registry.credentials()
        files = _write(folder, devices)
        without = len(registry.devices) - len(devices)
        passwords = str(folder / mosquitto_users.PASSWORDS)
        rights = str(folder / mosquitto_users.RIGHTS)
        written = Written(passwords, rights, len(devices), without, files.has_gateway)
        if as_json:
            write_json(msgspec.json.encode(written))
        else:
            out().print(f"{passwords}\n{rights}\n设备 devices: {len(devices)}")
            out().print("生效 in force after: systemctl reload mosquitto")
        if without:
            say(f"{without} 件没有口令，登不进去 have no secret and cannot log in")
        if not files.has_gateway:
            say(f"网关还没有口令 the gateway has none yet: mosquitto_passwd {passwords} gateway")


def _write(folder: Path, devices: list[Credential]) -> mosquitto_users.Files:
    try:
        return mosquitto_users.write(folder, devices)
    except OSError as error:
        say(f"写不进去 cannot write to {folder}: {error.strerror}")
        raise typer.Exit(USAGE) from None
    except ValueError as error:
        say(f"设备和别的用户重名，请改名 devices named as other users, rename them: {error}")
        raise typer.Exit(REFUSED) from None


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
