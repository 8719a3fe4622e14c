"""Carrying out what the plan says goes wrong, each kind in a task of its own."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta

from tests.simulation.broker import Broker
from tests.simulation.carrier import Carrier
from tests.simulation.disk import Disk
from tests.simulation.loop import VirtualClock, VirtualLoop
from tests.simulation.plan import CarrierFault, Crash, Outage
from tests.simulation.trace import Trace


SLOWEST_SECONDS = 8.0


class Faults:
    """Waits for the instant of each fault and brings it about; `end` ends a life of the gateway."""

    def __init__(
        self, loop: VirtualLoop, clock: VirtualClock, trace: Trace, end: Callable[[Crash], None]
    ) -> None:
        self._loop, self._clock, self._trace, self._end = loop, clock, trace, end
        self._disk_at: datetime | None = None

    def disk_troubled(self, disk: Disk, after: timedelta) -> bool:
        """Whether the disk is full or slow, or was until some time ago."""
        if disk.is_full or disk.slowest_seconds:
            return True
        return self._disk_at is not None and self._clock.now() - self._disk_at < after

    async def _until(self, at: float) -> None:
        await self._clock.sleep(max(0.0, at - self._loop.elapsed))

    async def crash(self, crashes: Sequence[Crash]) -> None:
        """End the gateway in the midst of whatever it does."""
        for crash in crashes:
            await self._until(crash.at)
            self._loop.interrupt_at(self._loop.steps + crash.steps, lambda c=crash: self._end(c))  # type: ignore[misc]

    async def trouble_carrier(self, faults: Sequence[CarrierFault], carrier: Carrier) -> None:
        """Switch the carrier's faults on."""
        for at, fault in faults:
            await self._until(at)
            self._trace.note(f"carrier {fault.kind} {fault.seconds} {fault.chance}")
            carrier.switch_on(fault)

    async def trouble_broker_and_disk(
        self,
        outages: Sequence[Outage],
        broker: Broker,
        disk: Disk,
        start: Callable[[Coroutine[object, object, None]], object],
    ) -> None:
        """Take away the link, the broker, its session or the disk, and give it back."""

        def begin(outage: Outage) -> None:
            self._trace.note(f"outage {outage.how} for {outage.seconds:.3f} s")
            if outage.how == "disk":
                disk.is_full = True
            elif outage.how == "slow":
                disk.slowest_seconds = SLOWEST_SECONDS
            elif outage.how == "link":
                broker.cut()
            else:
                broker.go_down()
            start(finish(outage))

        async def finish(outage: Outage) -> None:
            await self._clock.sleep(outage.seconds)
            if outage.how == "disk":
                disk.is_full = False
                self._disk_at = self._clock.now()
            elif outage.how == "slow":
                disk.slowest_seconds = 0.0
                self._disk_at = self._clock.now()
            elif outage.how != "link":
                if outage.how == "session":
                    broker.forget()
                broker.come_up()
            self._trace.note(f"outage {outage.how} over")

        for outage in outages:
            await self._until(outage.at)
            step = self._loop.steps + outage.steps
            self._loop.interrupt_at(step, lambda o=outage: begin(o))  # type: ignore[misc]
