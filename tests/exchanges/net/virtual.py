"""Runs a coroutine in virtual time."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from nimbus_tui.simulation.virtual_time import LoopClock, VirtualTimeLoop

T = TypeVar("T")
START_NS = 1_790_000_000_000_000_000


def in_virtual_time(play: Callable[[LoopClock, VirtualTimeLoop], Awaitable[T]]) -> T:
    loop = VirtualTimeLoop()

    async def played() -> T:
        return await play(LoopClock(loop, START_NS), loop)

    try:
        return loop.run_until_complete(played())
    finally:
        loop.close()
