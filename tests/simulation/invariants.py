"""What must hold, whatever went wrong. Each check raises ViolationError with what it found.

They look from outside, at the journal's tables, the broker's receipts, the carrier's requests and
the phones' displays, and at the engine's state where it must equal what the journal folds to.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from alerting.alarm import Alarm, State
from alerting.engine import Engine
from alerting.event import GapRecorded
from alerting.policy import LATE, Priority
from gateway.entries import OrderState
from gateway.log_port import Log, StoredLine
from gateway.pump import HOLD
from gateway.recovery import fold
from simulators.resident import FIRE_TEMPERATURES
from tests.simulation.disk import name_of
from tests.simulation.plan import LIFE, Emergency
from tests.simulation.trace import ViolationError

LATE_ACT = timedelta(seconds=3)
"""An act may be this late: a commit that fails is tried again after a second."""

ORDER_RESTS = timedelta(minutes=6)
"""An order lives five minutes; then it has been sent, or has been found to have expired."""

ATTEMPT_RESTS = timedelta(minutes=40)
"""Whatever the provider has or has not told, an attempt is over by then."""

FLYING = timedelta(seconds=10)
"""What is lost with a session may have been on its way for so long before the link broke."""

_GAPS = msgspec.json.Decoder(GapRecorded)

_OFFER = (
    "CREATE TRIGGER offer_{0} BEFORE INSERT ON {1}"
    " BEGIN INSERT INTO offered VALUES ('{0}', new.key); END"
)
OFFERED = (
    ("CREATE TABLE offered (what TEXT NOT NULL, key TEXT NOT NULL)", ()),
    (_OFFER.format("order", "outbox"), ()),
    (_OFFER.format("line", "alarm_log"), ()),
)
"""The tables pass over a key they know; the triggers keep what was offered to them."""


class Journaled:
    """The names of all reports in the journal; reads on from where it stopped."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._seq = 0

    async def read(self, log: Log) -> None:
        """Take in what has come since."""
        rows = await log.read(
            "SELECT seq, body FROM journal WHERE kind = 'report' AND seq > ? ORDER BY seq",
            (self._seq,),
        )
        for seq, body in rows:
            self.names.add(name_of(body))
            self._seq = seq


def nothing_acknowledged_is_missing(acknowledged: set[str], journaled: Journaled) -> None:
    """What the broker was told to forget is in the journal."""
    missing = sorted(acknowledged - journaled.names)
    if missing:
        raise ViolationError(f"acknowledged and not in the journal: {missing[:5]}")


async def replay_is_live(log: Log, live: Engine, seq: int) -> None:
    """The fold of the whole journal is the state that was reached live, byte for byte."""
    engine = Engine()
    last = 0
    async for entry in log.read_from(0):
        fold(engine, entry)
        last = entry.seq
    if last != seq:
        raise ViolationError(f"the journal ends at {last}, the pump at {seq}")
    same_state(engine, live, seq)


def same_state(replayed: Engine, live: Engine, seq: int) -> None:
    """Two cores are in one state, byte for byte."""
    one, other = replayed.snapshot(), live.snapshot()
    if one != other:
        where = _deep(msgspec.json.decode(one), msgspec.json.decode(other), "state")
        raise ViolationError(f"replay differs from live at {seq}: {where}")


async def log_is_whole(log: Log) -> None:
    """The alarm log's chain holds from its first line to its last."""
    verdict = await log.verify_log()
    if not verdict.is_sound:
        raise ViolationError(f"the alarm log: {verdict}")


def _deep(one: object, other: object, path: str) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                return _deep(one.get(key), other.get(key), f"{path}.{key}")
    return f"{path}: {one!r} replayed, {other!r} live"[:400]


def somebody_or_something_is_due(engine: Engine, now: datetime) -> None:
    """Every open alarm has a person who holds it or an instant at which it goes on, not passed.

    The core says by its next deadline when it wants to be asked; nothing may be due before.
    """
    asked_at = engine.next_deadline()
    for home in engine.homes.values():
        for alarm in home.alarms.values():
            if not alarm.is_open or alarm.policy.priority is Priority.TROUBLE:
                continue
            if alarm.policy == LATE:
                continue  # shown to the desk, which closes it
            _goes_on(alarm, asked_at, now)


