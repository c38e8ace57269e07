"""The live clock: the one place that reads the machine's time and sleeps on it."""

import asyncio
import time

from nimbus_tui.core.clock import NS_PER_SECOND

_SINCE_BOOT = time.CLOCK_MONOTONIC


class LiveClock:
    """The machine's time, in ns since the epoch."""

    def now(self) -> int:
        """Nanoseconds since the epoch."""
        return time.time_ns()

    def booted(self) -> int:
        """When the machine was started, ns since the epoch; what was not on the disk then is lost.

        Where the system doesn't count time spent asleep, that is later than it truly was.
        """
        return self.now() - time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", _SINCE_BOOT))

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)

    async def sleep_until(self, ts: int) -> None:
        """Wait until the machine's clock shows `ts`."""
        wait = ts - self.now()
        if wait > 0:
            await asyncio.sleep(wait / NS_PER_SECOND)
