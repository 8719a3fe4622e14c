"""`smartcare`: the gateway's command line.

Results go to the standard output, everything else to the other one. `docs/commands.md` has every
command with its options; `cli_reach` has the exit statuses.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gateway import cli_alarms, cli_devices, cli_keeping, cli_modes, cli_person, cli_registry
from gateway.cli_backtest import run as backtest
from gateway.cli_explain import explain
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
from gateway.cli_words import FIGURES, both, plain
from gateway.decode import decode_lines, listing
from gateway.operations import release
from gateway.request import ReadQuarantine, ReadStatus, Verified, VerifyLog
from sensors.errors import DecodeError
from sensors.families import discover
from sensors.family import Message

LONGEST_DEMO_SECONDS = 24 * 3600

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="独居老人照护网关 A gateway that watches over people living alone.",
)
app.add_typer(cli_registry.app, name="registry")
app.add_typer(cli_devices.app, name="devices")
app.add_typer(cli_person.app, name="person")
for command in (
    *(cli_alarms.tail, cli_alarms.alarms, cli_alarms.ack, cli_alarms.attend, cli_alarms.called),
    *(cli_alarms.close, cli_alarms.drill, cli_modes.away, cli_modes.install_test),
    *(cli_keeping.backup, cli_keeping.restore, cli_keeping.replay),
):
    app.command()(command)
app.command("backtest")(backtest)
app.command()(explain)


def _print_version(is_wanted: bool) -> None:  # noqa: FBT001 -- typer calls it so
    if is_wanted:
        out().print(f"smartcare {release()}")
        raise typer.Exit


@app.callback()
def root(
    *,
    is_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="版本 the version."),
    ] = False,
) -> None:
    """Take the options that come before a command."""
    del is_version


@app.command()
def run(*, config: ConfigFile = CONFIG) -> None:
    """运行网关 Run the gateway until it is told to stop."""
    from gateway.app import run as serve  # noqa: PLC0415 -- loads what no other command needs
    from gateway.config import load  # noqa: PLC0415 -- (the same)

    with ending():
        serve(load(config))


@app.command()
def check(
    *,
    config: ConfigFile = CONFIG,
    as_json: AsJson = False,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="每户每小时找得到谁 whom each home reaches, hourly.")
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=31, help="几天 for how many days.")] = 7,
    within: Annotated[
        int,
        typer.Option(min=30, max=86_400, help="几秒内要找到值守的人 seconds to a staffed place."),
    ] = 300,
) -> None:
    """检查配置和登记册 Find every mistake at once, and what would keep an alarm from a person."""
    from gateway import check as checks  # noqa: PLC0415 -- (the same)

    if coverage:
        from gateway.cli_coverage import cover  # noqa: PLC0415 -- (the same)

        cover(config, days, within, as_json=as_json)
        return
    findings = checks.check(config)
    if as_json:
        write_json(msgspec.json.encode(msgspec.json.decode(checks.as_json(findings))))
    else:
        checks.show(findings, out())
    if findings.is_fatal:
        raise typer.Exit(USAGE)


def _demo_seconds(seconds: float | None) -> float | None:
    """Demand a time that passes and ends; NaN is not within anything."""
    if seconds is not None and not 1 <= seconds <= LONGEST_DEMO_SECONDS:
        raise typer.BadParameter(
            f"{seconds:g} 不行，写 1 到 {LONGEST_DEMO_SECONDS} 之间的秒数；不写就到 Ctrl-C 为止 "
            f"is no time to play: give seconds from 1 to {LONGEST_DEMO_SECONDS}, or leave it out"
        )
    return seconds


@app.command()
def demo(
    *,
    seconds: Annotated[
        float | None,
        typer.Option(callback=_demo_seconds, help="几秒 how long; until Ctrl-C if left out."),
    ] = None,
    homes: Annotated[int, typer.Option(min=1, max=200, help="几户 how many homes.")] = 6,
    seed: Annotated[int, typer.Option(help="随机种子 the same seed, the same village.")] = 6,
) -> None:
    """看演示 Watch a village, its carrier and its phones on this machine."""
    from gateway.demo import main as play  # noqa: PLC0415 -- (the same)

    raise typer.Exit(play(seconds, homes, seed))


@app.command()
def decode(
    family: Annotated[str, typer.Argument(metavar="FAMILY", help="设备类型 a device family.")],
    *,
    devices: Annotated[
        Path | None, typer.Option(help="bridge/devices 的内容 what the bridge says of its devices.")
    ] = None,
    base: Annotated[str, typer.Option(help="网桥的主题 the bridge's topic.")] = "zigbee2mqtt",
) -> None:
    """解码 Say what a device's lines on the standard input mean, line for line."""
    families = discover()
    if family not in families:
        say(f"设备类型只有 the families are: {', '.join(sorted(families))}")
        raise typer.Exit(USAGE)
    before: list[Message] = []
    if devices is not None:
        if families[family].listen is None:
            say(f"{family} 用不上 --devices does not learn from --devices")
            raise typer.Exit(USAGE)
        try:
            before.append(listing(devices, base))
            families[family].listener().hear(before[0])
        except (OSError, DecodeError) as error:
            say(f"--devices: {devices} 读不出来 cannot be read: {error}")
            raise typer.Exit(USAGE) from error
    decode_lines(families[family], sys.stdin.buffer, sys.stdout.buffer, before)


