"""Tells the desk when a way to reach people is down, and when it is well again.

A channel finds out by itself, by its polling from the first second on and by every attempt; what
it says of its health is looked at once a second here. A refused token and a carrier that is not
there are the same to the desk: until it is well, nobody is called but by the desk's own hand.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from alerting.channels.contract import Channel
from alerting.effect import Medium
from gateway.clock import Clock
from gateway.troubles import Troubles

LOOK_SECONDS = 1.0
STEADY = timedelta(seconds=5)
"""A channel that was down is well when it has been up for so long."""

COUNTED_AGAIN = timedelta(seconds=60)
DOWN = "channel_down"
_log = structlog.get_logger(__name__)


class ChannelWatch:
    """Looks at every channel until cancelled; `say` reaches the desk's terminal."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        troubles: Troubles,
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        self._channels, self._troubles = channels, troubles
        self._clock, self._say = clock, say
        self._noted: dict[str, datetime] = {}
        self._up_since: dict[str, datetime] = {}

    async def run(self) -> None:
        """Look once a second."""
        while True:
            self.look()
            await self._clock.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Say what has changed since the last look."""
        now = self._clock.now()
        for name, channel in self._channels.items():
            health = channel.health()
            if not health.is_up:
                self._up_since.pop(name, None)
                self._down(name, health.reason, now)
            elif name in self._noted and now - self._up_since.setdefault(name, now) >= STEADY:
                self._up(name)

    def _down(self, name: str, reason: str, now: datetime) -> None:
        last = self._noted.get(name)
        if last is not None and now - last < COUNTED_AGAIN:
            return
        self._noted[name] = now
        self._troubles.note(DOWN, name, reason)
        if last is None:
            _log.critical(DOWN, channel=name, reason=reason)
            self._say(f"故障 {name} 不通（{reason}） channel {name} is down")
            if Medium.VOICE in self._channels[name].media and not self._can_call():
                self._say("打不出电话，有报警请值班员自己打 nobody is called: the desk must call")

    def _can_call(self) -> bool:
        """Say whether another channel still places calls."""
        return any(
            Medium.VOICE in channel.media and channel.health().is_up
            for channel in self._channels.values()
        )

    def _up(self, name: str) -> None:
        del self._noted[name], self._up_since[name]
        self._troubles.over(DOWN, name)
        self._say(f"恢复 {name} 通了 channel {name} is well again")