def _goes_on(alarm: Alarm, asked_at: datetime | None, now: datetime) -> None:
    owed = {
        State.PRE_ALARM: alarm.window_due,
        State.RAISED: alarm.ladder_due,
        State.ACKNOWLEDGED: alarm.lease_due,
        State.ATTENDED: alarm.outcome_due,
    }[alarm.state]
    if owed is None:
        raise ViolationError(f"{alarm.id} is {alarm.state} and nothing will move it")
    due = alarm.next_due()
    if due is not None and due < now - LATE_ACT:
        raise ViolationError(f"{alarm.id} is {alarm.state} and overdue since {due}")
    if due is not None and (asked_at is None or asked_at > due):
        raise ViolationError(f"{alarm.id} is due at {due}, and nobody will ask before {asked_at}")


def silence_means_something(engine: Engine, now: datetime, up_since: datetime | None) -> None:
    """A link that has been up for a while holds nothing back any more."""
    if up_since is None or now - up_since < HOLD + LATE_ACT:
        return
    held = {link: hold.until for link, hold in engine.holds.items() if hold.until > now}
    if held:
        raise ViolationError(f"up since {up_since}, and yet silence is held: {held}")


async def no_order_is_forgotten(log: Log, now: datetime, up_since: datetime) -> None:
    """No order is still waiting long after its time, by a gateway that had the time."""
    for order in await log.open_orders():
        rests = ORDER_RESTS if order.state is OrderState.PENDING else ATTEMPT_RESTS
        if now - max(up_since, order.created_at) > rests:
            raise ViolationError(f"{order.key} is {order.state} since {order.created_at}")


async def keys_are_unique(log: Log) -> None:
    """No order and no line was ever offered twice under one key."""
    rows = await log.read("SELECT what, key FROM offered GROUP BY what, key HAVING count(*) > 1")
    if rows:
        raise ViolationError(f"offered twice: {[tuple(row) for row in rows[:5]]}")


async def lost_time_is_known(
    log: Log, lost: Mapping[str, datetime], kept: set[str], unsaid: Sequence[datetime]
) -> None:
    """Where readings were lost, the journal says that silence meant nothing.

    `unsaid` are the instants at which the gateway learned of a loss and died before it could note
    it: the next life finds the new session and cannot know. That is a limit of the protocol.
    """
    rows = await log.read("SELECT body FROM journal WHERE kind = 'gap'")
    gaps = [_GAPS.decode(body) for (body,) in rows]
    for name, at in lost.items():
        is_known = any(gap.since - FLYING <= at <= gap.until for gap in gaps)
        if name not in kept and not is_known and not any(at <= one for one in unsaid):
            raise ViolationError(f"{name} was lost at {at}, and no gap was recorded")


# --- at the end ------------------------------------------------------------------------------


async def alarms_are_what_happened(
    log: Log, emergencies: Sequence[Emergency], told: Mapping[int, int], start: datetime
) -> None:
    """Each emergency whose message was kept became an alarm; there is no other alarm.

    `told` says, by the number of each emergency the gateway heard of, how many messages told of
    it. Each of them may raise an alarm, for one that was kept waiting by an outage comes when the
    alarm is over; but none may do it twice.
    """
    raised: defaultdict[tuple[str, str], list[StoredLine]] = defaultdict(list)
    closed: dict[str, datetime] = {}
    for line in await _lines(log):
        if line.verb in {"raised", "pre_alarm"} and "reason" not in line.facts:
            raised[line.home_id, line.kind].append(line)
        elif line.verb == "closed":
            closed[line.alarm_id] = line.at
    allowed: Counter[tuple[str, str]] = Counter()
    for number, emergency in enumerate(emergencies):
        key = (emergency.home_id, emergency.kind)
        at = start + timedelta(seconds=emergency.at)
        allowed[key] += told.get(number, 0)
        if emergency.kind == "smoke":
            # A head that burns tells its heat too: an alarm where smoke is none (any more).
            allowed[emergency.home_id, "heat"] += len(FIRE_TEMPERATURES)
        is_open = any(closed.get(line.alarm_id, at) >= at for line in raised[key])
        if number in told and not is_open:
            raise ViolationError(f"nobody heard of {emergency.kind} at {emergency.home_id}, {at}")
    for (home_id, kind), lines in raised.items():
        most = allowed[home_id, kind]
        if lines and (most == 0 or (kind in LIFE and len(lines) > most)):
            raise ViolationError(f"false alarm: {kind} at {home_id}, {lines[-1].at}")


async def _lines(log: Log) -> list[StoredLine]:
    lines: list[StoredLine] = []
    while page := await log.log_lines(lines[-1].seq if lines else 0, 1000):
        lines += page
    return lines
