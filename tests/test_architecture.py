"""What the import contracts in pyproject.toml cannot say, read off the syntax tree.

Each rule takes one source and names its violations as `path:line what`. Every rule has
counter-examples here, so that a rule that has stopped finding anything is itself found.
"""

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.tree import Source, parse, sources

Rule = Callable[[Source], list[str]]

CLOCKS = {"gateway/clock.py", "simulators/clock.py"}
SUPERVISOR = "gateway/supervisor.py"
SUPERVISED = 2
INHERITED = {"call_exception_handler"}  # asyncio named it, and a loop must have it

# A library that acts on the world -> the modules of ours that may import it.
HOMES = {
    "aiomqtt": ("simulators",),
    "aiosqlite": ("gateway.journal",),
    "pymodbus": ("gateway.modbus_link",),
    "paho": ("gateway.paho_client",),
    "mqtt5": ("gateway.mqtt5_client",),
    "serial": ("gateway.serial_link", "simulators"),
    "serial_asyncio_fast": ("alerting.channels.modem", "gateway.serial_link", "simulators"),
    "twilio": ("alerting.channels.twilio",),
}

ASKS_THE_TIME = {
    *("asyncio.sleep", "asyncio.timeout", "asyncio.timeout_at", "asyncio.wait_for"),
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"),
    *("datetime.date.today", "time.time", "time.time_ns"),
    *("time.monotonic", "time.monotonic_ns", "time.sleep"),
}
LOOP_TIMERS = {"call_at", "call_later"}
EVERYTHING = {"BaseException", "Exception"}
MOCKS = ("mock", "pytest_mock", "unittest.mock")