@app.command()
def status(*, config: ConfigFile = CONFIG, as_json: AsJson = False) -> None:
    """看网关状态 Show what came, what waits, and which links and channels are up."""
    with ending():
        Reach(config).show(ReadStatus(), write_json if as_json else _print_status)


def _print_status(row: bytes) -> None:
    figures = msgspec.json.decode(row, type=dict[str, object])
    if "pump" not in figures:
        say("网关没有运行 the gateway does not run")
    for name, figure in figures.items():
        for line in _spelled(both(FIGURES, name), figure):
            out().print(line)


def _spelled(name: str, figure: object) -> Iterator[str]:
    """Spell a figure on a line; a table of tables on one line each."""
    if isinstance(figure, dict) and any(isinstance(part, dict) for part in figure.values()):
        for key, part in figure.items():
            yield from _spelled(f"{name} {key}", part)
    elif isinstance(figure, dict):
        yield f"{name}: " + ("  ".join(f"{key}={plain(str(figure[key]))}" for key in figure) or "-")
    elif isinstance(figure, list):
        for part in figure:
            yield from _spelled(name, part)
    else:
        yield f"{name}: {figure}"


@app.command()
def verify(*, config: ConfigFile = CONFIG, as_json: AsJson = False) -> None:
    """查报警记录是否被改 Check the alarm log's hash chain from its first line to its last."""
    with ending():
        found: list[bytes] = []
        Reach(config).show(VerifyLog(), found.append)
        verdict = msgspec.json.decode(found[0], type=Verified)
        if as_json:
            write_json(found[0])
        elif verdict.is_sound:
            erased = f"，其中 {verdict.erased} 行个人信息已抹去 erased" if verdict.erased else ""
            out().print(f"完好 sound: {verdict.lines} 行 lines{erased}\n{verdict.head_hash}")
        else:
            out().print(
                f"第 {verdict.broken_seq} 行不对 line {verdict.broken_seq}: {verdict.reason}"
            )
        if not verdict.is_sound:
            raise typer.Exit(REFUSED)


@app.command()
def quarantine(*, config: ConfigFile = CONFIG, as_json: AsJson = False) -> None:
    """看异常数据 Show what came in and could not be used, the newest first."""
    with ending():
        Reach(config).show(ReadQuarantine(), write_json if as_json else _print_quarantined)


def _print_quarantined(row: bytes) -> None:
    found = msgspec.json.decode(row, type=dict[str, str])
    names = ("at", "link", "code", "address", "detail", "raw")
    out().print("  ".join(plain(found[name]) for name in names if found[name]))


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
