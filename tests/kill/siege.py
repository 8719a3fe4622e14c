"""A siege: readings and smokes flow while the gateway, then its broker too, is killed and killed.

Theory of operation. Each kill has a moment of its own, and the moments take turns: any instant, the
time in which the gateway starts, a commit under way (held there by the journal's write lock), a
text or call that the carrier has taken but not answered, and one that it has not even taken. The
gateway is started again at once. Alarms whose text and call are accepted are closed as an operator
would, so that the next smoke in that home, with the same bytes, must raise a new one.

Then the broker dies between delivery and commit: alone, and twice in a row with the gateway after
it, at the instant when tokens of the first connection meet the packet numbers of the second.
"""

import asyncio
import statistics
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random

from tests.kill import books
from tests.kill.daemon import CLOCK, RefusedError, now_us
from tests.kill.installation import Installation
from tests.kill.site import connections
from tests.kill.verdict import SECOND, Evidence, Publish, Verdict, judge
from tests.kill.write_lock import WriteLock

SMOKES = 20.0
"""A second, and twice as many other readings beside them."""

HOMES = 400
SETTLE_SECONDS = 45.0
OPEN_SHARE = 0.15
"""Of the kills so many at least must find a request to the carrier open."""

MILLISECOND = SECOND // 1000
"""The carrier's log has no finer instants."""

LANES = 4
"""Connections of the village; the gateway's is one more."""


