"""A clock that runs with real time, only faster: minutes of sockets in seconds."""

import asyncio
import time

from nimbus_tui.core.clock import NS_PER_SECOND

SPEED = 15


class FastClock:
    """Begins at the machine's time and gains on it; time-outs of the network stay real."""

    def __init__(self, speed: int = SPEED) -> None:
        self._speed = speed
        self._begin = time.time_ns()
        self._since = time.monotonic_ns()

    def now(self) -> int:
        """Nanoseconds since the epoch."""
        return self._begin + (time.monotonic_ns() - self._since) * self._speed

    async def sleep(self, seconds: float) -> None:
        """Wait on this clock."""
        await asyncio.sleep(seconds / self._speed)

    async def sleep_until(self, ts: int) -> None:
        """Wait until this clock shows `ts`."""
        await self.sleep(max(0, ts - self.now()) / NS_PER_SECOND)
