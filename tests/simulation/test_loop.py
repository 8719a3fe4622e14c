"""The virtual loop: time jumps, order is fixed, and a step can be interrupted."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.simulation.loop import NothingLeftError, VirtualClock, VirtualLoop, new_loop

START = datetime(2026, 3, 2, tzinfo=UTC)


def clock_of(loop: VirtualLoop) -> VirtualClock:
    """Give a clock that starts on a Monday."""
    return VirtualClock(loop, START)


def test_an_hour_takes_no_time() -> None:
    """A sleep moves the clock by exactly what was asked for."""
    loop = new_loop()
    clock = clock_of(loop)
    loop.run(clock.sleep(3600))
    assert START + timedelta(hours=1) == clock.now()


def test_a_timeout_comes_at_its_instant() -> None:
    """The timeouts of asyncio timeouts run on virtual time."""
    loop = new_loop()
    clock = clock_of(loop)

    async def wait() -> float:
        try:
            async with clock.timeout(5):
                await clock.sleep(10)
        except TimeoutError:
            return loop.elapsed
        return 0.0

    assert 5.0 == loop.run(wait())


def test_timers_of_one_instant_fire_in_order() -> None:
    """Whoever asked first is woken first."""
    loop = new_loop()
    clock = clock_of(loop)
    woken: list[int] = []

    async def wake(number: int) -> None:
        await clock.sleep(1)
        woken.append(number)

    async def all_of_them() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(50):
                group.create_task(wake(number))

    loop.run(all_of_them())
    assert list(range(50)) == woken


def test_a_wait_for_nothing_is_found() -> None:
    """Where no timer is left, waiting on is an error and not a hang."""
    loop = new_loop()
    with pytest.raises(NothingLeftError):
        loop.run(asyncio.Event().wait())


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
def test_a_task_is_interrupted_between_two_steps(step: int) -> None:
    """After so many callbacks the task is cut off at the await at which it stands."""
    loop = new_loop()
    clock = clock_of(loop)
    done: list[int] = []

    async def work() -> None:
        for number in range(5):
            await clock.sleep(1)
            done.append(number)

    async def main() -> None:
        task = asyncio.get_running_loop().create_task(work())

        def cancel() -> None:
            task.cancel()

        loop.interrupt_at(loop.steps + 2 * step, cancel)
        await asyncio.wait({task})

    loop.run(main())
    assert list(range(step - 1)) == done


def test_there_is_no_machine_behind_it() -> None:
    """Sockets and threads do not exist here."""
    loop = new_loop()
    with pytest.raises(NotImplementedError):
        loop.run(asyncio.to_thread(int))
