"""Time that passes as fast as things happen."""

import asyncio

import pytest

from nimbus_tui.simulation.virtual_time import LoopClock, Standstill, VirtualTimeLoop

HOUR_NS = 3_600_000_000_000


def test_an_hour_passes_at_once_and_sleepers_wake_in_the_order_of_their_times() -> None:
    loop = VirtualTimeLoop()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((name, loop.time()))

    async def all_of_them() -> None:
        await asyncio.gather(sleeper("late", 3600), sleeper("soon", 0.5), sleeper("mid", 60))

    loop.run_until_complete(all_of_them())
    loop.close()
    assert woken == [("soon", 0.5), ("mid", 60.0), ("late", 3600.0)]


def test_libraries_that_use_the_loops_time_obey_it() -> None:
    loop = VirtualTimeLoop()

    async def times_out() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1800):
                await asyncio.Event().wait()
        return loop.time()

    assert loop.run_until_complete(times_out()) == 1800.0
    loop.close()


def test_when_nothing_can_ever_happen_that_is_said() -> None:
    loop = VirtualTimeLoop()
    waiting = loop.create_task(asyncio.Event().wait())
    with pytest.raises(Standstill):
        loop.run_until_complete(waiting)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(waiting)
    loop.close()


def test_a_clock_that_is_set_still_wakes_at_the_time_that_it_shows() -> None:
    loop = VirtualTimeLoop()
    clock = LoopClock(loop, HOUR_NS)

    async def wait() -> float:
        waiting = asyncio.ensure_future(clock.sleep_until(2 * HOUR_NS))
        await asyncio.sleep(10)
        clock.offset_ns = HOUR_NS // 2
        await waiting
        return loop.time()

    assert loop.run_until_complete(wait()) == pytest.approx(1800, abs=1)
    assert clock.now() >= 2 * HOUR_NS
    loop.close()
