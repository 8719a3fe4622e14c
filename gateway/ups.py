"""Whether the box runs on mains or on its battery, from a UPS by NUT's daemon (upsd).

The protocol is lines of text over TCP (NUT developer guide, "Network protocol information"): to
`GET VAR <ups> ups.status` comes `VAR <ups> ups.status "OB DISCHRG"`, or `ERR <reason>`. What is
said and understood is here apart from the socket: `asking` and `understood` know no network.

On battery is a trouble, a battery that is nearly empty is one and a critical line on the desk's
terminal: the box will be gone within minutes, and the desk has to know that nobody will be called.
A daemon that does not answer is a trouble too, for then nobody knows.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from gateway.clock import Clock
from gateway.troubles import Troubles

ON_BATTERY, BATTERY_LOW, BATTERY_WORN, UNKNOWN = (
    *("on_battery", "ups_battery_low", "ups_battery_worn", "ups_unknown"),
)
"""Codes of troubles."""

MISSES = 3
"""Questions running without an answer before it is a trouble."""

COUNTED_AGAIN = timedelta(seconds=60)
PATIENCE_SECONDS = 3.0
_LINE_LIMIT = 1024
_VARIABLES = ("ups.status", "battery.charge", "battery.runtime")
_FLAGS = {"OB": ON_BATTERY, "LB": BATTERY_LOW, "FSD": BATTERY_LOW, "RB": BATTERY_WORN}
_TOLD = {
    ON_BATTERY: "停电了，网关在用电池 the mains have failed: the gateway runs on its battery",
    BATTERY_LOW: (
        "电池快没了，网关马上要停，之后没人会被通知：请值班员接手 the battery is nearly empty: "
        "soon nobody will be called but by the desk's own hand"
    ),
}
_VALUE = re.compile(r'VAR (?P<ups>\S+) (?P<name>\S+) "(?P<value>(?:[^"\\]|\\.)*)"')
_log = structlog.get_logger(__name__)


class UpsError(Exception):
    """The daemon could not be asked, or gave no answer that can be used."""


class Place(NamedTuple):
    """Where a UPS is asked about, and how often."""

    host: str
    port: int
    ups: str
    poll_seconds: float


class Power(NamedTuple):
    """What the UPS says: its flags, and charge and time left where it knows them."""

    flags: frozenset[str]
    charge_percent: float | None
    runtime_seconds: float | None

    def troubles(self) -> frozenset[str]:
        """Give the code of everything that is wrong."""
        return frozenset(_FLAGS[flag] for flag in self.flags if flag in _FLAGS)

    def text(self) -> str:
        """Spell it for the operator."""
        parts = [" ".join(sorted(self.flags))]
        if self.charge_percent is not None:
            parts.append(f"电量 charge {self.charge_percent:.0f}%")
        if self.runtime_seconds is not None:
            parts.append(f"还能撑 left {self.runtime_seconds / 60:.0f} min")
        return "，".join(parts)


def asking(ups: str) -> bytes:
    """Give what is sent: all questions at once, and a goodbye."""
    questions = "".join(f"GET VAR {ups} {name}\n" for name in _VARIABLES)
    return f"{questions}LOGOUT\n".encode()


def understood(ups: str, lines: list[bytes]) -> Power:
    """Read the answers, one for each question; raises UpsError.

    Charge and runtime may be missing, and be anything; without a status nothing is known.
    """
    found: dict[str, str] = {}
    for line, name in zip(lines, _VARIABLES, strict=False):
        text = line.decode("utf-8", "replace").strip()
        match = _VALUE.fullmatch(text)
        if match is not None and (match["ups"], match["name"]) == (ups, name):
            found[name] = match["value"]
        elif name == "ups.status":
            raise UpsError(text[:80] or "no answer")
    flags = frozenset(found.get("ups.status", "").split())
    if not flags:
        raise UpsError("an empty status")
    return Power(flags, _number(found, "battery.charge"), _number(found, "battery.runtime"))


def _number(found: Mapping[str, str], name: str) -> float | None:
    try:
        value = float(found[name])
    except (KeyError, ValueError):
        return None
    return value if 0 <= value < 1e7 else None  # noqa: PLR2004 -- more is a meter gone wrong


async def ask(place: Place, clock: Clock) -> Power:
    """Ask once, over a connection of its own; raises UpsError."""
    try:
        async with clock.timeout(PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection(
                place.host, place.port, limit=_LINE_LIMIT
            )
            try:
                writer.write(asking(place.ups))
                lines = [await reader.readline() for _ in _VARIABLES]
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError) as error:
        raise UpsError(str(error) or type(error).__name__) from error
    return understood(place.ups, lines)


class UpsWatch:
    """Asks until cancelled; `say` reaches the desk's terminal."""

    def __init__(
        self,
        place: Place,
        troubles: Troubles,
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        self.power: Power | None = None
        """What was last said; None where nothing is known."""
        self._place, self._troubles = place, troubles
        self._clock, self._say = clock, say
        self._misses = 0
        self._noted: dict[str, datetime] = {}

    async def run(self) -> None:
        """Ask every few seconds."""
        while True:
            await self.look()
            await self._clock.sleep(self._place.poll_seconds)

    async def look(self) -> None:
        """Ask once, and say what has changed."""
        try:
            self.power = await ask(self._place, self._clock)
        except UpsError as error:
            self._misses += 1
            if self._misses >= MISSES:
                self.power = None
                self._note(UNKNOWN, str(error))
            return
        self._misses = 0
        wrong = self.power.troubles()
        for code in sorted(wrong):
            self._note(code, self.power.text())
        for code in self._noted.keys() - wrong:
            self._over(code)

    def figures(self) -> dict[str, object]:
        """Give what `smartcare status` shows."""
        if self.power is None:
            return {"is_known": False}
        return {"is_known": True, "on_battery": "OB" in self.power.flags, "says": self.power.text()}

    def _note(self, code: str, detail: str) -> None:
        """Count a trouble, and tell the desk of a new one."""
        now, last = self._clock.now(), self._noted.get(code)
        if last is not None and now - last < COUNTED_AGAIN:
            return
        self._noted[code] = now
        self._troubles.note(code, self._place.ups, detail)
        if last is None and code in _TOLD:
            _log.critical(code, ups=self._place.ups, says=detail)
            self._say(f"{_TOLD[code]}（{detail}）")

    def _over(self, code: str) -> None:
        del self._noted[code]
        self._troubles.over(code, self._place.ups)
        if code in _TOLD:
            self._say("恢复供电，或电池已充上 mains are back, or the battery is charged again")
