"""A clock that stands until it is moved, and fires what sleeps on it in order."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable

from nimbus_tui.core.clock import NS_PER_SECOND


class SimulatedClock:
    """Simulated time in ns since the epoch; it never goes back."""

    def __init__(self, start_ns: int) -> None:
        self._now = start_ns
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> int:
        """Nanoseconds since the epoch."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been moved on by so much."""
        await self.sleep_until(self._now + round(seconds * NS_PER_SECOND))

    async def sleep_until(self, ts: int) -> None:
        """Wait until the clock has been moved to `ts`."""
        if ts <= self._now:
            return
        future = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (ts, self._count, future))
        await future

    def next_timer(self) -> int | None:
        """When the first sleeper is due."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def jump(self, ts: int) -> None:
        """Move to a time before which nobody is due.

        Raises:
            ValueError: that is in the past.
        """
        if ts < self._now:
            raise ValueError(f"the clock shows {self._now} and can't go back to {ts}")
        self._now = ts

    async def advance_to(self, ts: int, settle: Callable[[], Awaitable[None]]) -> None:
        """Move to a time; each sleeper on the way wakes at its own, and all is settled after it."""
        while (due := self.next_timer()) is not None and due <= ts:
            self.jump(due)
            _, _, future = heapq.heappop(self._sleepers)
            future.set_result(None)
            await asyncio.sleep(0)  # noqa: TID251 - lets the sleeper itself go on first
            await settle()
        self.jump(ts)
