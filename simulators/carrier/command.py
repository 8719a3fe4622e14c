"""`python -m simulators carrier`: one carrier with the phones of a registry file."""

import argparse
import asyncio
import json
import signal
from datetime import timedelta
from pathlib import Path

from simulators.carrier.server import Carrier
from simulators.carrier.settings import Settings
from simulators.clock import Clock
from simulators.phones import Phone, phones_of


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options; `options.run` runs it."""
    parser = subparsers.add_parser("carrier", help="a carrier with Twilio's API, and its phones")
    add, usual = parser.add_argument, Settings()
    add("--registry", type=Path, help="registry file whose residents and responders have phones")
    add("--port", type=int, default=0, help="of the API; 0 takes a free one")
    add("--control-port", type=int, default=0, help="of /_sim/; 0 takes a free one")
    add("--public-url", default="", help="the gateway's public address; none: it polls")
    add("--reach-url", default="", help="where that address is really found")
    add("--number", action="append", help="E.164 number of the account; may be repeated")
    add("--account", default=usual.account_sid)
    add("--token", default=usual.auth_token)
    add("--latency-ms", type=float, default=300, help="between processing and answer")
    add("--speed", type=float, default=1.0, help="how many times faster people are")
    add("--seed", type=int, default=0)
    add("--log", type=Path, help="append the event log to this file")
    add("--quiet", action="store_true", help="do not print what phones show")
    parser.set_defaults(run=_run)


async def serve(options: argparse.Namespace) -> None:
    """Run a carrier until SIGINT or SIGTERM.

    The first line printed is JSON: url, control_url, account, token, numbers.

    Raises:
        OSError: a port is taken, or a file cannot be read or written.
        tomllib.TOMLDecodeError: the registry is not TOML.
    """
    settings = Settings(
        account_sid=options.account,
        auth_token=options.token,
        numbers=tuple(options.number or Settings().numbers),
        port=options.port,
        control_port=options.control_port,
        public_url=options.public_url.rstrip("/"),
        reach_url=options.reach_url.rstrip("/"),
        latency=timedelta(milliseconds=options.latency_ms),
        log=options.log,
        seed=options.seed,
    )
    phones = phones_of(options.registry, options.seed) if options.registry else ()
    display = _nothing if options.quiet else _print
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    async with Carrier(settings, Clock(options.speed), phones, display) as carrier:
        ready = {
            "url": carrier.url,
            "control_url": carrier.control_url,
            "account": settings.account_sid,
            "token": settings.auth_token,
            "numbers": settings.numbers,
        }
        print(json.dumps(ready), flush=True)  # noqa: T201 - who started it reads this
        await stopped.wait()


def _run(options: argparse.Namespace) -> None:
    asyncio.run(serve(options))


def _print(phone: Phone, text: str) -> None:
    print(f"{phone.name} {phone.number}  {text}", flush=True)  # noqa: T201 - the demo's picture


def _nothing(_phone: Phone, _text: str) -> None:
    """With --quiet."""
