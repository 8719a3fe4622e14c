"""The dead-man switch: the gateway audits itself, and is heard outside while it is well.

Theory of operation. Every few seconds one question is asked of each part that an alarm needs: does
the ladder move every open alarm, does the pump turn, is what happens kept, is anything heard, is
there a way to a person. While all are answered well an outside address is called (healthchecks and
its like), which rings somebody when the calls stop: so a dead box, a dead network and a gateway
that lies to itself are one and the same. What is wrong and stays wrong is told where people are:
on the terminal, and by a command that may be a loudspeaker's. That needs neither network nor
carrier, which are what may be gone. The command is run without a shell.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import aiohttp
import structlog

from alerting.audit import unattended
from alerting.channels.contract import Channel
from alerting.effect import Medium
from gateway.clock import Clock
from gateway.health import Reason, is_turning
from gateway.inbox import Inbox
from gateway.journal import Journal
from gateway.link import Link
from gateway.pump import Pump
from gateway.troubles import Troubles

LOOK_SECONDS = 5.0
STEADY = timedelta(seconds=10)
"""What is wrong for a moment is a reconnection; what stays so long is told."""

AGAIN = timedelta(minutes=10)
"""What goes on being wrong is told again; while an alarm is open, each AGAIN_OPEN."""

AGAIN_OPEN = timedelta(seconds=60)
COMMAND_SECONDS = 20.0
PING_SECONDS = 10.0
TEXT = "{text}"
"""Stands in the command for what is said."""

_MOST_UNATTENDED = 5
_GOOD = 2  # 2xx; a redirection is followed nowhere and proves nothing
_TELEPHONE = frozenset({Medium.SMS, Medium.VOICE})
_SAID = {
    "alarm_unattended": "有报警没人管，请马上看 an alarm is left to nobody: look now",
    "pump_stuck": "程序卡住了 the gateway is stuck",
    "commit_failing": "存不进去 nothing can be kept",
    "deaf": "收不到任何设备 no device can be heard",
    "no_path": "短信电话都发不出去，有报警请值班员自己打 nobody can be reached: the desk must call",
}
_log = structlog.get_logger(__name__)


class Audited(Protocol):
    """The parts of a running gateway that are asked; `gateway.app.Gateway` has them."""

    @property
    def pump(self) -> Pump:
        """What turns."""

    @property
    def inbox(self) -> Inbox:
        """Where everything waits."""

    @property
    def journal(self) -> Journal:
        """What is kept."""

    @property
    def links(self) -> Mapping[str, Link]:
        """Ways in, by name."""

    @property
    def channels(self) -> Mapping[str, Channel]:
        """Ways to people, by name."""


class Outside(NamedTuple):
    """Whom to tell: the address called while all is well, how often, and the command to run."""

    url: str | None = None
    every: timedelta = timedelta(seconds=60)
    command: tuple[str, ...] = ()


def faults(parts: Audited, now: datetime) -> Iterator[Reason]:
    """Give everything that keeps an alarm from a human; nothing where all is well."""
    engine = parts.pump.engine
    found = list(unattended(engine.homes.values(), engine.next_deadline(), now))
    for alarm_id, why in found[:_MOST_UNATTENDED]:
        yield Reason("alarm_unattended", alarm_id, why)
    if not is_turning(parts.pump, parts.inbox, now):
        yield Reason("pump_stuck", "pump")
    if parts.journal.meter.is_failing:
        yield Reason("commit_failing", "journal", parts.journal.meter.why)
    if parts.links and not any(getattr(link, "is_up", True) for link in parts.links.values()):
        yield Reason("deaf", "links")
    channels = parts.channels.values()
    if not has_path([(channel.media, channel.health().is_up) for channel in channels]):
        yield Reason("no_path", "channels")


def has_path(ways: Sequence[tuple[frozenset[Medium], bool]]) -> bool:
    """Say whether a telephone can be reached; where none is configured, whether the desk can.

    `ways` are what each channel carries, and whether it is up.
    """
    telephones = [is_up for media, is_up in ways if media & _TELEPHONE]
    screens = [is_up for media, is_up in ways if Medium.CONSOLE in media]
    return any(telephones or screens)


class DeadMan:
    """Looks until cancelled; `say` reaches the desk's terminal."""

    def __init__(
        self,
        parts: Audited,
        outside: Outside,
        troubles: Troubles,
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        self._parts, self._outside = parts, outside
        self._troubles, self._clock, self._say = troubles, clock, say
        self._since: dict[str, datetime] = {}
        self._told: dict[str, datetime] = {}
        self._pinged_at: datetime | None = None

    async def run(self) -> None:
        """Look, tell and call, every few seconds."""
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            while True:
                found = list(faults(self._parts, self._clock.now()))
                await self.tell(found)
                if not found:
                    await self._ping(session)
                await self._clock.sleep(LOOK_SECONDS)

    async def tell(self, found: Sequence[Reason]) -> None:
        """Tell what is wrong and stays wrong, and what is well again."""
        now = self._clock.now()
        codes = {reason.code: reason for reason in found}
        for code in [code for code in self._since if code not in codes]:
            del self._since[code]
            if self._told.pop(code, None) is not None:
                self._troubles.over(code, "gateway")
                self._say(f"恢复 {code} is well again")
        for code, reason in codes.items():
            since, last = self._since.setdefault(code, now), self._told.get(code)
            if now - since < STEADY or (last is not None and now - last < self._pause()):
                continue
            self._told[code] = now
            _log.critical(code, subject=reason.subject, detail=reason.detail)
            self._troubles.note(code, "gateway", f"{reason.subject} {reason.detail}".strip())
            self._say(f"故障 {_SAID[code]}")
            await self._announce(_SAID[code])

    def _pause(self) -> timedelta:
        """Give how soon it is told again."""
        homes = self._parts.pump.engine.homes.values()
        alarms = (alarm for home in homes for alarm in home.alarms.values())
        is_wanted = any(alarm.is_open and alarm.is_life_safety for alarm in alarms)
        return AGAIN_OPEN if is_wanted else AGAIN

    async def _announce(self, text: str) -> None:
        """Run the command; one that hangs is ended, and one that cannot be run is a trouble."""
        if not self._outside.command:
            return
        words = [word.replace(TEXT, text) for word in self._outside.command]
        try:
            process = await asyncio.create_subprocess_exec(
                *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
            )
        except (OSError, ValueError) as error:
            self._troubles.note("announce_failed", words[0], str(error))
            return
        try:
            async with self._clock.timeout(COMMAND_SECONDS):
                status = await process.wait()
        except TimeoutError:
            status = -1
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if status:
            self._troubles.note("announce_failed", words[0], f"ended with {status}")
        else:
            self._troubles.over("announce_failed", words[0])

    async def _ping(self, session: aiohttp.ClientSession) -> None:
        """Call the outside address when it is time; of the answer only the status is looked at."""
        now, url = self._clock.now(), self._outside.url
        if url is None or (self._pinged_at and now - self._pinged_at < self._outside.every):
            return
        self._pinged_at = now
        try:
            async with (
                self._clock.timeout(PING_SECONDS),
                session.get(url, allow_redirects=False) as answer,
            ):
                answer.close()
                why = "" if answer.status // 100 == _GOOD else f"http {answer.status}"
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            why = type(error).__name__
        if why:
            self._troubles.note("heartbeat_unsent", "heartbeat", why)
        else:
            self._troubles.over("heartbeat_unsent", "heartbeat")
