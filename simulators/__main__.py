"""The command line of the outside world: `python -m simulators …`."""

import argparse
import asyncio
import json
import sys
import tomllib
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from simulators import publish, village, zigbee
from simulators.carrier import command
from simulators.clock import Clock
from simulators.lane import Broker
from simulators.play import Play
from simulators.resident import CHINA
from simulators.script import SCRIPTS

MQTT_PORT = 1883
INTERRUPTED = 130


def main() -> int:
    """Run the command that was asked for; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m simulators", description=__doc__)
    commands = parser.add_subparsers(required=True)
    _village(commands.add_parser("village", help="write a registry file"))
    _run(commands.add_parser("run", help="play a village over MQTT and a serial line"))
    _flood(commands.add_parser("flood", help="an open-loop load of readings"))
    _zigbee(commands.add_parser("zigbee", help="a Zigbee bridge with a device of each sort"))
    command.register(commands)
    options = parser.parse_args()
    run = cast("Callable[[argparse.Namespace], int | None]", options.run)
    try:
        return run(options) or 0
    except (OSError, tomllib.TOMLDecodeError) as error:
        parser.exit(1, f"{type(error).__name__}: {error}\n")
    except KeyboardInterrupt:
        return INTERRUPTED


def _village(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--homes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--neighbours", type=int, default=12)
    parser.add_argument("--out", type=Path, required=True)
    parser.set_defaults(run=_write_village)


def _run(parser: argparse.ArgumentParser) -> None:
    _broker_options(parser)
    parser.add_argument("--registry", type=Path, required=True)
    parser.add_argument("--serial", type=Path, help="a port, or where to make a pair")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds in a real one")
    parser.add_argument("--seconds", type=float, default=60.0, help="real length of the play")
    parser.add_argument("--script", choices=sorted(SCRIPTS), default="quiet")
    parser.add_argument("--from", dest="begin", default="07:00", help="the village's time, HH:MM")
    parser.add_argument("--quiet", action="store_true", help="only the summary")
    parser.set_defaults(run=_play)


def _flood(parser: argparse.ArgumentParser) -> None:
    _broker_options(parser)
    homes = parser.add_mutually_exclusive_group()
    homes.add_argument("--registry", type=Path)
    homes.add_argument("--homes", type=int, default=200, help="homes to invent")
    parser.add_argument("--rate", type=float, default=1000.0, help="readings a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--smokes", type=float, default=0.0, help="of them smoke, a second")
    parser.add_argument("--identical", action="store_true", help="the same bytes again and again")
    parser.add_argument("--record", type=Path, help="JSON lines of what the broker acknowledged")
    parser.set_defaults(run=_open_loop)


def _zigbee(parser: argparse.ArgumentParser) -> None:
    _broker_options(parser)
    parser.add_argument("--topic", default="zigbee2mqtt", help="the bridge's base topic")
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two messages")
    parser.set_defaults(run=_bridge)


def _broker_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mqtt", required=True, metavar="mqtt://HOST:PORT")
    parser.add_argument("--username", help="one account for all devices")
    parser.add_argument("--password")


def _broker(options: argparse.Namespace) -> Broker:
    url = urlsplit(options.mqtt)
    return Broker(
        url.hostname or "127.0.0.1", url.port or MQTT_PORT, options.username, options.password
    )


def _write_village(options: argparse.Namespace) -> None:
    tables = village.registry(options.homes, options.seed, options.neighbours)
    village.write(tables, options.out)
    _print_json({name: len(rows) for name, rows in tables.items()})


def _play(options: argparse.Namespace) -> None:
    clock = Clock(options.speed)
    play = Play(
        village.load(options.registry),
        options.seed,
        datetime.combine(clock.now().date(), time.fromisoformat(options.begin), CHINA),
        timedelta(seconds=options.seconds),
        SCRIPTS[options.script],
    )
    summary = asyncio.run(
        play.perform(
            _broker(options),
            clock=clock,
            serial_path=options.serial,
            say=_ignore if options.quiet else _print,
        )
    )
    _print_json(summary.as_row())


def _open_loop(options: argparse.Namespace) -> int:
    clock = Clock()
    if options.registry:
        homes = village.load(options.registry)
    else:
        homes = village.households(village.registry(options.homes, 1, 0))
    flood = publish.Flood(
        options.rate,
        options.seconds,
        options.smokes,
        options.identical,
        salt=f"{clock.now():%H%M%S%f}",
    )
    tally = asyncio.run(
        publish.open_loop(flood, homes, _broker(options), clock=clock, record=options.record)
    )
    _print_json(asdict(tally))
    return 1 if tally.unacked or tally.refused else 0


def _bridge(options: argparse.Namespace) -> None:
    sent = asyncio.run(
        zigbee.publish(
            _broker(options),
            zigbee.play(zigbee.network(options.topic)),
            clock=Clock(),
            pause=timedelta(seconds=options.pause),
            say=_print,
        )
    )
    _print_json({"sent": sent})


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - what it says on the terminal is what it is for


def _ignore(line: str) -> None:
    del line


def _print_json(value: object) -> None:
    _print(json.dumps(value, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())
