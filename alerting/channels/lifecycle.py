"""What a channel remembers of its attempts, and how they move: forward only. Pure.

Callbacks come twice, late and out of order, and polling sees the same states again. An attempt
therefore has a rank, and only an outcome of a higher rank is progress; the first final one stays.

The memory is bounded by number and by age: an attempt is forgotten ten minutes after it expired.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from alerting.channels.contract import Order, Submitted
from alerting.effect import Medium
from alerting.event import Outcome
from alerting.numbers import EmergencyNumberError, admit, is_e164

MOST = 4096
MOST_ENDED = 65_536
KEPT_AFTER_EXPIRY = timedelta(minutes=10)
WATCHED_AFTER_EXPIRY = timedelta(minutes=2)
"""A call that began just before its expiry may still ring and talk."""

_RANK = {
    None: 0,
    Outcome.UNKNOWN: 1,
    Outcome.ACCEPTED: 2,
    Outcome.RINGING: 3,
    Outcome.ANSWERED: 4,
}
_FINAL = 5

NEVER_TAKEN = frozenset({Outcome.RETRY, Outcome.NOT_SENT})
"""An attempt that ended so was not made, and may be made under the same name."""


def is_forward(last: Outcome | None, outcome: Outcome) -> bool:
    """Whether `outcome` is progress after `last`."""
    return _RANK.get(outcome, _FINAL) > _RANK.get(last, _FINAL)


@dataclass(slots=True)
class Attempt:
    """One attempt.

    `is_done`: nothing more is to be expected of it. `is_given_up`: it was looked for in vain for
    so long that another attempt takes its place.
    """

    order: Order
    provider_id: str | None = None
    outcome: Outcome | None = None
    answered_at: datetime | None = None
    is_keyed: bool = False
    is_done: bool = False
    is_given_up: bool = False

    def advance(self, outcome: Outcome, now: datetime) -> bool:
        """Take an outcome in; false where it is none but what was known, or less."""
        if self.is_done or not is_forward(self.outcome, outcome):
            return False
        self.outcome = outcome
        self.is_done = outcome not in _RANK
        if outcome is Outcome.ANSWERED:
            self.answered_at = now
        return True


class Attempts:
    """The attempts of one channel, by attempt id and by the provider's id."""

    def __init__(self) -> None:
        self._attempts: dict[str, Attempt] = {}
        self._by_provider_id: dict[str, str] = {}
        self._ended: dict[str, None] = {}

    def get(self, attempt_id: str) -> Attempt | None:
        """The attempt, if it is remembered."""
        return self._attempts.get(attempt_id)

    def add(self, order: Order, now: datetime) -> Attempt:
        """Remember an order; one that is known stays as it is, but for a provider's id given."""
        attempt = self._attempts.get(order.attempt_id)
        if attempt is None:
            self._forget(now)
            attempt = self._attempts[order.attempt_id] = Attempt(order)
        if order.provider_id and attempt.provider_id is None:
            self.learn(attempt, order.provider_id)
        return attempt

    def renew(self, order: Order, now: datetime) -> Attempt:
        """Remember an order as not yet made, whatever came of it before."""
        self._attempts.pop(order.attempt_id, None)
        return self.add(order, now)

    def learn(self, attempt: Attempt, provider_id: str) -> None:
        """Note under which id the provider has the attempt; what was guessed before yields."""
        if attempt.provider_id is not None:
            self._by_provider_id.pop(attempt.provider_id, None)
        attempt.provider_id = provider_id
        self._by_provider_id[provider_id] = attempt.order.attempt_id

    def exclude(self, provider_ids: Iterable[str]) -> None:
        """Know that these are spoken for: no look-up may take one for another attempt's."""
        self._ended.update(dict.fromkeys(provider_ids))
        while len(self._ended) > MOST_ENDED:
            del self._ended[next(iter(self._ended))]

    def is_free(self, provider_id: str) -> bool:
        """Whether no attempt is known to have this provider's id, nor ever had."""
        return provider_id not in self._by_provider_id and provider_id not in self._ended

    def watched(self, now: datetime) -> list[Attempt]:
        """Those the provider has, and of which more is to be expected."""
        return [
            attempt
            for attempt in self._attempts.values()
            if attempt.provider_id is not None
            and not attempt.is_done
            and now < attempt.order.expires_at + WATCHED_AFTER_EXPIRY
        ]

    def rivals(self, order: Order, now: datetime) -> list[Order]:
        """Other orders to the same number whose fate is open: their calls look the same."""
        return [
            rival.order
            for rival in self._attempts.values()
            if rival.order.attempt_id != order.attempt_id
            and (rival.order.to, rival.order.medium) == (order.to, order.medium)
            and rival.provider_id is None
            and not (rival.is_done or rival.is_given_up)
            and now < rival.order.expires_at
        ]

    def _forget(self, now: datetime) -> None:
        """Drop the oldest, as far as they are of no more use or there is no more room."""
        while self._attempts:
            oldest = next(iter(self._attempts.values()))
            is_old = now > oldest.order.expires_at + KEPT_AFTER_EXPIRY
            if not is_old and len(self._attempts) < MOST:
                return
            del self._attempts[oldest.order.attempt_id]
            if oldest.provider_id is not None:
                self._by_provider_id.pop(oldest.provider_id, None)
                self.exclude([oldest.provider_id])


