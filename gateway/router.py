"""Several channels for one medium as one: who carries an attempt, and who next when that fails.

Theory of operation. Channels stand in the order of the configuration; those that are down, or whose
breaker is open, stand behind the others but are never left out. An attempt goes to the first; what
came of it says by the table below whether the next one is asked at once. What may have been taken
is never doubled where that does harm: a text of unknown fate goes out by another channel too, a
call does not, it is looked up first. When every channel has failed, the outcome is given that
leaves the most to hope for, and the core goes on from there.

A breaker opens after three failures running, and at once where a channel says that it is at fault
itself; then its channel is asked last, until a while has passed or it could again.

Who has an attempt is known by its provider's id: a channel that makes its own ids begins them with
its name and a hyphen, and an id that bears no channel's name is the first one's that does not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerting.channels.contract import Channel, Health, Order, Submitted, Way
from alerting.effect import Medium
from alerting.event import Outcome
from gateway.clock import Clock

MOST_FAILURES = 3
OPEN_FOR = timedelta(seconds=15)
FAULTY_FOR = timedelta(seconds=60)
MOST_RETRIES, RETRIES_WITHIN = 3, timedelta(seconds=10)
LONG_SECONDS = 4.0
"""Whoever asks for a longer wait is not waited for: another channel is asked."""

BELIEVED_AFTER = timedelta(seconds=9.5)
"""From then on a call that a dead carrier cannot be asked about is made anew by a living one."""

MOST_KNOWN = 8192

_GOES_ON = frozenset(
    {Outcome.NOT_SENT, Outcome.CHANNEL_FAULT, Outcome.LIMITED, Outcome.UNDELIVERED}
)
_FAILURES = frozenset({Outcome.NOT_SENT, Outcome.UNKNOWN})
_HOPES = (
    *(Outcome.UNKNOWN, Outcome.RETRY, Outcome.NOT_SENT, Outcome.LIMITED, Outcome.UNDELIVERED),
    Outcome.CHANNEL_FAULT,
)


@dataclass(slots=True)
class Breaker:
    """How one channel has been doing; open while `until` is to come."""

    failures: int = 0
    until: datetime | None = None

    def note(self, outcome: Outcome, now: datetime) -> None:
        """Take in what came of an attempt."""
        if outcome is Outcome.CHANNEL_FAULT:
            self.until = now + FAULTY_FOR
        elif outcome in _FAILURES:
            self.failures += 1
            if self.failures >= MOST_FAILURES:
                self.until = now + OPEN_FOR
        else:
            self.failures, self.until = 0, None

    def is_open(self, now: datetime) -> bool:
        """Whether the channel is to be asked last."""
        return self.until is not None and now < self.until


class Router:
    """The channels of one medium, in the order in which they are asked."""

    def __init__(self, medium: Medium, channels: Sequence[Channel], clock: Clock) -> None:
        assert channels
        self._medium, self._channels, self._clock = medium, tuple(channels), clock
        self._breakers = {channel.name: Breaker() for channel in channels}
        self._carriers: dict[str, Channel] = {}
        self._retries: dict[tuple[str, str], list[datetime]] = {}

    async def submit(self, order: Order) -> Submitted:
        """Make the attempt over the first channel that takes it."""
        failed: list[tuple[Channel, Submitted]] = []
        for channel in self._ranked():
            result = await channel.submit(order)
            self._breakers[channel.name].note(result.outcome, self._clock.now())
            if not self._goes_on(channel, order, result):
                self._remember(order.attempt_id, channel)
                return result
            failed.append((channel, result))
        channel, result = min(failed, key=lambda one: _HOPES.index(one[1].outcome))
        self._remember(order.attempt_id, channel)
        return result

    async def resolve(self, order: Order) -> Submitted:
        """Ask whoever has the attempt, or everybody where nobody is known to have it."""
        asked = self._asked(order)
        found = [await channel.resolve(order) for channel in asked]
        sure = [one for one in found if one.outcome not in {Outcome.UNKNOWN, Outcome.NOT_FOUND}]
        if sure:
            self._remember(order.attempt_id, asked[found.index(sure[0])])
            return sure[0]
        doubtful = [one for one in found if one.outcome is Outcome.UNKNOWN]
        if doubtful and not self._is_taken_over(order, asked):
            return doubtful[0]
        return Submitted(Outcome.NOT_FOUND, detail="taken over" if doubtful else "")

    async def cancel(self, order: Order) -> Submitted:
        """Take it back from whoever has it."""
        results = [await channel.cancel(order) for channel in self._asked(order)]
        return next((one for one in results if one.outcome is not Outcome.NOT_FOUND), results[0])

    def track(self, order: Order) -> None:
        """Let its channel watch an attempt of an earlier run."""
        for channel in self._asked(order):
            channel.track(order)

    def exclude(self, provider_ids: Iterable[str]) -> None:
        """Let every channel know what is spoken for."""
        known = tuple(provider_ids)
        for channel in self._channels:
            channel.exclude(known)

    def health(self) -> Health:
        """Up while one of the channels is."""
        found = [channel.health() for channel in self._channels]
        up = next((one for one in found if one.is_up), None)
        return up or Health(is_up=False, reason="; ".join(one.reason for one in found))

    # --- inside -------------------------------------------------------------------------------

    def _ranked(self) -> list[Channel]:
        """Give the channels as they are to be asked now."""
        now = self._clock.now()

        def is_bad(channel: Channel) -> bool:
            return self._breakers[channel.name].is_open(now) or not channel.health().is_up

        return sorted(self._channels, key=is_bad)

    def _goes_on(self, channel: Channel, order: Order, result: Submitted) -> bool:
        """Say whether the next channel is asked at once."""
        if result.outcome is Outcome.UNKNOWN:
            return self._medium is not Medium.VOICE
        if result.outcome is Outcome.RETRY:
            return self._is_worn(channel, order, result.retry_after_seconds or 0.0)
        return result.outcome in _GOES_ON

    def _is_worn(self, channel: Channel, order: Order, seconds: float) -> bool:
        """Say whether a channel has put a notification off too often, or for too long."""
        if seconds >= LONG_SECONDS:
            return True
        now = self._clock.now()
        about = (channel.name, order.attempt_id.rpartition(".")[0] or order.attempt_id)
        recent = [at for at in self._retries.pop(about, []) if now - at < RETRIES_WITHIN]
        self._retries[about] = [*recent, now]
        if len(self._retries) > MOST_KNOWN:
            del self._retries[next(iter(self._retries))]
        return len(recent) + 1 >= MOST_RETRIES

    def _is_taken_over(self, order: Order, asked: Iterable[Channel]) -> bool:
        """Say whether those who cannot tell are dead so long that another goes on without them."""
        if self._clock.now() - order.created_at < BELIEVED_AFTER:
            return False
        dead = {channel.name for channel in asked if not channel.health().is_up}
        others = [channel for channel in self._channels if channel.name not in dead]
        return bool(dead) and any(channel.health().is_up for channel in others)

    def _asked(self, order: Order) -> tuple[Channel, ...]:
        """Give the channel that has an attempt, or all where that is not known."""
        carrier = self._carriers.get(order.attempt_id)
        if carrier is None and order.provider_id is not None:
            carrier = self._owner(order.provider_id)
        return self._channels if carrier is None else (carrier,)

    def _owner(self, provider_id: str) -> Channel:
        named = (one for one in self._channels if provider_id.startswith(f"{one.name}-"))
        unnamed = (one for one in self._channels if one.has_foreign_ids)
        return next(named, None) or next(unnamed, self._channels[0])

    def _remember(self, attempt_id: str, channel: Channel) -> None:
        self._carriers.pop(attempt_id, None)
        self._carriers[attempt_id] = channel
        if len(self._carriers) > MOST_KNOWN:
            del self._carriers[next(iter(self._carriers))]


def by_medium(opened: Iterable[Channel], clock: Clock) -> dict[Medium, Way]:
    """Give the way of each medium: the channel that offers it, or a router before several."""
    offered: dict[Medium, list[Channel]] = {}
    for channel in opened:
        for medium in sorted(channel.media):
            offered.setdefault(medium, []).append(channel)
    return {
        medium: channels[0] if len(channels) == 1 else Router(medium, channels, clock)
        for medium, channels in offered.items()
    }
