"""Carrying out what the plan says goes wrong, each kind in a task of its own."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from functools import partial

from tests.simulation.broker import Broker
from tests.simulation.carrier import Carrier
from tests.simulation.disk import Disk
from tests.simulation.loop import VirtualClock, VirtualLoop
from tests.simulation.plan import CarrierFault, Crash, How, Outage
from tests.simulation.trace import Trace

SLOWEST_SECONDS = 8.0
Start = Callable[[Coroutine[object, object, None]], object]


class Faults:
    """Waits for the instant of each fault and brings it about, between two steps of the loop."""

    def __init__(
        self, loop: VirtualLoop, clock: VirtualClock, trace: Trace, broker: Broker, disk: Disk
    ) -> None:
        self._loop, self._clock, self._trace = loop, clock, trace
        self._broker, self._disk = broker, disk
        self._healed_at: datetime | None = None

    def is_disk_troubled(self, after: timedelta) -> bool:
        """Whether the disk is full or slow, or was until so long ago."""
        if self._disk.is_full or self._disk.slowest_seconds:
            return True
        return self._healed_at is not None and self._clock.now() - self._healed_at < after

    async def crash(self, crashes: Sequence[Crash], end: Callable[[Crash], None]) -> None:
        """End the gateway in the midst of whatever it does."""
        for crash in crashes:
            await self._until(crash.at)
            self._loop.interrupt_at(self._loop.steps + crash.steps, partial(end, crash))

    async def trouble_carrier(self, faults: Sequence[CarrierFault], carrier: Carrier) -> None:
        """Switch the carrier's faults on; each knows how long it lasts."""
        for at, fault in faults:
            await self._until(at)
            self._trace.note(f"carrier {fault.kind} {fault.seconds} {fault.chance}")
            carrier.switch_on(fault)

    async def trouble_rest(self, outages: Sequence[Outage], start: Start) -> None:
        """Take away the link, the broker, its session or the disk, and give it back."""

        def begin(outage: Outage) -> None:
            self._trace.note(f"outage {outage.how} for {outage.seconds:.3f} s")
            self._break(outage.how)
            start(finish(outage))

        async def finish(outage: Outage) -> None:
            await self._clock.sleep(outage.seconds)
            self._trace.note(f"outage {outage.how} over")
            self._mend(outage.how)

        for outage in outages:
            await self._until(outage.at)
            self._loop.interrupt_at(self._loop.steps + outage.steps, partial(begin, outage))

    async def _until(self, at: float) -> None:
        await self._clock.sleep(max(0.0, at - self._loop.elapsed))

    def _break(self, how: How) -> None:
        match how:
            case How.LINK:
                self._broker.cut()
            case How.BROKER | How.SESSION:
                self._broker.go_down()
            case How.FULL:
                self._disk.is_full = True
            case How.SLOW:
                self._disk.slowest_seconds = SLOWEST_SECONDS

    def _mend(self, how: How) -> None:
        match how:
            case How.LINK:
                pass  # the gateway connects again as soon as it can
            case How.BROKER:
                self._broker.come_up()
            case How.SESSION:
                self._broker.forget()
                self._broker.come_up()
            case How.FULL | How.SLOW:
                self._disk.is_full, self._disk.slowest_seconds = False, 0.0
                self._healed_at = self._clock.now()
