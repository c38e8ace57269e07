"""Time as everybody gets it: injected, never read from the machine."""

from typing import Protocol


class Clock(Protocol):
    """The one source of time. Live it is the machine's; in simulations it stands until moved."""

    def now(self) -> int:
        """Nanoseconds since the epoch."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait on this clock."""
        ...

    async def sleep_until(self, ts: int) -> None:
        """Wait until this clock shows `ts` (ns); returns at once if it has."""
        ...


NS_PER_SECOND = 1_000_000_000
NS_PER_MS = 1_000_000