def gate(
    order: Order, media: Container[Medium], attempts: Attempts, now: datetime
) -> Submitted | None:
    """Say why an order to a telephone is not made, or not again; None where it is to be made."""
    try:
        admit(order)
    except EmergencyNumberError as error:
        return Submitted(Outcome.RECIPIENT_FAULT, detail=str(error))
    if order.medium not in media or not is_e164(order.to):
        return Submitted(Outcome.RECIPIENT_FAULT, detail="not a telephone number")
    if now >= order.expires_at:
        return Submitted(Outcome.EXPIRED)
    known = attempts.get(order.attempt_id)
    if known is not None and known.outcome not in NEVER_TAKEN:
        return Submitted(known.outcome or Outcome.UNKNOWN, known.provider_id, "made before")
    return None


class Listed(NamedTuple):
    """A text or call as the provider shows it; `created_at` is by our clock."""

    provider_id: str
    created_at: datetime
    status: str
    code: int | None = None
    from_number: str = ""
    text: str = ""


SLACK = timedelta(seconds=5)
"""How far the provider's clock may be off after its `Date` was taken into account."""


class Doubtful(NamedTuple):
    """Fewer calls are listed than orders wait: these belong to some of them, nothing says whom."""

    listed: tuple[Listed, ...]


def match(
    order: Order, rivals: list[Order], listed: Iterator[Listed]
) -> Listed | Submitted | Doubtful:
    """Find the listed call that is this order's, which nothing in it says.

    `listed` are those to the order's number that belong to no known attempt. Of those created in
    the order's time, the newest belong to the orders whose fate is open, in the order of both:
    older ones are an earlier run's. Where there are fewer calls than orders, somebody's call was
    not taken, and nothing says whose: Doubtful, to be asked again. A wrong guess would count a
    ringing call for an alarm nobody is called about.
    """
    first, last = order.created_at - SLACK, order.expires_at + SLACK
    near = sorted(
        (one for one in listed if first <= one.created_at <= last),
        key=lambda one: one.created_at,
    )
    if not near:
        return Submitted(Outcome.NOT_FOUND)
    waiting = sorted([order, *rivals], key=lambda one: (one.created_at, one.attempt_id))
    if len(near) < len(waiting):
        return Doubtful(tuple(near))
    return near[len(near) - len(waiting) + waiting.index(order)]


class Seen:
    """The provider's ids of what came in, the last of them."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}

    def claim(self, provider_id: str) -> bool:
        """Take one on; false where it was taken on before."""
        if provider_id in self._ids:
            return False
        if len(self._ids) >= MOST:
            del self._ids[next(iter(self._ids))]
        self._ids[provider_id] = None
        return True

    def release(self, provider_id: str) -> None:
        """Give one back: it could not be kept, and may come again."""
        self._ids.pop(provider_id, None)