class Siege:
    """One siege of one installation; `seed` decides the instants."""

    def __init__(self, installation: Installation, seed: int, smokes: float = SMOKES) -> None:
        self._all = installation
        self._smokes = smokes
        self._rng = Random(seed)
        self._kills: list[int] = []
        self._broker_kills = 0
        self._rounds_held = 0
        self._excused: list[tuple[int, int]] = []
        self._closed: set[str] = set()

    async def run(self, kills: int, broker_rounds: int) -> Verdict:
        """Besiege, let everything settle, and judge."""
        await self._all.carrier.calm()
        login = self._all.site.login()
        self._all.village.start(
            login, rate=3 * self._smokes, smokes=self._smokes, seconds=100_000.0
        )
        closing = asyncio.create_task(self._close_alarms())
        try:
            await CLOCK.sleep(2.0)
            await self._kill_gateway(kills)
            for _ in range(broker_rounds):
                await self._kill_broker()
                await self._kill_both()
        finally:
            closing.cancel()
            await asyncio.wait([closing])
        if not closing.cancelled() and closing.exception() is not None:
            raise RuntimeError("alarms could not be closed") from closing.exception()
        await self._all.village.stop()
        return await self._settle()

    # --- the gateway --------------------------------------------------------------------------

    async def _kill_gateway(self, kills: int) -> None:
        moments: list[Callable[[], Awaitable[None]]] = [
            self._at_any_instant,
            self._with_a_request_open,
            self._in_a_commit,
            self._with_a_request_hanging,
            self._while_it_starts,
        ]
        for number in range(kills):
            await moments[number % len(moments)]()

    def _kill(self) -> None:
        """Kill it and start it again at once."""
        self._kills.append(now_us())
        self._all.daemon.kill()

    async def _breathe(self) -> None:
        """Let it live for a while, in the long run about as long as a start takes.

        A gateway that is dead most of the time can carry nothing, on a slow machine least of all.
        """
        starts = self._all.daemon.starts_seconds
        await CLOCK.sleep(self._rng.uniform(0.1, 2.0) * max(1.0, statistics.median(starts)))

    async def _at_any_instant(self) -> None:
        await self._all.daemon.ready()
        await self._breathe()
        self._kill()
        self._all.daemon.start()

    async def _while_it_starts(self) -> None:
        await CLOCK.sleep(self._rng.uniform(0.0, 1.0))
        self._kill()
        self._all.daemon.start()

    async def _in_a_commit(self) -> None:
        await self._all.daemon.ready()
        await self._breathe()
        async with WriteLock(self._all.place.journal) as lock:
            await CLOCK.sleep(self._rng.uniform(0.1, 0.5))
            await lock.let_one_through()  # what has come since is the next turn, and is held
            await CLOCK.sleep(self._rng.uniform(0.2, 0.6))
            self._kill()
        self._all.daemon.start()

    async def _with_a_request_open(self) -> None:
        """Strike while the carrier has taken a text or call and has not answered yet."""
        await self._all.daemon.ready()
        await self._breathe()
        await self._until_open()
        self._kill()
        self._all.daemon.start()

    async def _with_a_request_hanging(self) -> None:
        """Strike while a text or call has reached the carrier, which does nothing with it."""
        await self._all.daemon.ready()
        await self._breathe()
        await self._all.carrier.fault("hang", seconds=3.0)
        await CLOCK.sleep(0.35)  # what was taken before has its answer
        await self._until_open()
        self._kill()
        await CLOCK.sleep(0.05)  # the carrier notices
        await self._all.carrier.clear_faults()
        self._all.daemon.start()

    async def _until_open(self) -> None:
        """Wait, not for ever, until a text or call is open."""
        with suppress(TimeoutError):
            async with CLOCK.timeout(5.0):
                while not self._all.carrier.open_posts():
                    await CLOCK.sleep(0.005)

    # --- the broker ---------------------------------------------------------------------------

    async def _kill_broker(self) -> None:
        """Kill the broker while readings are delivered and their commit waits."""
        await self._all.daemon.ready()
        await self._connected(10.0)
        await CLOCK.sleep(self._rng.uniform(0.2, 1.0))
        async with WriteLock(self._all.place.journal):
            await CLOCK.sleep(0.3)
            await self._end_broker()
            await CLOCK.sleep(0.2)
        await self._connected(10.0)

    async def _kill_both(self) -> None:
        """Let tokens of one connection be handed back on the next, and strike right after."""
        await self._all.daemon.ready()
        await self._connected(10.0)
        async with WriteLock(self._all.place.journal) as lock:
            self._excuse()
            await self._end_broker()
            await self._connected(0.8)
            await CLOCK.sleep(0.2)
            # What waits at BEGIN is older; what has come since is the next turn, and waits there.
            is_held = await lock.let_one_through()
            await CLOCK.sleep(0.05)
            self._excuse()
            await self._end_broker()
            await self._connected(0.8)
            await CLOCK.sleep(0.3)
            is_held &= await lock.let_one_through()
            await CLOCK.sleep(0.3)
            self._kill()
        self._rounds_held += is_held
        self._all.daemon.start()

    async def _end_broker(self) -> None:
        self._broker_kills += 1
        self._all.site.kill()
        await self._all.site.revive()

    def _excuse(self) -> None:
        """Excuse what the broker forgets when it is killed now: with the gateway it is gone."""
        self._excused.append((now_us() - self._all.site.forgets_us, now_us()))

    async def _connected(self, seconds: float) -> None:
        """Wait, for so long, until the gateway and the village are connected."""
        port = self._all.site.login().port
        with suppress(TimeoutError):
            async with CLOCK.timeout(seconds):
                while connections(port) <= LANES:
                    await CLOCK.sleep(0.01)

    # --- around it ----------------------------------------------------------------------------

    async def _close_alarms(self) -> None:
        """Close what has been carried, so that its home can burn again."""
        carrier = self._all.carrier
        while True:
            await CLOCK.sleep(0.5)
            carrier.read()
            old = now_us() - 2 * SECOND
            for alarm, at in list(carrier.carried.calls.items()):
                if alarm in self._closed or alarm not in carrier.carried.texts or at > old:
                    continue
                with suppress(OSError):
                    await self._close(alarm)

    async def _close(self, alarm: str) -> None:
        request = {"do": "act", "alarm": alarm, "verb": "close", "by": "d01"}
        with suppress(RefusedError):  # closed before a kill, and the answer was lost with it
            await self._all.daemon.ask({**request, "disposition": "cooking_or_incense"})
        self._closed.add(alarm)

    async def _settle(self) -> Verdict:
        """Wait until nothing is missing any more, or for long enough to know; then judge."""
        await self._all.daemon.ready()
        published = self._all.village.published()
        with suppress(TimeoutError):
            async with CLOCK.timeout(SETTLE_SECONDS):
                while self._judge(published).violations:
                    await CLOCK.sleep(1.0)
        await self._all.daemon.stop()
        return self._finish(self._judge(published))

    def _judge(self, published: list[Publish]) -> Verdict:
        self._all.carrier.read()
        with books.opened(self._all.place.journal) as connection:
            evidence = Evidence(
                published=published,
                rows=books.reports(connection),
                raised=books.alarms(connection, "smoke"),
                carried=self._all.carrier.carried,
                lives=self._all.daemon.lives,
                excused=self._excused,
            )
        return judge(evidence)

    def _finish(self, verdict: Verdict) -> Verdict:
        """Add what the siege itself was like, and the alarm log."""
        with books.opened(self._all.place.journal) as connection:
            log = books.check_log(connection)
            verdict.counts["quarantined"] = books.quarantined(connection)
        verdict.counts["alarm log lines verified"] = log.lines
        if not log.is_sound:
            verdict.violations.append(f"the alarm log is {log.reason} at line {log.broken_seq}")
        struck = sum(
            any(kill - MILLISECOND <= at <= kill + SECOND for at in self._all.carrier.broken_off)
            for kill in self._kills
        )
        if struck < OPEN_SHARE * len(self._kills):
            verdict.violations.append(f"only {struck} kills found a request to the carrier open")
        starts = sorted(self._all.daemon.starts_seconds)
        verdict.counts["kills of the gateway"] = len(self._kills)
        verdict.counts["  with a request to the carrier open"] = struck
        verdict.counts["  alarms closed meanwhile"] = len(self._closed)
        verdict.counts["kills of the broker"] = self._broker_kills
        verdict.counts["  rounds in which both commits could be held"] = self._rounds_held
        verdict.counts["start to ready, median s"] = round(starts[len(starts) // 2], 3)
        verdict.counts["  worst s"] = round(starts[-1], 3)
        return verdict