# Parts of names that say nothing about what the thing is.
EMPTY_WORDS = {
    *("base", "common", "handler", "helper", "manager", "misc", "processor", "service", "util"),
}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything imported, `from a import b` being `a.b`."""
    package = source.path.split("/")[:-1]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            yield from ((node.lineno, f"{origin}.{name.name}") for name in node.names)


def aliases(source: Source) -> dict[str, str]:
    """Local name -> full dotted name, where the two differ."""
    known = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            known.update({name.asname: name.name for name in node.names if name.asname})
        elif isinstance(node, ast.ImportFrom):
            known.update({n.asname or n.name: f"{node.module}.{n.name}" for n in node.names})
    return known


def spelled_out(node: ast.expr, known: dict[str, str]) -> str:
    """Give the text of `a.b.c` with its first name replaced by what was imported under it."""
    first, dot, rest = ast.unparse(node).partition(".")
    return known.get(first, first) + dot + rest


def is_within(name: str, home: str) -> bool:
    """Whether the dotted `name` is `home` or stands below it."""
    return f"{name}.".startswith(f"{home}.")


def libraries_have_one_home(source: Source) -> list[str]:
    """A library that acts on the world is imported by one module of ours."""
    return [
        f"{source.path}:{line} imports {name}"
        for line, name in imports(source)
        for library, homes in HOMES.items()
        if source.is_production
        and is_within(name, library)
        and not any(is_within(source.module, home) for home in homes)
    ]


def core_knows_no_channel(source: Source) -> list[str]:
    """Whom to reach is decided without knowing how they are reached."""
    channels = "alerting.channels"
    if not is_within(source.module, "alerting") or is_within(source.module, channels):
        return []
    return [
        f"{source.path}:{line} imports {name}"
        for line, name in imports(source)
        if is_within(name, channels)
    ]


def only_clocks_ask_the_time(source: Source) -> list[str]:
    """Nobody but the two clocks asks for the time, sleeps or sets a timer."""
    if source.path in CLOCKS:
        return []
    found = [
        f"{source.path}:{line} imports {name}"
        for line, name in imports(source)
        if name in ASKS_THE_TIME or (source.is_production and is_within(name, "time"))
    ]
    known = aliases(source)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute):
            name = spelled_out(node, known)
            is_loop_time = node.attr == "time" and "loop" in ast.unparse(node.value)
            if name in ASKS_THE_TIME or node.attr in LOOP_TIMERS or is_loop_time:
                found.append(f"{source.path}:{node.lineno} uses {name}")
    return found


def names_say_something(source: Source) -> list[str]:
    """No module, class or function is named after being code."""
    named = [(1, source.module)] + [
        (node.lineno, node.name)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return [
        f"{source.path}:{line} is named {name}"
        for line, name in named
        if name not in INHERITED
        and any(word.lower().removesuffix("s") in EMPTY_WORDS for word in WORD.findall(name))
    ]


def catches_everything(node: ast.AST, known: dict[str, str]) -> bool:
    """Whether the node is a bare or broad `except`, or a broad `suppress`."""
    if isinstance(node, ast.ExceptHandler):
        if node.type is None:
            return True
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    elif isinstance(node, ast.Call) and spelled_out(node.func, known) == "contextlib.suppress":
        caught = node.args
    else:
        return False
    return any(ast.unparse(kind) in EVERYTHING for kind in caught)


def only_the_supervisor_catches_everything(source: Source) -> list[str]:
    """Broad excepts hide the programmer's error; one place may go on after it.

    It does so twice: a part is started again, and one home's failure stays that home's own.
    """
    known = aliases(source)
    found = [
        f"{source.path}:{line} catches everything"
        for line in sorted(
            node.lineno
            for node in ast.walk(source.tree)
            if isinstance(node, ast.ExceptHandler | ast.Call) and catches_everything(node, known)
        )
    ]
    return found[SUPERVISED:] if source.path == SUPERVISOR else found


def nothing_is_mocked(source: Source) -> list[str]:
    """Fakes stand at the wire."""
    return [
        f"{source.path}:{line} imports {name}"
        for line, name in imports(source)
        if any(is_within(name, mock) for mock in MOCKS)
    ]


RULES: list[Rule] = [
    core_knows_no_channel,
    libraries_have_one_home,
    names_say_something,
    nothing_is_mocked,
    only_clocks_ask_the_time,
    only_the_supervisor_catches_everything,
]

BROKEN: list[tuple[Rule, str, str]] = [
    (core_knows_no_channel, "alerting/engine.py", "from alerting.channels import sms"),
    (core_knows_no_channel, "alerting/engine.py", "from .channels import sms"),
    (core_knows_no_channel, "alerting/rules/smoke.py", "from ..channels.sms import CHANNEL"),
    (libraries_have_one_home, "gateway/pump.py", "import paho.mqtt.client as paho"),
    (libraries_have_one_home, "gateway/registry.py", "from aiosqlite import connect"),
    (libraries_have_one_home, "gateway/mqtt_link.py", "import aiomqtt"),
    (names_say_something, "gateway/utils.py", "pass"),
    (names_say_something, "gateway/link.py", "class MQTTHandler: pass"),
    (names_say_something, "gateway/link.py", "async def run_base_link(): pass"),
    (nothing_is_mocked, "tests/test_a.py", "from unittest import mock"),
    (nothing_is_mocked, "tests/test_a.py", "from unittest.mock import Mock"),
    (only_clocks_ask_the_time, "gateway/pump.py", "from time import perf_counter"),
    (only_clocks_ask_the_time, "gateway/pump.py", "from asyncio import sleep"),
    (only_clocks_ask_the_time, "gateway/pump.py", "import asyncio as a\nawait a.sleep(1)"),
    (only_clocks_ask_the_time, "gateway/pump.py", "loop.call_later(1, f)"),
    (only_clocks_ask_the_time, "gateway/pump.py", "asyncio.get_running_loop().time()"),
    (only_clocks_ask_the_time, "tests/test_a.py", "import datetime\ndatetime.datetime.now()"),
    (only_clocks_ask_the_time, "tests/test_a.py", "from datetime import datetime as d\nd.now()"),
    (only_the_supervisor_catches_everything, "gateway/pump.py", "try: pass\nexcept: pass"),
    (
        only_the_supervisor_catches_everything,
        "gateway/pump.py",
        "try: pass\nexcept (OSError, Exception) as error: pass",
    ),
    (
        only_the_supervisor_catches_everything,
        "gateway/pump.py",
        "from contextlib import suppress\nwith suppress(Exception): pass",
    ),
    (
        only_the_supervisor_catches_everything,
        SUPERVISOR,
        "try: pass\nexcept Exception: pass\n" * (SUPERVISED + 1),
    ),
]

SOUND: list[tuple[Rule, str, str]] = [
    (core_knows_no_channel, "gateway/courier.py", "from alerting.channels import sms"),
    (libraries_have_one_home, "gateway/paho_client.py", "import paho.mqtt.client"),
    (libraries_have_one_home, "tests/test_a.py", "import aiomqtt"),
    (names_say_something, "gateway/database.py", "def connect(base_url): pass"),
    (only_clocks_ask_the_time, "gateway/clock.py", "import time\ntime.sleep(1)"),
    (only_clocks_ask_the_time, "gateway/pump.py", "clock.now()\nawait clock.sleep(1)"),
    (only_clocks_ask_the_time, "gateway/pump.py", "moment.time()"),
    (
        only_the_supervisor_catches_everything,
        SUPERVISOR,
        "try: pass\nexcept Exception: pass",
    ),
]


@pytest.mark.parametrize("rule", RULES)
def test_every_source_keeps_the_rule(rule: Rule) -> None:
    """The whole tree, tests included, has no violation."""
    assert [] == [violation for source in sources() for violation in rule(source)]


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN)
def test_the_rule_finds_its_counter_example(rule: Rule, path: str, text: str) -> None:
    """A rule that finds nothing proves nothing: each has what it must find, once."""
    assert 1 == len(rule(parse(path, text)))


@pytest.mark.parametrize(("rule", "path", "text"), SOUND)
def test_the_rule_lets_sound_code_pass(rule: Rule, path: str, text: str) -> None:
    """What the rule is not about stays allowed."""
    assert [] == rule(parse(path, text))
